"""LabelMap: edits, their merging, counts, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.class_ids import checked_ids, count_ids
from hsi_viewer.core.labels.decisions import Decision, background_of
from hsi_viewer.core.labels.label_edit import joined, merged
from hsi_viewer.core.labels.label_map import LabelMap

ROWS, COLUMNS = 4, 5
paintings = st.lists(
    st.tuples(st.sets(st.integers(0, ROWS * COLUMNS - 1)), st.integers(0, 6)), max_size=12
)
maps = hnp.arrays(np.uint16, (ROWS, COLUMNS), elements=st.integers(0, 300))


def flat(pixels) -> np.ndarray:
    return np.array(sorted(pixels), np.int64)


def assert_counts_fit(labels: LabelMap) -> None:
    counts = np.bincount(labels.ids.ravel(), minlength=310)
    assert [labels.count(i) for i in range(1, 310)] == counts[1:].tolist()
    assert labels.present() == tuple(np.flatnonzero(counts[1:]) + 1)
    assert labels.total == np.count_nonzero(labels.ids)


@given(maps, st.integers(1, 30))
def test_ids_are_counted_in_parts(ids, part):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hsi_viewer.core.labels.class_ids.COUNTED", part)
        counts = count_ids(ids)
    np.testing.assert_array_equal(counts, np.bincount(ids.ravel()))
    assert count_ids(np.zeros((0, 5), np.uint16)).tolist() == [0]
    assert count_ids(np.zeros((3, 5), np.uint16)).tolist() == [15]


@given(paintings)
def test_edits_against_plain_indexing(strokes):
    labels, expected = LabelMap(ROWS, COLUMNS), np.zeros((ROWS, COLUMNS), np.uint16)
    for pixels, class_id in strokes:
        labels.apply(labels.edit_for(flat(pixels), class_id))
        expected.flat[flat(pixels)] = class_id
        np.testing.assert_array_equal(labels.ids, expected)
        assert_counts_fit(labels)


@given(maps, paintings)
def test_merged_edits_equal_them_one_by_one_and_their_reverse_takes_all_back(start, strokes):
    one_by_one, at_once = LabelMap(ROWS, COLUMNS), LabelMap(ROWS, COLUMNS)
    first = one_by_one.edit_to(start)
    at_once.apply(first)
    edits = [first.reverse, first]  # never empty, and it goes there and back
    one_by_one.apply(first)
    for pixels, class_id in strokes:
        edits.append(one_by_one.edit_for(flat(pixels), class_id))
        one_by_one.apply(edits[-1])
    edit = merged(edits)
    at_once.apply(edit)
    np.testing.assert_array_equal(at_once.ids, one_by_one.ids)
    assert_counts_fit(at_once)
    assert (np.diff(edit.pixels) > 0).all()
    assert (edit.before != edit.after).all()
    at_once.apply(edit.reverse)
    np.testing.assert_array_equal(at_once.ids, start)
    assert_counts_fit(at_once)


@given(maps, maps)
def test_edit_to_leads_to_the_other_map_and_touches_no_more(start, end):
    labels = LabelMap(ROWS, COLUMNS)
    labels.apply(labels.edit_to(start))
    edit = labels.edit_to(end)
    assert edit.pixels.tolist() == np.flatnonzero(start != end).tolist()
    labels.apply(edit)
    np.testing.assert_array_equal(labels.ids, end)


@given(st.sets(st.integers(0, ROWS * COLUMNS - 1), min_size=1))
def test_the_box_that_is_reported_holds_the_edit_and_no_row_or_column_more(pixels):
    labels, boxes = LabelMap(ROWS, COLUMNS), []
    labels.changed.connect(lambda *box: boxes.append(box))
    labels.apply(labels.edit_for(flat(pixels), 1))
    rows, columns = np.nonzero(labels.ids)
    assert boxes == [(rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)]


def test_an_edit_of_nothing_is_not_told():
    labels, boxes = LabelMap(ROWS, COLUMNS), []
    labels.changed.connect(lambda *box: boxes.append(box))
    labels.apply(labels.edit_for(flat([3]), 0))
    assert boxes == []


def test_ids_are_a_read_only_view_and_a_snapshot_is_a_copy():
    labels = LabelMap(ROWS, COLUMNS)
    view, snapshot = labels.ids, labels.snapshot().ids
    labels.apply(labels.edit_for(flat([0]), 65535))
    assert view[0, 0] == labels.count(65535) * 65535 == 65535
    assert snapshot[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 1


def test_the_memory_of_an_edit():
    edit = LabelMap(ROWS, COLUMNS).edit_for(flat([1, 2, 3]), 1)
    assert edit.nbytes == 3 * (8 + 2 + 2)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, np.float64])
def test_whole_numbers_of_any_type_are_ids(dtype):
    ids = checked_ids(np.eye(3).astype(dtype), (3, 3))
    assert ids.dtype == np.uint16
    np.testing.assert_array_equal(ids, np.eye(3))


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (np.zeros((2, 3)), "x.npy: the labels are 2 x 3 pixels but the cube is 3 x 2"),
        (np.zeros(6), "the labels are 6 pixels"),
        (np.full((3, 2), 0.5), "fractions"),
        (np.full((3, 2), np.inf), r"0\.\.65535; found inf"),
        (np.full((3, 2), 65536), r"0\.\.65535; found 65536"),
        (np.full((3, 2), 2**64 - 1, np.uint64), r"0\.\.65535"),
        (np.full((3, 2), 1j), "complex128"),
        (np.full((3, 2), "a"), "not <U1"),
        (np.full((3, 2), None), "not numbers and something else"),
        (np.zeros((3, 2), "M8[s]"), "not datetime64"),
        ([[1, 2], [3], [4, 5]], "x.npy: the rows of the labels differ in length"),
        (7, "x.npy: the labels are a single value"),
    ],
)
def test_what_is_no_label_map_of_the_cube_is_refused(ids, message):
    with pytest.raises(LabelError, match=message):
        checked_ids(ids, (3, 2), "x.npy")


@pytest.mark.parametrize(
    "ids",
    [
        np.array([[-1, 2], [-9999, 65535]]),
        np.array([[-128, 2], [-1, 65]], np.int8),
        np.array([[np.nan, 2.0], [-0.5, 65535]]),
        np.array([[-np.inf, 2.0], [np.nan, 7]], np.float32),
        np.array([[0.0, 2.0], [-1.0, 300.0]], np.float16),
        np.ma.array([[9, 2], [7, 3]], mask=[[True, False], [True, False]]),
        [[-3, 2], [0, 4]],
    ],
)
def test_negative_nan_and_masked_are_unlabelled(ids):
    found = checked_ids(ids, (2, 2))
    assert found.dtype == np.uint16
    assert (found[:, 0] == 0).all()
    np.testing.assert_array_equal(found[:, 1], np.ma.getdata(ids)[:, 1])


@given(
    hnp.arrays(
        st.sampled_from(["?", "u1", "i1", "u2", "i2", "<u4", ">i4", "i8", "u8", "f2", "f4", ">f8"]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=4),
    )
)
def test_ids_of_any_type_are_one_by_one_what_the_rules_say(values):
    given_values, wanted, right = values.copy(), [], True
    for value in values.ravel().tolist():
        unlabelled = value != value or value <= 0
        wanted.append(0 if unlabelled else value)
        right &= unlabelled or (value <= 65535 and float(value).is_integer())
    if right:
        found = checked_ids(values, values.shape)
        assert found.ravel().tolist() == wanted
        assert not np.shares_memory(found, values)
    else:
        with pytest.raises(LabelError, match="class ids"):
            checked_ids(values, values.shape)
    np.testing.assert_array_equal(values, given_values)


def test_edit_to_refuses_what_is_no_label_map():
    with pytest.raises(LabelError, match="choose the label file of this cube"):
        LabelMap(ROWS, COLUMNS).edit_to(np.zeros((COLUMNS, ROWS)))


def test_each_pixel_gets_an_id_of_its_own_and_of_one_named_twice_the_last_counts():
    labels = LabelMap(2, 3)
    labels.apply(labels.edit_for(np.array([0, 1]), 7))
    ids = np.array([5, 7, 2, 9, 3], np.uint16)
    edit = labels.edit_with(np.array([4, 1, 0, 4, 2]), ids)
    labels.apply(edit)
    assert labels.ids.ravel().tolist() == [2, 7, 3, 0, 9, 0]
    assert edit.pixels.tolist() == [0, 2, 4]  # 1 had its id already
    labels.apply(edit.reverse)
    assert labels.ids.ravel().tolist() == [7, 7, 0, 0, 0, 0]


def test_edits_of_different_pixels_are_joined_as_they_are():
    labels = LabelMap(2, 3)
    edits = [labels.edit_for(np.array([4, 5]), 7), labels.edit_for(np.array([0]), 8)]
    both = joined(edits)
    assert (both.pixels.tolist(), both.after.tolist()) == ([4, 5, 0], [7, 7, 8])
    labels.apply(both)
    assert labels.ids.ravel().tolist() == [8, 0, 0, 0, 7, 7]
    labels.apply(both.reverse)
    assert not labels.total


def test_pixels_of_no_class_are_those_that_were_decided_so():
    decisions = np.array([[0, *Decision]], np.uint16)
    assert background_of(decisions).tolist() == [[False, False, True, False]]
    assert [d.title for d in Decision] == ["Skip place", "No class here", "Keep label"]

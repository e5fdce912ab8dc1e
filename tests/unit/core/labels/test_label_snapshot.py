"""Snapshots are exact, copied late and in any thread; prepared edits come to what plain ones do."""

from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.labels import label_snapshot
from hsi_viewer.core.labels.label_map import LabelMap

SHAPE = (7, 9)
edits = st.lists(
    st.tuples(st.lists(st.integers(0, 62), unique=True, max_size=20), st.integers(0, 4)),
    max_size=8,
)


def carry_out(labels: LabelMap, wanted) -> None:
    for pixels, class_id in wanted:
        labels.apply(labels.edit_for(np.array(sorted(pixels), np.int64), class_id))


@given(edits, edits, edits)
def test_a_snapshot_is_of_its_moment_however_late_it_is_copied(before, then, later):
    labels = LabelMap(*SHAPE)
    carry_out(labels, before)
    first, expected = labels.snapshot(), labels.ids.copy()
    carry_out(labels, then)
    second, expected_then = labels.snapshot(), labels.ids.copy()
    carry_out(labels, later)
    np.testing.assert_array_equal(second.ids, expected_then)
    np.testing.assert_array_equal(first.ids, expected)
    carry_out(labels, before)
    np.testing.assert_array_equal(first.ids, expected)


class Copied(np.ndarray):
    """Labels during whose copying more is painted."""

    def copy(self, *_args):
        half = np.array(self)
        self.paint()
        half[3:] = np.asarray(self)[3:]
        return half


@given(edits, edits)
def test_edits_while_it_is_copied_are_not_in_it(before, meanwhile):
    labels = LabelMap(*SHAPE)
    carry_out(labels, before)
    snapshot, expected = labels.snapshot(), labels.ids.copy()
    snapshot._live = labels._ids.view(Copied)
    snapshot._live.paint = lambda: carry_out(labels, meanwhile)
    np.testing.assert_array_equal(snapshot.ids, expected)


def test_to_take_a_snapshot_copies_nothing():
    labels = LabelMap(*SHAPE)
    snapshot = labels.snapshot()
    assert snapshot._live is labels._ids
    found = []
    worker = threading.Thread(target=lambda: found.append(snapshot.ids))
    worker.start()
    worker.join()
    assert found[0] is snapshot.ids
    assert not np.shares_memory(found[0], labels.ids)
    assert label_snapshot.__name__  # pure NumPy: no Qt


@given(edits, edits, st.booleans())
def test_a_prepared_edit_comes_to_what_a_plain_one_does(before, wanted, touched):
    plain, ready = LabelMap(*SHAPE), LabelMap(*SHAPE)
    boxes, ready_boxes = [], []
    for labels in (plain, ready):
        carry_out(labels, before)
    plain.changed.connect(lambda *box: boxes.append(box))
    ready.changed.connect(lambda *box: ready_boxes.append(box))
    goal = LabelMap(*SHAPE)
    carry_out(goal, wanted)
    edit = ready.edit_to(goal.ids)
    prepared = ready.prepare(edit, ready.snapshot())
    if touched:  # somebody paints meanwhile: what was prepared is out of date
        for labels in (plain, ready):
            labels.apply(labels.edit_for(np.array([5, 6]), 7))
    ready.expect(prepared)
    ready.apply(edit)
    plain.apply(edit)
    np.testing.assert_array_equal(ready.ids, plain.ids)
    assert [ready.count(i) for i in range(9)] == [plain.count(i) for i in range(9)]
    assert ready_boxes == boxes


def test_what_was_prepared_for_one_edit_is_not_used_for_another():
    labels = LabelMap(*SHAPE)
    first = labels.edit_for(np.array([1, 2]), 3)
    labels.expect(labels.prepare(first, labels.snapshot()))
    labels.apply(labels.edit_for(np.array([8]), 4))
    assert labels.ids.ravel()[[1, 2, 8]].tolist() == [0, 0, 4]


@given(edits, edits, edits, edits)
def test_the_array_of_a_prepared_edit_becomes_the_labels(before, then, wanted, later):
    labels = LabelMap(*SHAPE)
    carry_out(labels, before)
    first, expected = labels.snapshot(), labels.ids.copy()
    carry_out(labels, then)
    second, expected_then = labels.snapshot(), labels.ids.copy()
    old = labels.ids
    goal = LabelMap(*SHAPE)
    carry_out(goal, [*wanted, ([0], 9)])
    edit = labels.edit_to(goal.ids)
    prepared = labels.prepare(edit, second)
    labels.expect(prepared)
    labels.apply(edit)
    assert np.shares_memory(labels.ids, prepared.ids)  # nothing of it was copied here
    assert not labels.ids.flags.writeable
    assert not second.current
    after = labels.snapshot()
    carry_out(labels, [*later, ([0], 8)])
    np.testing.assert_array_equal(old, expected_then)  # nobody writes to it any more
    np.testing.assert_array_equal(first.ids, expected)
    np.testing.assert_array_equal(second.ids, expected_then)
    np.testing.assert_array_equal(after.ids, goal.ids)


def test_a_snapshot_of_labels_that_were_replaced_is_copied_no_more():
    labels = LabelMap(*SHAPE)
    old, snapshot = labels.ids, labels.snapshot()
    edit = labels.edit_for(np.array([1, 2]), 3)
    labels.expect(labels.prepare(edit, labels.snapshot()))
    labels.apply(edit)
    assert np.shares_memory(snapshot.ids, old)

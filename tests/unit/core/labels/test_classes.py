"""Classes keep their ids; colours are free ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.labels.classes import (
    MAX_CLASS_ID,
    PALETTE,
    ClassLegend,
    LabelClass,
    free_colours,
    legend_for,
    palette_colour,
)

CORN, WOODS = LabelClass(1, "Corn", (1, 2, 3)), LabelClass(4, "Woods", (4, 5, 6), visible=False)


@pytest.mark.parametrize("class_id", [0, -1, MAX_CLASS_ID + 1])
def test_an_id_out_of_range_is_refused(class_id):
    with pytest.raises(ValueError, match=r"1\.\.65535"):
        LabelClass(class_id, "x", (0, 0, 0))


def test_a_legend_is_looked_up_by_id():
    legend = ClassLegend([CORN, WOODS])
    assert list(legend) == [CORN, WOODS]
    assert len(legend) == 2
    assert legend[4] is WOODS
    assert 4 in legend
    assert 2 not in legend
    with pytest.raises(KeyError):
        legend[2]
    assert [legend.name_of(i) for i in (0, 1, 2)] == ["Unclassified", "Corn", "Class 2"]


def test_changes_are_reported_once_and_only_if_something_changed():
    legend, received = ClassLegend([CORN]), []
    legend.changed.connect(lambda: received.append(legend.classes))
    legend.classes = (CORN,)
    assert received == []
    legend.classes = (CORN, WOODS)
    assert received == [(CORN, WOODS)]


def test_one_id_twice_is_refused_and_changes_nothing():
    legend = ClassLegend([WOODS])
    with pytest.raises(ValueError, match="same id"):
        legend.classes = (CORN, CORN)
    assert legend.classes == (WOODS,)


def test_others_keep_their_ids_when_a_class_goes():
    legend = ClassLegend([CORN, WOODS])
    legend.classes = legend.without(1)
    assert legend.classes == (WOODS,)
    assert legend.with_added()[-1].id == 1
    assert legend.with_added(reserved={1, 2, 9})[-1].id == 3


def test_replacing_fields_of_one_class():
    replaced = ClassLegend([CORN, WOODS]).with_replaced(4, name="Trees", visible=True)
    assert replaced == (CORN, LabelClass(4, "Trees", (4, 5, 6)))


def test_added_classes_take_names_and_free_colours():
    legend = ClassLegend([LabelClass(1, "a", PALETTE[1])])
    legend.classes = legend.with_added()
    legend.classes = legend.with_added("Water")
    legend.classes = legend.with_added(colour=(9, 9, 9))
    assert [c.name for c in legend] == ["a", "Class 2", "Water", "Class 4"]
    assert [c.colour for c in legend] == [PALETTE[1], PALETTE[0], PALETTE[2], (9, 9, 9)]


def test_after_the_highest_id_the_lowest_free_one_is_next():
    top = LabelClass(MAX_CLASS_ID, "fill", (0, 0, 0))
    assert ClassLegend([CORN, top]).with_added()[-1].id == 2


@given(st.sets(st.sampled_from([palette_colour(i) for i in range(40)])))
def test_free_colours_are_not_taken(taken):
    free = free_colours(taken)
    first = [next(free) for _ in range(40)]
    assert not taken & set(first)
    assert len(set(first)) == 40


def test_free_colours_never_end():
    everything = {palette_colour(i) for i in range(1000)}
    assert next(free_colours(everything)) in everything


def test_the_colour_table_hides_what_is_hidden_or_unknown():
    shown = LabelClass(7, "shown", (7, 8, 9))
    table = ClassLegend([CORN, WOODS, shown]).colour_table(hidden=iter([1]))
    assert table.shape == (65536, 4)
    assert table[7].tolist() == [7, 8, 9, 255]
    assert np.flatnonzero(table.any(axis=1)).tolist() == [7]


def test_a_legend_for_the_ids_of_a_map():
    legend = legend_for(np.array([[0, 9], [9, 2]], np.uint16).ravel(), {9: "Oats"}, {PALETTE[0]})
    assert legend.classes == (
        LabelClass(2, "Class 2", PALETTE[1]),
        LabelClass(9, "Oats", PALETTE[2]),
    )


def test_colours_of_many_classes_lie_within_what_a_picture_holds():
    added = ClassLegend()
    for count in range(1, 201):
        legend = legend_for(range(1, count + 1))
        added.classes = added.with_added()
        for classes in (legend, added):
            assert len(classes) == count
            table = classes.colour_table()
            for c in classes:
                assert all(type(v) is int and 0 <= v <= 255 for v in c.colour)
                assert tuple(table[c.id]) == (*c.colour, 255)
        distinct = min(count, len(PALETTE))
        assert len({c.colour for c in legend}) >= distinct


def test_a_colour_darkens_round_by_round_and_never_brightens():
    first, second = palette_colour(0), palette_colour(len(PALETTE))
    assert second == tuple(round(0.75 * v) for v in first)
    sums = [sum(palette_colour(k * len(PALETTE))) for k in range(12)]
    assert sums == sorted(sums, reverse=True)


@pytest.mark.parametrize(
    ("index", "order"),
    [
        (0, [3, 1, 2, 4, 5]),
        (1, [1, 3, 2, 4, 5]),
        (2, [1, 2, 3, 4, 5]),
        (4, [1, 2, 4, 5, 3]),
        (5, [1, 2, 4, 5, 3]),
        (99, [1, 2, 4, 5, 3]),
        (-1, [3, 1, 2, 4, 5]),
        (-99, [3, 1, 2, 4, 5]),
    ],
)
def test_a_class_is_moved_to_the_top_to_the_end_and_beyond_either(index, order):
    legend = legend_for(range(1, 6))
    moved = legend.with_moved(3, index)
    assert [c.id for c in moved] == order
    assert sorted(moved, key=lambda c: c.id) == list(legend)


def test_a_class_is_found_without_a_look_at_all_others():
    """A map may have 65,535 classes, each of which is asked for its name."""
    compared = []

    class Noted(int):
        __hash__ = int.__hash__

        def __eq__(self, other):
            compared.append(other)
            return int(self) == other

    legend = ClassLegend(LabelClass(Noted(i), f"class {i}", (0, 0, 0)) for i in range(1, 200))
    compared.clear()
    assert legend.name_of(199) == legend[199].name == "class 199"
    assert 199 in legend
    assert 200 not in legend
    assert len(compared) < 10


def test_colours_of_ids_are_opaque_but_those_that_are_hidden_or_unknown():
    legend = ClassLegend(
        [
            LabelClass(2, "Corn", (1, 2, 3)),
            LabelClass(5, "Oats", (4, 5, 6)),
            LabelClass(65535, "Rye", (7, 8, 9)),
        ]
    )
    table = legend.colour_table(hidden=[5])
    assert (table.shape, table.dtype) == ((65536, 4), np.uint8)
    assert table[[0, 2, 5, 65535]].tolist() == [[0] * 4, [1, 2, 3, 255], [0] * 4, [7, 8, 9, 255]]
    assert np.count_nonzero(table[:, 3]) == 2

"""What is on the screen, inside a scene and beside a window."""

from __future__ import annotations

import pytest

from hsi_viewer.core.viewed import Viewed, ViewedPart

PART = ViewedPart(slice(2, 5), slice(10, 20), 3)


@pytest.mark.parametrize(
    ("rows", "columns", "inside"),
    [
        (5, 20, PART),
        (4, 12, ViewedPart(slice(2, 4), slice(10, 12), 3)),
        (2, 20, None),
        (3, 11, ViewedPart(slice(2, 3), slice(10, 11), 3)),
        (5, 10, None),
    ],
)
def test_a_part_ends_where_the_scene_does(rows, columns, inside):
    assert PART.within(rows, columns) == inside


@pytest.mark.parametrize("start", [-4, -1, 0])
def test_a_part_begins_where_the_scene_does(start):
    part = ViewedPart(slice(start, 3), slice(start, 2))
    assert part.within(9, 9) == ViewedPart(slice(0, 3), slice(0, 2))
    assert ViewedPart(slice(-3, 0), slice(0, 2)).within(9, 9) is None
    assert ViewedPart(slice(0, 2), slice(-3, 0)).within(9, 9) is None


@pytest.mark.parametrize(
    ("rows", "columns", "meets"),
    [
        ((0, 2), (10, 20), False),
        ((0, 3), (10, 20), True),
        ((5, 9), (10, 20), False),
        ((4, 9), (10, 20), True),
        ((2, 5), (0, 10), False),
        ((2, 5), (0, 11), True),
        ((2, 5), (20, 30), False),
        ((2, 5), (19, 30), True),
        ((0, 9), (0, 30), True),
    ],
)
def test_a_window_is_shown_if_one_of_its_pixels_is(rows, columns, meets):
    assert PART.meets(slice(*rows), slice(*columns)) is meets


def test_what_was_told_last_is_shown():
    viewed = Viewed()
    assert viewed.part is None
    viewed.tell(PART)
    assert viewed.part == PART
    viewed.tell(None)
    assert viewed.part is None
    assert Viewed(PART).part == PART
    assert ViewedPart(slice(0, 1), slice(0, 1)).step == 1

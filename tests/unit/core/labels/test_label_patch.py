"""Labels that are taken out of a map, moved, joined and put in elsewhere."""

from __future__ import annotations

import numpy as np

from hsi_viewer.core.labels.label_patch import Patch

LABELS = np.arange(12, dtype=np.uint16).reshape(3, 4)


def places(patch: Patch) -> list[tuple[int, int, int]]:
    return list(zip(patch.rows.tolist(), patch.columns.tolist(), patch.ids.tolist(), strict=True))


def test_a_patch_holds_the_places_and_ids_of_its_pixels():
    patch = Patch.of(np.array([1, 6, 11]), LABELS)
    assert places(patch) == [(0, 1, 1), (1, 2, 6), (2, 3, 11)]
    assert len(patch) == 3


def test_its_box_is_known_by_its_origin_its_middle_and_its_mask():
    patch = Patch.of(np.array([6, 9]), LABELS)
    assert patch.origin == (1, 1)
    assert patch.middle == (1, 1)
    assert patch.moved(3, 1).middle == (4, 2)
    assert Patch.of(np.array([0, 11]), LABELS).middle == (1, 1)
    assert patch.mask().tolist() == [[False, True], [True, False]]
    assert Patch.of(np.array([5, 7]), LABELS).mask().tolist() == [[True, False, True]]


def test_it_moves_down_and_to_the_right_with_its_ids():
    patch = Patch.of(np.array([1, 6]), LABELS)
    assert places(patch.moved(2, -5)) == [(2, -4, 1), (3, -3, 6)]
    assert places(patch) == [(0, 1, 1), (1, 2, 6)]


def test_pixels_of_two_patches_are_joined_and_the_first_decides():
    first = Patch.of(np.array([1, 6]), LABELS)
    joined = first.joined(Patch.of(np.array([1, 2]), LABELS * 10))
    assert places(joined) == [(0, 1, 1), (0, 2, 20), (1, 2, 6)]


def test_what_lies_outside_of_a_scene_is_left_out():
    corners = Patch.of(np.array([0, 3, 8, 11]), LABELS + 1)
    pixels, ids = corners.within((3, 4))
    assert (pixels.tolist(), ids.tolist()) == ([0, 3, 8, 11], [1, 4, 9, 12])
    for move, kept in {(1, 0): [1, 4], (-1, 0): [9, 12], (0, 1): [1, 9], (0, -1): [4, 12]}.items():
        assert corners.moved(*move).within((3, 4))[1].tolist() == kept
    pixels, ids = corners.moved(1, 1).within((3, 7))
    assert (pixels.tolist(), ids.tolist()) == ([8, 11], [1, 4])

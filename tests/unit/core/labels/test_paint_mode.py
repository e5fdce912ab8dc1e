"""What a stroke gives to pixels, and which pixels take it."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.paint_mode import Paint, PaintMode, paint_for

CLASSES = (LabelClass(1, "Grass", (0, 200, 0)), LabelClass(2, "Road", (90, 90, 90), locked=True))
BEFORE = np.array([[0, 1], [2, 3]], np.uint16)


@pytest.mark.parametrize(
    ("mode", "active", "paint"),
    [
        (PaintMode.REPLACE, 1, Paint(1, None, frozenset({2}))),
        (PaintMode.UNLABELLED, 1, Paint(1, frozenset({0}), frozenset({2}))),
        (PaintMode.ERASE, 1, Paint(0, None, frozenset({2}))),
        (PaintMode.ERASE, None, Paint(0, None, frozenset({2}))),
        (PaintMode.ERASE_CLASS, 1, Paint(0, frozenset({1}), frozenset({2}))),
        (PaintMode.REPLACE, None, None),
        (PaintMode.UNLABELLED, None, None),
        (PaintMode.ERASE_CLASS, None, None),
    ],
)
def test_a_mode_and_the_chosen_class_make_a_paint(mode, active, paint):
    assert paint_for(mode, active, CLASSES) == paint


def test_without_classes_nothing_is_locked():
    assert paint_for(PaintMode.REPLACE, 4) == Paint(4)
    assert not Paint(4).choosy


def test_two_modes_erase():
    assert [m for m in PaintMode if m.erases] == [PaintMode.ERASE, PaintMode.ERASE_CLASS]


@pytest.mark.parametrize(
    ("paint", "taken"),
    [
        (Paint(1), [[True, True], [True, True]]),
        (Paint(1, frozenset({0, 3})), [[True, False], [False, True]]),
        (Paint(1, None, frozenset({2})), [[True, True], [False, True]]),
        (Paint(1, frozenset({0, 2}), frozenset({2})), [[True, False], [False, False]]),
        (Paint(1, frozenset()), [[False, False], [False, False]]),
    ],
)
def test_some_pixels_take_a_paint(paint, taken):
    assert paint.takes(BEFORE).tolist() == taken
    assert paint.choosy == (taken != [[True, True], [True, True]])


def test_a_step_says_how_many_pixels_it_labels_or_erases():
    assert Paint(1).title(1) == "Label 1 pixel"
    assert Paint(3).title(0) == "Label 0 pixels"
    assert Paint(0).title(2) == "Erase 2 pixels"

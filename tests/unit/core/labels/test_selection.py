"""What is selected, by whom, and when others hear of it."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.labels.selection import Selection


def test_a_selection_holds_its_pixels_until_the_next():
    selection, heard = Selection((3, 4)), []
    selection.changed.connect(lambda: heard.append(len(selection)))
    assert (len(selection), selection.mask, selection.name) == (0, None, "")
    assert (selection.pixels.tolist(), selection.pixels.dtype) == ([], np.int64)
    mask = np.zeros((3, 4), bool)
    mask[1, 2], mask[2, 0] = True, True
    selection.select(mask, "lasso")
    mask[:] = True  # of the caller
    assert (len(selection), selection.pixels.tolist(), selection.name) == (2, [6, 8], "lasso")
    with pytest.raises(ValueError, match="read-only"):
        selection.mask[0, 0] = True
    with pytest.raises(ValueError, match="the scene"):
        selection.select(np.ones((4, 3), bool), "other")
    selection.select(np.zeros((3, 4), bool), "nothing")
    assert (len(selection), selection.mask, selection.name) == (0, None, "")
    selection.clear()  # empty already: nobody is told
    selection.select(np.ones((3, 4), bool), "all")
    selection.clear()
    assert (len(selection), selection.mask, selection.name) == (0, None, "")
    assert heard == [2, 0, 12, 0]

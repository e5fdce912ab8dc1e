"""Outlines are the pixels with a neighbour of another class; bars say what colours mean."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hsi_viewer.core.display.colour_bar import bar_of_picture
from hsi_viewer.core.display.composite import ColourMap, Composite
from hsi_viewer.core.display.outlines import OutlineRaster
from hsi_viewer.core.display.rasters import whole
from hsi_viewer.core.display.stretch import Curve, Limits
from hsi_viewer.core.labels.classes import legend_for

TABLE = legend_for([1, 2]).colour_table()


def borders(ids: np.ndarray) -> np.ndarray:
    """The same by looking at each pixel."""
    found = np.zeros(ids.shape, bool)
    for row, column in np.ndindex(ids.shape):
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            inside = 0 <= r < ids.shape[0] and 0 <= c < ids.shape[1]
            found[row, column] |= inside and ids[r, c] != ids[row, column]
    return found & (ids > 0)


@given(
    arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 2)),
    st.data(),
)
@settings(max_examples=30, deadline=None)
def test_any_window_of_any_step_shows_the_borders(ids, data):
    raster = OutlineRaster(ids, TABLE)
    picture = whole(raster)
    np.testing.assert_array_equal(picture[:, :, 3] > 0, borders(ids))
    seen = picture[:, :, 3] > 0
    np.testing.assert_array_equal(picture[seen], TABLE[ids[seen]])
    step = data.draw(st.integers(1, 3))
    top, left = (step * data.draw(st.integers(0, (n - 1) // step)) for n in ids.shape)
    bottom = data.draw(st.integers(top + 1, ids.shape[0]))
    bottom = min(-(-bottom // step) * step, ids.shape[0])
    part = raster.rgba(slice(top, bottom, step), slice(left, ids.shape[1], step))
    thin = borders(ids[::step, ::step])
    expected = thin[top // step : -(-bottom // step), left // step :]
    np.testing.assert_array_equal(part[:, :, 3] > 0, expected)


def test_a_bar_has_the_values_that_are_dark_and_bright():
    colours = np.arange(768, dtype=np.uint16).reshape(256, 3).astype(np.uint8)
    composite = Composite((4,), colours=ColourMap("made", colours))
    bar = bar_of_picture(composite, (Limits(100.0, 300.0),), "Band 5", 0.01, -1.0)
    assert (bar.low, bar.high, bar.text(bar.high)) == (0.0, 2.0, "2")
    np.testing.assert_array_equal(bar.colours, colours)
    curved = bar_of_picture(composite, (Curve((0.0, 1.0, 4.0), (0.0, 0.5, 1.0)),), "x")
    assert (curved.low, curved.high) == (0.0, 4.0)
    np.testing.assert_array_equal(curved.colours[64], colours[128])  # 1 is of middle brightness
    assert bar_of_picture(Composite((0, 1, 2)), (Limits(0, 1),) * 3, "x") is None

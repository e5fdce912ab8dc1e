"""The picture of a scene: chunk by chunk or window by window, one contrast."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.display.contrast import Contrast, sample_bands
from hsi_viewer.core.display.stretch import composite
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.rendering import scene_picture
from hsi_viewer.rendering.cube_raster import CubeRaster
from hsi_viewer.rendering.scene_picture import render_scene

VALUES = np.random.default_rng(0).integers(-9, 1000, (40, 33, 4)).astype(np.int16)
VALUES[3:6, 4] = -9
CUBE = HyperCube.from_array(VALUES, nodata=-9)
COMPOSITE = Composite((3, 1, 0), Contrast(percent=(5.0, 95.0)))
WHOLE = composite(
    VALUES[:, :, [3, 1, 0]],
    VALUES[:, :, [3, 1, 0]] != -9,
    COMPOSITE.contrast.transfers(sample_bands(CUBE, (3, 1, 0))),
)


@given(st.integers(1, 45))
def test_chunks_change_no_pixel(chunk_rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene_picture, "CHUNK_ROWS", chunk_rows)
        picture = render_scene(CUBE, COMPOSITE)
    np.testing.assert_array_equal(picture.rgba, WHOLE)


@given(
    st.tuples(st.integers(0, 39), st.integers(1, 40), st.integers(1, 9)),
    st.tuples(st.integers(0, 32), st.integers(1, 33), st.integers(1, 9)),
)
def test_a_large_scene_is_read_window_by_window_with_one_contrast(rows, columns):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene_picture, "WHOLE_PIXELS", 100)
        picture = render_scene(CUBE, COMPOSITE)
    assert isinstance(picture.raster, CubeRaster)
    r = slice(rows[0], min(rows[0] + rows[1], 40), rows[2])
    c = slice(columns[0], min(columns[0] + columns[1], 33), columns[2])
    np.testing.assert_array_equal(picture.raster.rgba(r, c), WHOLE[r, c])
    np.testing.assert_array_equal(picture.rgba, WHOLE)


def test_a_picture_says_how_it_was_made():
    picture = render_scene(CUBE, COMPOSITE)
    assert (picture.bands, picture.composite) == ((3, 1, 0), COMPOSITE)
    assert picture.cube is CUBE
    assert picture.transfers == COMPOSITE.contrast.transfers(sample_bands(CUBE, (3, 1, 0)))
    assert not picture.rgba[3:6, 4, 3].any()


def test_a_scene_without_data_is_transparent():
    cube = HyperCube.from_array(np.full((4, 4, 3), np.nan, np.float32))
    assert not render_scene(cube, Composite((0, 1, 2))).rgba.any()


def test_drawing_stops_at_the_next_chunk(monkeypatch):
    token = CancelToken()
    windows = []

    class Cancelling(ArraySource):
        def read(self, rows, columns, bands):
            windows.append((rows.start, rows.stop))
            if len(windows) == 3:  # the sample for the contrast, then two chunks
                token.cancel()
            return super().read(rows, columns, bands)

    monkeypatch.setattr(scene_picture, "CHUNK_ROWS", 10)
    with pytest.raises(TaskCancelledError):
        render_scene(HyperCube(Cancelling(VALUES)), Composite((0, 1, 2)), token=token)
    assert windows == [(0, 40), (0, 10), (10, 20)]

"""The picture of a scene: every step-th pixel, chunk by chunk, one contrast."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube import ArraySource, HyperCube
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.core.stretch import composite, scene_limits
from hsi_viewer.session import scene_picture
from hsi_viewer.session.scene_picture import MAX_SIDE, render_scene

VALUES = np.random.default_rng(0).integers(-9, 1000, (40, 33, 4)).astype(np.int16)
VALUES[3:6, 4] = -9
CUBE = HyperCube.from_array(VALUES, nodata=-9)


@given(st.integers(1, 45), st.integers(1, 45))
def test_chunks_and_thinning_change_no_pixel(max_side, chunk_rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene_picture, "MAX_SIDE", max_side)
        patch.setattr(scene_picture, "CHUNK_ROWS", chunk_rows)
        picture = render_scene(CUBE, (3, 1, 0), (5.0, 95.0))
    whole = composite(
        VALUES[:, :, [3, 1, 0]],
        VALUES[:, :, [3, 1, 0]] != -9,
        scene_limits(CUBE, (3, 1, 0), 5.0, 95.0),
    )
    step = -(-40 // max_side)
    np.testing.assert_array_equal(picture.rgba, whole[::step, ::step])
    assert max(picture.rgba.shape[:2]) <= max_side


def test_a_picture_says_how_it_was_made():
    picture = render_scene(CUBE, (3, 1, 0), (5.0, 95.0))
    assert (picture.bands, picture.percent) == ((3, 1, 0), (5.0, 95.0))
    assert picture.limits == scene_limits(CUBE, (3, 1, 0), 5.0, 95.0)
    assert not picture.rgba[3:6, 4, 3].any()


def test_a_long_scene_fits_the_screen():
    strip = HyperCube.from_array(np.broadcast_to(np.uint8(7), (3 * MAX_SIDE + 1, 3, 1)))
    assert render_scene(strip, (0, 0, 0)).rgba.shape == (3073, 1, 4)


def test_a_scene_without_data_is_transparent():
    cube = HyperCube.from_array(np.full((4, 4, 3), np.nan, np.float32))
    assert not render_scene(cube, (0, 1, 2)).rgba.any()


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
        render_scene(HyperCube(Cancelling(VALUES)), (0, 1, 2), token=token)
    assert windows == [(0, 40), (0, 10), (10, 20)]

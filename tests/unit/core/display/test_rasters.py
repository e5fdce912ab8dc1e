"""Rasters give, for any window and step, what numpy gives of the whole array."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.display.highlight import BelowRaster, MaskRaster
from hsi_viewer.core.display.outlines import OutlineRaster
from hsi_viewer.core.display.rasters import IdRaster, RgbaRaster, ValueRaster, whole
from hsi_viewer.core.labels.classes import legend_for

ROWS, COLUMNS = 23, 17
RNG = np.random.default_rng(0)
IDS = (RNG.integers(0, 9, (ROWS, COLUMNS)) * (RNG.random((ROWS, COLUMNS)) < 0.2)).astype(np.uint16)
TABLE = legend_for(range(1, 8)).colour_table()  # id 8 has no class
VALUES = RNG.normal(0.5, 0.5, (ROWS, COLUMNS)).astype(np.float32)
VALUES[2:4, 5] = np.nan
COLOURS = np.c_[RNG.integers(0, 256, (256, 3)), np.full(256, 255)].astype(np.uint8)
PICTURE = RNG.integers(0, 256, (ROWS, COLUMNS, 4)).astype(np.uint8)


@st.composite
def windows(draw, size: int) -> slice:
    start = draw(st.integers(0, size - 1))
    return slice(start, draw(st.integers(start + 1, size)), draw(st.integers(1, 9)))


@given(windows(ROWS), windows(COLUMNS))
def test_windows_of_pictures_and_ids(rows, columns):
    np.testing.assert_array_equal(RgbaRaster(PICTURE).rgba(rows, columns), PICTURE[rows, columns])
    ids = IdRaster(IDS, TABLE)
    np.testing.assert_array_equal(ids.rgba(rows, columns), TABLE[IDS][rows, columns])


@given(windows(ROWS), windows(COLUMNS))
def test_values_take_the_colour_of_their_place_between_the_ends(rows, columns):
    shown = IDS > 0
    raster = ValueRaster(VALUES, COLOURS, shown=shown)
    expected = COLOURS[np.clip(np.nan_to_num(VALUES) * 255, 0, 255).astype(int)]
    expected[~shown | np.isnan(VALUES)] = 0
    np.testing.assert_array_equal(raster.rgba(rows, columns), expected[rows, columns])


def test_the_ends_may_be_turned_round():
    raster = ValueRaster(np.array([[0.0, 0.25, 1.0]]), COLOURS, low=1.0, high=0.0)
    np.testing.assert_array_equal(whole(raster)[0], COLOURS[[255, 191, 0]])


@given(windows(ROWS), windows(COLUMNS))
def test_of_sparse_ids_the_highest_of_each_block_is_shown(rows, columns):
    found = IdRaster(IDS, TABLE, sparse=True).rgba(rows, columns)
    step_r, step_c = rows.step, columns.step
    for i, row in enumerate(range(rows.start, rows.stop, step_r)):
        for j, column in enumerate(range(columns.start, columns.stop, step_c)):
            block = IDS[
                row : min(row + step_r, rows.stop), column : min(column + step_c, columns.stop)
            ]
            assert tuple(found[i, j]) == tuple(TABLE[block.max()])


@pytest.mark.parametrize("step", [2, 3, 5])
def test_a_thinned_picture_lies_over_the_whole_scene(step):
    raster = RgbaRaster(PICTURE[::step, ::step], (ROWS, COLUMNS))
    expected = PICTURE[np.arange(ROWS) // step * step][:, np.arange(COLUMNS) // step * step]
    np.testing.assert_array_equal(whole(raster), expected)
    thin = ValueRaster(VALUES[::step, ::step], COLOURS, shape=(ROWS, COLUMNS))
    assert whole(thin).shape == (ROWS, COLUMNS, 4)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ValueError, match="not a thinned"):
        RgbaRaster(PICTURE, (ROWS + 40, COLUMNS))
    with pytest.raises(ValueError, match="RGBA bytes"):
        RgbaRaster(PICTURE[:, :, :3])


SIDE = 2048  # 2 ** 22 values


@pytest.mark.parametrize(
    ("raster", "side", "thinned"),
    [
        (RgbaRaster(PICTURE), SIDE, True),
        (IdRaster(IDS, TABLE), SIDE, True),
        (IdRaster(IDS, TABLE, sparse=True), SIDE, False),
        (ValueRaster(VALUES, COLOURS), SIDE // 2, True),
        (MaskRaster(IDS > 0, (1, 2, 3)), SIDE, False),
        (BelowRaster(VALUES, 0.5, (1, 2, 3)), SIDE, True),
        (OutlineRaster(IDS, TABLE), SIDE // 2, True),
    ],
)
def test_windows_of_so_many_values_are_drawn_at_once_and_larger_ones_by_a_worker(
    raster, side, thinned
):
    """Where every second pixel is enough to look at, four times as large ones are, too."""
    assert raster.is_quick(slice(3, 3 + side, 1), slice(5, 5 + side, 1))
    assert not raster.is_quick(slice(3, 4 + side, 1), slice(5, 5 + side, 1))
    assert not raster.is_quick(slice(3, 3 + side, 1), slice(5, 6 + side, 1))
    assert raster.is_quick(slice(3, 3 + 2 * side, 2), slice(5, 5 + 2 * side, 2)) == thinned

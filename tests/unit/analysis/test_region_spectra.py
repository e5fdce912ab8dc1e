from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.analysis.region_spectra import region_statistics
from hsi_viewer.core.cube.blocks import blocks
from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.core.spectra.band_statistics import LEVELS


class CountingSource(ArraySource):
    """Remembers the largest window that was read and how many values in all."""

    def __init__(self, array):
        super().__init__(array)
        self.largest = self.total = 0

    def read(self, rows, columns, bands):
        window = super().read(rows, columns, bands)
        self.largest = max(self.largest, window.nbytes)
        self.total += window.size
        return window


def scene(dtype=np.uint16, **fields):
    rng = np.random.default_rng(0)
    values = rng.gamma(3.0, 300.0, (40, 30, 6)).astype(dtype)
    groups = rng.integers(0, 4, (40, 30)).astype(np.uint16)
    return values, groups, HyperCube(CountingSource(values), **fields)


@pytest.mark.parametrize("held", [10**9, 0])
def test_statistics_of_whole_numbers_are_numpys_in_one_reading_or_two(held):
    values, groups, cube = scene(scale=0.001)
    found = region_statistics(cube, groups, held=held)
    assert sorted(found) == [1, 2, 3]
    for i, statistics in found.items():
        pixels = values[groups == i] * 0.001
        assert statistics.count == len(pixels)
        np.testing.assert_allclose(statistics.mean, pixels.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(statistics.std, pixels.std(axis=0), rtol=1e-12)
        expected = np.percentile(pixels, LEVELS, axis=0)
        np.testing.assert_allclose(statistics.percentiles, expected, rtol=1e-12)
        assert not statistics.resolution.any()


def test_percentiles_of_many_fractions_are_as_near_as_they_say(monkeypatch):
    monkeypatch.setattr("hsi_viewer.analysis.region_spectra.COUNTED_BYTES", 0)
    values, groups, cube = scene(np.float32)
    found = region_statistics(cube, groups, held=0)
    for i, statistics in found.items():
        exact = np.percentile(values[groups == i].astype(float), LEVELS, axis=0)
        assert (statistics.resolution > 0).all()
        assert (statistics.resolution < 0.01 * values.max()).all()
        assert (np.abs(statistics.percentiles - exact) <= statistics.resolution).all()


@pytest.mark.parametrize("held", [10**9, 0])
def test_pixels_without_data_are_left_out(held):
    values, groups, _ = scene()
    values[::3] = 65535
    cube = HyperCube.from_array(values, nodata=65535.0)
    found = region_statistics(cube, (groups > 0).astype(np.uint16), held=held)[1]
    good = values[(groups > 0) & (values[:, :, 0] != 65535)].astype(float)
    np.testing.assert_allclose(found.mean, good.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.percentiles, np.percentile(good, LEVELS, axis=0), rtol=1e-12)
    nothing = region_statistics(cube, np.where(values[:, :, 0] == 65535, 1, 0).astype(np.uint16))
    assert np.isnan(nothing[1].mean).all()
    assert np.isnan(nothing[1].percentiles).all()


def test_only_rows_of_the_region_are_read_and_a_block_at_a_time(monkeypatch):
    _, _, cube = scene()
    monkeypatch.setattr(
        "hsi_viewer.analysis.region_spectra.blocks",
        lambda cube, bands, box: blocks(cube, bands, box, limit=5 * 12 * 30),
    )
    groups = np.zeros((40, 30), np.uint16)
    groups[20:30, 10:12] = 1
    region_statistics(cube, groups)
    assert cube.source.total == 10 * 2 * 6
    assert cube.source.largest <= 5 * 12 * 30


def test_blocks_cover_a_scene_once_and_stay_small():
    _, _, cube = scene()
    for limit in (1, 500, 5000, 10**9):
        seen = np.zeros((40, 30), int)
        for r, c in blocks(cube, limit=limit):
            seen[r, c] += 1
            assert seen[r, c].size * 12 <= max(limit, 12)
        assert (seen == 1).all()


def test_a_cancelled_reading_ends():
    _, groups, cube = scene()
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        region_statistics(cube, groups, token)


def test_an_empty_region_has_no_statistics():
    _, _, cube = scene()
    assert region_statistics(cube, np.zeros((40, 30), np.uint16)) == {}


@pytest.mark.parametrize("held", [10**9, 0])
def test_progress_rises_from_the_first_labelled_row_to_the_end(held, monkeypatch):
    monkeypatch.setattr(blocks, "__defaults__", (None, None, 30 * 6 * 8 * 4))
    _, groups, cube = scene()
    groups[:12] = 0
    shares = []

    class Port:
        def report(self, item):
            shares.append(item.fraction)

    region_statistics(cube, groups, port=Port(), held=held)
    assert shares == sorted(shares)
    assert len(set(shares)) > 4
    assert 0 < shares[0] < 0.5
    assert shares[-1] == 1


def test_fill_values_that_nobody_declared_are_left_out_of_the_statistics():
    values = np.random.default_rng(0).uniform(1, 1000, (40, 30, 6)).astype(np.float32)
    values[:3] = -9999
    cube = examined(HyperCube.from_array(values))
    statistics = region_statistics(cube, np.ones((40, 30), np.uint16))[1]
    np.testing.assert_allclose(statistics.mean, values[3:].mean(axis=(0, 1)), rtol=1e-5)
    assert statistics.percentiles.min() > 0

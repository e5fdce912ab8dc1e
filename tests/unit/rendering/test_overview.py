"""Overviews: the same pixels from the cache as from the file, made once, bounded."""

from __future__ import annotations

import os

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError
from hsi_viewer.rendering import overview
from hsi_viewer.rendering.overview import (
    OverviewSource,
    cache_bytes,
    cache_folder,
    trim_cache,
    with_overview,
)

VALUES = np.random.default_rng(0).integers(0, 9999, (61, 37, 6)).astype(np.uint16)


class Counting(ArraySource):
    """Notes what is read."""

    def __init__(self, array) -> None:
        super().__init__(array)
        self.reads: list[tuple[slice, tuple[int, ...] | None]] = []

    def read(self, rows, columns, bands):
        self.reads.append((rows, None if bands is None else tuple(bands.tolist())))
        return super().read(rows, columns, bands)


@pytest.fixture
def cube(tmp_path, own_settings) -> HyperCube:
    path = tmp_path / "scene[1].img"
    path.write_bytes(b"stands for the data")
    return HyperCube(Counting(VALUES), path=path, interleave="bsq")


def fill(cube: HyperCube, *bands: int) -> None:
    cube.source.fill(bands, CancelToken(), SilentPort())


def assert_same_everywhere(cube: HyperCube) -> None:
    for step in (1, 2, 4, 8, 12):
        for start in (0, 1, 4, 8):
            window = slice(start, 61, step), slice(start, 30, step)
            for bands in ((2, 0, 5), (1,), None):
                expected = VALUES[window] if bands is None else VALUES[window][:, :, list(bands)]
                np.testing.assert_array_equal(cube.read(*window, bands), expected)


def test_reads_are_the_same_before_between_and_after(cube):
    seen = with_overview(cube)
    assert seen.source.step == 4
    assert_same_everywhere(seen)
    fill(seen, 5, 0)
    assert_same_everywhere(seen)
    fill(seen, *range(6))
    assert_same_everywhere(seen)


def test_only_shown_bands_are_read_once_and_later_sessions_need_none(cube):
    seen = with_overview(cube)
    fill(seen, 5, 0)
    fill(seen, 0, 5)
    assert cube.source.reads == [(slice(0, 61, 4), (5, 0))]
    seen.read(slice(0, 61, 8), slice(4, 30, 4), (0, 5))
    assert len(cube.source.reads) == 1
    again = with_overview(cube)
    assert again.source.missing((0, 5, 3)) == (3,)
    assert_same_everywhere(again)


def test_of_pixel_interleaved_cubes_all_bands_are_made_together(cube, tmp_path):
    source = OverviewSource(cube.source, tmp_path / "o", apart=False)
    assert source.missing((2,)) == tuple(range(6))
    source.fill((2,), CancelToken(), SilentPort())
    assert source.missing((0, 1, 2, 3, 4, 5)) == ()


def test_pieces_make_the_whole(cube, monkeypatch):
    monkeypatch.setattr(overview, "CHUNK_BYTES", 100)
    seen = with_overview(cube)
    fill(seen, *range(6))
    assert len(cube.source.reads) > 5
    assert_same_everywhere(seen)


def test_a_cancelled_overview_is_not_taken_for_a_finished_one(cube):
    token = CancelToken()
    token.cancel()
    seen = with_overview(cube)
    with pytest.raises(TaskCancelledError):
        seen.source.fill((1,), token, SilentPort())
    assert seen.source.missing((1,)) == (1,)
    assert with_overview(cube).source.missing((1,)) == (1,)


def test_a_changed_file_gets_another_overview(cube):
    first = with_overview(cube)
    fill(first, 1)
    os.utime(cube.path, ns=(1, 1))
    assert with_overview(cube).source.path != first.source.path


def test_a_cleaned_cache_is_no_error(cube):
    seen = with_overview(cube)
    fill(seen, *range(6))
    trim_cache(0)
    assert cache_bytes() == 0
    assert_same_everywhere(seen)
    fill(seen, 1)
    assert_same_everywhere(seen)


def test_the_oldest_overviews_go_first(own_settings):
    folder = cache_folder()
    folder.mkdir(parents=True)
    for age in range(4):
        path = folder / f"{age}.overview"
        path.write_bytes(bytes(100_000))
        os.utime(path, (1000 - age, 1000 - age))
    each = cache_bytes() // 4
    trim_cache(2 * each, keep=folder / "3.overview")
    assert sorted(p.name for p in folder.iterdir()) == ["0.overview", "3.overview"]


def test_a_cube_of_no_file_has_none():
    cube = HyperCube.from_array(VALUES)
    assert with_overview(cube) is cube


def test_an_overview_of_more_bands_than_columns_is_found_again(tmp_path, own_settings):
    path = tmp_path / "long.img"
    path.write_bytes(b"stands for the data")
    values = np.arange(40 * 9 * 50, dtype=np.uint16).reshape(40, 9, 50)
    cube = HyperCube(Counting(values), path=path, interleave="bsq")
    fill(with_overview(cube), 3, 47)
    again = with_overview(cube)
    assert again.source.missing((3, 4, 47, 49)) == (4, 49)
    window = slice(0, 40, 4), slice(0, 9, 4)
    np.testing.assert_array_equal(again.read(*window, (47, 3)), values[window][:, :, [47, 3]])
    assert len(cube.source.reads) == 1

"""Large scenes: a coarse picture at first, then the same contrast as it is looked at."""

from __future__ import annotations

import os

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.display.composite import ColourMap, Composite
from hsi_viewer.core.display.contrast import Contrast
from hsi_viewer.core.display.rasters import RgbaRaster
from hsi_viewer.core.display.stretch import composite
from hsi_viewer.core.progress import CallbackPort, CancelToken, Progress
from hsi_viewer.rendering import band_samples, overview, scene_picture
from hsi_viewer.rendering.band_samples import Samples
from hsi_viewer.rendering.cube_raster import CubeRaster
from hsi_viewer.rendering.overview import (
    OverviewSource,
    cache_bytes,
    cache_folder,
    overview_step,
    with_overview,
)
from hsi_viewer.rendering.scene_picture import coarse_step, first_picture, is_large, sharpened

ROWS, COLUMNS = 40, 30
VALUES = np.random.default_rng(4).integers(0, 1000, (ROWS, COLUMNS, 5)).astype(np.int16)
VALUES[4, 6], VALUES[8:10, :12] = -1, -1
CUBE = HyperCube.from_array(VALUES, nodata=-1, scale=0.5)
TABLE = np.random.default_rng(5).integers(0, 256, (256, 3)).astype(np.uint8)
PICTURES = [
    Composite((3, 1, 0), Contrast(percent=(5.0, 90.0))),
    Composite((2,), colours=ColourMap("some", TABLE)),
    Composite((4,)),
]


class Shape(ArraySource):
    """A cube of any size, of which nothing may be read."""

    def __init__(self, shape: tuple[int, int, int], dtype: type = np.uint8) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)


@pytest.mark.parametrize(
    ("shape", "dtype", "large"),
    [
        ((2048, 2048, 1), np.uint8, False),
        ((2048, 2049, 1), np.uint8, True),
        ((1024, 1024, 256), np.float32, False),
        ((1024, 1024, 257), np.float32, True),
        ((1024, 1024, 513), np.uint16, True),
    ],
)
def test_large_is_a_scene_of_many_pixels_or_many_bytes(shape, dtype, large):
    assert is_large(HyperCube(Shape(shape, dtype))) is large


@pytest.mark.parametrize("rows", [1, 3, 90, 91, 128, 129, 1000, 40_001])
@pytest.mark.parametrize("columns", [1, 91, 128, 5000])
def test_a_coarse_picture_has_as_many_pixels_as_a_disk_finds_in_a_moment(rows, columns):
    def pixels(step: int) -> int:
        return -(-rows // step) * -(-columns // step)

    step = coarse_step(HyperCube(Shape((rows, columns, 3))))
    assert pixels(step) <= 8192
    assert step == 1 or pixels(step - 1) > 8192 or step == 1 + int((rows * columns / 8192) ** 0.5)


@pytest.mark.parametrize("picture", PICTURES)
def test_a_large_scene_is_drawn_coarsely_first_and_keeps_that_contrast(picture, monkeypatch):
    monkeypatch.setattr(scene_picture, "WHOLE_PIXELS", ROWS * COLUMNS - 1)
    monkeypatch.setattr(scene_picture, "COARSE_PIXELS", 90)
    first = first_picture(CUBE, picture)
    assert coarse_step(CUBE) == 4
    assert first.coarse
    assert first.cube is CUBE
    assert first.raster.shape == (ROWS, COLUMNS)
    stored = VALUES[::4, ::4][:, :, picture.bands]
    for k, sample in enumerate(first.samples):
        np.testing.assert_array_equal(sample.values, stored[:, :, k][stored[:, :, k] != -1])
    table = picture.colours.table if picture.colours else None
    expected = composite(stored, stored != -1, first.transfers, table)
    every = slice(0, ROWS, 4), slice(0, COLUMNS, 4)
    np.testing.assert_array_equal(first.raster.rgba(*every), expected)
    sharp = sharpened(first)
    assert not sharp.coarse
    assert isinstance(sharp.raster, CubeRaster)
    assert (sharp.raster.bands, sharp.transfers) == (picture.bands, first.transfers)
    np.testing.assert_array_equal(sharp.raster.rgba(*every), expected)
    every_band = VALUES[:, :, picture.bands]
    np.testing.assert_array_equal(
        sharp.rgba, composite(every_band, every_band != -1, first.transfers, table)
    )


def test_a_small_scene_is_drawn_whole_at_once():
    first = first_picture(CUBE, PICTURES[0])
    assert not first.coarse
    assert isinstance(first.raster, RgbaRaster)
    assert first.raster.is_quick(slice(0, ROWS, 1), slice(0, COLUMNS, 1))


def test_values_of_a_picture_are_physical_and_nan_without_data():
    raster = CubeRaster(CUBE, (3, 1), ())
    found = raster.physical()
    expected = np.where(VALUES == -1, np.nan, VALUES * 0.5)[:, :, [3, 1]]
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32
    assert not raster.is_quick(slice(0, 1), slice(0, 1))


def test_the_bands_that_were_shown_last_are_kept(monkeypatch):
    monkeypatch.setattr(band_samples, "MAX_SAMPLES", 3)
    reads: list[tuple[int, ...]] = []

    class Counting(ArraySource):
        def read(self, rows, columns, bands):
            reads.append(tuple(bands.tolist()))
            return super().read(rows, columns, bands)

    cube, samples = HyperCube(Counting(VALUES)), Samples()
    samples.of(cube, (2, 0, 1))
    found = samples.of(cube, (2, 2))
    assert reads == [(2, 0, 1)]
    assert found[0] is found[1]
    np.testing.assert_array_equal(found[0].values, VALUES[:, :, 2].ravel())
    samples.of(cube, (3,))  # drops band 0, which was shown the longest ago
    samples.of(cube, (1, 2))
    assert reads[1:] == [(3,)]
    samples.of(cube, (0, 0))
    assert reads[2:] == [(0,)]
    samples.clear()
    samples.of(cube, (2,))
    assert reads[3:] == [(2,)]


@pytest.mark.parametrize(
    ("shape", "step"),
    [
        ((1, 1, 1), 4),
        ((4096, 4096, 9), 4),
        ((4100, 4096, 9), 8),
        ((8192, 8192, 9), 8),
        ((16384, 16388, 9), 16),
        ((16384, 16400, 9), 32),
    ],
)
def test_an_overview_has_about_a_million_pixels(shape, step):
    assert overview_step(shape) == step


def test_progress_of_an_overview_begins_at_nothing_and_rises(tmp_path, monkeypatch):
    monkeypatch.setattr(overview, "CHUNK_BYTES", 1)
    source = OverviewSource(ArraySource(VALUES), tmp_path / "deep" / "o", apart=True)
    items: list[Progress] = []
    source.fill((1, 3), CancelToken(), CallbackPort(items.append))
    assert [item.fraction for item in items] == pytest.approx(np.arange(10) / 10)
    assert {item.message for item in items} == {"Preparing the overview"}
    thin = slice(4, ROWS, 8), slice(0, COLUMNS, 4)
    bands = np.array([3, 1])
    np.testing.assert_array_equal(source.read(*thin, bands), VALUES[thin][:, :, bands])


def test_an_overview_that_was_cut_off_is_not_read(tmp_path):
    path = tmp_path / "o"
    source = OverviewSource(ArraySource(VALUES), path, apart=True)
    source.fill(range(5), CancelToken(), CallbackPort(lambda item: None))
    size = path.stat().st_size
    assert size == 65536 + 5 * 10 * 8 * 2
    path.write_bytes(path.read_bytes()[: size - 1])
    thin = slice(0, ROWS, 4), slice(0, COLUMNS, 4)
    np.testing.assert_array_equal(source.read(*thin, None), VALUES[thin])
    assert source.missing((4,)) == (4,)
    assert OverviewSource(ArraySource(VALUES), path, apart=True).missing((4,)) == (4,)


def test_what_was_read_is_on_the_disk_before_it_is_said_to_be_there(tmp_path, monkeypatch):
    """An overview may be found by the next session, even if this one fails."""
    path, held = tmp_path / "o", []
    monkeypatch.setattr("os.fsync", lambda number: held.append(path.read_bytes()))
    OverviewSource(ArraySource(VALUES), path, apart=True).fill(
        (0,), CancelToken(), CallbackPort(lambda item: None)
    )
    (at_once,) = held
    plane = VALUES[::4, ::4, 0].tobytes()
    assert at_once[65536 : 65536 + len(plane)] == plane
    assert not any(at_once[:65536])
    assert path.read_bytes()[:5] == b"\1\0\0\0\0"


def test_a_folder_of_the_name_of_a_scene_has_no_part_in_it(tmp_path, own_settings):
    path = tmp_path / "a.img"
    path.write_bytes(b"")
    (tmp_path / "a").mkdir()
    before = with_overview(HyperCube(ArraySource(VALUES), path=path)).source.path
    os.utime(tmp_path / "a", (1, 1))
    assert with_overview(HyperCube(ArraySource(VALUES), path=path)).source.path == before
    (tmp_path / "a.hdr").write_bytes(b"")
    assert with_overview(HyperCube(ArraySource(VALUES), path=path)).source.path != before


def test_what_the_cache_takes_is_counted_as_the_disk_counts_it(own_settings):
    folder = cache_folder()
    folder.mkdir(parents=True)
    with (folder / "a.overview").open("wb") as file:
        file.write(bytes(range(256)) * 64)
        file.truncate(1 << 20)  # the rest is a hole
    stat = (folder / "a.overview").stat()
    assert cache_bytes() == 512 * getattr(stat, "st_blocks", stat.st_size // 512) > 0


def test_a_cube_of_too_many_bands_has_no_overview(tmp_path, own_settings):
    path = tmp_path / "a.img"
    path.write_bytes(b"")
    most = HyperCube(Shape((4, 4, 65536)), path=path)
    assert with_overview(most) is not most
    more = HyperCube(Shape((4, 4, 65537)), path=path)
    assert with_overview(more) is more


@pytest.mark.parametrize(("interleave", "apart"), [("bsq", 1), ("bil", 1), ("bip", 5), ("", 5)])
def test_bands_that_lie_apart_are_made_one_by_one(tmp_path, own_settings, interleave, apart):
    path = tmp_path / "a.img"
    path.write_bytes(b"")
    seen = with_overview(HyperCube(ArraySource(VALUES), path=path, interleave=interleave))
    assert len(seen.source.missing((2, 2))) == apart

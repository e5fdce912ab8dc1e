"""Fill values that nobody declared are found; real values are not taken for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from hsi_viewer.core.cube import fill_values
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined, with_fill_values
from hsi_viewer.core.display.contrast import sample_bands
from hsi_viewer.io.opening import open_cube


def scene(rows: int = 48, columns: int = 50, bands: int = 40) -> NDArray[np.float32]:
    """Reflectance of about 0.1 to 0.5, with noise."""
    rng = np.random.default_rng(3)
    level = rng.uniform(0.1, 0.4, (rows, columns, 1))
    shape = 1 + 0.3 * np.sin(np.arange(bands) / 5)
    return (level * shape + 0.01 * rng.normal(size=(rows, columns, bands))).astype(np.float32)


def suspected(values: NDArray, **fields) -> list[tuple[float, int]]:
    """What is suspected, value and pixels; it is left out, and there is a warning of each."""
    cube = examined(HyperCube.from_array(values, **fields))
    assert cube.warnings == tuple(s.sentence for s in cube.suspected)
    is_data = cube.is_data(values)
    left_out = [s for s in cube.suspected if not s.kept]
    assert not any(is_data[values == s.value].any() for s in left_out)
    return [(s.value, s.pixels) for s in left_out]


@pytest.mark.parametrize(
    "value",
    [-9999, -999, -99999, -32768, -3.4028234663852886e38, 1e20, -1.23e34, 1e30, -99, 9.96921e36],
)
@pytest.mark.parametrize("pixels", [1, 2, 48, 400])
def test_a_value_that_whole_pixels_hold_and_no_other_is_near_is_found(value, pixels) -> None:
    values = scene()
    positions = np.random.default_rng(0).permutation(48 * 50)[:pixels]
    values.reshape(-1, 40)[positions] = value
    assert suspected(values) == [(float(np.float32(value)), pixels)]


@pytest.mark.parametrize("bands", [slice(12), slice(30, 40), slice(0, 40, 5)])
def test_a_value_that_pixels_hold_in_some_of_the_bands_is_found(bands: slice) -> None:
    values = scene()
    values[:, :4, bands] = -9999
    assert suspected(values) == [(-9999.0, 192)]
    (sentence,) = examined(HyperCube.from_array(values)).warnings
    assert sentence == "About 192 pixels hold -9999 in some bands: no data?"


def test_the_end_of_a_tail_is_not_taken_for_a_fill_value() -> None:
    rng = np.random.default_rng(2)
    values = (scene() * 20_000).astype(np.int16)
    tail = rng.random(values.shape) < 0.0009
    values[tail] = rng.integers(-1002, -996, int(tail.sum()))
    assert (values == -999).sum() > 3
    assert suspected(values) == []


@pytest.mark.parametrize("bands", [4, 40])
def test_single_values_that_were_lost_are_found(bands: int) -> None:
    values = scene(bands=bands)
    lost = np.random.default_rng(5).random(values.shape) < 0.1
    values[lost] = -9999
    values[:, :, 2] = -9999  # a dead band
    ((value, pixels),) = suspected(values)
    assert value == -9999
    assert 0 < pixels < 48 * 50


def test_a_value_among_the_others_is_kept_where_some_of_the_bands_hold_it() -> None:
    values = (scene() * 1000 - 1200).round()
    values[:, :4, :12] = -999
    assert suspected(values) == []


@pytest.mark.parametrize(
    ("valid", "found"),
    [
        ((0, 700), [(900.0, 40), (800.0, 20)]),
        ((0, np.inf), []),
        ((0, 850), [(900.0, 40)]),
        ((0, 1), []),  # of other units
        ((0, 300), []),  # measured values exceed it
    ],
)
def test_a_few_values_outside_of_the_valid_range_are_no_data(valid, found) -> None:
    values = (scene() * 1000).clip(1, 700).astype(np.uint16)
    values[:4, :10], values[:4, 10:15, :] = 900, 800
    assert sorted(suspected(values, valid_range=valid)) == sorted(found)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16, np.int32])
def test_the_lowest_value_of_a_type_is_found(dtype) -> None:
    values = (scene() * 1000).astype(dtype)
    lowest = np.finfo(dtype).min if np.dtype(dtype).kind == "f" else np.iinfo(dtype).min
    values[:8] = lowest
    assert suspected(values) == [(float(lowest), 400)]


def test_a_strip_of_the_highest_value_is_found() -> None:
    values = (scene() * 20_000).astype(np.uint16)
    values[:5] = 65535
    assert suspected(values) == [(65535.0, 250)]


def test_several_values_are_found_the_most_frequent_first() -> None:
    values = scene()
    values[10:20, :5], values[30:, 40:] = -1.23e34, -9999
    values[0, 0], values[1, 1] = np.nan, np.inf
    found = [(str(np.float32(v)), n) for v, n in suspected(values)]
    assert found == [("-9999.0", 180), ("-1.23e+34", 50), ("inf", 1), ("nan", 1)]


def test_spikes_in_single_bands_do_not_hide_it() -> None:
    values = scene()
    rng = np.random.default_rng(0)
    values[rng.random(values.shape) < 0.005] = -30_000
    values[40, 40] = -9999
    assert suspected(values) == [(-9999.0, 1)]


def test_bands_that_are_all_alike_do_not_hide_it() -> None:
    values = np.repeat(scene()[:, :, :1], 30, axis=2)
    assert suspected(values) == []
    values[:2] = -9999
    assert suspected(values) == [(-9999.0, 100)]


@pytest.mark.parametrize("bands", [1, 2])
def test_of_few_bands_only_a_plain_one_is_found(bands: int) -> None:
    values = scene(bands=bands)
    values[:2], values[2:4] = -9999, 7
    assert suspected(values) == [(-9999.0, 100)]


def index_like(rng) -> NDArray:
    values = rng.uniform(-1, 1, (40, 40, 6))
    values[:5] = -1
    return values


def with_zeros(rng) -> NDArray:
    values = scene()
    values[:6] = 0
    return values


def saturated(rng) -> NDArray:
    values = (scene() * 30_000).astype(np.uint16)
    values[3, 3:6] = 65535
    return values


def saturated_bands(rng) -> NDArray:
    values = (scene() * 1e5).clip(0, 65535).astype(np.uint16)
    values[:, :, :20] = np.minimum(values[:, :, :20].astype(int) * 3, 65535)
    return values


def whole_range(rng) -> NDArray:
    values = rng.integers(0, 256, (40, 40, 30)).astype(np.uint8)
    values[:3], values[3:6] = 255, 0
    return values


def zero_bands(rng) -> NDArray:
    values = scene()
    values[:, :, ::3] = 0
    return values


def deep_negative(rng) -> NDArray:
    return rng.normal(0, 9000, (40, 40, 20)).round()


REAL = [index_like, with_zeros, saturated, saturated_bands, whole_range, zero_bands, deep_negative]


@pytest.mark.parametrize("make", [lambda _: scene(), *REAL, lambda _: np.full((9, 9, 5), 5.0)])
def test_real_values_are_kept(make) -> None:
    assert suspected(make(np.random.default_rng(0))) == []


def asked(values: NDArray, **fields) -> list[tuple[float, int]]:
    """What is asked about and kept until somebody says otherwise, value and pixels."""
    cube = examined(HyperCube.from_array(values, **fields))
    assert cube.is_data(values).all()
    assert cube.fill_values == ()
    assert all(s.kept for s in cube.suspected)
    return [(s.value, s.pixels) for s in cube.suspected]


def test_a_value_in_every_band_of_many_pixels_is_asked_about_and_kept() -> None:
    rng = np.random.default_rng(0)
    assert asked(with_zeros(rng)) == [(0.0, 6 * 50)]
    assert asked(whole_range(rng)) == [(0.0, 120), (255.0, 120)]
    assert [asked(make(rng)) for make in REAL if make not in (with_zeros, whole_range)] == [[]] * 5
    sentence = examined(HyperCube.from_array(with_zeros(rng))).warnings[0]
    assert sentence == "300 pixels hold 0 in every band: no data?"


def test_few_pixels_few_bands_and_what_is_declared_are_not_asked_about() -> None:
    values = scene()
    values[0, :23] = 0  # 23 of 2400 pixels
    assert asked(values) == []
    values[0, 23] = 0
    assert asked(values) == [(0.0, 24)]
    assert suspected(values, nodata=0) == []
    assert asked(values[:, :, :9]) == []
    assert asked(values[:, :, :10]) == [(0.0, 24)]
    values[0, :, 7] += 1  # in all that is looked at but not in all bands
    assert asked(values) == []
    assert asked(np.zeros((9, 9, 12))) == []  # of which nothing else is there


def test_declared_values_and_answers_are_not_asked_about_again() -> None:
    values = scene()
    values[:8] = -9999
    assert suspected(values, nodata=-9999.0) == []
    assert suspected(values, fill_values=()) == []
    cube = examined(HyperCube.from_array(values, warnings=("Odd.",)))
    assert examined(cube) is cube
    refused = with_fill_values(cube, ())
    assert (refused.warnings, refused.suspected) == (("Odd.",), ())
    assert refused.is_data(values).all()
    assert examined(refused) is refused


def test_the_stretch_leaves_it_out() -> None:
    values = scene()
    values[:8] = -9999
    sample = sample_bands(examined(HyperCube.from_array(values)), (0, 20))[1]
    assert sample.values.size == 40 * 50
    assert sample.values.min() > 0


class Counting:
    """A source that counts the values that are read."""

    def __init__(self, values: NDArray) -> None:
        self._values, self.shape, self.dtype, self.read_values = (
            values,
            values.shape,
            values.dtype,
            0,
        )

    def read(self, rows, columns, bands):
        part = self._values[rows, columns]
        part = part if bands is None else part[:, :, bands]
        self.read_values += part.size
        return part.copy()


def test_of_a_large_scene_a_bounded_sample_is_read(monkeypatch) -> None:
    monkeypatch.setattr(fill_values, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(fill_values, "SAMPLE_SIDE", 16)
    values = scene(160, 160)
    values[:, 100:110] = -9999
    source = Counting(values)
    cube = examined(HyperCube(source))
    assert source.read_values < values.size / 50
    (found,) = cube.suspected
    assert found.sampled
    assert found.sentence.startswith("About ")
    assert found.pixels == pytest.approx(1600, rel=0.5)


@pytest.mark.parametrize(
    ("value", "valid", "kept"), [(-9999, None, False), (900, (0, 700), False), (0, None, True)]
)
def test_of_a_sample_the_pixels_of_the_scene_are_estimated(monkeypatch, value, valid, kept) -> None:
    monkeypatch.setattr(fill_values, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(fill_values, "SAMPLE_SIDE", 32)
    values = (scene(160, 160) * 1000).clip(1, 700).astype(np.int16)
    values[:, 100:120] = value
    (found,) = examined(HyperCube.from_array(values, valid_range=valid)).suspected
    assert (found.value, found.kept, found.sampled) == (value, kept, True)
    assert found.pixels == pytest.approx(160 * 20, rel=0.3)


def test_complex_and_logical_cubes_have_none() -> None:
    values = scene()
    values[:8] = -9999
    assert examined(HyperCube.from_array(values.astype(np.complex64))).suspected == ()
    assert examined(HyperCube.from_array(values > 0)).suspected == ()


CLEAN = [
    "jasper_ridge/jasperRidge2_R198.mat",
    "samson/Samson_UPCGIT.mat",
    "mat/muufl_v73.mat",
    "envi/ang20140912t192359_corr_v1c_img_2580-2590_540-550.hdr",
    "envi/corn-kernel-hyperspectral.hdr",
    "envi/toy.hdr",
    "envi/berlin_um/envi.hdr",
    "geotiff/neon_11x11x369_int16.tif",
    "geotiff/neon_27x10x369_float32_lzw.tif",
    "enmap_potsdam/mosaic_A_64x128.tif",
    "indian_pines/Indian_pines_corrected.mat",
]


@pytest.mark.real_data
@pytest.mark.parametrize("name", CLEAN)
def test_no_real_scene_raises_a_false_alarm(data_dir, name: str) -> None:
    assert examined(open_cube(data_dir / name)).suspected == ()


@pytest.mark.real_data
def test_rows_outside_of_a_real_scene_are_found(data_dir) -> None:
    cube = open_cube(data_dir / "envi/ang20150422t163638_corr_v1e_img_4000-4010_550-560.hdr")
    (found,) = examined(cube).suspected  # six rows of -0.005 in all 432 bands
    assert (found.pixels, found.value) == (60, pytest.approx(-0.005))
    assert examined(replace(cube, fill_values=())).suspected == ()


@pytest.mark.parametrize(
    "value",
    [-999, -9999, -99999, -999999, -32768, -32767, -2147483648, -2147483647],
)
def test_what_programs_write_where_there_is_no_data_is_found_in_a_single_band(value) -> None:
    values = scene(bands=1).astype(np.float64)
    values[:2] = value - 2
    assert suspected(values) == []
    values[:2] = value
    assert suspected(values) == [(float(value), 100)]


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        (slice(4, 5), "About 1 pixel holds 900 in some bands: no data?"),
        (slice(0, 6), "About 1 pixel holds 900 in some bands: no data?"),
        (slice(0, 7), "1 pixel holds 900 in every band: no data?"),
    ],
)
def test_values_that_are_not_valid_are_said_to_be_in_every_band_from_seven_of_ten(bands, said):
    values = np.full((6, 7, 9), 300, np.uint16) + np.arange(9, dtype=np.uint16)
    values[2, 3, bands] = 900
    (found,) = examined(HyperCube.from_array(values, valid_range=(0, 700))).suspected
    assert found.sentence == said


def test_what_is_usual_is_known_of_a_scene_of_which_a_sample_was_looked_at(monkeypatch):
    values = np.arange(64, dtype=np.int16).reshape(8, 8, 1) + np.array([100, 200, 400], np.int16)
    values[0, 0], values[0, 4] = -9999, 150  # no data, and one value in each band
    cube, bands = HyperCube.from_array(values, nodata=-9999), np.arange(3)
    assert fill_values.usual_of(cube, bands) is None  # all of it was looked at
    monkeypatch.setattr(fill_values, "WHOLE_PIXELS", 63)
    monkeypatch.setattr(fill_values, "SAMPLE_SIDE", 2)
    usual = fill_values.usual_of(cube, bands)  # the pixels (0, 0), (0, 4), (4, 0) and (4, 4)
    assert usual.lowest.tolist() == [132, 232, 432]
    assert usual.highest.tolist() == [136, 236, 436]
    assert usual.spectra.tolist() == [[132, 232, 432], [136, 236, 436]]
    assert fill_values.usual_of(cube, bands[:2]) is None
    same = HyperCube.from_array(np.full((8, 8, 3), -9999, np.int16))
    assert fill_values.usual_of(same, bands) is None

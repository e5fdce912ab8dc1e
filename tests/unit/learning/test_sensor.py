"""A cube of another sensor as the model's sensor would have seen it."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ModelError
from hsi_viewer.learning import band_matching
from hsi_viewer.learning.band_matching import RescaledSource, matched
from tests.unit.learning.made import Recorder

WAVES = np.array([500.0, 600.0, 700.0, 800.0])
ALL = np.arange(4)


def cube_of(waves, values=None, **fields) -> HyperCube:
    """A cube whose values are twice the wavelength, in every pixel."""
    waves = np.asarray(waves, float)
    if values is None:
        values = np.broadcast_to(2 * np.nan_to_num(waves), (3, 5, waves.size)).astype(np.float32)
    return HyperCube.from_array(values, waves, name="other", **fields)


@pytest.mark.parametrize(
    "theirs",
    [
        np.arange(400, 1000, 7.0),
        np.arange(400, 1000, 7.0)[::-1].copy(),
        np.array([800.0, 450.0, 650.0, 900.0, 651.0]),
    ],
    ids=["finer", "falling", "in no order"],
)
def test_values_lie_on_the_line_between_the_two_nearest_bands(theirs) -> None:
    seen = matched(cube_of(theirs), WAVES, 4, ALL)
    assert seen.bands == 4
    assert np.array_equal(seen.wavelengths, WAVES)
    assert np.allclose(seen.read(), 2 * WAVES, rtol=1e-5)
    part = seen.read(slice(1, 3), slice(2, 3), bands=[3, 1])
    assert part.shape == (2, 1, 2)
    assert np.allclose(part, [1600, 1200], rtol=1e-5)


def test_the_pixels_stay_where_they_are() -> None:
    values = np.arange(60, dtype=np.float32).reshape(3, 5, 4)
    seen = matched(cube_of(WAVES + 25, values), WAVES, 4, np.arange(1, 4))
    wanted = values[:, :, [0, 0, 1, 2]] + [0, 0.75, 0.75, 0.75]
    assert np.allclose(seen.read(), wanted)  # below their first band stands their first band
    assert np.allclose(seen.read(slice(1, 2), slice(3, 5)), wanted[1:2, 3:5])


def test_wavelengths_half_a_nanometre_apart_are_the_same_in_the_bands_that_count() -> None:
    near = cube_of(WAVES + 0.5)
    assert matched(near, WAVES, 4, ALL) is near
    assert matched(cube_of(WAVES + 0.6), WAVES, 4, ALL) is not near
    one_off = cube_of(WAVES + np.array([0, 90, 0, 0]))
    assert matched(one_off, WAVES, 4, np.array([0, 2, 3])) is one_off
    assert matched(one_off, WAVES, 4, ALL) is not one_off


def test_a_range_may_end_a_little_short_and_no_more() -> None:
    inner = np.arange(515.0, 786.0, 5)
    assert np.allclose(matched(cube_of(inner), WAVES, 4, ALL).read()[0, 0, 1:3], [1200, 1400])
    for short in (inner[1:], inner[:-1]):
        with pytest.raises(ModelError, match="needs 500-800 nm, but other covers 5"):
            matched(cube_of(short), WAVES, 4, ALL)
        with_less = np.array([1, 2])  # a model that looks at the middle only
        assert np.allclose(matched(cube_of(short), WAVES, 4, with_less).read()[0, 0, 1], 1200)


def test_bands_that_are_bad_or_without_a_wavelength_are_not_mixed_in() -> None:
    waves = np.array([500, 590, np.nan, 605, 710, 800.0])
    values = np.broadcast_to(2 * waves, (3, 5, 6)).astype(np.float32).copy()
    values[:, :, [1, 2]] = -1e6
    good = np.array([True, False, True, True, True, True])
    seen = matched(cube_of(waves, values, good_bands=good), WAVES, 4, ALL)
    assert np.allclose(seen.read(), 2 * WAVES, rtol=1e-5)
    assert seen.good_bands.all()


@pytest.mark.parametrize("left", [0, 1])
def test_a_cube_with_hardly_a_good_band_is_refused(left: int) -> None:
    good = np.arange(4) < left
    with pytest.raises(ModelError, match="no good band" if left == 0 else "covers 500-500 nm"):
        matched(cube_of(WAVES + 0.0, good_bands=good), WAVES - 3, 4, ALL)


def test_missing_values_stay_missing_however_they_are_mixed() -> None:
    values = np.full((3, 5, 4), 7, np.int16)
    values[1, 2, 3] = -32768
    seen = matched(cube_of(WAVES + 40, values, nodata=-32768), WAVES + 5, 4, np.array([1, 2, 3]))
    found = seen.read()
    missing = np.isnan(found)
    assert np.argwhere(missing).tolist() == [[1, 2, 3]]
    assert (found[~missing] == 7).all()
    assert seen.nodata is None
    assert not seen.is_data(found)[1, 2, 3]


def test_without_wavelengths_the_number_of_bands_must_be_the_same() -> None:
    plain = HyperCube.from_array(np.zeros((3, 5, 4), np.float32), name="plain")
    assert matched(plain, WAVES, 4, ALL) is plain
    assert matched(plain, None, 4, ALL) is plain
    named = cube_of(WAVES)
    assert matched(named, None, 4, ALL) is named
    for bands in (3, 5):
        with pytest.raises(ModelError, match=f"plain has 4 bands .* trained on {bands}"):
            matched(plain, WAVES[:bands], bands, ALL[:3])


def test_two_bands_are_enough_for_a_line() -> None:
    found = matched(cube_of([490.0, 810.0]), WAVES, 4, ALL).read()
    assert np.allclose(found, 2 * WAVES, rtol=1e-5)


def test_bands_that_are_marked_as_bad_in_the_scene_alone_are_reported() -> None:
    port = Recorder()
    matched(cube_of(WAVES), WAVES, 4, ALL, port)
    assert port.items == []
    marked = cube_of(WAVES, good_bands=np.array([True, False, False, True]))
    assert matched(marked, WAVES, 4, ALL, port) is marked
    assert [item.text.partition(";")[0] for item in port.items] == [
        "2 of the 4 bands that the model uses are marked as bad in other"
    ]


def test_a_model_with_a_band_without_a_wavelength_needs_the_others_alone() -> None:
    waves = np.array([500.0, np.nan, 700.0, 800.0])
    with pytest.raises(ModelError, match="needs 500-800 nm, but other covers 1000-1300 nm"):
        matched(cube_of(np.arange(1000, 1400, 100.0)), waves, 4, ALL)
    with pytest.raises(ModelError, match="without wavelengths for both"):
        matched(cube_of(WAVES[:3]), waves * np.nan, 4, ALL)


@pytest.mark.parametrize("rows", [slice(0, 9), slice(1, 9, 3), slice(4, 5), slice(3, 3)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)], ids=["bip", "bsq"])
def test_large_windows_are_converted_in_parts_to_the_same_values(monkeypatch, rows, order) -> None:
    """Also in the same order in memory, which the last digits of products depend on."""
    values = np.random.default_rng(0).normal(1000, 300, (9, 5, 6)).astype(np.float32)
    values[2, 3, 1] = -1
    there = np.ascontiguousarray(values.transpose(order)).transpose(np.argsort(order))
    cube = cube_of(np.arange(480, 1080, 100.0), there, nodata=-1.0)
    for source in (matched(cube, WAVES, 4, ALL).source, RescaledSource(cube, 0.1, np.arange(6.0))):
        asked = rows, slice(0, 5, 2), np.array([0, 1, 3])
        monkeypatch.setattr(band_matching, "PART_BYTES", 10**9)
        wanted = source.read(*asked)
        monkeypatch.setattr(band_matching, "PART_BYTES", 2 * 3 * 3 * 4)
        found = source.read(*asked)
        np.testing.assert_array_equal(found, wanted)
        assert found.strides == wanted.strides or found.size < 4 * 3 * 3

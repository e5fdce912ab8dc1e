"""Bands for the screen: the nearest good ones, presets, and where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube.band_selection import (
    COLOUR_INFRARED,
    SHORT_WAVE_INFRARED,
    TRUE_COLOUR,
    BandPreset,
    band_label,
    band_name,
    good_bands_near,
    initial_bands,
    matching_preset,
    nearest_band,
    preset_bands,
    presets_of,
)
from hsi_viewer.core.cube.cube import HyperCube

NAN = float("nan")


def cube_of(wavelengths=None, bands=None, **fields) -> HyperCube:
    bands = bands or len(wavelengths)
    return HyperCube.from_array(np.zeros((1, 1, bands)), wavelengths, **fields)


@given(
    st.lists(st.tuples(st.floats(300, 2600), st.booleans()), min_size=1, max_size=20),
    st.floats(300, 2600),
)
def test_no_good_band_is_nearer(entries, wanted):
    nm, good = np.array([e[0] for e in entries]), np.array([e[1] for e in entries])
    band = nearest_band(cube_of(nm, good_bands=good), wanted)
    candidates = nm[good] if good.any() else nm
    assert abs(nm[band] - wanted) == np.abs(candidates - wanted).min()
    assert good[band] or not good.any()


def test_without_wavelengths_there_is_no_nearest_band():
    with pytest.raises(ValueError, match="no wavelengths"):
        nearest_band(cube_of(bands=3), 550.0)


def test_presets_that_the_range_reaches():
    visible = cube_of(np.arange(400.0, 901.0, 10.0))
    assert preset_bands(visible, TRUE_COLOUR) == (24, 15, 7)
    assert preset_bands(visible, COLOUR_INFRARED) == (46, 25, 15)
    assert preset_bands(visible, SHORT_WAVE_INFRARED) is None
    assert preset_bands(cube_of(bands=3), TRUE_COLOUR) is None


@pytest.mark.parametrize(
    ("names", "true", "infrared"),
    [
        (("Blue", "Green", "Red", "Red edge", "NIR", "LWIR"), (2, 1, 0), (4, 2, 1)),
        (("B02 (blue)", "B03 (green)", "B04 (red)"), (2, 1, 0), None),
        (("Band 1 - Red", "Band 2 - Green", "Band 3 - Near infrared"), None, (2, 0, 1)),
        (("red_reflectance", "GREEN", "blue_band"), (0, 1, 2), None),
        (("Red edge", "Green", "Blue"), None, None),
        (("Red clay", "Green", "Blue"), None, None),
        (("a", "b", "c"), None, None),
    ],
)
def test_bands_named_by_colours_are_shown_as_these(names, true, infrared):
    """As those of drones are, which have few bands and often no wavelengths."""
    cube = cube_of(bands=len(names), band_names=names)
    assert preset_bands(cube, TRUE_COLOUR) == true
    assert preset_bands(cube, COLOUR_INFRARED) == infrared
    if true is not None:
        assert initial_bands(cube) == true


def test_wavelengths_go_before_names():
    cube = cube_of([850.0, 550.0, 650.0, 470.0], band_names=("Red", "Green", "NIR", "Blue"))
    assert preset_bands(cube, TRUE_COLOUR) == (2, 1, 3)


def test_a_preset_reaches_60_nm_and_no_further():
    assert preset_bands(cube_of([700.0, 550.0, 470.0]), TRUE_COLOUR) == (0, 1, 2)
    assert preset_bands(cube_of([700.1, 550.0, 470.0]), TRUE_COLOUR) is None


def test_the_files_own_bands_come_first_unless_one_is_bad():
    nm = np.arange(400.0, 901.0, 10.0)
    assert initial_bands(cube_of(nm, default_bands=(1, 2, 3))) == (1, 2, 3)
    good = np.arange(nm.size) != 2
    assert initial_bands(cube_of(nm, default_bands=(1, 2, 3), good_bands=good)) == (24, 15, 7)


@pytest.mark.parametrize(
    ("bad", "wanted"),
    [((), (5, 3, 0)), ((3,), (5, 2, 0)), ((5, 3), (4, 2, 0)), ((0, 1, 2, 3, 4, 5), (6, 7, 0))],
)
def test_bad_bands_give_way_to_the_nearest_good_ones(bad, wanted):
    good = ~np.isin(np.arange(8), bad)
    assert good_bands_near(cube_of(bands=8, good_bands=good), (5, 3, 0)) == wanted


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_without_wavelengths_the_first_bands_are_spread_over_the_good_ones(flags):
    good = np.array(flags)
    bands = initial_bands(cube_of(bands=good.size, good_bands=good))
    assert bands == tuple(sorted(bands, reverse=True))
    assert good[list(bands)].all() or not good.any()
    assert len(set(bands)) == 3 or good.sum() < 5


@pytest.mark.parametrize("noisy", [range(12), range(5, 30), [4, 14, 15, 25], []])
def test_without_wavelengths_the_first_bands_are_not_noisy(noisy):
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(size=(40, 60)), axis=1)[:, :, None] * rng.uniform(0.5, 2, 30)
    values += rng.normal(size=values.shape) * 0.1
    values[:, :, noisy] = rng.normal(size=(40, 60, len(noisy))) * 50
    values[:9] = np.nan  # a border without data
    assert not set(initial_bands(HyperCube.from_array(values))) & set(noisy)


@pytest.mark.parametrize(("clear", "shown"), [([1, 3, 4], {1, 3, 4}), ([1, 3], {1, 2, 4})])
def test_three_clear_bands_are_enough_and_fewer_are_not(clear, shown):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 60, 6)) * 50
    values[:, :, clear] = np.cumsum(rng.normal(size=(40, 60)), axis=1)[:, :, None]
    assert set(initial_bands(HyperCube.from_array(values))) == shown


def test_of_noise_alone_any_bands_are_shown():
    values = np.random.default_rng(0).normal(size=(2, 9, 8))
    assert initial_bands(HyperCube.from_array(values)) == (6, 4, 1)


@pytest.mark.parametrize("nm", [[NAN] * 6, [NAN, NAN, 2000.0, NAN, NAN, NAN]])
def test_unknown_wavelengths_count_as_none(nm):
    assert initial_bands(cube_of(nm)) == initial_bands(cube_of(bands=6))


def test_an_unknown_wavelength_is_never_nearest():
    good = np.array([True, False])
    assert nearest_band(cube_of([NAN, 500.0], good_bands=good), 500.0) == 1


def test_labels_of_bands():
    assert band_label(cube_of([400.0, 500.25]), 1) == "500.2 nm · band 2"
    assert band_label(cube_of(bands=2, band_names=("red", "blue")), 1) == "blue · band 2"
    assert band_label(cube_of([400.0, NAN]), 1) == "band 2"


def test_a_band_is_named_by_its_wavelength_its_name_or_its_number():
    named = cube_of([500.4, NAN], band_names=("blue", "ratio"))
    assert [band_name(named, band) for band in (0, 1)] == ["500 nm", "ratio"]
    assert [band_name(cube_of(bands=2), band) for band in (0, 1)] == ["Band 1", "Band 2"]


def test_presets_are_the_usual_ones_then_the_users_as_far_as_the_range_reaches():
    cube = cube_of(np.arange(400.0, 901.0, 10.0))
    own = (BandPreset("Mine", (500.0, 510.0, 520.0)), BandPreset("Far", (500.0, 510.0, 2000.0)))
    presets = presets_of(cube, own)
    found = {"True colour": (24, 15, 7), "Colour infrared": (46, 25, 15), "Mine": (10, 11, 12)}
    assert list(presets.items()) == list(found.items())
    assert matching_preset((10, 11, 12), presets) == "Mine"
    assert matching_preset((12, 11, 10), presets) is None

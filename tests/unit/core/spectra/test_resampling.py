from __future__ import annotations

import numpy as np
import pytest
import spectral

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.spectra.resampling import band_widths, resampled_gaussian, resampled_linear
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary

FINE = np.arange(350.0, 2501.0)
BANDS = np.arange(400.0, 2500.0, 10.0)
WIDTHS = np.full(BANDS.size, 11.0)


def test_a_constant_and_a_line_stay_what_they_are():
    spectra = np.stack([np.full(FINE.size, 0.7), 2.0 * FINE])
    found = resampled_gaussian(FINE, spectra, BANDS, WIDTHS)
    np.testing.assert_allclose(found[0], 0.7, rtol=1e-12)
    inner = slice(0, -3)  # at the end half of the Gaussian is missing
    np.testing.assert_allclose(found[1, inner], 2.0 * BANDS[inner], rtol=1e-9)


def test_a_narrow_line_becomes_the_bands_gaussian():
    spectrum = np.zeros((1, FINE.size))
    spectrum[0, FINE == 1003.0] = 1.0
    found = resampled_gaussian(FINE, spectrum, BANDS, WIDTHS)[0]
    sigma = 11.0 / (2 * np.sqrt(2 * np.log(2)))
    expected = np.exp(-0.5 * ((1003.0 - BANDS) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_it_agrees_with_spectral_python_on_smooth_spectra():
    spectrum = 0.4 + 0.2 * np.sin(FINE / 90)
    theirs = spectral.BandResampler(FINE, BANDS, np.ones(FINE.size), WIDTHS)(spectrum)
    ours = resampled_gaussian(FINE, spectrum[None], BANDS, WIDTHS)[0]
    np.testing.assert_allclose(ours[2:-2], theirs[2:-2], atol=2e-4)


def test_bands_outside_of_the_library_and_deleted_ones_are_missing():
    spectrum = np.full((1, FINE.size), 0.5)
    spectrum[0, (FINE > 1340) & (FINE < 1440)] = np.nan
    bands = np.array([300.0, 400.0, 1345.0, 1390.0, 1500.0, 2600.0])
    found = resampled_gaussian(FINE, spectrum, bands, np.full(6, 10.0))[0]
    assert np.isnan(found).tolist() == [True, False, True, True, False, True]


def test_a_library_coarser_than_the_sensor_is_interpolated():
    coarse = np.array([400.0, 500.0, 600.0])
    found = resampled_gaussian(
        coarse, np.array([[1.0, 2.0, 4.0]]), np.array([450.0, 525.0]), np.array([5.0, 5.0])
    )
    np.testing.assert_allclose(found, [[1.5, 2.5]])


def test_the_order_of_the_channels_does_not_matter():
    shuffled = np.random.default_rng(0).permutation(FINE.size)
    spectrum = np.sin(FINE / 90)[None]
    for resampled in (
        lambda x, y: resampled_gaussian(x, y, BANDS, WIDTHS),
        lambda x, y: resampled_linear(x, y, BANDS),
    ):
        np.testing.assert_allclose(
            resampled(FINE[shuffled], spectrum[:, shuffled]), resampled(FINE, spectrum), atol=1e-12
        )


@pytest.mark.parametrize("unit", [1 / 1024, 1, 1024])
def test_widths_are_the_distance_of_the_bands_but_not_across_a_gap(unit):
    x = np.array([400.0, 410, 420, 430, 900, 910, 920])
    assert band_widths(x * unit).tolist() == [10.0 * unit] * 7
    two_detectors = np.array([400.0, 410, 420, 430, 458, 486, 514])
    assert band_widths(two_detectors * unit)[-3:].tolist() == [28.0 * unit] * 3


def test_a_library_resamples_itself():
    library = SpectralLibrary(("a",), FINE, np.sin(FINE / 90)[None], "lib")
    found = library.resampled(BANDS, WIDTHS)
    assert found.names == ("a",)
    np.testing.assert_array_equal(
        found.spectra, resampled_gaussian(FINE, library.spectra, BANDS, WIDTHS)
    )
    with pytest.raises(FormatError, match="no wavelengths"):
        SpectralLibrary(("a",), None, np.ones((1, 3)), "lib").resampled(BANDS)


def test_a_deleted_channel_leaves_the_mean_of_the_others():
    spectrum = np.full((1, FINE.size), 5.0)
    spectrum[0, FINE == 1001.0] = np.nan
    found = resampled_gaussian(FINE, spectrum, np.array([1000.0]), np.array([10.0]))
    np.testing.assert_allclose(found, [[5.0]])


def test_the_ends_of_the_library_are_inside_and_what_has_no_wavelength_is_missing():
    bands = np.array([350.0, 2500.0, np.nan, 349.9, 2500.1])
    found = resampled_gaussian(FINE, np.ones((1, FINE.size)), bands, np.full(5, 20.0))[0]
    assert np.isnan(found).tolist() == [False, False, True, True, True]


def test_channels_count_by_how_much_of_the_range_they_stand_for():
    """By hand: a band 40 nm wide at 410 nm, on channels 10, 15 and 20 nm wide."""
    channels, spectrum = np.array([400.0, 410.0, 430.0]), np.array([[1.0, 2.0, 4.0]])
    found = resampled_gaussian(channels, spectrum, np.array([410.0]), np.array([40.0]))
    weights = np.array([2**-0.25 * 10, 15, 0.5 * 20])
    np.testing.assert_allclose(found, [[weights @ spectrum[0] / weights.sum()]])


@pytest.mark.parametrize(
    ("nm", "widths"),
    [([], []), ([500.0], [1.0]), ([500.0, 510.0], [10.0, 10.0]), ([520.0, 500.0], [20.0, 20.0])],
)
def test_of_few_bands_the_widths_are_their_distance(nm, widths):
    assert band_widths(np.array(nm)).tolist() == widths

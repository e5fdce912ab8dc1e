from __future__ import annotations

import numpy as np
import pytest
import spectral
from scipy.signal import savgol_filter
from scipy.spatial import ConvexHull

from hsi_viewer.core.spectra.spectrum import (
    WATER_WINDOWS,
    Treatment,
    continuum,
    continuum_removed,
    correlation,
    first_derivative,
    joined,
    normalised,
    runs,
    second_derivative,
    smoothed,
    spectral_angle,
)

X = np.linspace(400.0, 2500.0, 211)


def wavy(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.4 + 0.1 * np.sin(X / 150) + 0.02 * rng.standard_normal(X.size)


def test_missing_values_jumps_and_steps_back_break_a_curve():
    x = np.array([1.0, 2, 3, 4, 20, 21, 20.5, 21.5])
    values = np.array([1.0, 1, np.nan, 1, 1, 1, 1, 1])
    assert joined(x, values).tolist() == [True, False, False, False, True, False, True, False]
    assert runs(x, values) == [slice(0, 2), slice(3, 4), slice(4, 6), slice(6, 8)]


def test_smoothing_is_scipys_in_each_stretch():
    values = wavy()
    values[100] = np.nan
    found = smoothed(X, values, 9)
    np.testing.assert_array_equal(found[:100], savgol_filter(values[:100], 9, 2))
    np.testing.assert_array_equal(found[101:], savgol_filter(values[101:], 9, 2))
    assert np.isnan(found[100])


def test_a_stretch_shorter_than_the_window_takes_the_widest_that_fits():
    values = np.array([1.0, 3, 2, 5, 4, 4])
    found = smoothed(np.arange(6.0), values, 21)
    np.testing.assert_array_equal(found, savgol_filter(values, 5, 2))
    np.testing.assert_array_equal(smoothed(np.arange(2.0), np.array([1.0, 2]), 21), [1, 2])
    odd = np.random.default_rng(1).normal(size=7)
    np.testing.assert_array_equal(smoothed(np.arange(7.0), odd, 21), savgol_filter(odd, 7, 2))
    np.testing.assert_array_equal(smoothed(np.arange(7.0), odd, 4), savgol_filter(odd, 5, 2))
    np.testing.assert_array_equal(smoothed(np.arange(7.0), odd, 2), odd)


def test_derivatives_of_a_parabola_are_exact_at_uneven_steps():
    x = np.array([400.0, 410, 425, 433, 450, 470])
    values = 3.0 + 0.5 * x + 0.01 * x**2
    np.testing.assert_allclose(first_derivative(x, values), 0.5 + 0.02 * x, rtol=1e-11)
    second = second_derivative(x, values)
    np.testing.assert_allclose(second[1:-1], 0.02, rtol=1e-9)
    assert np.isnan(second[[0, -1]]).all()


def test_no_derivative_is_taken_across_a_gap():
    values = 2.0 * X
    values[10] = np.nan
    slope = first_derivative(X, values)
    assert np.isnan(slope[10])
    np.testing.assert_allclose(np.delete(slope, 10), 2.0, rtol=1e-9)
    assert np.isnan(second_derivative(X, values)[[9, 10, 11]]).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_continuum_is_the_upper_convex_hull(seed):
    values = wavy(seed)
    points = np.column_stack([X, values])
    hull = continuum(X, values)
    corners = np.sort(ConvexHull(points).vertices)
    upper = corners[np.isclose(values[corners], hull[corners], atol=1e-12)]
    np.testing.assert_allclose(hull, np.interp(X, X[upper], values[upper]), atol=1e-12)
    assert (hull >= values - 1e-12).all()
    assert (np.diff(hull, 2) <= 1e-12).all()


def test_continuum_removal_agrees_with_spectral_python():
    values = wavy(3)
    np.testing.assert_allclose(
        continuum_removed(X, values), spectral.remove_continuum(values, X), rtol=1e-9
    )


def test_continuum_removal_by_hand_with_a_missing_band():
    x = np.array([0.0, 1, 2, 3, 4])
    values = np.array([1.0, 0.5, np.nan, 1.0, 2.0])
    # the hull runs straight from (0, 1) to (4, 2)
    expected = [1.0, 0.5 / 1.25, np.nan, 1.0 / 1.75, 1.0]
    np.testing.assert_allclose(continuum_removed(x, values), expected, rtol=1e-15)


def test_a_continuum_that_is_not_positive_divides_nothing():
    x = np.arange(4.0)
    assert np.isnan(continuum_removed(x, np.array([-1.0, -2, -2, -1]))).all()
    assert np.isnan(continuum_removed(x, np.full(4, np.nan))).all()


def test_normalisations_by_hand():
    values = np.array([3.0, np.nan, 4.0])
    np.testing.assert_allclose(normalised(values, "length"), [0.6, np.nan, 0.8])
    np.testing.assert_allclose(normalised(values, "range"), [0, np.nan, 1])
    np.testing.assert_allclose(normalised(values, "variate"), [-1, np.nan, 1])
    np.testing.assert_array_equal(normalised(values, "none"), values)
    np.testing.assert_array_equal(normalised(np.full(3, 2.0), "range"), np.full(3, 2.0))


def test_a_treatment_smooths_then_derives_then_normalises():
    values = wavy(1)
    treatment = Treatment(window=11, view="first", normalisation="range")
    slope = first_derivative(X, savgol_filter(values, 11, 2))
    expected = (slope - slope.min()) / np.ptp(slope)
    np.testing.assert_allclose(treatment.apply(X, values), expected, atol=1e-12)
    assert not treatment.plain
    np.testing.assert_array_equal(Treatment().apply(X, values), values)


def test_the_spectral_angle_is_spectral_pythons():
    rng = np.random.default_rng(5)
    cube = rng.uniform(0.1, 1, (7, 6, 30))
    reference = rng.uniform(0.1, 1, 30)
    theirs = spectral.spectral_angles(cube, reference[None])[:, :, 0]
    np.testing.assert_allclose(spectral_angle(cube, reference), theirs, atol=1e-7)


def test_the_spectral_angle_by_hand():
    spectra = np.array([[1.0, 0], [0, 2], [3, 3], [0, 0], [np.nan, 1]])
    angles = spectral_angle(spectra, np.array([1.0, 0.0]))
    np.testing.assert_allclose(angles, [0, np.pi / 2, np.pi / 4, np.nan, np.nan], atol=1e-7)
    # a band that one of the two lacks counts in neither
    two = spectral_angle(np.array([[1.0, np.nan, 1.0]]), np.array([1.0, 7.0, 0.0]))
    np.testing.assert_allclose(two, [np.pi / 4])


def test_correlation_is_numpys():
    rng = np.random.default_rng(6)
    spectra, reference = rng.normal(size=(4, 25)), rng.normal(size=25)
    expected = [np.corrcoef(s, reference)[0, 1] for s in spectra]
    np.testing.assert_allclose(correlation(spectra, reference), expected, rtol=1e-12)
    spectra[0, 3] = np.nan
    kept = np.delete(np.arange(25), 3)
    with_gap = np.corrcoef(spectra[0, kept], reference[kept])[0, 1]
    np.testing.assert_allclose(correlation(spectra, reference)[0], with_gap, rtol=1e-12)
    assert np.isnan(correlation(np.ones((1, 25)), reference)[0])


def test_water_windows_are_those_of_the_strong_absorptions():
    for (low, high), centre in zip(WATER_WINDOWS, (1380.0, 1880.0), strict=True):
        assert low < centre < high
        assert 50 < high - low < 200


def test_of_two_values_at_one_wavelength_the_higher_is_on_the_hull():
    hull = continuum(np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 1.0, 4.0, 1.0]))
    np.testing.assert_allclose(hull, [1, 4, 4, 1])


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("value", [1, 4, 9, 16]),
        ("continuum", [1, 2 / 3, 9 / 11, 1]),
        ("first", [2, 4, 6, 8]),
        ("second", [np.nan, 2, 2, np.nan]),
    ],
)
def test_each_view_of_a_parabola(view, expected):
    x = np.arange(1.0, 5.0)
    np.testing.assert_allclose(Treatment(view=view).apply(x, x**2), expected)
    assert Treatment().plain
    assert not Treatment(view=view, window=3).plain

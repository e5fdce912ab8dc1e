from __future__ import annotations

import numpy as np

from hsi_viewer.core.spectra.library_match import brightness, compare, ranked

X = np.linspace(400.0, 2400.0, 101)
SLOPE = 0.2 + X / 5000


def dip(centre: float, depth: float = 0.3) -> np.ndarray:
    return 1 - depth * np.exp(-(((X - centre) / 60) ** 2))


def test_the_same_material_at_another_brightness_is_first():
    library = np.stack([SLOPE * dip(900), SLOPE * dip(1700), SLOPE])
    matches = compare(0.4 * library[1], library, X)
    for measure in ("angle", "correlation", "shape"):
        assert ranked(matches, measure)[0].index == 1
    best = matches[1]
    np.testing.assert_allclose([best.angle, best.correlation, best.shape], [0, 1, 1], atol=1e-7)


def test_shape_looks_through_the_slope_where_the_angle_does_not():
    spectrum = SLOPE * dip(1700)
    library = np.stack([SLOPE, SLOPE[::-1] * dip(1700)])
    matches = compare(spectrum, library, X)
    assert ranked(matches, "angle")[0].index == 0
    assert ranked(matches, "shape")[0].index == 1


def test_spectra_without_common_bands_come_last():
    library = np.stack([np.full(X.size, np.nan), SLOPE])
    matches = compare(SLOPE * dip(900), library, X)
    assert np.isnan(matches[0].angle)
    assert [m.index for m in ranked(matches, "correlation")] == [1, 0]


def test_brightness_is_the_least_squares_factor():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(0.5, 1, 20), rng.uniform(500, 1000, 20)
    expected = np.linalg.lstsq(a[:, None], b, rcond=None)[0][0]
    np.testing.assert_allclose(brightness(a, b), expected)
    assert brightness(np.full(3, np.nan), np.ones(3)) == 1.0

"""Derived images against scikit-learn, spectral and numpy."""

from __future__ import annotations

import numpy as np
import pytest
import spectral
from sklearn.decomposition import PCA

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived import derived_images, moments
from hsi_viewer.core.derived.derived_images import FormulaSource, component_image, formula_image
from hsi_viewer.core.derived.formula import parse_formula
from hsi_viewer.core.derived.moments import scene_moments, usable_bands
from hsi_viewer.core.errors import DerivedError, FormulaError
from hsi_viewer.core.progress import CancelToken, Progress, SilentPort, TaskCancelledError

RNG = np.random.default_rng(5)


def scene(rows=40, columns=37, bands=12, sources=4) -> np.ndarray:
    """A few smooth sources mixed into bands, with noise that differs from band to band."""
    y, x = np.mgrid[:rows, :columns] / 10.0
    maps = np.stack([np.sin(x * (k + 1) / 2) * np.cos(y * k / 3) for k in range(sources)], axis=-1)
    mixed = maps @ RNG.normal(size=(sources, bands)) * 300 + 2000
    return mixed + RNG.normal(size=(rows, columns, bands)) * np.linspace(1, 30, bands)


SCENE = scene()


def fitted(cube: HyperCube, kind) -> HyperCube:
    return component_image(cube, kind, CancelToken(), SilentPort())


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return abs(float(np.corrcoef(a.ravel(), b.ravel())[0, 1]))


def test_principal_components_are_those_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(moments, "STRIP_BYTES", 8 * 12 * 37 * 7)  # strips of seven rows
    image = fitted(HyperCube.from_array(SCENE), "pca")
    reference = PCA(10).fit(SCENE.reshape(-1, 12))
    expected = reference.transform(SCENE.reshape(-1, 12)).reshape(40, 37, 10)
    found = image.read()
    for component in range(10):
        sign = np.sign(np.sum(found[:, :, component] * expected[:, :, component]))
        np.testing.assert_allclose(
            found[:, :, component] * sign, expected[:, :, component], rtol=1e-4, atol=2e-3
        )
    share = 100 * reference.explained_variance_ratio_
    assert image.band_names[0] == f"PC 1 ({share[0]:.1f} %)"


def test_noise_is_that_of_spectral(monkeypatch):
    monkeypatch.setattr(moments, "STRIP_BYTES", 8 * 12 * 37 * 7)
    found = scene_moments(
        HyperCube.from_array(SCENE), CancelToken(), SilentPort(), "", with_noise=True
    )
    expected = spectral.noise_from_diffs(SCENE, direction="lowerright")
    n = 39 * 36
    np.testing.assert_allclose(found.noise, expected.cov * (n - 1) / n, rtol=1e-8)
    np.testing.assert_allclose(found.covariance, np.cov(SCENE.reshape(-1, 12).T, bias=True))


def test_minimum_noise_fraction_is_that_of_spectral():
    image = fitted(HyperCube.from_array(SCENE), "mnf")
    signal = spectral.calc_stats(SCENE)
    reference = spectral.mnf(signal, spectral.noise_from_diffs(SCENE, direction="lowerright"))
    expected = reference.reduce(SCENE, num=4)
    found = image.read()
    for component in range(4):
        assert correlation(found[:, :, component], expected[:, :, component]) > 0.999999


def test_noise_of_each_minimum_noise_fraction_has_variance_one():
    found = fitted(HyperCube.from_array(SCENE), "mnf").read().astype(float)
    differences = (found[:-1, :-1] - found[1:, 1:]).reshape(-1, 10)
    np.testing.assert_allclose(np.cov(differences.T) / 2, np.eye(10), atol=2e-3)
    signal_to_noise = found.reshape(-1, 10).var(axis=0)
    assert (np.diff(signal_to_noise) < 1e-6).all()


def test_no_data_is_left_out_and_stays_no_data():
    stored = SCENE.astype(np.int16)
    stored[:9, 5:] = -32768
    cube = HyperCube.from_array(stored, nodata=-32768)
    image = fitted(cube, "pca").read()
    data = (stored != -32768).all(axis=2)
    np.testing.assert_array_equal(np.isfinite(image).all(axis=2), data)
    expected = PCA(10).fit_transform(stored[data].astype(float))
    assert correlation(image[data][:, 0], expected[:, 0]) > 0.99999


def test_bad_bands_and_bands_without_data_are_left_out():
    stored = SCENE.copy()
    stored[:, :, 3] = np.nan
    good = np.ones(12, bool)
    good[7] = False
    cube = HyperCube.from_array(stored, good_bands=good)
    assert usable_bands(cube).tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10, 11]
    assert np.isfinite(fitted(cube, "mnf").read()).all()


def test_a_large_scene_is_sampled_and_held_in_part(monkeypatch):
    monkeypatch.setattr(moments, "MAX_PIXELS", 64 * 64 * 4)
    monkeypatch.setattr(derived_images, "MEMORY_BYTES", 300 * 280 * 8)
    monkeypatch.setattr(derived_images, "CHUNK_VALUES", 5000)
    stored = scene(300, 280, 8)
    image = fitted(HyperCube.from_array(stored), "pca")
    whole = PCA(8).fit_transform(stored.reshape(-1, 8)).reshape(300, 280, 8)
    assert correlation(image.read()[:, :, 0], whole[:, :, 0]) > 0.99
    near = {"rtol": 1e-4, "atol": 1e-3}
    everything = image.read()
    window = image.read(slice(3, 290, 1), slice(10, 200, 1), (2, 0))
    np.testing.assert_allclose(window, everything[3:290, 10:200, [2, 0]], **near)
    thinned = image.read(slice(8, 290, 8), slice(16, 200, 4), (2, 0))
    np.testing.assert_allclose(thinned, everything[8:290:8, 16:200:4, [2, 0]], **near)
    stand_ins = image.read(slice(0, 300, 39), slice(0, 280, 7))[:, :, 0]
    held = everything[np.arange(0, 300, 39)[:, None] // 2 * 2, np.arange(0, 280, 7) // 2 * 2, 0]
    np.testing.assert_allclose(stand_ins, held, **near)


@pytest.mark.parametrize("size", [(10_000, 500), (500, 10_000), (20_000, 2_000), (300_000, 1)])
def test_windows_of_a_sample_are_bounded_and_span_the_scene(size):
    rows, columns = size
    cube = HyperCube.from_array(np.broadcast_to(np.uint8(1), (rows, columns, 1)))
    windows = list(moments._windows(cube, 1))
    looked_at = sum((r.stop - r.start) * (c.stop - c.start) for r, c in windows)
    assert moments.MAX_PIXELS / 3 <= looked_at <= 1.5 * moments.MAX_PIXELS
    assert (min(r.start for r, _ in windows), max(r.stop for r, _ in windows)) == (0, rows)
    assert max(c.stop for _, c in windows) == columns


def test_components_tell_progress_and_can_be_cancelled(monkeypatch):
    token = CancelToken()
    received = []

    class Port:
        def report(self, item):
            received.append(item)
            if isinstance(item, Progress) and "computing" in item.message:
                token.cancel()

    monkeypatch.setattr(derived_images, "CHUNK_VALUES", 10_000)
    cube = HyperCube.from_array(scene(300, 300, 8))
    with pytest.raises(TaskCancelledError):
        component_image(cube, "mnf", token, Port())
    assert "reading the spectra" in received[0].message


def test_too_little_to_fit_is_refused():
    with pytest.raises(DerivedError, match="one band"):
        fitted(HyperCube.from_array(np.zeros((5, 5, 1))), "pca")
    blank = HyperCube.from_array(np.full((5, 5, 3), np.nan))
    with pytest.raises(DerivedError, match="too few pixels"):
        fitted(blank, "mnf")


def test_a_formula_sees_physical_values_and_no_data():
    stored = RNG.integers(1, 5000, (6, 7, 3)).astype(np.int16)
    stored[0, 0, 1] = -9
    stored[2, 2, 0] = 0
    cube = HyperCube.from_array(stored, nodata=-9, scale=1e-4)
    image = formula_image(cube, parse_formula("b2 / b1 + 1"), "Ratio", CancelToken(), SilentPort())
    physical = stored * 1e-4
    with np.errstate(divide="ignore"):
        expected = physical[:, :, 1] / physical[:, :, 0] + 1
    expected[0, 0] = expected[2, 2] = np.nan
    np.testing.assert_allclose(image.read()[:, :, 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(
        image.read(slice(1, 6, 2), slice(0, 7, 3))[:, :, 0], image.read()[1:6:2, 0:7:3, 0]
    )
    assert not image.is_data(image.read()[0, 0]).any()
    assert image.band_names == ("Ratio",)


def test_a_formula_of_bands_that_are_missing_is_refused():
    with pytest.raises(FormulaError):
        FormulaSource(HyperCube.from_array(np.zeros((2, 2, 3))), parse_formula("b4"))

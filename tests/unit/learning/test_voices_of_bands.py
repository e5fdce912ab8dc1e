"""Voices that see spectra as they are, on scenes where those of components or planes are wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.voices.closest_pixels import closest_pixels, principal_axes
from hsi_viewer.learning.voices.ensemble import Ensemble, VoiceFitter
from hsi_viewer.learning.voices.pixels import PixelVoice
from hsi_viewer.learning.voices.pool import Share, pool_of
from hsi_viewer.learning.voices.similar_pixels import SUPPORT
from hsi_viewer.learning.voices.voice import KINDS

BANDS = 100


def drawn(targets, each: int) -> np.ndarray:
    """Indices of the first labels of each class."""
    return np.concatenate([np.flatnonzero(targets == k)[:each] for k in np.unique(targets)])


def standardised(values) -> np.ndarray:
    return ((values - values.mean(axis=0)) / values.std(axis=0)).astype(np.float32)


def right_of(voice, spectra, targets) -> float:
    return float((voice.scores(spectra).argmax(axis=1) == targets).mean())


def two_axes(rng, x, y) -> np.ndarray:
    """Standardised spectra whose two smooth components are x and y, with a little noise."""
    bands = np.linspace(0, np.pi, BANDS)
    values = x[:, None] * np.sin(bands) + y[:, None] * np.cos(bands)
    return standardised(values + rng.normal(0, 0.05, values.shape))


@pytest.mark.parametrize("kind", ["clusters", "within", "between"])
def test_the_closest_pixels_tell_apart_what_no_plane_does(kind) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-1, 1, (2, 4000))
    targets = {
        "clusters": ((x > 0) ^ (y > 0)).astype(np.int64),
        "within": (x**2 + y**2 > 0.6).astype(np.int64),
        "between": np.digitize(x, [-0.6, -0.2, 0.2, 0.6]),
    }[kind]
    spectra = two_axes(rng, x, y)
    known = drawn(targets, 12)
    classes = int(targets.max()) + 1
    voice = closest_pixels(principal_axes(spectra), spectra[known], targets[known], classes)
    assert right_of(voice, spectra, targets) > 0.85


def test_classes_between_others_are_not_overlooked() -> None:
    """Least squares would give every pixel to one of the outer classes."""
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 5000)
    targets = np.digitize(x, np.linspace(-1, 1, 9)[1:-1])
    spectra = two_axes(rng, x, rng.normal(0, 1, 5000))
    known = drawn(targets, 10)
    voice = closest_pixels(principal_axes(spectra), spectra[known], targets[known], 8)
    said = voice.scores(spectra).argmax(axis=1)
    shares = [(said[targets == k] == k).mean() for k in range(8)]
    assert min(shares) > 0.6


def test_classes_of_many_materials_are_told_apart_by_the_nearest_of_them() -> None:
    shares = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        materials, which = rng.normal(0, 1, (30, 5)), rng.integers(0, 30, 3000)
        targets = which % 3
        spectra = standardised(materials[which] + rng.normal(0, 0.25, (3000, 5)))
        known = drawn(targets, 20)
        voice = closest_pixels(principal_axes(spectra), spectra[known], targets[known], 3)
        shares.append(right_of(voice, spectra, targets))
    assert np.mean(shares) > 0.87


@pytest.mark.parametrize("each", [1, 2, 300])
def test_the_closest_pixels_need_one_label_a_class_and_take_many(each) -> None:
    rng = np.random.default_rng(5)
    targets = np.arange(4000) % 4
    means = rng.normal(0, 1, (4, BANDS))
    spectra = standardised(means[targets] + rng.normal(0, 0.3, (4000, BANDS)))
    known = drawn(targets, each)
    voice = closest_pixels(principal_axes(spectra), spectra[known], targets[known], 4)
    assert len(voice.support) <= SUPPORT
    assert right_of(voice, spectra, targets) > 0.95
    again = closest_pixels(principal_axes(spectra), spectra[known], targets[known], 4)
    assert np.array_equal(again.coefficients, voice.coefficients)


def mixtures(rng, targets) -> np.ndarray:
    """Spectra of strong materials, mixed with others, and noise that differs between bands."""
    means = np.cumsum(rng.normal(0, 0.05, (6, BANDS)), axis=1) + 1
    shares = 0.7 * np.eye(6)[targets] + 0.3 * rng.dirichlet(np.full(6, 0.3), len(targets))
    values = shares @ means * np.exp(rng.normal(0, 0.15, (len(targets), 1)))
    return standardised(values + np.linspace(0.1, 0.4, BANDS) * rng.normal(0, 1, values.shape))


def narrow_lines(rng, targets) -> np.ndarray:
    """Spectra that differ in a few bands, under smooth variations of all."""
    noise = rng.normal(0, 1, (len(targets), BANDS))
    smooth = np.stack([np.convolve(one, np.ones(15) / 15, "same") for one in noise])
    depth = 0.1 * np.exp(-(((np.arange(BANDS) - 20 - 10 * targets[:, None]) / 1.5) ** 2))
    values = (1 + 0.15 * smooth / smooth.std()) * np.exp(rng.normal(0, 0.15, (len(targets), 1)))
    return standardised(values - depth + rng.normal(0, 0.02, values.shape))


@pytest.mark.parametrize(("made", "strongly"), [(mixtures, True), (narrow_lines, False)])
def test_each_shrinkage_is_better_on_its_kind_of_scene(made, strongly) -> None:
    rng = np.random.default_rng(6)
    targets = np.arange(6000) % 6
    spectra = made(rng, targets)
    known = drawn(targets, 20)
    right = {
        each: right_of(
            PixelVoice.of_bands(spectra[known], targets[known], 6, strongly=each), spectra, targets
        )
        for each in (False, True)
    }
    assert right[strongly] > right[not strongly] + 0.05


def test_strong_shrinkage_says_what_the_discriminant_of_scikit_learn_says() -> None:
    rng = np.random.default_rng(7)
    targets = np.arange(6000) % 6
    spectra = mixtures(rng, targets)
    known = drawn(targets, 10)
    voice = PixelVoice.of_bands(spectra[known], targets[known], 6, strongly=True)
    plain = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    said = plain.fit(spectra[known], targets[known]).predict(spectra)
    right = float((said == targets).mean())
    assert right_of(voice, spectra, targets) > right - 0.01


@pytest.mark.parametrize("each", [1, 2])
def test_strong_shrinkage_stands_one_or_two_labels_a_class(each) -> None:
    rng = np.random.default_rng(8)
    targets = np.arange(6000) % 6
    spectra = mixtures(rng, targets)
    known = drawn(targets, each)
    strong, usual = (
        PixelVoice.of_bands(spectra[known], targets[known], 6, strongly=s) for s in (True, False)
    )
    assert np.allclose(strong.weights, usual.weights)
    assert right_of(strong, spectra, targets) > 0.4


def test_voices_of_bands_say_the_same_of_a_scene_whose_features_are_not_kept() -> None:
    rng = np.random.default_rng(9)
    targets = rng.integers(0, 3, 60 * 50)
    values = two_axes(rng, 1.0 * targets, rng.normal(0, 1, 3000)).reshape(60, 50, BANDS)
    cube = HyperCube.from_array(values)
    features = fit_features(cube, FeatureRecipe(components=8, sigmas=(0.0, 2.0)))
    kept, computed = SceneFeatures(cube, features), SceneFeatures(cube, features, keep=False)
    known = drawn(targets, 10)
    fitter = VoiceFitter(features, 3, 0.3, kept.sample(), kept.sampled_spectra())
    asked = kept.patches(known, 0)[:, :, 0, 0], targets[known], kept.spectra_at(known)
    voices = fitter.fitted(*asked)
    pool = pool_of({kind.name: Share(kind.prior, 1.0) for kind in KINDS})
    ensemble = Ensemble(voices, pool)
    said, wanted = (ensemble.mapped(scene).probabilities for scene in (computed, kept))
    assert not computed.is_kept
    assert np.allclose(said, wanted, atol=1e-4)
    alone = replace(ensemble, pool=pool_of({"closest_pixels": Share(1.0, 1.0)}))
    said, wanted = (alone.mapped(scene).probabilities for scene in (computed, kept))
    assert np.allclose(said, wanted, atol=1e-4)
    assert (said.reshape(-1, 3).argmax(axis=1) == targets).mean() > 0.9

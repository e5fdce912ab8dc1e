"""The voices for scenes on which planes and distances fail: a forest, and shapes of spectra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import tree
from sklearn.ensemble import RandomForestClassifier

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.voices.forest import DOUBT, LABELS, TREES, ForestVoice
from hsi_viewer.learning.voices.pixels import PixelVoice
from hsi_viewer.learning.voices.shape import DARKEST, Light, ShapeVoice
from hsi_viewer.learning.voices.trees import grown

BANDS = 12


def drawn(targets, each: int) -> np.ndarray:
    """Indices of the first labels of each class."""
    return np.concatenate([np.flatnonzero(targets == k)[:each] for k in np.unique(targets)])


def right_of(voice, spectra, targets) -> float:
    return float((voice.scores(spectra).argmax(axis=1) == targets).mean())


@pytest.fixture(scope="module")
def by_thresholds():
    """Whole numbers whose classes are decided by two bands, spectra and targets."""
    rng = np.random.default_rng(1)
    spectra = rng.integers(-9, 10, (3000, BANDS)).astype(np.float32)
    return spectra, (abs(spectra[:, 2]) > 4) * 2 + (spectra[:, 7] > 2).astype(np.int64)


def test_a_forest_says_what_that_of_scikit_learn_says(by_thresholds) -> None:
    spectra, targets = by_thresholds
    known = drawn(targets, 20)
    voice = ForestVoice.fitted(spectra[known], targets[known], 4)
    forest = RandomForestClassifier(TREES, max_samples=known.size, random_state=0)
    shares = forest.fit(spectra[known], targets[known]).predict_proba(spectra)
    said = np.exp(voice.scores(spectra)) * (1 + 4 * DOUBT) - DOUBT
    np.testing.assert_allclose(said, shares, atol=1e-6)  # at the thresholds, too
    assert voice.is_sound


@pytest.mark.parametrize("parts", ["as here", "of another version"])
@pytest.mark.parametrize(
    ("classes", "each", "bands"), [(2, 3, 1), (4, 9, 12), (30, 2, 40), (3, 90, 5)]
)
def test_trees_are_those_of_scikit_learns_forest(monkeypatch, classes, each, bands, parts) -> None:
    targets = np.repeat(np.arange(classes), each)
    noise = np.random.default_rng(classes).normal(0, 1, (targets.size, bands))
    spectra = (targets[:, None] % 3 + noise).astype(np.float32)
    most = min(targets.size, 100)
    forest = RandomForestClassifier(TREES, max_samples=most, random_state=0)
    wanted = [one.tree_ for one in forest.fit(spectra, targets).estimators_]
    if parts == "of another version":
        monkeypatch.setattr(tree._splitter, "BestSplitter", lambda *_, more: None)
    found = grown(TREES, spectra, targets, classes, most)
    assert len(found) == TREES
    for one, other in zip(found, wanted, strict=True):
        for part in ("children_left", "children_right", "feature", "threshold", "value"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


def test_a_forest_tells_apart_what_two_bands_decide(by_thresholds) -> None:
    spectra, targets = by_thresholds
    known = drawn(targets, 25)
    forest = ForestVoice.fitted(spectra[known], targets[known], 4)
    plane = PixelVoice.of_bands(spectra[known], targets[known], 4)
    assert right_of(forest, spectra, targets) > 0.8
    assert right_of(plane, spectra, targets) < 0.6


def test_many_labels_grow_trees_of_some_of_them(by_thresholds) -> None:
    spectra, targets = by_thresholds
    few, many = (ForestVoice.fitted(spectra[:n], targets[:n], 4) for n in (LABELS, 10 * LABELS))
    assert right_of(many, spectra, targets) > 0.95
    assert len(many.asked) < 1.5 * len(few.asked)


def test_labels_that_are_alike_give_a_forest_without_questions() -> None:
    voice = ForestVoice.fitted(np.ones((6, 3), np.float32), np.array([0, 0, 0, 0, 1, 1]), 2)
    assert voice.is_sound
    assert voice.axes.shape == (3, 0)
    said = np.exp(voice.scores(np.array([[5, 6, 7], [1, 1, 1]], np.float32)))
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-5)
    assert (said[:, 0] > said[:, 1]).all()


@pytest.mark.parametrize(
    ("part", "at", "value"),
    [
        ("below", 0, 0),  # a node that follows itself on one side never ends
        ("above", -1, 0),  # back to the root
        ("above", 0, 10**6),
        ("below", 0, -1),
        ("asked", 0, BANDS),
        ("asked", 0, -1),
        ("roots", 0, -1),
        ("roots", 1, 10**6),
        ("shares", 0, 1.5),
        ("shares", 0, -0.5),
    ],
)
def test_trees_that_cannot_be_are_noticed(by_thresholds, part, at, value) -> None:
    spectra, targets = by_thresholds
    voice = ForestVoice.fitted(spectra[:40], targets[:40], 4)
    values = getattr(voice, part).copy()
    values[at] = value
    assert not replace(voice, **{part: values}).is_sound


def lit_scene(dark: float = 0.0):
    """Three shapes under light that varies: stored values (60, 50, bands) and classes."""
    rng = np.random.default_rng(4)
    targets = rng.integers(0, 3, (60, 50))
    along = np.linspace(0, 1, BANDS)
    shapes = np.stack([2 + np.sin(3 * along), 2 + 1.2 * np.sin(3 * along), 2 + np.sin(3.4 * along)])
    light = np.exp(rng.normal(0, 0.7, targets.shape))
    values = 1000 * light[..., None] * shapes[targets] * rng.normal(1, 0.01, (60, 50, BANDS))
    return HyperCube.from_array((values + dark).astype(np.float32)), targets.ravel()


def light_of(cube: HyperCube, dark: float = 0.0):
    """The light of a scene and its standardised spectra."""
    features = fit_features(cube, FeatureRecipe(components=4, sigmas=(0.0,)))
    spectra, _ = SceneFeatures(cube, features).spectra(slice(0, 60), slice(0, 50))
    return Light.of(features, spectra, dark), spectra, features


@pytest.mark.parametrize("dark", [0.0, 5000.0])
def test_shapes_are_told_apart_under_any_light(dark) -> None:
    cube, targets = lit_scene(dark)
    light, spectra, _ = light_of(cube, dark)
    known = drawn(targets, 8)
    shape = ShapeVoice.fitted(light, spectra[known], targets[known], 3)
    plane = PixelVoice.of_bands(spectra[known], targets[known], 3)
    assert not light.is_even
    assert right_of(shape, spectra, targets) > 0.97
    assert right_of(plane, spectra, targets) < right_of(shape, spectra, targets) - 0.05


def test_brightness_changes_no_score_down_to_the_darkest() -> None:
    cube, targets = lit_scene()
    light, spectra, features = light_of(cube)
    known = drawn(targets, 8)
    voice = ShapeVoice.fitted(light, spectra[known], targets[known], 3)
    stored = cube.read().reshape(-1, BANDS)[:5].astype(np.float64)
    median = float(np.median(cube.read().mean(axis=2)))
    stored *= median / stored.mean(axis=1, keepdims=True)

    def scores_at(brightness: float) -> np.ndarray:
        values = (brightness * stored - features.centre) / features.spread
        return voice.scores(values.astype(np.float32))

    np.testing.assert_allclose(scores_at(3), scores_at(1), atol=1e-2)
    np.testing.assert_allclose(scores_at(1.05 * DARKEST), scores_at(1), atol=1e-2)
    assert np.abs(scores_at(0.3 * DARKEST) - scores_at(1)).max() > 1
    assert np.isfinite(scores_at(0)).all()  # no light, no shape: nothing is divided by 0


def test_values_that_are_not_of_light_are_not_divided() -> None:
    cube, targets = lit_scene()
    values = cube.read()
    centred = HyperCube.from_array(values - values.mean())  # as differences and components are
    light, spectra, _ = light_of(centred)
    assert light.is_even
    known = drawn(targets, 8)
    voice = ShapeVoice.fitted(light, spectra[known], targets[known], 3)
    assert not voice.axes[:, -1].any()
    assert np.isfinite(voice.scores(spectra)).all()
    plane = PixelVoice.of_bands(spectra[known], targets[known], 3)
    assert right_of(voice, spectra, targets) > right_of(plane, spectra, targets) - 0.1

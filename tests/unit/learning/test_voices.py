"""The voices: what each says alone, how they are weighed, and what they say together."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec import structs
from sklearn.covariance import ledoit_wolf

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import held_out_maps
from hsi_viewer.learning.cross_validation import evidence_of
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.model import load_model
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.trainer import fit
from hsi_viewer.learning.voices import judging
from hsi_viewer.learning.voices.ensemble import Ensemble, VoiceFitter, exits_of
from hsi_viewer.learning.voices.evenness import (
    AWAY,
    FADED,
    LASTING,
    LOOKED_AT,
    LOUD,
    QUIET,
    agreement_left,
    evenness,
    part_around,
    weight_around,
)
from hsi_viewer.learning.voices.pixels import COMMON, PixelVoice, _shrunk, discriminant
from hsi_viewer.learning.voices.pool import HEARD, NETWORK_HEARD, Pool, Share, pool_of
from hsi_viewer.learning.voices.similar_pixels import SUPPORT, SimilarPixelVoice
from hsi_viewer.learning.voices.spectral_space import spectral_space
from hsi_viewer.learning.voices.voice import KINDS, NETWORK_PART
from hsi_viewer.learning.voices.weighing import (
    STEEPEST,
    STEEPEST_ELSEWHERE,
    SURE,
    mean_margin,
    usual_pool,
    weighed,
)
from tests.unit.learning.made import SMALL, made_scene

CUBE, TRUTH = made_scene()
FEATURES = FeatureRecipe(components=20, sigmas=(0.0, 2.0))
RECIPE = replace(SMALL, features=FEATURES)
PRIOR = {kind.name: kind.prior for kind in KINDS}


@pytest.fixture(scope="module")
def scene() -> SceneFeatures:
    return SceneFeatures(CUBE, fit_features(CUBE, FEATURES))


@pytest.fixture(scope="module")
def trained():
    """Six labels a class, and a model of them."""
    training, _ = draw_per_class(TRUTH, 6)
    return training, fit(CUBE, training, recipe=RECIPE)


def labelled(scene: SceneFeatures, each: int, seed: int = 0):
    """Labels of the made scene: flat indices, features and class indices."""
    training, _ = draw_per_class(TRUTH, each, seed)
    pixels = np.flatnonzero(training)
    targets = np.searchsorted([2, 5, 7, 9], training.flat[pixels])
    return pixels, scene.patches(pixels, 0)[:, :, 0, 0], targets


def test_distances_in_spectral_space_are_those_of_standardised_spectra(scene) -> None:
    pixels = np.arange(0, 1000, 37)
    features = scene.patches(pixels, 0)[:, :20, 0, 0]
    there = features @ spectral_space(scene.features)
    spectra = scene.spectra_at(pixels)
    wanted = np.linalg.norm(spectra[:, None] - spectra, axis=2)
    assert np.allclose(np.linalg.norm(there[:, None] - there, axis=2), wanted, atol=2e-3)
    few = features @ spectral_space(scene.features, 3)
    assert few.shape == (len(pixels), 3)
    assert (np.linalg.norm(few[:, None] - few, axis=2) <= wanted + 2e-3).all()


@pytest.mark.parametrize("voice", [PixelVoice, SimilarPixelVoice])
@pytest.mark.parametrize("each", [1, 2, 40])
def test_single_pixels_are_told_apart_from_one_label_a_class_on(scene, voice, each) -> None:
    _, values, targets = labelled(scene, each)
    fitted = voice.fitted(scene.features, values, targets, 4)
    everywhere = scene.window(slice(0, 40), slice(0, 36))[0].reshape(len(values[0]), -1).T
    found = np.array([2, 5, 7, 9])[fitted.scores(everywhere).argmax(axis=1)]
    assert (found == TRUTH.ravel()).mean() > (0.9 if each == 1 else 0.98)
    # Windows are not looked at.
    blind = everywhere.copy()
    blind[:, 20:] = 1e3
    assert np.array_equal(fitted.scores(blind), fitted.scores(everywhere))


def test_with_one_label_a_class_the_nearest_spectrum_decides(scene) -> None:
    """Of any length: the score of a long one is lowered by as much as it is longer."""
    pixels, values, targets = labelled(scene, 1)
    fitted = PixelVoice.fitted(scene.features, values, targets, 4)
    everywhere = scene.window(slice(0, 40), slice(0, 36))[0].reshape(len(values[0]), -1).T
    space = spectral_space(scene.features)
    there = everywhere[:, :20].astype(np.float64) @ space
    known = values[np.argsort(targets), :20].astype(np.float64) @ space
    distances = np.linalg.norm(there[:, None] - known, axis=2)
    nearest, second = np.sort(distances, axis=1)[:, :2].T
    clear = second - nearest > 1e-3
    found = fitted.scores(everywhere).argmax(axis=1)
    np.testing.assert_array_equal(found[clear], distances.argmin(axis=1)[clear])
    assert clear.mean() > 0.9
    assert pixels.size == 4


def test_of_many_labels_some_are_the_support_and_all_are_learned_from(scene) -> None:
    _, values, targets = labelled(scene, 200)
    assert len(values) > SUPPORT
    many = SimilarPixelVoice.fitted(scene.features, values, targets, 4)
    assert len(many.support) <= SUPPORT
    chosen = [
        np.flatnonzero((values[:, :20] @ many.projection == p).all(axis=1)) for p in many.support
    ]
    few = np.array([c[0] for c in chosen if c.size])
    assert few.size == len(many.support)
    alone = SimilarPixelVoice.fitted(scene.features, values[few], targets[few], 4)
    assert np.abs(alone.coefficients - many.coefficients).max() > 0.1


def scores_of(targets, right: float, size: float, seed: int = 0):
    """Scores of four classes by a voice that is right this often, of some margin."""
    rng = np.random.default_rng(seed)
    said = np.where(rng.random(len(targets)) < right, targets, (targets + 1) % 4)
    return (size * (np.eye(4)[said] + 0.1 * rng.random((len(targets), 4)))).astype(np.float32)


def test_the_better_voice_is_heard_and_units_do_not_matter() -> None:
    targets = np.arange(80) % 4
    said = {
        "pixels": scores_of(targets, 0.5, 1.0),
        "similar_pixels": scores_of(targets, 0.95, 1.0, 1),
        "surroundings": scores_of(targets, 0.3, 1.0, 2),
    }
    pool = weighed(said, targets)
    assert pool.shares["similar_pixels"].weight > 0.9
    assert pool.heard == ("similar_pixels",)
    assert pool.walker == "none"
    larger = weighed({n: 1000 * s for n, s in said.items()}, targets)
    for name in said:
        assert larger.factor(name) * 1000 == pytest.approx(pool.factor(name), rel=1e-2)
    swapped = {**said, "similar_pixels": said["pixels"], "surroundings": said["similar_pixels"]}
    assert weighed(swapped, targets).walker == "full"


def test_few_labels_hardly_move_the_weights() -> None:
    targets = np.arange(4)
    said = {
        "pixels": scores_of(targets, 1.0, 1.0),
        "similar_pixels": scores_of(targets, 0.5, 1.0, 3),
        "surroundings": scores_of(targets, 1.0, 1.0, 2),
    }
    few, many = (
        weighed(said, targets),
        weighed({n: np.tile(s, (20, 1)) for n, s in said.items()}, np.tile(targets, 20)),
    )
    assert few.shares["similar_pixels"].weight > 0.2
    assert many.shares["similar_pixels"].weight < 0.05


def test_a_voice_that_is_wrong_on_a_few_labels_is_not_silenced() -> None:
    targets = np.repeat(np.arange(2), 2)
    known = np.eye(2, dtype=np.float32)[targets]
    said = {"pixels": known, "similar_pixels": -known, "surroundings": known}
    few = weighed(said, targets)
    assert 0.1 < few.shares["similar_pixels"].scale < SURE
    assert few.shares["pixels"].scale > SURE
    many = weighed({n: np.tile(s, (40, 1)) for n, s in said.items()}, np.tile(targets, 40))
    assert many.shares["similar_pixels"].scale < 0.05


def test_only_chosen_voices_speak_and_a_quiet_one_is_left_out() -> None:
    targets = np.arange(40) % 4
    said = {k.name: scores_of(targets, 0.9, 1.0, i) for i, k in enumerate(KINDS)}
    assert weighed(said, targets, ("surroundings",)).heard == ("surroundings",)
    assert usual_pool(("pixels", "similar_pixels")).factor("surroundings") == 0
    usual = usual_pool()
    assert sum(s.weight for s in usual.shares.values()) == pytest.approx(1)
    assert usual.factor("pixels") == pytest.approx(PRIOR["pixels"] * SURE)
    pool = pool_of({"pixels": Share(1 - HEARD / 2, 1.0), "surroundings": Share(HEARD / 2, 1.0)})
    assert (pool.heard, pool.shares["pixels"].weight) == (("pixels",), 1.0)


@pytest.mark.parametrize(("around", "strength"), [(0.29, "none"), (0.3, "weak"), (0.5, "full")])
def test_the_walker_is_as_strong_as_the_surroundings_are_loud(around, strength) -> None:
    shares = {"pixels": Share(1 - around, 1.0), "surroundings": Share(around, 1.0)}
    assert pool_of(shares).walker == strength


def test_scores_of_a_fold_are_in_its_own_units(scene) -> None:
    pixels, values, targets = labelled(scene, 6)
    fitter = VoiceFitter(scene.features, 4, 0.3, scene.sample())
    folds = np.arange(len(pixels)) // 4 % 3
    folds[:2] = -1
    said = fitter.held_out(values, targets, folds)
    test = folds == 1
    voices = fitter.fitted(values[~test], targets[~test])
    for name, voice in voices.items():
        wanted = voice.scores(values[test]) / mean_margin(voice.scores(scene.sample()))
        assert np.allclose(said[name][test], wanted, rtol=1e-4)
        assert np.isnan(said[name][folds < 0]).all()


@pytest.mark.parametrize(
    ("below", "heard"), [(1.0, True), (1 - 1e-9, False), (0.5, False), (0.0, False)]
)
def test_who_is_just_loud_enough_is_heard(below, heard) -> None:
    wide = Pool({"surroundings": Share(1.0, 1.0)}, "full")
    part = below * NETWORK_HEARD
    assert wide.network_share(part) == (part if heard else 0)
    shares = {"pixels": Share(1 - below * HEARD, 1.0), "surroundings": Share(below * HEARD, 1.0)}
    assert ("surroundings" in pool_of(shares).heard) == heard


def test_a_voice_without_weight_is_not_asked_and_the_network_shares_the_surroundings(scene) -> None:
    _, values, targets = labelled(scene, 5)
    model = fit(CUBE, draw_per_class(TRUTH, 5)[0], recipe=RECIPE)
    fitter = VoiceFitter(scene.features, 4, 0.3, scene.sample())
    voices = fitter.fitted(values, targets)
    near = pool_of({"pixels": Share(1.0, 0.5), "surroundings": Share(0.0, 1.0)})
    alone = Ensemble({"pixels": voices["pixels"]}, near, model.network).mapped(scene)
    everywhere = scene.window(slice(0, 40), slice(0, 36))[0].reshape(len(values[0]), -1).T
    wanted = softmax(0.5 * voices["pixels"].scores(everywhere))
    assert np.allclose(alone.probabilities.reshape(-1, 4), wanted, atol=1e-5)
    assert not alone.disagreement.any()
    wide = Pool({"surroundings": Share(1.0, 0.01)}, "full")
    both = Ensemble(voices, wide, model.network, 0.25).mapped(scene)
    radius = model.network.radius
    window, _ = scene.window(slice(0, 40), slice(0, 36), radius)
    exits = exits_of(model.network, window).mean(axis=0)
    logits = 0.75 * 0.01 * voices["surroundings"].scores(everywhere) + 0.25 * np.log(exits)
    assert np.allclose(both.probabilities.reshape(-1, 4), softmax(logits), atol=1e-4)
    assert both.disagreement.max() > 0


def test_a_scene_whose_features_are_not_kept_is_seen_pixel_by_pixel(scene, monkeypatch) -> None:
    monkeypatch.setattr("hsi_viewer.learning.scene_features.KEEP_BYTES", 0)
    large = SceneFeatures(CUBE, scene.features)
    assert large.narrowed().features.reach == 0
    _, values, targets = labelled(scene, 5)
    voices = VoiceFitter(scene.features, 4, 0.3, large.sample()).fitted(values, targets)
    pool = pool_of({"pixels": Share(0.5, 0.1), "similar_pixels": Share(0.5, 3.0)})
    ensemble = Ensemble(voices, pool)
    small, wide = ensemble.mapped(large), ensemble.mapped(scene)
    assert np.allclose(small.probabilities, wide.probabilities, atol=1e-5)


def test_a_model_tells_its_voices_and_keeps_them_in_its_files(trained, tmp_path) -> None:
    _, model = trained
    evidence = model.evidence
    assert sum(v.weight for v in evidence.voices) == pytest.approx(1)
    shares = {v.name: v.weight for v in evidence.voices}
    assert set(shares) == {k.name for k in KINDS} | {"network"}
    around = shares["network"] + shares["surroundings"]
    share = NETWORK_PART * around
    assert shares["network"] == pytest.approx(share if share >= NETWORK_HEARD else 0.0)
    assert "by 3 spatial folds" in evidence.sentence
    assert evidence.separated.probabilities.shape == (24, 4)
    assert evidence.separated.right.mean() > 0.9
    assert np.allclose(evidence.random.probabilities.sum(axis=1), 1, atol=1e-5)
    model.save(tmp_path)
    again = load_model(tmp_path)
    assert (again.pool, again.pool_elsewhere) == (model.pool, model.pool_elsewhere)
    for read, told in zip(again.evidence.voices, evidence.voices, strict=True):
        assert (read.name, read.weight) == (told.name, told.weight)
    for kind in ("separated", "random"):
        for name, values in structs.asdict(getattr(evidence, kind)).items():
            assert np.array_equal(getattr(getattr(again.evidence, kind), name), values)
    # On its own scene, it is the same map; on another, the weights are those for other scenes.
    assert np.array_equal(again.predict(CUBE).probabilities, model.predict(CUBE).probabilities)


@pytest.mark.parametrize("voices", ["pixels", "surroundings", "network"])
def test_a_user_may_choose_the_voices(voices) -> None:
    training, _ = draw_per_class(TRUTH, 4)
    model = fit(CUBE, training, TrainingConfig(voices=voices), recipe=RECIPE)
    heard = {v.name for v in model.evidence.voices if v.weight > 0}
    wanted = {
        "pixels": {k.name for k in KINDS if not k.windows},
        "surroundings": {"surroundings", "network"},
        "network": {"network"},
    }
    assert heard <= wanted[voices]
    assert model.predict(CUBE, labels=training).source.endswith("refined") == (voices != "pixels")


def test_without_folds_an_even_map_of_single_pixels_leaves_them_the_weight() -> None:
    training, _ = draw_per_class(TRUTH, 1)
    model = fit(CUBE, training, recipe=RECIPE)
    assert model.evidence.separated is None
    assert "too few groups of labels" in model.evidence.sentence
    weights = {v.name: v.weight for v in model.evidence.voices}
    assert weights["similar_pixels"] == pytest.approx(
        PRIOR["similar_pixels"] / (1 - PRIOR["surroundings"]) * (1 - QUIET)
    )
    assert weights["surroundings"] + weights["network"] == pytest.approx(QUIET)
    found = model.predict(CUBE, labels=training)
    assert (found.class_map == TRUTH).mean() > 0.9
    assert (found.class_map[training > 0] == training[training > 0]).all()


def noisy_cube() -> HyperCube:
    """The scene under so much noise that a pixel alone says little."""
    noise = np.random.default_rng(0).normal(size=CUBE.read().shape) * 3 * CUBE.read().std()
    return HyperCube.from_array((CUBE.read() + noise).astype(np.float32))


def test_without_folds_a_scattered_map_of_single_pixels_gives_the_surroundings_half() -> None:
    noisy = noisy_cube()
    training, _ = draw_per_class(TRUTH, 1)
    model = fit(noisy, training, recipe=RECIPE)
    shares = model.pool.shares
    assert shares["surroundings"].weight == pytest.approx(LOUD)
    assert model.pool.walker == "full"
    other = fit(noisy, training, TrainingConfig(voices="pixels"), recipe=RECIPE)
    assert other.pool.shares["surroundings"].weight == 0


def test_the_surroundings_begin_with_no_more_than_what_the_map_of_single_pixels_says() -> None:
    rng = np.random.default_rng(0)
    targets = np.repeat([0, 1], 8)
    said = {n: rng.normal(size=(16, 2)).astype(np.float32) for n in PRIOR}
    usual = weighed(said, targets).shares
    quiet, loud = (weighed(said, targets, around=a).shares for a in (0.05, 0.5))
    assert {n: s.weight for n, s in loud.items()} == {n: s.weight for n, s in usual.items()}
    ratio = {n: quiet[n].weight / usual[n].weight for n in PRIOR}
    rest = (1 - 0.05) / (1 - PRIOR["surroundings"])
    for name in PRIOR:
        expected = (0.05 / PRIOR["surroundings"]) / rest if name == "surroundings" else 1
        assert ratio[name] / ratio["pixels"] == pytest.approx(expected)
    assert weighed(said, targets, ("surroundings",), around=0.05).shares["surroundings"].weight == 1


def test_an_even_map_of_single_pixels_makes_the_surroundings_earn_more(monkeypatch) -> None:
    training, _ = draw_per_class(TRUTH, 3)
    usual = fit(CUBE, training, recipe=RECIPE).pool.shares["surroundings"].weight
    monkeypatch.setattr(judging, "evenness", lambda *_: 0.0)
    monkeypatch.setattr(judging, "agreement_left", lambda *_: 1.0)
    assert usual < 0.5 * fit(CUBE, training, recipe=RECIPE).pool.shares["surroundings"].weight


def test_without_folds_the_surroundings_are_quiet_in_a_scene_of_small_things() -> None:
    rng = np.random.default_rng(3)
    small = np.kron(rng.integers(0, 4, (20, 20)), np.ones((3, 3), int))  # roofs of three pixels
    values = rng.normal(size=(4, 12))[small] + 1.5 * rng.normal(size=(60, 60, 12))
    training, _ = draw_per_class((small + 1).astype(np.uint16), 1)
    model = fit(HyperCube.from_array(values.astype(np.float32)), training, recipe=RECIPE)
    assert model.pool.shares["surroundings"].weight == pytest.approx(QUIET)


def test_evidence_is_of_the_refinement_that_is_asked_for() -> None:
    cube = noisy_cube()
    training, _ = draw_per_class(TRUTH, 6)
    unrefined = TrainingConfig(refine=False)
    model = fit(cube, training, unrefined, recipe=RECIPE)
    assert model.evidence.walker == "none"
    assert evidence_of(model, cube, training, unrefined) is model.evidence
    full = evidence_of(model, cube, training, TrainingConfig(), refine="full")
    assert full.walker == "full"
    apart = full.separated.probabilities - model.evidence.separated.probabilities
    assert np.abs(apart).max() > 0.05
    again = evidence_of(model, cube, training, TrainingConfig(), refine="none")
    assert again is model.evidence


def test_a_model_of_all_labels_is_surer_than_those_it_was_judged_by(monkeypatch) -> None:
    monkeypatch.setattr(judging, "fit_reliability", lambda *_: (-0.4, 0.8))
    training, _ = draw_per_class(TRUTH, 6)
    model = fit(noisy_cube(), training, recipe=RECIPE)
    assert (model.pool.offset, model.pool.slope) == pytest.approx((-0.4 + judging.FULLER, 0.8))
    assert model.pool.unrefined == pytest.approx((-0.4 + judging.FULLER, 0.8))


@pytest.mark.parametrize(
    "largest", [held_out_maps.MOST_PIXELS, 0]
)  # refined as a whole, and in windows
def test_confidence_is_made_reliable_for_the_map_with_the_walker_and_without(
    monkeypatch, largest
) -> None:
    monkeypatch.setattr(held_out_maps, "MOST_PIXELS", largest)
    told = []
    fitted = judging.fit_reliability

    def listening(confidence, right):
        told.append(confidence)
        return fitted(confidence, right)

    monkeypatch.setattr(judging, "fit_reliability", listening)
    cube = noisy_cube()
    training, _ = draw_per_class(TRUTH, 12)
    model = fit(cube, training, recipe=RECIPE)
    assert model.pool.walker == "full"
    raw, refined = told
    assert raw.size == 2 * np.count_nonzero(training)
    assert 0 < refined.size <= raw.size
    assert refined.mean() > raw.mean() + 0.02  # the walker's confidence is another one
    rest = training == 0
    for refine in ("full", "none"):
        found = model.predict(cube, labels=training, refine=refine)
        right = (found.class_map == TRUTH)[rest].mean()
        assert found.confidence[rest].mean() == pytest.approx(right, abs=0.12)
    assert replace(model.pool, unrefined=None).reliability("none") == (
        model.pool.offset,
        model.pool.slope,
    )


def _stripes(width: int) -> np.ndarray:
    """A map of two classes in columns of such a width."""
    classes = np.tile(np.arange(60) // width % 2, (40, 1))
    return np.eye(2, dtype=np.float32)[classes]


def _alike(width: int, step: int) -> int:
    """Pairs of columns so far apart, of 60 in stripes, that have the same class."""
    return sum(column // width % 2 == (column + step) // width % 2 for column in range(60 - step))


def test_of_fields_as_wide_as_windows_the_agreement_of_neighbours_is_left() -> None:
    valid = np.ones((40, 60), bool)
    pairs = {s: (40 * (60 - s), (40 - s) * 60) for s in (1, *AWAY)}  # along rows, along columns
    for width, chance in ((30, 0.5), (4, 32**2 / 60**2 + 28**2 / 60**2)):
        alike = {s: 40 * _alike(width, s) + pairs[s][1] for s in pairs}
        near = alike[1] / sum(pairs[1]) - chance
        away = sum(alike[s] for s in AWAY) / sum(sum(pairs[s]) for s in AWAY) - chance
        assert agreement_left(_stripes(width), valid) == pytest.approx(away / near)
    small = np.kron(np.random.default_rng(0).integers(0, 4, (25, 25)), np.ones((4, 4), int))
    assert agreement_left(np.eye(4)[small], np.ones((100, 100), bool)) < FADED
    scattered = np.random.default_rng(0).integers(0, 4, (100, 100))
    assert agreement_left(np.eye(4)[scattered], np.ones((100, 100), bool)) == 0
    hidden = np.where(np.random.default_rng(1).random((100, 100)) < 0.8, scattered, 1)
    hidden[:, 50:] = np.where(hidden == 1, 2, hidden)[:, 50:]  # two fields and much noise
    assert agreement_left(np.eye(4)[hidden], np.ones((100, 100), bool)) > LASTING
    assert agreement_left(_stripes(100), valid) == 0  # one class
    assert agreement_left(_stripes(3)[:6, :6], valid[:6, :6]) == 0  # nothing lies so far apart
    assert agreement_left(_stripes(30), np.zeros((40, 60), bool)) == 0


def test_pixels_without_data_are_in_no_pair() -> None:
    said, valid = _stripes(30).copy(), np.ones((40, 60), bool)
    valid[:, 45:] = False
    kept = agreement_left(said[:, :45], valid[:, :45])
    said[:, 45:] = said[:, :15]
    assert agreement_left(said, valid) == pytest.approx(kept)


@pytest.mark.parametrize(
    ("even", "left", "weight"),
    [
        (0.0, 1.0, LOUD),
        (0.6, LASTING, LOUD),
        (0.725, 1.0, (LOUD + QUIET) / 2),
        (0.85, 1.0, QUIET),
        (1.0, 1.0, QUIET),
        (0.0, FADED, QUIET),
        (0.0, -1.0, QUIET),
        (0.6, (FADED + LASTING) / 2, (LOUD + QUIET) / 2),
    ],
)
def test_the_surroundings_are_loud_on_a_scattered_map_of_wide_fields(even, left, weight) -> None:
    assert weight_around(even, left) == pytest.approx(weight)


def test_how_even_a_map_is_counts_neighbours_that_have_data() -> None:
    said = np.eye(3, dtype=np.float32)[np.array([[0, 0, 1], [0, 2, 1], [1, 1, 1]])]
    valid = np.ones((3, 3), bool)
    assert evenness(said, valid) == pytest.approx(6 / 12)
    valid[1, 1] = False
    assert evenness(said, valid) == pytest.approx(6 / 8)
    assert evenness(said[:1, :1], valid[:1, :1]) == 1.0
    assert evenness(said, np.zeros((3, 3), bool)) == 1.0
    usual = usual_pool(around=0.3)
    assert usual.shares["surroundings"].weight == pytest.approx(0.3)
    assert usual.shares["similar_pixels"].weight == pytest.approx(
        PRIOR["similar_pixels"] / (1 - PRIOR["surroundings"]) * 0.7
    )


def test_weights_for_other_scenes_fall_more_gently_with_the_loss() -> None:
    targets = np.arange(80) % 4
    said = {
        "pixels": scores_of(targets, 0.9, 1.0),
        "similar_pixels": scores_of(targets, 0.6, 1.0, 1),
        "surroundings": scores_of(targets, 0.8, 1.0, 2),
    }
    here, there = (weighed(said, targets, None, s) for s in (STEEPEST, STEEPEST_ELSEWHERE))
    assert here.shares["pixels"].weight > there.shares["pixels"].weight > 0.3
    assert there.shares["surroundings"].weight > here.shares["surroundings"].weight


def test_after_a_stroke_the_evidence_is_that_of_the_model_before(trained) -> None:
    training, model = trained
    stroke = training.copy()
    stroke[:3, :3] = 2
    live = fit(CUBE, stroke, recipe=RECIPE, warm_start=model)
    assert live.evidence.separated is model.evidence.separated
    assert (live.pool.offset, live.pool.slope) == (model.pool.offset, model.pool.slope)
    assert live.pool.unrefined == model.pool.unrefined


def test_another_scene_is_mapped_without_the_walker_unless_it_is_asked_for(trained) -> None:
    _, model = trained
    port_items: list[object] = []
    port = type("Port", (), {"report": lambda self, item: port_items.append(item)})()
    other = HyperCube.from_array(CUBE.read()[:, ::-1].copy())
    found = model.predict(other, port=port)
    assert not found.source.endswith("refined")
    assert (found.class_map == TRUTH[:, ::-1]).mean() > 0.9
    assert model.predict(other, refine="weak").source.endswith("refined")
    assert not any("outside the range" in getattr(i, "text", "") for i in port_items)
    strange = CUBE.read() * 1.7 + 900
    found = model.predict(HyperCube.from_array(strange), port=port)
    told = [i.text for i in port_items if "outside the range" in getattr(i, "text", "")]
    assert len(told) == 1
    assert told[0].startswith("100 %")
    for unlike in (10.0, 1e4, 1e30):  # of other units: like no pixel of the scene at all
        multiple = HyperCube.from_array(CUBE.read() * unlike)
        assert model.predict(multiple, port=port).outside == 1.0
    same = model.predict(HyperCube.from_array(strange), standardise="scene", port=port)
    assert (same.class_map == TRUTH).mean() > 0.9 > (found.class_map == TRUTH).mean()
    assert model.scene_of(other) is None


def test_the_voice_of_all_bands_is_asked_about_spectra_wherever_it_is_heard(scene) -> None:
    pixels, values, targets = labelled(scene, 5)
    spectra = scene.spectra_at(pixels)
    fitter = VoiceFitter(scene.features, 4, 0.3, scene.sample(), scene.sampled_spectra())
    voices = fitter.fitted(values, targets, spectra)
    wanted = softmax(0.3 * voices["bands"].scores(scene.spectra(slice(0, 40), slice(0, 36))[0]))
    alone = Ensemble(voices, pool_of({"bands": Share(1.0, 0.3)}))
    assert np.allclose(alone.mapped(scene).probabilities.reshape(-1, 4), wanted, atol=1e-6)
    folds = np.arange(len(targets)) // 4 % 3
    held = fitter.held_out(values, targets, folds, spectra)
    assert set(held) == {kind.name for kind in KINDS}
    own = fitter.fitted(values[folds > 0], targets[folds > 0], spectra[folds > 0])
    unit = np.float32(fitter.units(own)["bands"])
    assert np.allclose(held["bands"][folds == 0] * unit, own["bands"].scores(spectra[folds == 0]))
    without = VoiceFitter(scene.features, 4, 0.3, scene.sample()).fitted(values, targets)
    assert "bands" not in without
    with pytest.raises(ValueError, match="no spectra"):
        alone.logits(values)


def test_one_label_a_class_is_enough_for_the_discriminant_of_all_bands(scene) -> None:
    pixels, _, targets = labelled(scene, 1)
    voice = PixelVoice.of_bands(scene.spectra_at(pixels), targets, 4)
    said = voice.scores(scene.spectra(slice(0, 40), slice(0, 36))[0]).argmax(axis=1)
    assert (np.array((2, 5, 7, 9))[said] == TRUTH.ravel()).mean() > 0.9


def test_closest_pixels_follow_their_labels_more_closely_than_similar_ones(scene) -> None:
    pixels, values, targets = labelled(scene, 6)
    wrong, spectra = targets.copy(), scene.spectra_at(pixels)
    wrong[0] = (wrong[0] + 1) % 4
    fitter = VoiceFitter(scene.features, 4, 0.3, scene.sample(), scene.sampled_spectra())
    voices = fitter.fitted(values, wrong, spectra)
    loosely = voices["similar_pixels"].scores(values[:1])[0]
    closely = voices["closest_pixels"].scores(spectra[:1])[0]
    assert closely[wrong[0]] - closely[targets[0]] > loosely[wrong[0]] - loosely[targets[0]]


def test_a_voice_that_knows_nothing_is_sound_in_any_units():
    rng = np.random.default_rng(1)
    targets = np.repeat(np.arange(3), 20)
    known = np.eye(3)[targets] + 0.1 * rng.normal(size=(60, 3))
    wrong = -100 * np.eye(3)[targets]  # so many labels leave it hardly any scale
    pool = weighed({"pixels": known, "surroundings": wrong}, targets)
    other = pool.in_units({"pixels": 1.0, "surroundings": 50_000.0})
    assert 0 < other.shares["surroundings"].scale < 1e-6
    assert other.heard == ("pixels",)
    assert other.is_sound
    assert not replace(other, temperature=1e-7).is_sound


def test_the_weights_before_any_evidence_sum_to_one_and_voices_read_what_they_are_made_for():
    assert sum(kind.prior for kind in KINDS) == pytest.approx(1.0)
    of_spectra = [kind.name for kind in KINDS if kind.spectra]
    assert of_spectra == ["bands", "shrunk_bands", "shape", "closest_pixels", "forest"]
    assert [kind.name for kind in KINDS if kind.windows] == ["surroundings"]


@pytest.mark.parametrize("size", [3, 40])
def test_the_covariance_is_that_of_ledoit_and_wolf_as_large_as_within_classes(size):
    apart = np.random.default_rng(3).normal(size=(25, size)) * np.linspace(0.5, 3, size)
    wanted, _ = ledoit_wolf(apart, assume_centered=True)
    np.testing.assert_allclose(_shrunk(apart, 0), wanted)
    spread = np.trace(_shrunk(apart - apart.mean(axis=0), 1))
    assert spread == pytest.approx(apart.var(axis=0, ddof=1).sum())
    np.testing.assert_array_equal(_shrunk(apart, 25), np.eye(size))  # nothing is left to learn from


def test_bands_are_shrunk_towards_variances_of_their_own():
    rng = np.random.default_rng(5)
    targets = np.arange(24) % 3
    noise = np.array([0.05, 0.05, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0])
    values = rng.normal(size=(24, 8)) * noise + 0.3 * (targets[:, None] == np.arange(8))
    weights, bias = discriminant(values, targets, 3, by_band=True)
    means = np.stack([values[targets == k].mean(axis=0) for k in range(3)])
    apart = values - means[targets]
    size = np.sqrt((1 - COMMON) * apart.var(axis=0) + COMMON * apart.var(axis=0).mean())
    spread = np.diag(size) @ _shrunk(apart / size, 3) @ np.diag(size)
    np.testing.assert_allclose(spread @ weights, means.T, atol=1e-9)
    np.testing.assert_allclose(bias, [-0.5 * m @ w for m, w in zip(means, weights.T, strict=True)])


def test_quiet_bands_among_loud_ones_are_heard_by_the_voice_of_all_bands():
    rng = np.random.default_rng(0)
    targets = np.arange(2024) % 2
    values = rng.normal(size=(2024, 60)) * np.r_[np.full(20, 0.5), np.full(40, 1.5)]
    values[:, :20] += 0.25 * targets[:, None]
    right = {}
    for by_band in (True, False):
        weights, bias = discriminant(values[:24], targets[:24], 2, by_band=by_band)
        said = (values[24:] @ weights + bias).argmax(axis=1)
        right[by_band] = float((said == targets[24:]).mean())
    assert right[True] > right[False] + 0.05


def test_without_any_variance_within_classes_bands_have_one_size():
    targets = np.array([0, 0, 1, 1])
    values = np.repeat([[1.0, 2.0, 0.0], [0.0, 2.0, 3.0]], 2, axis=0)
    for by_band in (True, False):
        weights, _ = discriminant(values, targets, 2, by_band=by_band)
        np.testing.assert_array_equal(weights, [[1.0, 0.0], [2.0, 2.0], [0.0, 3.0]])


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        ({}, True),
        ({"offset": -1e6}, True),
        ({"offset": 1.01e6}, False),
        ({"temperature": 1e-6}, True),
        ({"temperature": 0.99e-6}, False),
        ({"slope": 1e6}, True),
        ({"slope": 1.01e6}, False),
        ({"slope": float("inf")}, False),
        ({"unrefined": (-1e6, 1e-6)}, True),
        ({"unrefined": (1.01e6, 1.0)}, False),
        ({"unrefined": (0.0, 0.0)}, False),
        ({"shares": {"pixels": Share(0.4, 0.0), "bands": Share(0.6, 1e6)}}, True),
        ({"shares": {"pixels": Share(0.0, 1.0), "bands": Share(1.0, 1.0)}}, True),
        ({"shares": {"pixels": Share(0.4, -1e-9), "bands": Share(0.6, 1.0)}}, False),
        ({"shares": {"pixels": Share(0.4, 1.01e6), "bands": Share(0.6, 1.0)}}, False),
        ({"shares": {"pixels": Share(0.4, 1.0), "bands": Share(0.599, 1.0)}}, False),
        ({"shares": {"pixels": Share(-0.1, 1.0), "bands": Share(1.1, 1.0)}}, False),
    ],
)
def test_numbers_of_a_pool_end_where_they_should(change, sound):
    pool = Pool({"pixels": Share(1.0, 1.0)}, "none")
    assert replace(pool, **change).is_sound == sound


def test_a_way_of_refining_that_was_not_judged_is_taken_as_it_is():
    pool = Pool({"pixels": Share(1.0, 1.0)}, "none", offset=1.0, slope=2.0, unrefined=(1.0, 2.0))
    assert [pool.reliability(s) for s in ("none", "weak", "full")] == [(1, 2), (0, 1), (0, 1)]
    pool = replace(pool, walker="weak", unrefined=(3.0, 4.0))
    assert [pool.reliability(s) for s in ("none", "weak", "full")] == [(3, 4), (1, 2), (1, 2)]


def test_a_voice_without_a_share_is_not_heard():
    pool = Pool({"pixels": Share(0.5, 3.0), "bands": Share(0.5, 0.0)}, "none", temperature=2.0)
    assert [pool.factor(name) for name in ("pixels", "bands", "surroundings")] == [0.75, 0.0, 0.0]
    assert pool.heard == ("pixels",)


@pytest.mark.parametrize(
    ("size", "place", "first", "last"),
    [(7, 6, 0, 7), (100, 0, 0, 100), (110, 60, 10, 110), (301, 150, 100, 200), (301, 3, 0, 100)],
)
def test_what_single_pixels_map_is_around_the_label_in_the_middle(size, place, first, last) -> None:
    assert LOOKED_AT == 100
    for rows, columns in ((size, 400), (400, size)):
        middle = np.array([[place, 200] if columns == 400 else [200, place]])
        away = np.add(middle, [[-3, 0], [3, 0], [0, -3], [0, 4]]).clip(0, [rows - 1, columns - 1])
        at = np.concatenate([away, middle])
        found = part_around(at[:, 0] * columns + at[:, 1], (rows, columns))
        other = slice(150, 250)
        expected = slice(first, last)
        assert found == ((expected, other) if columns == 400 else (other, expected))


def test_the_usual_distance_is_one_that_most_of_the_sample_stays_within():
    def usual(sample: np.ndarray) -> float:
        scene = SimpleNamespace(features=SimpleNamespace(distance=lambda values: values))
        judge = SimpleNamespace(scene=scene, fitter=SimpleNamespace(sample=sample))
        return judging.Judge.usual_distance.fget(judge)

    assert usual(np.arange(101.0)) == pytest.approx(100 * judging.USUAL)
    assert usual(np.zeros(0)) == float("inf")

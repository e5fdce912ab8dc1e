"""What a map is made of: exits, the instant model, temperature, tile by tile."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import TrainingError
from hsi_viewer.core.progress import CancelToken, Progress, TaskCancelledError
from hsi_viewer.learning import scene_features as scene_module
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.instant_model import TEMPERATURE, InstantModel, fit_instant, softmax
from hsi_viewer.learning.network import SdhsiNet, crop
from hsi_viewer.learning.predictor import (
    by_tile,
    choose_device,
    dense,
    geometric_mean,
    instant_map,
    precision,
)
from hsi_viewer.learning.recipe import FeatureRecipe, NetworkRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.survey import tiles
from tests.unit.learning.made import Recorder

FEATURES = FeatureRecipe(components=4, sigmas=(0.0, 1.0))
RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(23, 31, 6)).astype(np.float32)
VALUES[4, 5] = np.nan
CUBE = HyperCube.from_array(VALUES)


@pytest.fixture
def scene(monkeypatch) -> SceneFeatures:
    """A scene of six tiles."""
    monkeypatch.setattr(scene_module.tiles, "__defaults__", (12,))
    return SceneFeatures(CUBE, fit_features(CUBE, FEATURES))


def network_of(scene: SceneFeatures, classes: int = 3) -> SdhsiNet:
    return SdhsiNet(scene.features.channels, 2, classes, NetworkRecipe(channels=8), seed=2)


def instant_of(channels: int, classes: int = 3) -> InstantModel:
    rng = np.random.default_rng(1)
    weights = 8 * rng.normal(size=(channels, classes))
    return InstantModel(weights.astype(np.float32), rng.normal(size=classes).astype(np.float32))


def test_a_map_joins_the_exits_and_the_instant_model(scene) -> None:
    network, instant = network_of(scene), instant_of(scene.features.channels)
    exits = np.empty((3, 23, 31, 3))
    for tile in by_tile(network, scene):
        exits[:, *tile.window] = tile.exits
        inside = scene.window(*tile.window)[0]
        assert np.array_equal(tile.features, inside)
    mean = exits.mean(axis=0)
    port = Recorder()
    found = dense(network, scene, port=port)
    assert np.allclose(found.probabilities, mean, atol=1e-6)
    apart = [0.5 * np.abs(e - mean).sum(axis=2) for e in exits]
    assert np.allclose(found.disagreement, np.mean(apart, axis=0), atol=1e-6)
    assert found.disagreement.max() > 0.01
    assert np.array_equal(found.valid, np.isfinite(VALUES[:, :, 0]))
    shares = [i.fraction for i in port.items if isinstance(i, Progress)]
    assert shares == pytest.approx([n / 6 for n in range(1, 7)])

    alone = instant_map(instant, scene)
    joined = np.sqrt(np.maximum(mean, 1e-6) * np.maximum(alone, 1e-6))
    joined /= joined.sum(axis=2, keepdims=True)
    both = dense(network, scene, instant=instant).probabilities
    assert np.allclose(both, joined, atol=1e-5)
    cooled = dense(network, scene, instant=instant, temperature=2.0).probabilities
    wanted = np.sqrt(joined) / np.sqrt(joined).sum(axis=2, keepdims=True)
    assert np.allclose(cooled, wanted, atol=1e-5)
    shallow = dense(network, scene, depth=1)
    assert np.allclose(shallow.probabilities, exits[0], atol=1e-6)
    assert np.allclose(shallow.disagreement, 0, atol=1e-6)


def test_a_cancelled_map_is_given_up(scene) -> None:
    network, instant = network_of(scene), instant_of(scene.features.channels)
    token = CancelToken()
    with pytest.raises(TaskCancelledError):
        dense(network, scene, token=token, port=Recorder(token, 2))
    for work in (
        lambda: dense(network, scene, token=token),
        lambda: instant_map(instant, scene, token),
        lambda: scene.patches(np.array([3]), 1, token),
        lambda: scene.guide(2, token),
    ):
        with pytest.raises(TaskCancelledError):
            work()


def test_the_instant_map_is_the_softmax_of_linear_discriminants(scene) -> None:
    instant = instant_of(scene.features.channels)
    values = scene.window(slice(0, 23), slice(0, 31))[0]
    logits = np.einsum("crs,ck->rsk", values, instant.weights) + instant.bias
    powers = np.exp(logits / TEMPERATURE)
    wanted = powers / powers.sum(axis=2, keepdims=True)
    assert np.allclose(instant_map(instant, scene), wanted, atol=1e-5)


def test_no_vote_rules_a_class_out_and_both_count_alike() -> None:
    a = np.array([[1.0, 0.0], [0.8, 0.2]], np.float32)
    b = np.array([[0.5, 0.5], [0.2, 0.8]], np.float32)
    found = geometric_mean(a, b)
    root = np.sqrt([1 * 0.5, 1e-6 * 0.5])
    assert found[0] == pytest.approx(root / root.sum())
    assert found[1] == pytest.approx([0.5, 0.5])
    assert np.array_equal(found, geometric_mean(b, a))


def test_softmax_of_numbers_of_any_size() -> None:
    logits = np.array([[1e4, 1e4 + 1], [-1e4, -1e4 - 1]], np.float32)
    e = np.exp(1)
    assert softmax(logits) == pytest.approx(np.array([[1, e], [e, 1]]) / (1 + e), rel=1e-5)


def test_a_device_that_is_absent_or_unknown_is_refused_and_auto_takes_the_best(monkeypatch) -> None:
    for cuda, mps, best in ((1, 1, "cuda"), (0, 1, "mps"), (0, 0, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: bool(cuda))
        monkeypatch.setattr(torch.mps, "is_available", lambda mps=mps: bool(mps))
        assert choose_device("auto").type == best
    assert choose_device("cpu").type == "cpu"
    for name in ("cuda", "mps", "abacus"):
        with pytest.raises(TrainingError, match=name):
            choose_device(name)


def test_a_cpu_computes_in_full_precision() -> None:
    assert isinstance(precision(torch.device("cpu")), nullcontext)
    with precision(torch.device("cpu"), mixed=True):
        assert torch.is_autocast_enabled("cpu")


def test_tiles_cover_a_scene_once() -> None:
    count = np.zeros((23, 31), int)
    sizes = set()
    for rows, columns in tiles(23, 31, 10):
        count[rows, columns] += 1
        sizes.add((rows.stop - rows.start, columns.stop - columns.start))
    assert (count == 1).all()
    assert sizes == {(10, 10), (10, 1), (3, 10), (3, 1)}


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("margin", [0, 3, 4, 30])
def test_windows_and_patches_are_mirrored_beyond_the_border(margin, kept, monkeypatch) -> None:
    features = fit_features(CUBE, FEATURES)
    whole = SceneFeatures(CUBE, features).window(slice(0, 23), slice(0, 31))[0]
    wide = np.pad(whole, ((0, 0), (margin, margin), (margin, margin)), mode="symmetric")
    monkeypatch.setattr(scene_module, "KEEP_BYTES", 10**9 if kept else 0)
    scene = SceneFeatures(CUBE, features)
    everything = slice(0, 23), slice(0, 31)
    for rows, columns in (everything, (slice(2, 9), slice(20, 31)), (slice(9, 14), slice(9, 20))):
        found, valid = scene.window(rows, columns, margin)
        wanted = wide[
            :,
            rows.start : rows.stop + 2 * margin,
            columns.start : columns.stop + 2 * margin,
        ]
        assert np.allclose(found, wanted, atol=1e-4)
        assert np.array_equal(valid, np.isfinite(VALUES[rows, columns, 0]))
    if margin > 4:
        return
    monkeypatch.setattr(scene_module.tiles, "__defaults__", (12,))
    pixels = np.array([5, 11 * 31 + 12, 0, 22 * 31 + 30, 12 * 31 + 11])
    side = 2 * margin + 1
    for patch, pixel in zip(scene.patches(pixels, margin), pixels, strict=True):
        row, column = divmod(int(pixel), 31)
        assert np.allclose(patch, wide[:, row : row + side, column : column + side], atol=1e-4)


def test_features_are_components_under_gaussian_windows_of_each_size() -> None:
    values = RNG.normal(size=(23, 31, 6)).astype(np.float32)
    cube = HyperCube.from_array(values)
    sigmas = (0.0, 0.5, 1.0, 2.0)
    features = fit_features(cube, FeatureRecipe(components=3, sigmas=sigmas))
    found, valid = SceneFeatures(cube, features).window(slice(0, 23), slice(0, 31))
    assert valid.all()
    components, _, _ = features.project(values, np.ones(values.shape, bool))
    wanted = [
        gaussian_filter(c, s, mode="reflect", radius=int(np.ceil(3 * s))) if s else c
        for s in sigmas
        for c in components
    ]
    for channel, plain, scale in zip(found, wanted, features.scales, strict=True):
        assert np.allclose(channel, plain / scale, atol=1e-4)


def test_a_guide_is_kept_for_as_many_components_only(scene) -> None:
    two, valid = scene.guide(2)
    assert two.shape == (2, 23, 31)
    assert np.array_equal(valid, np.isfinite(VALUES[:, :, 0]))
    assert scene.guide(2)[0] is two
    three = scene.guide(3)[0]
    assert three.shape == (3, 23, 31)
    assert np.array_equal(three[:2], two)
    assert scene.guide(50)[0].shape == (4, 23, 31)


@pytest.mark.parametrize("shrinkage", [0.0, 0.3])
def test_the_instant_model_is_a_discriminant_of_shrunk_covariance(shrinkage: float) -> None:
    rng = np.random.default_rng(2)
    targets = np.repeat([0, 1, 2], [12, 7, 9])
    pixels = rng.normal(size=(28, 3)) @ rng.normal(size=(3, 3)) + 2 * targets[:, None]
    found = fit_instant(pixels.astype(np.float32), targets, 3, shrinkage)
    means = np.stack([pixels[targets == k].mean(axis=0) for k in range(3)])
    apart = pixels - means[targets]
    covariance = apart.T @ apart / 25
    covariance = (1 - shrinkage) * covariance + shrinkage * np.trace(covariance) / 3 * np.eye(3)
    inverse = np.linalg.inv(covariance)
    assert np.allclose(found.weights, inverse @ means.T, rtol=1e-3, atol=1e-3)
    wanted = [-0.5 * m @ inverse @ m for m in means]
    assert np.allclose(found.bias, wanted, rtol=1e-3)


def test_one_pixel_a_class_is_reported_by_its_distance() -> None:
    means = np.array([[0.0, 1.0], [3.0, 0.0]], np.float32)
    found = fit_instant(means, np.array([0, 1]), 2, 0.3)
    assert np.allclose(found.weights, means.T)
    assert found.bias.tolist() == [-0.5, -4.5]


def test_each_pixel_may_have_a_temperature_of_its_own() -> None:
    p = np.array([[0.8, 0.2], [0.8, 0.2], [1.0, 0.0]], np.float32)
    found = tempered(p, np.array([[1.0], [2.0], [1.0]], np.float32))
    assert found[0] == pytest.approx([0.8, 0.2])
    assert found[1] == pytest.approx([2 / 3, 1 / 3])
    assert found[2] == pytest.approx([1.0, 0.0], abs=1e-6)
    assert tempered(p, 1.0) is p
    tiny = np.full((1, 2), 1e-30, np.float32)  # no probability is lost to its power
    assert tempered(tiny, 0.5)[0] == pytest.approx([0.5, 0.5])


def test_cropping_takes_the_same_off_each_side() -> None:
    x = torch.arange(30.0).reshape(1, 5, 6)
    assert torch.equal(crop(x, 0), x)
    assert torch.equal(crop(x, 2), x[:, 2:3, 2:4])


def test_a_pixel_with_data_in_half_of_its_bands_is_valid_and_with_less_is_not() -> None:
    features = fit_features(HyperCube.from_array(RNG.normal(size=(23, 31, 6))), FEATURES)
    is_data = np.arange(6) < np.arange(7)[:, None, None]  # 0 to 6 bands
    stored = np.where(is_data, 1.0, -9.0).astype(np.float32)
    values, valid, _ = features.project(stored, is_data)
    assert valid[:, 0].tolist() == [False] * 3 + [True] * 4
    assert not values[:, 0].any()  # what is no data takes the mean of its band

"""Features: windows, nodata, bad bands, tiles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import TrainingError
from hsi_viewer.core.progress import CallbackPort, CancelToken, Progress, TaskCancelledError
from hsi_viewer.learning import scene_features as scene_module
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.noise import noise_covariance
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.windows import window_matrix

RECIPE = FeatureRecipe(components=6, sigmas=(0.0, 1.0, 2.5))


def noise(rows: int = 30, columns: int = 26, bands: int = 12) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(1000, 100, (rows, columns, bands)).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("size", [3, 40])
def test_a_window_matrix_is_a_gaussian_filter(sigma: float, size: int) -> None:
    signal = np.random.default_rng(0).normal(size=size)
    radius = int(np.ceil(3 * sigma))
    wanted = gaussian_filter1d(signal, sigma, mode="reflect", radius=radius)
    assert np.allclose(window_matrix(size, np.arange(size), sigma) @ signal, wanted, atol=1e-5)


def test_tiles_and_the_whole_scene_give_the_same_features(monkeypatch) -> None:
    cube = HyperCube.from_array(noise(50, 45))
    features = fit_features(cube, RECIPE)
    whole, _ = SceneFeatures(cube, features).window(slice(0, 50), slice(0, 45), 4)
    monkeypatch.setattr(scene_module, "KEEP_BYTES", 0)
    tiled = SceneFeatures(cube, features)
    for rows, columns in ((slice(0, 9), slice(0, 8)), (slice(30, 50), slice(40, 45))):
        part, valid = tiled.window(rows, columns, 4)
        r, c = slice(rows.start, rows.stop + 8), slice(columns.start, columns.stop + 8)
        assert np.allclose(part, whole[:, r, c], atol=1e-4)
        assert valid.all()


def test_pixels_without_data_leave_their_neighbours_alone() -> None:
    values = noise()
    flat = np.full_like(values, 1000.0)
    flat += np.random.default_rng(2).normal(0, 1, (1, 1, 12)).astype(np.float32)
    flat[:, :13] += values[:, :13] - 1000
    with_hole = flat.copy()
    with_hole[10:14, 3:6] = -9999.0
    hole = HyperCube.from_array(with_hole, nodata=-9999.0)
    features = fit_features(hole, FeatureRecipe(components=4, sigmas=(1.0,)))
    scene = SceneFeatures(hole, features)
    found, valid = scene.window(slice(0, 30), slice(0, 26))
    assert np.isfinite(found).all()
    assert not valid[10:14, 3:6].any()
    assert valid.sum() == 30 * 26 - 12
    assert np.abs(found[:, valid]).max() < 50


def test_bad_constant_and_empty_bands_are_left_out() -> None:
    values = noise()
    values[:, :, 2] = 7.0
    values[:, :, 5] = np.nan
    good = np.ones(12, bool)
    good[9] = False
    cube = HyperCube.from_array(values, good_bands=good)
    bands = fit_features(cube, RECIPE).bands
    assert set(bands.tolist()) == set(range(12)) - {2, 5, 9}


def test_a_cube_without_a_usable_band_is_refused() -> None:
    with pytest.raises(TrainingError, match="no band is usable"):
        fit_features(HyperCube.from_array(np.ones((5, 5, 3))), RECIPE)


def test_components_are_uncorrelated_and_of_equal_spread() -> None:
    cube = HyperCube.from_array(noise(60, 60))
    features = fit_features(cube, FeatureRecipe(components=5, sigmas=(0.0,), emphasis=0.0))
    values, _ = SceneFeatures(cube, features).window(slice(0, 60), slice(0, 60))
    assert np.allclose(np.cov(values.reshape(5, -1)), np.eye(5), atol=1e-2)


def test_the_noise_is_known_from_neighbours() -> None:
    rng = np.random.default_rng(4)
    mixing = rng.normal(size=(3, 3))
    smooth = np.add.outer(np.linspace(0, 5, 80), np.linspace(0, 3, 90))[..., None]
    values = (smooth + rng.normal(size=(80, 90, 3)) @ mixing).astype(np.float32)
    valid = np.ones((80, 90), bool)
    valid[:9] = False
    values[:9] = 1e6
    found = noise_covariance(values, valid)
    assert found is not None
    assert np.allclose(found.numpy(), mixing.T @ mixing, atol=0.15)
    assert noise_covariance(np.ones((4, 4, 3), np.float32), np.ones((4, 4), bool)) is None


def test_the_noise_of_two_pixels_is_half_the_square_of_their_difference() -> None:
    values = np.array([[[1.0, 5.0], [3.0, 4.0]]], np.float32)
    found = noise_covariance(values, np.ones((1, 2), bool))
    assert found is not None
    wanted = np.array([[4.0, -2.0], [-2.0, 1.0]]) / 2
    np.testing.assert_allclose(found.numpy(), wanted + 1e-4 * 1.25 * np.eye(2), rtol=1e-6)
    assert noise_covariance(values, np.array([[True, False]])) is None


@pytest.mark.parametrize("adjusted", [True, False])
def test_what_stands_out_from_the_noise_comes_first(adjusted: bool) -> None:
    rng = np.random.default_rng(5)
    pattern = np.sin(np.linspace(0, 6, 70))[:, None, None] * np.ones((1, 60, 1))
    noisy, quiet = rng.normal(size=8), rng.normal(size=8)
    values = 3 * rng.normal(size=(70, 60, 1)) * noisy + pattern * quiet
    values += 0.05 * rng.normal(size=(70, 60, 8))
    cube = HyperCube.from_array(values.astype(np.float32))
    features = fit_features(
        cube, FeatureRecipe(components=2, noise_adjusted=adjusted, sigmas=(0.0,))
    )
    first = SceneFeatures(cube, features).guide(1)[0][0]
    likeness = abs(np.corrcoef(first.ravel(), np.broadcast_to(pattern[..., 0], (70, 60)).ravel()))
    assert (likeness[0, 1] > 0.9) == adjusted
    assert features.strength[0] > features.strength[1] > 0


def test_the_sample_is_bounded() -> None:
    class Counting:
        shape = (400, 300, 5)
        dtype = np.dtype(np.float32)
        most = 0

        def read(self, rows, columns, bands):
            size = len(range(*rows.indices(400))) * len(range(*columns.indices(300)))
            self.most = max(self.most, size)
            count = 5 if bands is None else len(bands)
            shape = (len(range(*rows.indices(400))), len(range(*columns.indices(300))), count)
            return np.random.default_rng(0).normal(size=shape).astype(np.float32)

    source = Counting()
    fit_features(HyperCube(source), FeatureRecipe(components=3, sigmas=(1.0,), sample=2000))
    assert 500 <= source.most <= 2000


def test_cancel_is_seen_while_features_are_computed() -> None:
    token = CancelToken()
    token.cancel()
    cube = HyperCube.from_array(noise())
    features = fit_features(cube, RECIPE)
    with pytest.raises(TaskCancelledError):
        SceneFeatures(cube, features, token)


def test_the_share_of_the_tiles_is_told(monkeypatch) -> None:
    cube = HyperCube.from_array(noise(20, 400, 4))
    features = fit_features(cube, FeatureRecipe(components=2, sigmas=(1.0,)))
    told: list[object] = []
    port = CallbackPort(told.append)
    SceneFeatures(cube, features, port=port).guide(2, port=port)
    doing = ("Computing features", "Comparing neighbouring pixels")
    assert told == [Progress(text, n / 3) for text in doing for n in (1, 2, 3)]
    monkeypatch.setattr(scene_module, "KEEP_BYTES", 0)  # as of a large scene
    told.clear()
    large = SceneFeatures(cube, features, port=port)
    assert told == []
    large.patches(np.array([0, 200, 399]), 1, port=port)
    assert told == [Progress(doing[0], n / 3) for n in (1, 2, 3)]


@pytest.mark.parametrize("emphasis", [0.0, 0.5, 1.0])
def test_each_channel_is_scaled_by_the_strength_of_its_component(emphasis: float) -> None:
    smooth = np.add.outer(np.linspace(0, 900, 60), np.linspace(0, 300, 60))[..., None]
    values = noise(60, 60, 6) + smooth.astype(np.float32) * np.linspace(0, 1, 6, dtype=np.float32)
    cube = HyperCube.from_array(values)
    recipe = FeatureRecipe(components=4, sigmas=(0.0, 2.0), emphasis=emphasis)
    features = fit_features(cube, recipe)
    found, _ = SceneFeatures(cube, features).window(slice(0, 60), slice(0, 60))
    wanted = np.tile(features.strength, 2) ** emphasis
    np.testing.assert_allclose(found.reshape(8, -1).std(axis=1), wanted, rtol=1e-3)


def test_the_strength_of_a_component_is_its_deviation_in_units_of_its_noise() -> None:
    rng = np.random.default_rng(2)
    signal = np.repeat(np.repeat(rng.normal(0, 1, (20, 20, 1)), 6, axis=0), 6, axis=1)
    values = 5 * signal * np.array([1.0, 0, 0]) + rng.normal(0, 1, (120, 120, 3))
    cube = HyperCube.from_array(values.astype(np.float32))
    recipe = FeatureRecipe(components=3, sigmas=(0.0,))
    features = fit_features(cube, recipe)
    scene = SceneFeatures(cube, features)
    guide, _ = scene.guide(1)
    inner = np.diff(guide[0].reshape(20, 6, 120)[:, :5], axis=1)  # within a field: noise alone
    share = guide[0].std() / (inner.std() / np.sqrt(2))
    edges = 2 * np.square(5 * signal.std()) / 6 / 2  # one pair in six is across a border
    assert features.strength[0] == pytest.approx(5 * signal.std() / np.sqrt(1 + edges), rel=0.15)
    assert share == pytest.approx(np.sqrt(1 + np.square(5 * signal.std())), rel=0.1)
    assert features.strength[1:] == pytest.approx(np.ones(2), abs=0.25)


def test_a_value_at_the_limit_of_a_scene_is_not_a_stray_and_one_beyond_is() -> None:
    features = fit_features(HyperCube.from_array(noise()), RECIPE)
    low, high = features.low, features.high
    inside = (low + high) / 2
    below, above = inside.copy(), inside.copy()
    below[3], above[5] = np.nextafter(low[3], -np.inf), np.nextafter(high[5], np.inf)
    found = features.strays(np.stack([low, high, inside, below, above]))
    assert found.tolist() == [False, False, False, True, True]


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("size", [(400, 500), (7, 9000), (300, 1)])
def test_some_thousand_pixels_with_data_stand_for_a_scene(monkeypatch, kept: bool, size) -> None:
    """Their features are those of their places, whether they are at hand or computed for them."""
    rows, columns = size
    values = noise(rows, columns, 4)
    values[: rows // 3] = 0
    cube = HyperCube.from_array(values, nodata=0)
    features = fit_features(cube, FeatureRecipe(components=2, sigmas=(0.0, 2.0)))
    if not kept:
        monkeypatch.setattr(scene_module, "KEEP_BYTES", 0)
    scene = SceneFeatures(cube, features)
    assert scene.is_kept == kept
    spectra, found = scene.sampled_spectra(), scene.sample()
    data = (rows - rows // 3) * columns
    assert min(data, 2_000) / 2 <= len(found) <= 8_000
    pixels = scene._sampled
    assert len(np.unique(pixels)) == len(found)
    assert (pixels // columns >= rows // 3).all()
    np.testing.assert_allclose(found, scene.patches(pixels, 0)[:, :, 0, 0], atol=1e-5)
    np.testing.assert_array_equal(spectra, scene.spectra_at(pixels))


def test_a_scene_with_data_in_few_places_is_represented_by_them(monkeypatch) -> None:
    """Such as a region of interest of single pixels, which a grid of places may miss."""
    monkeypatch.setattr(scene_module, "KEEP_BYTES", 0)
    values = noise(400, 400)
    inside = np.zeros((400, 400), bool)
    inside[3::97, 5::89] = True
    values[~inside] = 0
    cube = HyperCube.from_array(values, nodata=0)
    scene = SceneFeatures(cube, fit_features(HyperCube.from_array(noise()), RECIPE))
    assert len(scene.sample()) == len(scene._sampled) > 0
    assert inside.ravel()[scene._sampled].all()

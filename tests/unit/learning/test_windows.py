"""Averages under windows, block by block, against filters of the whole scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import scene_features as scene_module
from hsi_viewer.learning.features import Features, fit_features
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.scene_windows import seen_by
from hsi_viewer.learning.trainer import fit
from hsi_viewer.learning.voices.ensemble import Ensemble
from hsi_viewer.learning.windows import at, averages, bands, mirrored, reach_of
from tests.unit.learning.made import SMALL, made_scene

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(70, 61, 3)).astype(np.float32)
SIGMAS = (0.0, 1.0, 4.0, 8.0)


def filtered(values: np.ndarray, sigma: float) -> np.ndarray:
    """The slow way, (rows, columns, c)."""
    if sigma == 0:
        return values
    planes = np.moveaxis(values.astype(np.float64), 2, 0)
    found = [gaussian_filter(p, sigma, mode="reflect", radius=reach_of(sigma)) for p in planes]
    return np.stack(found, axis=2)


@pytest.mark.parametrize(
    "part",
    [
        (range(70), range(61)),
        (range(5, 66), range(30, 31)),
        (range(-3, 73), range(-3, 64)),  # mirrored beyond the borders
        (range(2, 70, 7), range(0, 61, 7)),
    ],
)
def test_blocks_give_what_a_filter_of_the_whole_scene_gives(part) -> None:
    scales = RNG.uniform(0.5, 2, 12).astype(np.float32)
    found = averages(VALUES, None, part, SIGMAS, scales)
    wanted = np.concatenate([filtered(VALUES, s) for s in SIGMAS], axis=2) / scales
    assert found.shape == (len(part[0]), len(part[1]), 12)
    assert np.allclose(found, at(wanted, *part), atol=1e-5)


def test_only_pixels_of_the_mask_count() -> None:
    mask = RNG.random((70, 61)) < 0.4
    mask[:, 30:] = False
    found = averages(VALUES, mask, (range(70), range(61)), SIGMAS, np.ones(12, np.float32))
    for s, sigma in enumerate(SIGMAS[1:], 1):
        over = filtered(VALUES * mask[:, :, None], sigma)
        wanted = over / np.maximum(filtered(mask[:, :, None].astype(float), sigma), 1e-6)
        near = filtered(mask[:, :, None].astype(float), sigma)[:, :, 0] > 1e-3
        assert np.allclose(found[near][:, 3 * s : 3 * s + 3], wanted[near], atol=1e-3)
    far = np.s_[:, 30 + reach_of(1.0) :]
    assert not found[far][..., :6].any()  # nothing of the mask is under these windows


def test_blocks_cover_an_axis_once_and_see_what_they_must() -> None:
    for size, places, sigma in ((200, range(200), 2.0), (90, range(3, 90, 6), 8.0)):
        blocks = bands(size, places, sigma)
        covered = np.concatenate([np.arange(len(places))[b.out] for b in blocks])
        assert covered.tolist() == list(range(len(places)))
        assert all(b.seen.stop - b.seen.start == b.matrix.shape[1] for b in blocks)
        assert all(np.allclose(b.matrix.sum(dim=1), 1, atol=1e-5) for b in blocks)


def test_an_axis_is_mirrored_as_often_as_needed() -> None:
    assert mirrored(np.arange(-4, 7), 3).tolist() == [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]


class Slowly(SceneFeatures):
    """A scene whose features are filtered as a whole."""

    def window(self, rows, columns, margin=0, token=None):
        features: Features = self.features
        stored = self.cube.read(bands=features.bands)
        components, valid, _ = features.project(stored, np.ones(stored.shape, bool))
        plain = np.moveaxis(components, 0, 2)
        planes = np.concatenate([filtered(plain, s) for s in features.sigmas], axis=2)
        part = [range(s.start - margin, s.stop + margin) for s in (rows, columns)]
        found = at((planes / features.scales).astype(np.float32), *part)
        return np.moveaxis(found, 2, 0), valid[rows, columns]


def test_the_map_of_tiles_is_that_of_the_slow_way_to_a_thousandth(monkeypatch) -> None:
    monkeypatch.setattr(scene_module, "KEEP_BYTES", 0)
    monkeypatch.setattr(scene_module.tiles, "__defaults__", (17,))
    cube, truth = made_scene()
    labels, _ = draw_per_class(truth, 4)
    recipe = replace(SMALL, features=replace(SMALL.features, sigmas=(0.0, 1.0, 8.0)))
    model = fit(cube, labels, TrainingConfig(voices="surroundings"), recipe=recipe)
    ensemble = Ensemble(model.voices, model.pool, model.network, model.part)
    found = ensemble.mapped(SceneFeatures(cube, model.features))
    monkeypatch.setattr(scene_module.tiles, "__defaults__", (100,))
    wanted = ensemble.mapped(Slowly(cube, model.features))
    assert np.abs(found.probabilities - wanted.probabilities).max() < 1e-3
    assert np.abs(found.disagreement - wanted.disagreement).max() < 1e-3
    assert np.ptp(found.probabilities) > 0.5


def test_a_scene_in_which_no_component_passes_has_windows_of_nothing() -> None:
    """Values of (rows, columns, 0), as the early map of such a scene asks for."""
    nothing = np.zeros((9, 7, 0), np.float32)
    for mask in (None, np.ones((9, 7), bool)):
        found = averages(nothing, mask, (range(9), range(7)), (0.0, 2.0), np.ones(0, np.float32))
        assert found.shape == (9, 7, 0)


@pytest.mark.parametrize("reach", [0, 1, 3])
def test_windows_around_mirrored_places_lie_in_the_part_that_is_read(reach):
    size = 7
    for start in range(reach - size, 2 * size - reach):
        for stop in range(start + 1, 2 * size - reach + 1):
            seen = np.arange(start - reach, stop + reach)
            inside = np.where(seen < 0, -1 - seen, np.minimum(seen, 2 * size - 1 - seen))
            part = seen_by(range(start, stop), reach, size)
            assert 0 <= part.start <= inside.min()
            assert inside.max() < part.stop <= size


def test_what_features_of_a_place_are_made_of_is_read_around_it():
    cube, _ = made_scene(20, 31, 6)
    scene = SceneFeatures(cube, fit_features(cube, SMALL.features), keep=False)
    values, _ = scene.spectra(slice(0, 20), slice(0, 31))
    whole, reach = values.reshape(20, 31, -1), scene.features.reach
    for row, column in ((3, 17), (17, 3), (0, 30)):
        places = range(row, row + 1), range(column, column + 1)
        found, valid, *_ = scene.standardised_around(*places)
        around = seen_by(places[0], reach, 20), seen_by(places[1], reach, 31)
        assert found.shape[:2] == valid.shape == whole[around].shape[:2]
        np.testing.assert_allclose(found, whole[around], rtol=1e-5)

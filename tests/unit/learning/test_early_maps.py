"""Early maps of large scenes: as right as the final map, only coarser."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import early_maps
from hsi_viewer.learning import scene_features as scene_module
from hsi_viewer.learning.early_maps import coarse_scene, coarse_seeds
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.scene_features import SceneFeatures, halves
from hsi_viewer.learning.trainer import fit
from tests.unit.learning.made import SMALL, Recorder, made_scene

CUBE, TRUTH = made_scene(50, 47)
TRAINING, _ = draw_per_class(TRUTH, 4)


@pytest.fixture
def large(monkeypatch) -> SceneFeatures:
    """The scene as if it were large, in tiles of 20 pixels that meet the steps nowhere."""
    monkeypatch.setattr(scene_module, "KEEP_BYTES", 0)
    monkeypatch.setattr(scene_module, "SURVEY_TILE", 20)
    monkeypatch.setattr(early_maps, "PIXELS", 300)  # every third pixel
    return SceneFeatures(CUBE, fit_features(CUBE, SMALL.features))


def test_features_of_every_third_pixel_are_those_of_the_scene(large) -> None:
    whole, _ = large.window(slice(0, 50), slice(0, 47))
    guide, valid = SceneFeatures(CUBE, large.features).guide(3)
    coarse = coarse_scene(large, 3)
    assert coarse is not None
    assert coarse.step == 3
    assert np.allclose(coarse.features, whole[:, ::3, ::3], atol=1e-5)
    assert np.allclose(coarse.guide, guide, atol=1e-5)
    assert np.array_equal(coarse.valid, valid)
    assert coarse_scene(large, 3) is None  # it has been seen


def test_pixels_without_data_are_mapped_to_nothing(large) -> None:
    values = CUBE.read().copy()
    values[:10, :9] = np.nan
    scene = SceneFeatures(HyperCube.from_array(values), large.features)
    coarse = coarse_scene(scene, 3)

    class Certain:
        """Whoever says the second class of all."""

        def logits(self, features: np.ndarray) -> np.ndarray:
            return np.tile(np.float32([0, 2, 0, 1]), (len(features), 1))

    seeds = np.full(TRUTH.shape, -1, np.int64)
    found = coarse.painted(Certain(), (2, 5, 7, 9), seeds, None, scene_module.CancelToken())
    assert not found.class_map[:10, :9].any()
    assert not found.confidence[:10, :9].any()
    assert (found.class_map[10:] == 5).all()
    assert found.confidence[20, 20] == pytest.approx(softmax(np.float32([0, 2, 0, 1])).max())


def test_a_large_scene_is_mapped_before_the_network_is_trained(large) -> None:
    port = Recorder()
    model = fit(CUBE, TRAINING, TrainingConfig(voices="surroundings"), recipe=SMALL, port=port)
    maps = [i for i in port.items if isinstance(i, Prediction)]
    assert [(m.source, m.final) for m in maps] == [
        ("instant model, every 3 pixels, refined", False)
    ]
    kinds = [type(i).__name__ for i in port.items]
    assert kinds.index("Prediction") < kinds.index("EpochReport")
    assert maps[0].class_map.shape == TRUTH.shape
    assert (maps[0].class_map == TRUTH).mean() > 0.85
    final = model.predict(CUBE, labels=TRAINING)
    assert (maps[0].class_map == final.class_map).mean() > 0.85


def test_labels_move_to_the_nearest_coarse_pixel() -> None:
    seeds = np.full((10, 8), -1, np.int64)
    seeds[0, 0], seeds[4, 5], seeds[9, 7] = 0, 1, 2
    found = coarse_seeds(seeds, 3)
    assert found.shape == (4, 3)
    assert {(r, c): int(found[r, c]) for r, c in zip(*np.nonzero(found >= 0), strict=True)} == {
        (0, 0): 0,
        (1, 2): 1,
        (3, 2): 2,
    }


def test_windows_are_computed_around_labels_and_not_of_all_between(large, monkeypatch) -> None:
    asked = []
    real = large.window

    def window(rows, columns, margin=0, token=None):
        asked.append((rows.stop - rows.start) * (columns.stop - columns.start))
        return real(rows, columns, margin, token)

    monkeypatch.setattr(large, "window", window)
    pixels = np.array([0, 1, 47, 49 * 47 + 46])
    found = large.patches(pixels, 1)
    assert sorted(asked) == [1, 4]  # the lone one, and three together
    whole, _ = real(slice(0, 50), slice(0, 47), 1)
    rows, columns = np.divmod(pixels, 47)
    for patch, r, c in zip(found, rows, columns, strict=True):
        assert np.allclose(patch, whole[:, r : r + 3, c : c + 3], atol=1e-5)


def test_pixels_are_halved_along_their_longer_extent() -> None:
    some = np.arange(5)
    row, column = np.array([0, 1, 2, 3, 4]), np.array([0, 10, 20, 30, 100])
    assert [p.tolist() for p in halves(some, row, column)] == [[0, 1, 2, 3], [4]]
    assert len(halves(some[:1], row[:1], column[:1])) == 1

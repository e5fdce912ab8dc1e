"""Where a scene is unlike the labels, whatever made the map, tile by tile."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hsi_viewer.core.assessment.applicability import fit_applicability
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import applicability, scene_features, trainer
from hsi_viewer.learning.applicability import SeenScene, applicability_of, dissimilarity_map
from hsi_viewer.learning.classifiers import fit
from tests.unit.learning.made import SMALL, Recorder, made_scene


@pytest.fixture(scope="module")
def scene():
    """Four classes, labelled; a patch of a fifth spectrum, and a corner without data."""
    made, truth = made_scene(40, 36, 12)
    values = made.read().copy()
    values[14:20, 14:20] = np.random.default_rng(5).uniform(3000, 6000, 12)
    values[36:, 32:] = -999
    cube = HyperCube.from_array(values, nodata=-999.0)
    labels = np.where(np.random.default_rng(1).random(truth.shape) < 0.1, truth, 0)
    labels[12:22, 12:22] = labels[34:, 30:] = 0
    return cube, labels.astype(np.uint16)


@pytest.mark.parametrize("name", ["lda", "sdhsi", "plug-in"])
def test_the_unknown_patch_is_outside_and_the_rest_inside(scene, monkeypatch, name):
    cube, labels = scene
    monkeypatch.setattr(trainer, "recipe_for", lambda _config: SMALL)
    model = SimpleNamespace()
    if name != "plug-in":
        config = TrainingConfig(refine=False)
        model = fit(cube, labels, config, classifier=name, port=SilentPort())
    seen = SeenScene(model, cube)
    known = applicability_of(seen, labels)
    port = Recorder()
    found = dissimilarity_map(seen, known, port=port)
    assert np.isnan(found[36:, 32:]).all()
    assert np.isfinite(found[:36]).all()
    assert not known.applies(found[15:19, 15:19]).any()
    assert known.applies(found[:8, :8]).mean() > 0.9
    assert port.items[-1].fraction == 1


def test_tiles_give_what_the_whole_gives(scene, monkeypatch):
    cube, labels = scene
    seen = SeenScene(SimpleNamespace(), cube)
    known = applicability_of(seen, labels)
    whole = dissimilarity_map(seen, known)
    monkeypatch.setattr(
        applicability, "tiles", lambda rows, columns: scene_features.tiles(rows, columns, 7)
    )
    np.testing.assert_allclose(dissimilarity_map(seen, known), whole, rtol=1e-4, atol=1e-5)


def test_it_can_be_cancelled(scene):
    cube, labels = scene
    seen = SeenScene(SimpleNamespace(), cube)
    known = applicability_of(seen, labels)
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        dissimilarity_map(seen, known, token)


def test_places_without_a_class_are_outside(scene):
    cube, labels = scene
    seen = SeenScene(SimpleNamespace(), cube)
    background = np.zeros(labels.shape, bool)
    background[14:16, 14:16] = True  # in the patch that no class has
    known, told = applicability_of(seen, labels), applicability_of(seen, labels, None, background)
    told_outside = ~told.applies(dissimilarity_map(seen, told))
    outside = ~known.applies(dissimilarity_map(seen, known))
    assert told_outside[14:20, 14:20].all()
    assert (told_outside >= outside).all()
    assert applicability_of(seen, labels, None, background & False).background is None


def test_the_map_is_made_tile_by_tile_and_tells_how_far_it_is(monkeypatch):
    def halves(rows, columns):
        return [(slice(0, 1), slice(0, columns)), (slice(1, rows), slice(0, columns))]

    def tile(rows, columns, token):
        valid = np.ones((rows.stop - rows.start, columns.stop), bool)
        valid[0, 0] = False
        return np.full((valid.size, 1), rows.start + 0.5), valid

    monkeypatch.setattr("hsi_viewer.learning.applicability.tiles", halves)
    seen = SimpleNamespace(
        scene=SimpleNamespace(cube=SimpleNamespace(rows=3, columns=2)), tile=tile
    )
    known = fit_applicability(np.array([[0.0], [1.0]]), np.zeros(2, int), np.arange(2), np.ones(1))
    port = Recorder()
    found = dissimilarity_map(seen, known, port=port)
    nan = np.nan
    np.testing.assert_allclose(found, [[nan, 0.5], [nan, 0.5], [0.5, 0.5]], atol=1e-6)
    assert [item.fraction for item in port.items] == [0.5, 1.0]

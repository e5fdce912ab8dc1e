"""Nothing outside of a region of interest has a say in the map inside, with any classifier."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hsi_viewer
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import Note
from hsi_viewer.learning import trainer
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.guidance.ground import ground_of
from hsi_viewer.learning.guidance.suggest import suggest
from hsi_viewer.learning.model import load_model
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from tests.unit.learning.made import SMALL, Recorder, made_scene

SHAPE = (26, 24)
BANDS = 12
CHOSEN = "bands 1-5, 8-11"
KNOWN: dict[str, list[np.ndarray]] = {}  # what is said of the scene as it is


def polygon() -> np.ndarray:
    """An L and a spot apart from it, off the middle of the scene."""
    inside = np.zeros(SHAPE, bool)
    inside[2:24, 1:8] = True
    inside[15:24, 1:20] = True
    inside[4:8, 16:22] = True
    return inside


def labels_of(truth: np.ndarray, step: int = 3) -> np.ndarray:
    """Labels on a grid, inside and outside; class 5 has labels outside alone."""
    ids = np.zeros(SHAPE, np.uint16)
    ids[::step, ::step] = truth[::step, ::step]
    ids[(truth == 5) & polygon()] = 0
    return ids


def everything_said(values: np.ndarray, classifier: str = "sdhsi") -> list[np.ndarray]:
    """Early maps, the final map with its probabilities, and proposals, of a region and bands."""
    cube = HyperCube.from_array(values)
    _, truth = made_scene(*SHAPE, BANDS)
    port, ids = Recorder(), labels_of(truth)
    model = hsi_viewer.fit(
        cube, ids, classifier=classifier, region=polygon(), bands=CHOSEN, port=port
    )
    found = model.predict(cube, labels=ids, region=polygon())
    assert model.class_ids == (2, 7, 9)
    maps = [item for item in port.items if isinstance(item, Prediction)]
    assert not any(m.class_map[~polygon()].any() for m in (*maps, found))
    assert (found.class_map[polygon()] > 0).all()
    used = hsi_viewer.region_of_interest(cube, polygon(), bands=CHOSEN).of(cube)
    places = suggest(model, used, ids, 3)
    assert all(polygon()[place.row, place.column] for place in places)
    ground = ground_of(used)
    assert (ground.segments[~polygon()] == -1).all()
    shown = [m.class_map for m in maps] + [m.confidence for m in maps]
    return [*shown, found.class_map, found.probabilities, ground.components[:, polygon()]]


@settings(max_examples=4)
@given(
    seed=st.integers(0, 2**16),
    kind=st.sampled_from(["noise", "huge", "zero", "fill", "nan", "mirror"]),
)
def test_values_outside_and_in_other_bands_change_nothing_inside(seed, kind):
    cube, _ = made_scene(*SHAPE, BANDS)
    values = cube.read()
    other = values.copy()
    outside = np.ones(values.shape, bool)
    outside[polygon()] = False
    outside[:, :, [5, 6, 11]] = True
    rng = np.random.default_rng(seed)
    odd = {
        "noise": rng.normal(1500, 900, values.shape),
        "huge": np.full(values.shape, 1e30),
        "zero": np.zeros(values.shape),
        "fill": np.full(values.shape, -9999.0),
        "nan": np.full(values.shape, np.nan),
        "mirror": values[::-1, ::-1],
    }[kind].astype(np.float32)
    other[outside] = odd[outside]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "recipe_for", lambda _config: SMALL)
        if "said" not in KNOWN:
            KNOWN["said"] = everything_said(values)
        before, after = KNOWN["said"], everything_said(other)
    assert len(before) == len(after)
    assert len(before) > 3
    for one, two in zip(before, after, strict=True):
        assert np.array_equal(one, two)


@pytest.mark.parametrize("classifier", ["lda", "svm"])
def test_other_classifiers_see_the_region_alone(classifier):
    cube, _ = made_scene(*SHAPE, BANDS)
    values, other = cube.read(), cube.read()
    other[~polygon()] = 7e4
    before, after = everything_said(values, classifier), everything_said(other, classifier)
    for one, two in zip(before, after, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)


def test_labels_outside_are_said_and_a_class_that_has_no_others_is_left_out():
    cube, truth = made_scene(*SHAPE, BANDS)
    port, ids = Recorder(), labels_of(truth)
    hsi_viewer.fit(cube, ids, classifier="lda", region=polygon(), port=port)
    count, total = np.count_nonzero(ids[~polygon()]), np.count_nonzero(ids)
    notes = [item.text for item in port.items if isinstance(item, Note)]
    sentence = f"{count} of {total} labels lie outside the region of interest and aren't used."
    assert notes.count(sentence) == 1
    with pytest.raises(LabelError, match="two classes have labels inside the region"):
        hsi_viewer.fit(cube, ids, classifier="lda", region=truth == 2, port=Recorder())


def test_a_mask_leaves_out_and_the_model_keeps_its_bands(tmp_path):
    cube, truth = made_scene(*SHAPE, BANDS)
    clouds = np.where(polygon(), 0.0, 3.0)
    clouds[0, 0] = np.nan
    region = hsi_viewer.region_of_interest(cube, mask=clouds, bands=[0, 2, 3, 4])
    assert isinstance(region, hsi_viewer.RegionOfInterest)
    assert region.inside.sum() == polygon().sum() + 1  # NaN marks nothing
    model = hsi_viewer.fit(cube, labels_of(truth), classifier="lda", region=region, port=Recorder())
    model.save(tmp_path)
    again = hsi_viewer.load_model(tmp_path)
    assert again.features.bands.tolist() == [0, 2, 3, 4]
    whole = again.predict(cube).class_map
    assert (whole > 0).all()
    odd = cube.read()
    odd[:, :, 5:] = -4e4
    assert np.array_equal(again.predict(odd).class_map, whole)


def test_a_small_corner_of_a_scene_is_learned_as_well_as_alone():
    cube, truth = made_scene(*SHAPE, BANDS)
    values = np.full((400, 300, BANDS), 9e3, np.float32)
    values[-SHAPE[0] :, -SHAPE[1] :] = cube.read()
    inside = np.zeros((400, 300), bool)
    inside[-SHAPE[0] :, -SHAPE[1] :] = True
    used = hsi_viewer.region_of_interest(values, inside).of(HyperCube.from_array(values))
    recipe = FeatureRecipe(components=8, sigmas=(0.0,), sample=1_500)
    features = fit_features(used, recipe)
    assert np.allclose(features.centre, cube.read().mean(axis=(0, 1)), rtol=0.05)
    assert (features.strength > 1).any()  # the noise was found, which needs neighbours
    scene = SceneFeatures(used, features, keep=False)
    assert len(scene.sample()) > 300
    assert truth.any()


def test_the_shape_of_the_region_is_the_shape_of_the_map_in_a_saved_network(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "recipe_for", lambda _config: SMALL)
    cube, truth = made_scene(*SHAPE, BANDS)
    model = hsi_viewer.fit(cube, labels_of(truth), region=polygon(), bands=CHOSEN, port=Recorder())
    model.save(tmp_path)
    again = load_model(tmp_path)
    assert again.features.bands.size == 9
    found = again.predict(cube, region=polygon()).class_map
    assert np.array_equal(found > 0, polygon())

"""Maps of single spectra are refined as strongly as labels that were held out tell."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import held_out_maps
from hsi_viewer.learning.classifiers import fit, load_model
from hsi_viewer.learning.cross_validation import evidence_of

BANDS = 12


def scene_of(truth: np.ndarray, noise: float) -> HyperCube:
    """Spectra of three classes under noise."""
    rng = np.random.default_rng(4)
    means = np.stack([np.sin(np.arange(BANDS) / (2 + k)) for k in range(3)])
    values = means[truth - 1] + noise * rng.normal(size=(*truth.shape, BANDS))
    return HyperCube.from_array(values.astype(np.float32))


def fields() -> np.ndarray:
    """Fields of 10 x 10 pixels."""
    return np.kron(np.random.default_rng(1).integers(1, 4, (4, 4)), np.ones((10, 10), int))


def specks() -> np.ndarray:
    """Each pixel of any class."""
    return np.random.default_rng(1).integers(1, 4, (40, 40))


@pytest.mark.parametrize(("name", "whole"), [("lda", True), ("lda", False), ("svm", True)])
@pytest.mark.parametrize(
    ("truth", "noise", "strengths"), [(fields(), 1.5, ("weak", "full")), (specks(), 0.5, ("none",))]
)
def test_the_walker_is_as_strong_as_serves_the_scene(
    monkeypatch, tmp_path, name, truth, noise, strengths, whole
):
    if not whole:  # as a large scene, by windows around labels
        monkeypatch.setattr(held_out_maps, "MOST_PIXELS", 0)
    cube, (training, _) = scene_of(truth, noise), draw_per_class(truth, 8)
    model = fit(cube, training, classifier=name)
    assert model.refinement.strength in strengths
    rest = training == 0
    found = {
        refine: model.predict(cube, labels=training, refine=refine)
        for refine in ("auto", "none", "full")
    }
    right = {r: (f.class_map == truth)[rest].mean() for r, f in found.items()}
    worse = {"none": "full"}.get(model.refinement.strength, "none")
    assert right["auto"] > right[worse] + 0.05
    assert found["full"].confidence[rest].mean() == pytest.approx(right["full"], abs=0.2)
    for refine in ("auto", "full"):  # labels stay what they are
        np.testing.assert_array_equal(found[refine].class_map[~rest], training[~rest])
    model.save(tmp_path)
    again = load_model(tmp_path)
    assert again.refinement == model.refinement
    np.testing.assert_array_equal(
        again.predict(cube, labels=training).probabilities, found["auto"].probabilities
    )


@pytest.mark.parametrize("truth", [fields(), specks()])
def test_evidence_is_of_maps_that_are_refined_as_strongly(truth):
    cube, (training, _) = scene_of(truth, 1.0), draw_per_class(truth, 8)
    model = fit(cube, training, classifier="lda")
    evidence = evidence_of(model, cube, training, model.config)
    assert evidence.walker == model.refinement.strength


def test_the_walker_is_full_where_nothing_can_be_held_out_and_in_files_of_before(tmp_path):
    truth = specks()
    cube, (training, _) = scene_of(truth, 0.5), draw_per_class(truth, 1)
    model = fit(cube, training, classifier="lda")
    assert (model.refinement.strength, model.refinement.reliability) == ("full", {})
    *_, path = model.save(tmp_path)
    written = json.loads(path.read_text("utf-8"))
    del written["refinement"]
    path.write_text(json.dumps(written), "utf-8")
    assert load_model(tmp_path).refinement == model.refinement


def test_who_wants_no_refinement_waits_for_no_judgement(monkeypatch):
    truth = fields()
    monkeypatch.setattr(held_out_maps, "walk", None)
    model = fit(scene_of(truth, 0.5), truth, TrainingConfig(refine=False), classifier="lda")
    assert model.refinement.reliability == {}

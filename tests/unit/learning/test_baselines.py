"""The classifiers to compare with learn, and the table of the benchmarks goes on after a stop."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import table as table_module
from benchmarks.table import Table
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.learning import baselines
from hsi_viewer.learning.baselines import patch_cnn, scene_pixels, standardised, svm
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.training_pixels import seeds_of
from tests.unit.learning.made import SMALL, made_scene


@pytest.mark.parametrize("classes", [2, 4])
def test_the_support_vector_machine_learns(classes: int) -> None:
    cube, truth = made_scene()
    if classes == 2:
        truth = np.where(truth < 6, 1, 2).astype(np.uint16)
    ids = tuple(int(i) for i in np.unique(truth))
    training, _ = draw_per_class(truth, 8)
    chosen = np.flatnonzero(training)
    targets = seeds_of(training, ids).ravel()[chosen]
    probabilities = svm(standardised(cube), chosen, targets)
    assert probabilities.shape == (truth.size, classes)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (np.asarray(ids)[probabilities.argmax(axis=1)] == truth.ravel()).mean() > 0.9


def test_the_patch_network_learns_and_repeats(monkeypatch) -> None:
    monkeypatch.setattr(baselines, "CNN_EPOCHS", 15)
    cube, truth = made_scene(16, 16, bands=60)
    training, _ = draw_per_class(truth, 6)
    chosen = np.flatnonzero(training)
    ids = (2, 5, 7, 9)
    targets = seeds_of(training, ids).ravel()[chosen]
    first, second = (patch_cnn(cube, chosen, targets, seed=1) for _ in range(2))
    assert np.array_equal(first, second)
    assert (np.asarray(ids)[first.argmax(axis=1)] == truth.ravel()).mean() > 0.8


def test_a_table_goes_on_where_it_stopped(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(table_module, "RESULTS", tmp_path)
    table = Table("runs", ("list", "seed"), ("oa",))
    table.add(list="random", seed=3, oa=91.23456)
    again = Table("runs", ("list", "seed"), ("oa",))
    assert again.has(list="random", seed=3)
    assert not again.has(list="random", seed=4)
    again.add(list="random", seed=4, oa=90.0)
    assert [row["oa"] for row in again.rows()] == ["91.235", "90"]


def test_pixels_are_in_the_order_of_the_image() -> None:
    cube, _ = made_scene(7, 9)
    spectra = standardised(cube)
    plain = cube.read().reshape(63, 20)
    assert np.allclose(spectra, (plain - plain.mean(axis=0)) / plain.std(axis=0), atol=1e-4)
    scene = SceneFeatures(cube, fit_features(cube, SMALL.features))
    found = scene_pixels(scene)
    assert np.array_equal(found, scene.patches(np.arange(63), 0)[:, :, 0, 0])
    assert found.flags.c_contiguous

"""Cross-validation of a classifier that brings no evidence: each answer without the label."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.evidence import Evidence, VoiceShare
from hsi_viewer.core.labels.sampling import REACH
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Progress, SilentPort, TaskCancelledError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.classifiers import fit
from hsi_viewer.learning.cross_validation import (
    Trial,
    evidence_of,
    probabilities_at,
    reach_of,
)
from tests.unit.learning.made import Recorder, made_scene

PLAIN = TrainingConfig(refine=False)


@pytest.fixture(scope="module")
def trained():
    """A cube, labels in strokes of two rows and three columns, and a linear discriminant."""
    cube, truth = made_scene(30, 24, 8)
    labels = np.zeros_like(truth)
    for row in range(0, 28, 7):
        for column in range(0, 20, 6):
            labels[row : row + 2, column : column + 3] = truth[row, column]
    labels = np.where(labels == truth, labels, 0).astype(np.uint16)
    return cube, labels, fit(cube, labels, PLAIN, classifier="lda", port=SilentPort())


def test_every_label_is_held_out_and_mostly_right(trained):
    cube, labels, model = trained
    port = Recorder()
    found = evidence_of(model, cube, labels, PLAIN, port=port)
    count = np.count_nonzero(labels)
    assert len(found.random.pixels) == len(found.separated.pixels) == count
    assert found.separated.right.mean() > 0.9
    np.testing.assert_allclose(found.separated.probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(
        np.asarray(model.class_ids)[found.random.targets], labels.ravel()[found.random.pixels]
    )
    assert found.reach == 0
    fractions = [i.fraction for i in port.items if isinstance(i, Progress)]
    assert fractions == sorted(set(fractions))
    assert (len(fractions), fractions[0]) == (6, 0)
    assert fractions[-1] < 1


def test_labels_without_data_are_neither_asked_about_nor_counted_as_places(trained):
    cube, labels, _ = trained
    values = cube.read().astype(np.float32)
    values[:9] = np.nan
    bare = HyperCube.from_array(values)
    model = fit(bare, labels, TrainingConfig(), classifier="lda", port=SilentPort())
    found = evidence_of(model, bare, labels, TrainingConfig())
    with_data = np.flatnonzero(labels[9:]) + 9 * labels.shape[1]
    np.testing.assert_array_equal(found.random.pixels, with_data)
    assert set(found.separated.pixels) <= set(with_data)


def test_held_out_labels_do_not_change_their_own_answers(trained):
    cube, labels, model = trained
    pixels = np.flatnonzero(labels)
    targets = np.searchsorted(model.class_ids, labels.ravel()[pixels])
    folds = np.where(pixels // 24 < 15, 0, -1)
    mixed = labels.copy()
    mixed.flat[pixels[folds == 0]] = np.random.default_rng(0).permutation(
        labels.ravel()[pixels[folds == 0]]
    )
    assert (mixed != labels).any()
    answers = [
        Trial(model, cube, given, PLAIN, "none", CancelToken(), SilentPort())
        .held_out(pixels, targets, pixels, folds, (0, 1))
        .probabilities
        for given in (labels, mixed)
    ]
    np.testing.assert_array_equal(answers[0], answers[1])


def test_evidence_that_a_model_brings_is_taken():
    brought = Evidence((), "none", 5)
    model = SimpleNamespace(evidence=brought)
    assert evidence_of(model, None, None, PLAIN) is brought
    assert reach_of(model, refined=True) == 5
    walked = SimpleNamespace(evidence=Evidence((), "full", 5))
    assert reach_of(walked, refined=True) == REACH
    assert reach_of(walked, refined=False) == 5
    shares = tuple(VoiceShare(name, name, 0.5, 0.0) for name in ("surroundings", "network"))
    both = SimpleNamespace(evidence=Evidence(shares, "none", 24), network=SimpleNamespace(radius=3))
    assert reach_of(both, refined=True) == REACH == 27
    assert reach_of(SimpleNamespace(), refined=False) == REACH  # a plug-in may look anywhere


def test_one_label_a_class_cannot_be_held_out(trained):
    cube, labels, model = trained
    single = np.zeros_like(labels)
    for class_id in model.class_ids:
        single.flat[np.flatnonzero(labels == class_id)[0]] = class_id
    found = evidence_of(model, cube, single, PLAIN)
    assert (found.separated, found.random) == (None, None)


def test_a_cancelled_validation_ends(trained):
    cube, labels, model = trained
    token = CancelToken()
    with pytest.raises(TaskCancelledError):
        evidence_of(model, cube, labels, PLAIN, token, Recorder(token, cancel_at=2))


def test_probabilities_of_classes_that_a_fold_lacks_are_zero():
    given = np.array([[[0.9, 0.1], [0.2, 0.8]]], np.float32)
    part = Prediction(np.array([[2, 9]], np.uint16), given.max(axis=2), (2, 9), given)
    found = probabilities_at(part, np.array([1, 0]), (2, 5, 9))
    np.testing.assert_allclose(found, [[0.2, 0, 0.8], [0.9, 0, 0.1]])


def test_a_map_without_probabilities_gives_its_confidence():
    plain = Prediction(np.array([[5, 0]], np.uint16), np.array([[0.6, 0]], np.float32), (2, 5, 9))
    found = probabilities_at(plain, np.array([0, 1]), (2, 5, 9))
    np.testing.assert_allclose(found, [[0.2, 0.6, 0.2], [0, 0, 0]], atol=1e-6)

"""MapScoring: only pixels that no model has seen are scored, as they were at one moment."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.session.document.map_scoring import scoring_of, scoring_of_map
from tests.unit.session.document.made import COLUMNS, ROWS, SIZE, ids_map, new_document

pixel_sets = st.sets(st.integers(0, SIZE - 1), max_size=8)


def prediction_of(class_map: np.ndarray, region: RegionOfInterest | None = None) -> Prediction:
    return Prediction(class_map, np.ones(class_map.shape, np.float32), (1, 2, 3), region=region)


def test_only_pixels_that_were_never_seen_are_scored():
    document = new_document()
    truth = ids_map(c1=[0, 1, 2, 3], c2=[4, 5, 6, 7])
    document.set_truth(truth)
    document.load_labels(ids_map(c1=[0], c2=[4]))
    trained_on = document.labels.ids > 0
    assert document.trained_on.shape == document.labels.shape
    assert not document.trained_on.any()
    document.set_prediction(prediction_of(truth), trained_on)
    assert np.flatnonzero(document.trained_on).tolist() == [0, 4]
    document.load_labels(ids_map(c1=[1]))  # 0 and 4 are erased, but the model saw them
    assert np.flatnonzero(scoring_of(document).test_pixels()).tolist() == [2, 3, 5, 6, 7]
    assert scoring_of(document).accuracy().total == 5
    document.load_labels(ids_map(c2=[19]))
    document.set_prediction(prediction_of(truth), document.labels.ids > 0)
    assert scoring_of(document).accuracy().total == 8  # another model, which saw none of them


@given(pixel_sets, pixel_sets, pixel_sets)
def test_test_pixels_are_the_truth_without_all_that_was_seen(true, labelled, trained_on):
    document = new_document()
    truth, seen = ids_map(c3=sorted(true)), ids_map(c1=sorted(trained_on)) > 0
    document.set_truth(truth)
    document.load_labels(ids_map(c1=sorted(labelled)))
    document.set_prediction(prediction_of(truth), seen)
    test = scoring_of(document).test_pixels()
    assert test.dtype == np.uint16
    assert set(np.flatnonzero(test)) == true - labelled - trained_on
    assert (scoring_of(document).accuracy() is None) == (not test.any())


def test_without_a_map_or_a_truth_there_is_no_accuracy():
    document, received = new_document(), []
    document.prediction_changed.connect(lambda: received.append(document.prediction))
    assert scoring_of(document).test_pixels() is None
    prediction = prediction_of(ids_map(c1=[0]))
    document.set_prediction(prediction)
    assert scoring_of(document).accuracy() is None
    document.set_truth(ids_map(c1=[0, 1]))
    assert scoring_of(document).accuracy().overall.value == 0.5
    document.set_prediction(None)
    assert scoring_of(document).accuracy() is None
    document.set_truth(None)
    assert scoring_of(document).test_pixels() is None
    assert received == [prediction, None]


def test_what_changes_later_is_not_seen():
    document = new_document()
    truth = ids_map(c1=range(4), c2=range(4, 8))
    document.set_truth(truth)
    document.set_prediction(prediction_of(truth))
    scoring = scoring_of(document)
    document.load_labels(ids_map(c1=[0, 1]))
    document.set_prediction(None)
    document.set_truth(None)
    assert scoring.accuracy().total == scoring.assessment().random.total == 8


def test_another_map_is_scored_inside_its_own_region():
    document = new_document()
    truth = ids_map(c1=range(SIZE))
    document.set_truth(truth)
    document.set_prediction(prediction_of(truth))
    document.load_labels(ids_map(c1=[0]))
    inside = np.zeros((ROWS, COLUMNS), bool)
    inside[:2] = True
    other = prediction_of(ids_map(c2=range(2 * COLUMNS)), RegionOfInterest(inside))
    found = scoring_of_map(document, other, ids_map(c1=[1]) > 0).accuracy()
    assert (found.total, found.overall.value) == (2 * COLUMNS - 2, 0)
    assert scoring_of(document).accuracy().total == SIZE - 1


def test_a_map_of_other_classes_is_not_scored_but_test_pixels_are_known():
    document = new_document()
    document.set_truth(ids_map(c7=[0, 1]))
    document.set_prediction(prediction_of(ids_map(c1=[0, 1])))
    scoring = scoring_of(document)
    assert scoring.outdated
    assert np.flatnonzero(scoring.test_pixels()).tolist() == [0, 1]
    assert scoring.accuracy() is scoring.assessment() is None

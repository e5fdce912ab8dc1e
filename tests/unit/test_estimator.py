"""SdhsiClassifier among scikit-learn's tools.

scikit-learn's own checks train on tables of samples, which a classifier of scenes refuses. All
checks that need no table must pass; what the others look for is looked for here on a scene.
"""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

import hsi_viewer
from hsi_viewer import SdhsiClassifier
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.learning import trainer
from tests.unit.learning.made import SMALL, made_scene

NEEDS_A_SCENE = "SdhsiClassifier needs a scene"


@pytest.fixture(scope="module")
def scene():
    """A made cube, its truth, training labels, test labels."""
    cube, truth = made_scene()
    return cube, truth, *draw_per_class(truth, 4)


@pytest.fixture(scope="module", autouse=True)
def small_recipe():
    """Few steps: what is tested here is the estimator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "recipe_for", lambda config: SMALL)
        yield


@pytest.fixture(scope="module")
def fitted(scene, small_recipe):
    cube, _, training, _ = scene
    return SdhsiClassifier().fit(cube, training)


class CalledATable(SdhsiClassifier):
    """Says that it takes tables, so that scikit-learn runs its checks at all."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


def causes(error: BaseException | None) -> str:
    texts = []
    while error is not None:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return " | ".join(texts)


def test_every_check_of_scikit_learn_that_needs_no_table_passes():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of checks that are about tables
        results = check_estimator(CalledATable(), on_fail=None, on_skip=None)
    failed = {r["check_name"]: causes(r["exception"]) for r in results if r["status"] == "failed"}
    assert [name for name, why in failed.items() if NEEDS_A_SCENE not in why] == []
    passed = {r["check_name"] for r in results if r["status"] == "passed"}
    assert passed >= {
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_no_attributes_set_in_init",
        "check_estimators_unfitted",
        "check_parameters_default_constructible",
        "check_get_params_invariance",
        "check_set_params",
    }


def test_a_table_of_spectra_is_refused(fitted):
    for table in (np.zeros((8, 5)), np.zeros(5), [[1.0, 2.0]]):
        with pytest.raises(ValueError, match=NEEDS_A_SCENE):
            SdhsiClassifier().fit(table, np.ones(8))
        with pytest.raises(ValueError, match=NEEDS_A_SCENE):
            fitted.predict(table)


def test_parameters_are_those_of_the_constructor_and_a_copy_has_them():
    given = {"preset": "best", "distillation": "mutual", "random_state": 3, "voices": "pixels"}
    estimator = SdhsiClassifier(**given, refine=False).set_params(device="cpu")
    assert estimator.get_params() == {**given, "refine": False, "device": "cpu"}
    assert clone(estimator).get_params() == estimator.get_params()
    assert is_classifier(estimator)
    with pytest.raises(ValueError, match="Invalid parameter"):
        estimator.set_params(depth=3)


@pytest.mark.parametrize("wrong", [{"preset": "slow"}, {"random_state": -1}, {"refine": "yes"}])
def test_wrong_parameters_are_refused_when_it_is_fitted(scene, wrong):
    with pytest.raises(ValueError, match=r"There is no|whole number|True or False"):
        SdhsiClassifier(**wrong).fit(scene[0], scene[2])


def test_nothing_is_predicted_before_fit(scene):
    for method in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(SdhsiClassifier(), method)(scene[0])
    with pytest.raises(NotFittedError):
        SdhsiClassifier().score(scene[0], scene[1])


def test_a_scene_is_learned_and_scored(scene, fitted):
    cube, truth, training, test = scene
    assert fitted.classes_.tolist() == [2, 5, 7, 9]
    assert fitted.n_features_in_ == 20
    class_map, probabilities = fitted.predict(cube), fitted.predict_proba(cube)
    assert class_map.shape == truth.shape
    assert probabilities.shape == (*truth.shape, 4)
    np.testing.assert_allclose(probabilities.sum(axis=2), 1, rtol=1e-4)
    np.testing.assert_array_equal(fitted.classes_[probabilities.argmax(axis=2)], class_map)
    assert fitted.score(cube, test) == (class_map == test)[test > 0].mean() > 0.95
    assert fitted.score(cube, np.where(class_map == truth, truth, 0)) == 1.0
    wrong, upper = class_map.copy(), np.zeros(truth.shape)
    wrong[:10], upper[:10] = 30, 1.0
    assert fitted.score(cube, wrong) == 0.75
    assert fitted.score(cube, wrong, upper) == 0.0
    assert fitted.score(cube, wrong, 1.0 - upper) == 1.0
    with pytest.raises(hsi_viewer.LabelError, match="nothing to score"):
        fitted.score(cube, np.zeros_like(training))


def test_the_map_depends_on_the_values_alone(scene, fitted):
    cube = scene[0]
    array = cube.read()
    before = array.copy()
    np.testing.assert_array_equal(fitted.predict(array), fitted.predict(cube))
    np.testing.assert_array_equal(fitted.predict(np.asfortranarray(array)), fitted.predict(cube))
    np.testing.assert_array_equal(array, before)


def test_fit_gives_itself_twice_the_same_and_leaves_its_parameters_alone(scene, fitted):
    cube, _, training, _ = scene
    estimator = SdhsiClassifier()
    parameters = dict(vars(estimator))
    assert estimator.fit(cube, training) is estimator
    first = estimator.predict_proba(cube)
    estimator.fit(cube, training)
    np.testing.assert_array_equal(estimator.predict_proba(cube), first)
    assert {k: vars(estimator)[k] for k in parameters} == parameters
    names = set(vars(estimator))
    estimator.predict(cube)
    assert set(vars(estimator)) == names


def test_random_states_of_scikit_learn_are_taken(scene):
    cube, _, training, _ = scene
    states = (np.random.RandomState(7), np.random.RandomState(7), None, None)
    fitted = [SdhsiClassifier(random_state=state).fit(cube, training) for state in states]
    seeds = [estimator.model_.config.seed for estimator in fitted]
    assert seeds[0] == seeds[1]
    assert len(set(seeds[1:])) == 3


def test_another_number_of_bands_is_refused(scene, fitted):
    with pytest.raises(hsi_viewer.ModelError, match="19"):
        fitted.predict(scene[0].read()[:, :, 1:])


def test_labels_must_be_there_and_fit(scene):
    cube = scene[0]
    with pytest.raises(ValueError, match="requires y"):
        SdhsiClassifier().fit(cube, None)
    with pytest.raises(hsi_viewer.LabelError, match="40 x 36"):
        SdhsiClassifier().fit(cube, np.ones((3, 3), int))
    with pytest.raises(hsi_viewer.LabelError, match="at least two classes"):
        SdhsiClassifier().fit(cube, np.ones((40, 36), int))


def test_a_pickled_estimator_predicts_alike(scene, fitted):
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 -- our own
    np.testing.assert_array_equal(again.predict(scene[0]), fitted.predict(scene[0]))


def test_paths_are_taken(tmp_path, scene, fitted):
    np.save(tmp_path / "cube.npy", scene[0].read())
    np.save(tmp_path / "labels.npy", scene[2])
    estimator = SdhsiClassifier().fit(tmp_path / "cube.npy", tmp_path / "labels.npy")
    assert estimator.score(str(tmp_path / "cube.npy"), tmp_path / "labels.npy") > 0.9
    with pytest.raises(hsi_viewer.FileError, match="absent"):
        fitted.predict(tmp_path / "absent.npy")

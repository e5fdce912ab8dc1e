"""fit and predict on a small made scene."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Note, TaskCancelledError
from hsi_viewer.core.training import EpochReport
from hsi_viewer.learning.classifiers import classifier as row_of
from hsi_viewer.learning.model import load_model
from hsi_viewer.learning.trainer import fit
from hsi_viewer.learning.training_pixels import without_strays
from tests.unit.learning.made import SMALL, UNREFINED, Recorder, made_scene


def test_a_scene_is_learned_and_early_maps_come_first() -> None:
    cube, truth = made_scene()
    training, test = draw_per_class(truth, 4)
    recorder = Recorder()
    model = fit(cube, training, recipe=SMALL, port=recorder)
    prediction = model.predict(cube, labels=training)
    assert score(prediction.class_map, test).overall.value > 0.98
    assert prediction.class_ids == model.class_ids == (2, 5, 7, 9)
    maps = [i for i in recorder.items if isinstance(i, Prediction)]
    assert [m.final for m in maps] == [False] * len(maps)
    assert "instant" in maps[0].source
    assert any("shallow" in m.source for m in maps)
    assert any(isinstance(i, EpochReport) for i in recorder.items)
    assert set(model.seconds) == {"features", "train", "predict", "refine"}


def test_the_same_seed_gives_the_same_map() -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 3)
    first, second = (fit(cube, training, recipe=SMALL).predict(cube) for _ in range(2))
    assert first.probabilities is not None
    assert second.probabilities is not None
    assert np.array_equal(first.probabilities, second.probabilities)


@pytest.mark.parametrize("ids", [(), (3,)])
def test_fewer_than_two_classes_are_refused(ids: tuple[int, ...]) -> None:
    cube, _ = made_scene()
    labels = np.zeros((cube.rows, cube.columns), np.uint16)
    labels.flat[: len(ids)] = ids
    with pytest.raises(LabelError, match="at least two classes"):
        fit(cube, labels)


@pytest.mark.parametrize("report", [1, 2, 4])
def test_cancel_stops_the_run(report: int) -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 3)
    token = CancelToken()
    with pytest.raises(TaskCancelledError):
        fit(cube, training, token=token, port=Recorder(token, report))


def test_a_saved_model_maps_alike(tmp_path) -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 3)
    model = fit(cube, training, UNREFINED, recipe=SMALL)
    files = model.save(tmp_path / "m")
    assert all(f.is_file() for f in files)
    again = load_model(tmp_path / "m")
    assert again.legend == model.legend
    assert np.array_equal(again.predict(cube).class_map, model.predict(cube).class_map)


UNUSED = r"^3 of 12 labels lie on pixels without data and were not used\.$"


def with_a_gap() -> tuple[HyperCube, NDArray[np.uint16]]:
    """A scene of which some labels, some of each class of two, lie on pixels without data."""
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 3)
    values = cube.read()
    rows, columns = np.nonzero(training)
    values[rows[:2], columns[:2]] = -1
    values[rows[-1], columns[-1]] = np.nan
    return HyperCube.from_array(values, nodata=-1.0), training


def test_labels_on_pixels_without_data_are_counted_and_said() -> None:
    cube, training = with_a_gap()
    recorder = Recorder()
    fit(cube, training, UNREFINED, recipe=SMALL, port=recorder)
    assert [i.text for i in recorder.items if isinstance(i, Note)] == [
        "3 of 12 labels lie on pixels without data and were not used."
    ]
    with pytest.warns(UserWarning, match=UNUSED):  # of a notebook, which gives no port
        fit(cube, training, UNREFINED, recipe=SMALL)


def test_one_label_without_data_is_reported_in_the_singular() -> None:
    cube, truth = made_scene()
    values = cube.read()
    values[0, 0] = np.nan
    recorder, labels = Recorder(), np.where(truth < 7, truth, 0)
    fit(HyperCube.from_array(values), labels, UNREFINED, recipe=SMALL, port=recorder)
    notes = [i.text for i in recorder.items if isinstance(i, Note)]
    assert notes == ["1 of 720 labels lies on a pixel without data and was not used."]


@pytest.mark.parametrize("classifier", ["sdhsi", "lda"])
def test_labels_on_stray_pixels_are_not_learned_from(classifier) -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 5)
    values = cube.read()
    rows, columns = np.nonzero(training == 2)
    values[rows[:2], columns[:2]] = np.linspace(1e4, 5e4, cube.bands)  # alike in no two bands
    recorder, made = Recorder(), {"recipe": SMALL} if classifier == "sdhsi" else {}
    stray = HyperCube.from_array(values)
    row_of(classifier).fit(stray, training, UNREFINED, port=recorder, **made)
    notes = [i.text for i in recorder.items if isinstance(i, Note)]
    assert "2 of 20 labels lie on stray pixels and were not learned from." in notes


def test_a_class_of_rare_pixels_is_learned_as_it_is_labelled() -> None:
    seeds = np.array([[0, 0, 0, 1, 1, 1, -1, 2]])
    strays = np.array([[1, 0, 0, 1, 1, 0, 1, 0]], bool)
    valid = np.array([[1, 1, 1, 1, 1, 1, 1, 0]], bool)
    recorder = Recorder()
    learned = without_strays(seeds, valid, strays, recorder)
    assert learned.tolist() == [[False, True, True, True, True, True, True, False]]
    assert [i.text for i in recorder.items] == [
        "1 of 7 labels lies on a stray pixel and was not learned from."
    ]
    assert (without_strays(seeds, valid, np.zeros_like(strays), recorder) == valid).all()
    assert len(recorder.items) == 1


def test_labels_are_lists_and_arrays_of_any_type_by_one_set_of_rules() -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 3)
    holes = np.where(training > 0, training.astype(float), np.nan)
    holes[0, :3] = [-1, -9999, -0.5]
    wanted = np.where(np.isnan(holes) | (holes < 0), 0, training)
    model = fit(cube, wanted, UNREFINED, recipe=SMALL)
    expected = model.predict(cube, labels=wanted).class_map
    for labels in (holes, holes.tolist(), np.ma.masked_invalid(holes), holes.astype(np.float32)):
        again = fit(cube, labels, UNREFINED, recipe=SMALL)
        assert again.label_digest == model.label_digest
        assert np.array_equal(again.predict(cube, labels=labels).class_map, expected)
    for labels, message in (
        (holes[:5], "the cube is 40 x 36"),
        (np.where(holes > 0, 70000, 0), r"0\.\.65535"),
        (holes + 0.5, "fractions"),
        (np.full(truth.shape, "a"), "whole numbers"),
    ):
        with pytest.raises(LabelError, match=message):
            fit(cube, labels, recipe=SMALL)
        with pytest.raises(LabelError, match=message):
            model.predict(cube, labels=labels)


def test_of_a_complex_cube_the_magnitude_is_used_and_that_is_reported() -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 3)
    turned = HyperCube.from_array(cube.read().astype(np.complex64) * 1j)
    text = "^The values are complex; their magnitudes are used\\.$"
    expected = fit(cube, training, UNREFINED, recipe=SMALL)
    with pytest.warns(UserWarning, match=text):
        model = fit(turned, training, UNREFINED, recipe=SMALL)
    found = model.predict(turned)  # the scene it was trained on: no more need be said
    assert np.array_equal(found.class_map, expected.predict(cube).class_map)
    with pytest.warns(UserWarning, match=text):
        other = expected.predict(turned)
    assert np.array_equal(other.class_map, found.class_map)

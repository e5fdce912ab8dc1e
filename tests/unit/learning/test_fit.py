"""fit and predict on a small made scene."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.accuracy import score
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.core.sampling import draw_per_class
from hsi_viewer.core.training import EpochReport
from hsi_viewer.learning.checkpoint import load_model
from hsi_viewer.learning.trainer import fit
from tests.unit.learning.made import SMALL, Recorder, made_scene


def test_a_scene_is_learned_and_early_maps_come_first() -> None:
    cube, truth = made_scene()
    training, test = draw_per_class(truth, 4)
    recorder = Recorder()
    model = fit(cube, training, port=recorder)
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
    model = fit(cube, training, recipe=SMALL)
    files = model.save(tmp_path / "m")
    assert all(f.is_file() for f in files)
    again = load_model(tmp_path / "m")
    assert again.legend == model.legend
    assert np.array_equal(again.predict(cube).class_map, model.predict(cube).class_map)

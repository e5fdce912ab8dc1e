"""Parts that are computed side by side: the same results, in order, with as few waiting."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.learning import scene_features, side_by_side
from hsi_viewer.learning.side_by_side import each_part
from hsi_viewer.learning.trainer import fit
from tests.unit.learning.made import SMALL, Recorder, made_scene


@pytest.fixture(params=[1, 2, 5])
def threads(request, monkeypatch) -> int:
    monkeypatch.setattr(side_by_side, "THREADS", request.param)
    return request.param


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_results_come_in_the_order_of_the_parts(threads, count):
    assert list(side_by_side.side_by_side(lambda n: n * n, range(count))) == [
        n * n for n in range(count)
    ]


def test_as_many_are_under_way_as_there_are_threads(monkeypatch):
    monkeypatch.setattr(side_by_side, "THREADS", 3)
    together, begun = threading.Barrier(3, timeout=60), []

    def work(n: int) -> int:
        begun.append(n)
        if n < 3:
            together.wait()  # passes only if three are under way at once
        return n

    results = side_by_side.side_by_side(work, range(10))
    assert next(results) == 0
    results.close()
    assert len(begun) < 10  # nothing is begun for those who no longer ask
    assert set(begun) >= {0, 1, 2}


def test_an_error_ends_it_and_nothing_goes_on(threads):
    begun = []

    def work(n: int) -> None:
        begun.append(n)
        if n == 3:
            raise ValueError("the fourth")

    with pytest.raises(ValueError, match="the fourth"):
        list(side_by_side.side_by_side(work, range(100)))
    assert len(begun) < 100
    assert not [t for t in threading.enumerate() if t.name.startswith("parts")]


def test_what_is_done_is_told_as_a_share(threads):
    port = Recorder()
    each_part(lambda _part: None, ["a", "b", "c", "d"], "Looking", port)
    told = [(item.message, item.fraction) for item in port.items]
    assert told == [("Looking", share) for share in (0.25, 0.5, 0.75, 1.0)]


@pytest.fixture
def cut_small(monkeypatch) -> None:
    """Scenes in tiles of 20 pixels."""
    for cut in (scene_features.tiles, scene_features.tiles_inside):
        monkeypatch.setattr(cut, "__defaults__", (20,))


@pytest.mark.parametrize("kept", [True, False])
def test_the_map_does_not_depend_on_how_many_threads_there_are(monkeypatch, cut_small, kept):
    """Bit for bit, of features that are kept, and of those that are computed window by window."""
    monkeypatch.setattr(scene_features, "KEEP_BYTES", 10**9 if kept else 0)
    cube, truth = made_scene(50, 47)
    labels, _ = draw_per_class(truth, 4)
    maps = []
    for count in (1, 4):
        monkeypatch.setattr(side_by_side, "THREADS", count)
        model = fit(cube, labels, recipe=SMALL)
        assert model.scenes[0].is_kept == kept
        maps.append(model.predict(cube, labels=labels))
    one, four = maps
    np.testing.assert_array_equal(one.probabilities, four.probabilities)
    np.testing.assert_array_equal(one.outside, four.outside)


def test_a_map_that_is_cancelled_ends_between_two_parts(monkeypatch, cut_small, threads):
    cube, truth = made_scene(50, 47)
    labels, _ = draw_per_class(truth, 4)
    model = fit(cube, labels, recipe=SMALL)
    token = CancelToken()
    port = Recorder(token, cancel_at=2)
    with pytest.raises(TaskCancelledError):
        model.predict(cube, token=token, port=port)
    assert not [t for t in threading.enumerate() if t.name.startswith("parts")]

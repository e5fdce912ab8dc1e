"""Windows around labels: inside the scene, few, and with room around each label they are for."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hsi_viewer.learning import held_out_maps
from hsi_viewer.learning.label_windows import MARGIN, MOST, SIDE, label_windows


@pytest.mark.parametrize("shape", [(1500, 900), (2000, 40), (20, 3000)])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_labels_have_room_around_them_but_at_the_edge_of_the_scene(shape, count):
    rng = np.random.default_rng(count)
    positions = np.stack([rng.integers(0, n, count) for n in shape], axis=1)
    found = label_windows(positions, shape)
    assert 1 <= len(found) <= MOST
    for window, inside in found:
        assert inside.size
        for axis, (span, size) in enumerate(zip(window, shape, strict=True)):
            assert 0 <= span.start < span.stop <= size
            assert span.stop - span.start == min(SIDE, size)
            at = positions[inside, axis]
            assert (at >= (span.start + MARGIN if span.start else 0)).all()
            assert (at < (span.stop - MARGIN if span.stop < size else size)).all()
    indices = np.concatenate([inside for _, inside in found])
    assert len(set(indices)) == indices.size


def test_windows_lie_far_from_each_other():
    near = np.argwhere(np.ones((20, 20))) + 100
    positions = np.concatenate([near, [[1400, 1400], [100, 1400]]])
    windows = label_windows(positions, (1500, 1500))
    assert [inside.size for _, inside in windows] == [400, 1, 1]
    assert label_windows(positions[:0], (1500, 1500)) == []


class Places:
    """A scene of which only places are looked at: guides and answers name their pixels."""

    cube = SimpleNamespace(rows=700, columns=300)

    def guide_at(self, rows, columns, guides):
        numbers = np.arange(700 * 300).reshape(700, 300)[rows, columns]
        return numbers, np.ones(numbers.shape, bool)

    def mapped(self, window):
        rows, columns = np.mgrid[window]
        return np.stack([rows, columns], axis=2).astype(np.float32)


def test_in_each_window_of_a_large_scene_labels_seed_their_own_places(monkeypatch):
    scene, seeded = Places(), set()
    pixels = np.array([610 * 300 + 40, 612 * 300 + 200, 30 * 300 + 250, 30 * 300 + 251, 0])
    targets, test = np.array([0, 1, 1, 0, 1]), np.array([True, False, True, False, False])

    def walk(said, guide, valid, seeds, walker, token):
        seeded.update((int(guide[r, c]), int(seeds[r, c])) for r, c in np.argwhere(seeds >= 0))
        return said

    monkeypatch.setattr(held_out_maps, "walk", walk)
    walkers = [SimpleNamespace(guides=3)] * 2
    found = held_out_maps.refined_answers(scene, scene.mapped, pixels, targets, test, walkers)
    assert found.shape == (2, 5, 2)
    assert np.isnan(found[:, ~test]).all()
    for answers in found[:, test]:
        assert answers.tolist() == [[610, 40], [30, 250]]
    assert seeded == {(30 * 300 + 251, 0)}

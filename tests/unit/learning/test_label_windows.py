"""Windows around labels: inside the scene, few, and with room around each label they are for."""

from __future__ import annotations

import numpy as np
import pytest

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

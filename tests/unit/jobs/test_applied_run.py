"""Maps of `apply`, read again: of a whole scene or of a part."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.jobs.applied_run import laid_in


def made(rows: int, columns: int) -> Prediction:
    ids = np.arange(rows * columns, dtype=np.uint16).reshape(rows, columns) % 3
    return Prediction(ids, np.where(ids > 0, 0.8, 0).astype(np.float32), (1, 2))


def test_a_map_of_a_part_lies_where_the_part_is():
    small = made(2, 3)
    whole = laid_in(small, (5, 7), (1, 2, 3, 5))
    assert whole.class_map.shape == whole.confidence.shape == (5, 7)
    np.testing.assert_array_equal(whole.class_map[1:3, 2:5], small.class_map)
    np.testing.assert_array_equal(whole.confidence[1:3, 2:5], small.confidence)
    assert np.count_nonzero(whole.class_map) == np.count_nonzero(small.class_map)
    assert laid_in(small, (2, 3), None) is small


@pytest.mark.parametrize(
    ("shape", "part"), [((5, 7), None), ((5, 7), (0, 0, 2, 2)), ((5, 7), (4, 4, 6, 7))]
)
def test_a_map_of_another_size_is_refused(shape, part):
    with pytest.raises(FormatError, match=r"The map is of 2 x 3 pixels.* 5 x 7"):
        laid_in(made(2, 3), shape, part)

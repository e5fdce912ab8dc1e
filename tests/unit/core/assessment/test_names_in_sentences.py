"""Names of classes in sentences, and bands of scenes that are too small to judge them."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.assessment.assessment import named
from hsi_viewer.core.cube.band_selection import initial_bands
from hsi_viewer.core.cube.cube import HyperCube


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "c1"),
        (2, "c1 and c2"),
        (3, "c1, c2 and c3"),
        (8, "c1, c2, c3, c4, c5, c6, c7 and c8"),
        (9, "c1, c2, c3, c4, c5, c6, c7 and 2 more classes"),
        (20, "c1, c2, c3, c4, c5, c6, c7 and 13 more classes"),
    ],
)
def test_of_many_classes_the_first_are_named(count, text):
    assert named(np.arange(1, count + 1), lambda i: f"c{i}") == text


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 300])
@pytest.mark.parametrize("bands", [1, 2, 3, 4, 5, 20])
def test_of_few_pixels_or_bands_some_bands_are_shown(columns, bands):
    """Noise in the upper half is passed over where it can be known."""
    rng = np.random.default_rng(0)
    smooth = np.broadcast_to(np.linspace(1, 2, columns)[:, None], (9, columns, bands)).copy()
    smooth[:, :, bands // 2 :] = rng.uniform(1, 2, (9, columns, bands - bands // 2))
    red, green, blue = initial_bands(HyperCube.from_array(smooth))
    assert bands > red >= green >= blue >= 0
    if columns == 300 and bands == 20:
        assert red < 10
    if columns < 4 or bands < 5:
        spread = [round(share * (bands - 1)) for share in (0.85, 0.5, 0.15)]
        assert [red, green, blue] == spread

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.path import Path

from hsi_viewer.core.display.highlight import BelowRaster, MaskRaster
from hsi_viewer.core.display.scatter_density import density, inside
from hsi_viewer.core.labels.selection import Selection


def test_density_counts_every_pair_once():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=500), rng.normal(size=500)
    x[3] = np.nan
    found = density(x, y, 16)
    kept = np.delete(np.arange(500), 3)
    expected, _, _ = np.histogram2d(x[kept], y[kept], bins=16)
    np.testing.assert_array_equal(found.counts, expected.T)
    assert found.x == (x[kept].min(), x[kept].max())
    assert density(np.full(3, 2.0), np.full(3, 2.0)).counts.sum() == 3
    assert density(np.full(3, np.nan), np.ones(3)).counts.sum() == 0


def test_a_lasso_holds_what_matplotlib_says():
    rng = np.random.default_rng(2)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 40))
    corners = np.column_stack([np.cos(angles), np.sin(angles)]) * rng.uniform(0.3, 1, (40, 1))
    points = rng.uniform(-1.1, 1.1, (5000, 2))
    expected = Path(corners).contains_points(points)
    assert 500 < expected.sum() < 4500
    np.testing.assert_array_equal(inside(points[:, 0], points[:, 1], corners), expected)


def test_a_lasso_that_crosses_itself_is_even_odd_and_nan_is_outside():
    bow = np.array([[0.0, 0], [2, 2], [2, 0], [0, 2]])
    x, y = np.array([0.3, 1.7, 1.0, np.nan]), np.array([1.0, 1.0, 0.3, 1.0])
    assert inside(x, y, bow).tolist() == [True, True, False, False]
    assert not inside(x, y, bow[:2]).any()


def test_of_lassos_that_share_an_edge_each_point_is_in_one():
    """Left and lower edges are inside, right and upper ones are not."""
    x, y = (v.astype(float) for v in np.meshgrid(np.arange(-1, 9), np.arange(-1, 9)))
    corners = np.array([[0, 0], [6, 0], [6, 6], [0, 6]], float)
    square = inside(x, y, corners)
    np.testing.assert_array_equal(square, (x >= 0) & (x < 6) & (y >= 0) & (y < 6))
    middle = np.array([3.0, 2.0])
    parts = [inside(x, y, np.stack([a, b, middle])) for a, b in pairwise([*corners, corners[0]])]
    np.testing.assert_array_equal(np.sum(parts, axis=0), square)


def test_highlights_are_seen_however_thin_the_view():
    mask = np.zeros((7, 9), bool)
    mask[4, 5] = True
    raster = MaskRaster(mask, (1, 2, 3), 99)
    full = raster.rgba(slice(0, 7, 1), slice(0, 9, 1))
    assert (full[4, 5] == [1, 2, 3, 99]).all()
    assert np.count_nonzero(full[:, :, 3]) == 1
    thin = raster.rgba(slice(0, 7, 3), slice(3, 9, 4))
    assert thin.shape == (3, 2, 4)
    assert np.argwhere(thin[:, :, 3]).tolist() == [[1, 0]]


def test_values_below_a_threshold_are_coloured():
    values = np.array([[0.1, np.nan, 0.3], [0.2, 0.05, 0.9]], np.float32)
    raster = BelowRaster(values, np.float32(0.2), (9, 9, 9), 50)
    shown = raster.rgba(slice(0, 2, 1), slice(0, 3, 1))[:, :, 3] == 50
    assert shown.tolist() == [[True, False, False], [True, True, False]]
    assert raster.rgba(slice(0, 2, 1), slice(0, 3, 2)).shape == (2, 2, 4)


def test_a_selection_tells_of_changes_and_keeps_its_own_pixels():
    selection, received = Selection((3, 4)), []
    selection.select(np.ones((3, 4), bool), "All")
    assert not selection.mask.flags.writeable
    selection.clear()
    selection.changed.connect(lambda: received.append(len(selection)))
    mask = np.zeros((3, 4), bool)
    mask[1, 2] = mask[2, 0] = True
    selection.select(mask, "lasso")
    mask[:] = True
    assert selection.pixels.tolist() == [6, 8]
    selection.clear()
    selection.clear()
    assert received == [2, 0]
    assert selection.mask is None

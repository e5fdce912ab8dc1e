"""Many shapes are laid on a scene at once, with the same labels as one by one."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine

from hsi_viewer.core.errors import LabelError
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.shapes import Shapes, burn

ROWS, COLUMNS = 30, 40
NORTH_UP = (0.3, 0.0, 400_000.1, 0.0, -0.3, 5_000_000.7)
TURNED = (8.0, 3.0, 400_000.0, 2.0, -9.0, 5_000_000.0)
SOUTH_UP = (10.0, 0.0, 400_000.0, 0.0, 10.0, 5_000_000.0)


def scattered(transform) -> np.ndarray:
    """Points (n, 2) within pixels, on their edges and corners, and off the scene."""
    rng = np.random.default_rng(3)
    within = rng.uniform(-3, 43, (4000, 2))
    edges = np.stack(np.meshgrid(np.arange(-2, 43), np.arange(-2, 33)), axis=-1).reshape(-1, 2)
    sides = np.add(edges, (0.5, 0)), np.add(edges, (0, 0.5))
    places = np.concatenate((within, edges, *sides))
    rng.shuffle(places)
    a, b, c, d, e, f = transform
    return places @ np.array([[a, d], [b, e]]) + (c, f)


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("transform", [NORTH_UP, TURNED, SOUTH_UP])
def test_points_label_the_pixels_that_gdal_gives_them(transform, at_once):
    places = scattered(transform)
    points = shapely.points(places)
    if at_once > 1:
        whole = places[: len(places) // at_once * at_once].reshape(-1, at_once, 2)
        points = np.array([shapely.MultiPoint(some) for some in whole], object)
    ids = np.random.default_rng(4).integers(0, 7, len(points)).tolist()
    expected = np.zeros((ROWS, COLUMNS), np.uint16)
    shapes = [(point, i) for point, i in zip(points, ids, strict=True) if i]
    rasterize(shapes, out=expected, transform=Affine(*transform))
    found = burn(Shapes("points", list(points), ids), Grid(ROWS, COLUMNS, transform))
    np.testing.assert_array_equal(found.ids, expected)
    assert (expected > 0).mean() > 0.9


def test_of_points_in_one_pixel_the_last_counts():
    points = list(shapely.points([(1.2, 1.2), (1.8, 1.4), (1.5, 1.5), (3.5, 0.5)]))
    for ids in ([1, 2, 3, 4], [3, 1, 2, 4], [2, 3, 0, 4]):
        found = burn(Shapes("points", points, ids, in_pixels=True), Grid(3, 5))
        assert (found.ids[1, 1], found.ids[0, 3]) == (ids[2] or ids[1], 4)
        assert np.count_nonzero(found.ids) == 2


def test_shapes_that_lie_over_one_another_keep_their_order():
    small = [shapely.box(x + 0.1, 0.1, x + 0.3, 0.3) for x in range(4)]
    large = shapely.box(0, 0, 2, 2)
    found = burn(
        Shapes("mixed", [small[0], large, small[1], small[3]], [1, 2, 3, 4], in_pixels=True),
        Grid(3, 5),
    )
    np.testing.assert_array_equal(found.ids, [[2, 3, 0, 4, 0], [2, 2, 0, 0, 0], [0] * 5])
    assert any(note.startswith("3 polygons smaller than about a pixel") for note in found.notes)


def test_points_on_a_grid_without_area_lie_nowhere():
    with pytest.raises(LabelError, match="none of the 1 shapes"):
        burn(Shapes("a", [shapely.Point(1, 1)], [1]), Grid(3, 5, (0.0, 0, 0, 0, 0.0, 0)))


@pytest.mark.parametrize(
    ("count", "small", "unnamed"),
    [
        (1, "1 polygon smaller than about a pixel labels the pixel that contains it.", "1 shape"),
        (
            2,
            "2 polygons smaller than about a pixel label the pixel that contains them.",
            "2 shapes",
        ),
    ],
)
def test_one_shape_and_several_are_told_in_words(count, small, unnamed):
    tiny = [shapely.box(x + 0.1, 0.1, x + 0.3, 0.3) for x in range(count)]
    none = [shapely.box(0, 1, 1, 2)] * count
    given = Shapes("s", [*tiny, *none], [3] * count + [0] * count, in_pixels=True)
    assert burn(given, Grid(3, 5)).notes == (
        f"Left out: {unnamed} of class 0, which is unlabelled.",
        small,
    )

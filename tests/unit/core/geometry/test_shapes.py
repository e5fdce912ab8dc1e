"""Shapes cover the pixels whose centres lie inside: no more, no fewer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.geometry import shapes

SHAPE = (11, 13)
pixels = st.tuples(st.integers(-4, 14), st.integers(-4, 17))
points = st.tuples(
    st.integers(-12, 56).map(lambda n: n / 4), st.integers(-12, 64).map(lambda n: n / 4)
)


def mask(found) -> np.ndarray:
    assert (np.diff(found) > 0).all()
    out = np.zeros(SHAPE, bool)
    out.flat[found] = True
    return out


def winding(vertices, row, column) -> int:
    """Turns of the polygon about a point, by signed crossings of the ray to the left."""
    turns = 0
    for (r0, c0), (r1, c1) in zip(vertices, [*vertices[1:], vertices[0]], strict=True):
        if (r0 <= row) != (r1 <= row):
            (ru, cu), (rl, cl) = sorted([(r0, c0), (r1, c1)])
            if cu + (row - ru) / (rl - ru) * (cl - cu) <= column:
                turns += 1 if r0 < r1 else -1
    return turns


@given(pixels, pixels)
def test_a_rectangle_holds_both_corners_and_what_lies_between(a, b):
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    expected = (rows >= min(a[0], b[0])) & (rows <= max(a[0], b[0]))
    expected &= (columns >= min(a[1], b[1])) & (columns <= max(a[1], b[1]))
    np.testing.assert_array_equal(mask(shapes.rectangle(a, b, SHAPE)), expected)


@given(pixels, pixels)
def test_an_ellipse_holds_the_centres_inside_it(a, b):
    top, left, bottom, right = shapes.corner_box(a, b)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    r = (2 * rows + 1 - top - bottom) ** 2 * (right - left) ** 2
    c = (2 * columns + 1 - left - right) ** 2 * (bottom - top) ** 2
    limit = (bottom - top) ** 2 * (right - left) ** 2
    found = mask(shapes.ellipse(a, b, SHAPE))
    np.testing.assert_array_equal(found[r + c != limit], (r + c < limit)[r + c != limit])


@settings(max_examples=50)
@given(st.lists(points, min_size=3, max_size=9))
def test_a_polygon_holds_the_centres_with_a_winding_number(vertices):
    found = mask(shapes.polygon(vertices, SHAPE))
    expected = [
        [winding(vertices, r + 0.5, c + 0.5) != 0 for c in range(SHAPE[1])] for r in range(SHAPE[0])
    ]
    np.testing.assert_array_equal(found, expected)


@given(points, points, points, points)
def test_triangles_that_share_an_edge_share_no_pixel_and_leave_none_out(a, b, c, d):
    def side(p):
        return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])

    one, other = mask(shapes.polygon([a, b, c], SHAPE)), mask(shapes.polygon([b, a, d], SHAPE))
    if side(c) * side(d) < 0:
        assert not (one & other).any()
        both = mask(shapes.polygon([a, d, b, c], SHAPE))
        np.testing.assert_array_equal(one | other, both)


def test_a_polygon_of_fewer_than_three_vertices_is_empty():
    assert shapes.polygon([(1, 1), (5, 5)], SHAPE).size == 0
    assert shapes.polygon([(90, 90), (95, 90), (95, 99)], SHAPE).size == 0


@settings(max_examples=30)
@given(pixels, pixels, st.sampled_from([1, 3, 5]))
def test_a_square_brush_covers_what_its_way_passes(a, b, size):
    found = mask(shapes.square_path(a, b, size, SHAPE))
    steps = np.linspace(0, 1, 801)[:, None] * (np.array(b) - a) + a
    for r, c in np.argwhere(~found):
        reach = np.abs(steps - (r, c)).max(axis=1).min()
        assert reach >= size / 2 - 1e-6
    for r, c in np.argwhere(found):
        reach = np.abs(steps - (r, c)).max(axis=1).min()
        assert reach <= size / 2 + 0.05


def test_a_square_brush_at_rest_and_along_a_diagonal():
    assert shapes.square_path((5, 5), (5, 5), 3, SHAPE).size == 9
    diagonal = mask(shapes.square_path((2, 2), (9, 9), 1, SHAPE))
    np.testing.assert_array_equal(np.argwhere(diagonal), [[i, i] for i in range(2, 10)])


@given(points, points)
def test_a_straightened_line_keeps_to_eighths_of_a_turn(a, b):
    end = shapes.straightened(a, b)
    rows, columns = end[0] - a[0], end[1] - a[1]
    assert min(abs(rows), abs(columns), abs(abs(rows) - abs(columns))) < 1e-9
    assert math.hypot(rows, columns) <= math.dist(a, b) + 1e-9


@given(pixels, pixels)
def test_a_squared_corner_makes_equal_sides(a, b):
    corner = shapes.squared(a, b)
    assert abs(corner[0] - a[0]) == abs(corner[1] - a[1])
    assert max(abs(corner[0] - a[0]), abs(corner[1] - a[1])) == max(
        abs(b[0] - a[0]), abs(b[1] - a[1])
    )


@given(st.integers(0, 2**30 - 1))
def test_edges_of_a_mask_part_what_is_in_from_what_is_not(bits):
    inside = np.array([(bits >> i) & 1 for i in range(30)], bool).reshape(5, 6)
    x, y = shapes.mask_edges(inside)
    drawn = sorted(zip(x[::2], y[::2], x[1::2], y[1::2], strict=True))
    expected, padded = [], np.pad(inside, 1)
    for r in range(6):
        for c in range(7):
            if padded[r, c + 1] != padded[r + 1, c + 1] and c < 6:
                expected.append((c, r, c + 1, r))
            if padded[r + 1, c] != padded[r + 1, c + 1] and r < 5:
                expected.append((c, r, c, r + 1))
    assert drawn == sorted(expected)


def test_smoothing_rounds_a_corner_and_keeps_the_middle():
    square = [(1.0, 1.0), (1.0, 10.0), (10.0, 10.0), (10.0, 1.0)]
    rough, round_ = (
        mask(shapes.polygon(square, SHAPE)),
        mask(shapes.polygon(shapes.smoothed(square), SHAPE)),
    )
    assert rough[1, 1]
    assert not round_[1, 1]
    assert round_[5, 1]
    assert not (round_ & ~rough).any()
    for line in ([(0.0, 0.0), (0.5, 0.5)], [(0.0, 0.0), (9.0, 5.0)]):  # no area to round
        assert shapes.smoothed(line) == line


@pytest.mark.parametrize("name", ["rectangle", "ellipse"])
def test_a_shape_outside_the_scene_touches_nothing(name):
    assert getattr(shapes, name)((-9, -9), (-2, 40), SHAPE).size == 0


@pytest.mark.parametrize("end", [(3, 11), (9, 2), (-4, 5), (3, 2)])
def test_the_outline_of_a_stroke_lies_half_its_width_from_the_line(end):
    start, width = (3, 2), 4.0
    a, b = np.array(start) + 0.5, np.array(end) + 0.5
    points = shapes.capsule_outline(start, end, width)
    along = np.clip((points - a) @ (b - a) / max((b - a) @ (b - a), 1e-9), 0, 1)
    reach = np.linalg.norm(points - (a + along[:, None] * (b - a)), axis=1)
    np.testing.assert_allclose(reach, width / 2, atol=1e-9)
    for middle, away in ((b, b - a), (a, a - b)):  # half a circle about either end
        far = middle + width / 2 * away / max(np.linalg.norm(away), 1e-9)
        assert (not away.any()) or np.abs(points - far).sum(axis=1).min() < 1e-9
    y, x = points.T  # once around, without crossing itself: of the area that it should have
    area = abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    assert area == pytest.approx(width * np.linalg.norm(b - a) + math.pi * 4, rel=0.02)


def test_outlines_lie_on_the_box_and_on_the_ellipse_in_it():
    assert shapes.box_outline((1, 2, 4, 8)).tolist() == [[1, 2], [1, 8], [4, 8], [4, 2]]
    points = shapes.ellipse_outline((1, 7), (3, 2), points=8)  # the box from 1, 2 to 4, 8
    rows, columns = (points[:, 0] - 2.5) / 1.5, (points[:, 1] - 5) / 3
    np.testing.assert_allclose(rows**2 + columns**2, 1)
    assert len(np.unique(points.round(9), axis=0)) == 8

"""The brush: every pixel that its definition names, and no other."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.geometry.brush import disc_outline, disc_path

SHAPE = (17, 19)
pixels = st.tuples(st.integers(-5, 22), st.integers(-5, 24))
inside = st.tuples(st.integers(0, 16), st.integers(0, 18))


def distance2(pixel, start, end) -> Fraction:
    """Squared distance of a pixel from a segment, exactly."""
    along = (end[0] - start[0], end[1] - start[1])
    offset = (pixel[0] - start[0], pixel[1] - start[1])
    length2 = along[0] ** 2 + along[1] ** 2
    t = Fraction(0)
    if length2:
        t = Fraction(offset[0] * along[0] + offset[1] * along[1], length2)
        t = min(max(t, Fraction(0)), Fraction(1))
    return (offset[0] - t * along[0]) ** 2 + (offset[1] - t * along[1]) ** 2


@given(pixels, pixels, st.integers(1, 9))
def test_disc_path_against_its_definition(start, end, diameter):
    found = set(disc_path(start, end, diameter, SHAPE).tolist())
    for index in range(SHAPE[0] * SHAPE[1]):
        gap = distance2(divmod(index, SHAPE[1]), start, end) - Fraction(diameter**2, 4)
        if abs(gap) > 1e-9:  # exactly on the rim, rounding decides
            assert (index in found) == (gap < 0)


@given(pixels, pixels, st.integers(1, 9))
def test_indices_ascend(start, end, diameter):
    assert (np.diff(disc_path(start, end, diameter, SHAPE)) > 0).all()


@given(inside, inside)
def test_the_thinnest_line_is_unbroken(start, end):
    left = {divmod(i, SHAPE[1]) for i in disc_path(start, end, 1, SHAPE).tolist()}
    assert {start, end} <= left
    reached = [start]
    left.remove(start)
    for row, column in reached:
        near = {p for p in left if max(abs(p[0] - row), abs(p[1] - column)) == 1}
        reached += near
        left -= near
    assert not left


@pytest.mark.parametrize(
    ("diameter", "count"), [(1, 1), (2, 5), (3, 9), (4, 13), (5, 21), (7, 37), (21, 349)]
)
def test_the_number_of_pixels_of_a_disc(diameter, count):
    assert disc_path((30, 30), (30, 30), diameter, (60, 60)).size == count


def test_a_brush_outside_touches_nothing():
    assert disc_path((-9, 3), (-4, 8), 5, SHAPE).size == 0
    assert disc_path((3, 40), (8, 30), 5, SHAPE).size == 0


@pytest.mark.parametrize("diameter", [1, 2, 3, 6, 11])
def test_the_outline_bounds_the_disc_and_nothing_else(diameter):
    size, centre = 15, 7
    x, y = disc_outline(diameter)
    drawn = {frozenset(zip(x[i : i + 2], y[i : i + 2], strict=True)) for i in range(0, x.size, 2)}
    covered = np.zeros((size, size), bool)
    covered.flat[disc_path((centre, centre), (centre, centre), diameter, covered.shape)] = True
    expected = set()
    for r, c in np.argwhere(covered) - centre:
        for dr, dc, ends in (
            (-1, 0, ((c, r), (c + 1, r))),
            (1, 0, ((c, r + 1), (c + 1, r + 1))),
            (0, -1, ((c, r), (c, r + 1))),
            (0, 1, ((c + 1, r), (c + 1, r + 1))),
        ):
            if not covered[centre + r + dr, centre + c + dc]:
                expected.add(frozenset(ends))
    assert drawn == expected
    assert x.size == 2 * len(drawn)

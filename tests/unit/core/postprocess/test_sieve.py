"""Which class small regions go to, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.postprocess.sieve import sieved


def sieved_rows(*rows: str, minimum: float = 2, **options) -> list[str]:
    """A map of one digit a pixel, after the sieve."""
    ids = np.array([[int(c) for c in row] for row in rows], np.uint16)
    return ["".join(map(str, row)) for row in sieved(ids, minimum, **options).tolist()]


@pytest.mark.parametrize(("corners", "right"), [(True, "002277777"), (False, "007777777")])
def test_what_a_region_touches_at_corners_becomes_one_with_it(corners, right):
    """The 9 goes to the twos above it; with corners, those below are of the same region then."""
    rows = ("220000000", "090000000", "002277777")
    found = sieved_rows(*rows, minimum=5, corners=corners)
    assert found == ["220000000", "020000000", right]


@pytest.mark.parametrize("corners", [True, False])
def test_a_corner_alone_is_no_border(corners):
    assert sieved_rows("110", "002", corners=corners) == ["110", "002"]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (("131", "111"), ["111", "111"]),
        (("1133", "1922", "1122"), ["1133", "1122", "1122"]),  # two sides to 1, one to 3 and 2
        (("11222", "10900", "44444"), ["11222", "10400", "44444"]),  # the larger region
        (("1119222",), ["1111222"]),  # the lower id
        (("0900", "0022"), ["0900", "0022"]),  # between pixels without data
    ],
)
def test_a_small_region_goes_to_the_class_of_its_longest_border(rows, found):
    assert sieved_rows(*rows) == found


def test_a_minimum_is_in_pixels_or_in_the_size_of_each_row():
    rows = ("1122", "1322", "1122")
    assert sieved_rows(*rows, minimum=1) == list(rows)
    assert sieved_rows(*rows, minimum=2)[1] == "1122"
    size = np.array([1.0, 20.0, 1.0])
    assert sieved_rows(*rows, minimum=20, pixel_size=size) == list(rows)
    assert sieved_rows(*rows, minimum=20.1, pixel_size=size)[1] == "1122"

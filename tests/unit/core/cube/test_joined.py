"""Several scenes as one: every window holds what the scenes hold there, and nothing between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.joined import GAP, joined, joined_labels, parts_of
from hsi_viewer.core.errors import FormatError

FIRST = np.arange(1, 25, dtype=np.int16).reshape(2, 4, 3)
SECOND = np.arange(101, 119, dtype=np.int16).reshape(3, 2, 3)


def scenes(**fields) -> tuple[HyperCube, HyperCube]:
    """Of 2 x 4 and of 3 x 2 pixels; the second stores hundredths and has a pixel without data."""
    first = HyperCube.from_array(FIRST, **fields)
    return first, HyperCube.from_array(SECOND, nodata=103, scale=0.01)


def whole() -> np.ndarray:
    """The values of both, by hand."""
    out = np.full((2 + GAP + 3, 4, 3), np.nan, np.float32)
    out[:2] = FIRST
    out[2 + GAP :, :2] = np.where(SECOND == 103, np.nan, SECOND * np.float32(0.01))
    return out


def test_scenes_lie_one_below_the_other_in_physical_values():
    cube = joined(scenes(), "two")
    assert (cube.rows, cube.columns, cube.bands) == (5 + GAP, 4, 3)
    assert (cube.name, cube.dtype, cube.joined_at) == ("two", np.dtype(np.float32), (0, 2 + GAP))
    np.testing.assert_allclose(cube.read(), whole(), rtol=1e-6)
    assert not cube.fill_values


@pytest.mark.parametrize(
    ("rows", "columns", "bands"),
    [
        (slice(0, 2, 1), slice(0, 4, 1), [1]),
        (slice(1, 2, 1), slice(1, 4, 2), [0, 2]),
        (slice(0, 5 + GAP, 2), slice(0, 4, 3), [2]),
        (slice(1, 5 + GAP, 33), slice(1, 4, 1), None),
        (slice(1, 4 + GAP, GAP + 1), slice(0, 1, 1), None),
        (slice(3 + GAP, 5 + GAP, 1), slice(2, 4, 1), [0]),
        (slice(2, 2 + GAP, 1), slice(0, 4, 1), [0]),
    ],
)
def test_a_window_is_a_part_of_the_whole(rows, columns, bands):
    chosen = None if bands is None else np.array(bands)
    found = joined(scenes(), "two").source.read(rows, columns, chosen)
    expected = whole()[rows, columns]
    np.testing.assert_allclose(found, expected if bands is None else expected[:, :, bands])


def test_only_bands_that_are_good_in_all_scenes_are_good():
    first, second = scenes(
        wavelengths=[500.0, 600.0, 700.0],
        fwhm=np.array([9.0, 8.0, 7.0]),
        good_bands=np.array([True, False, True]),
    )
    cube = joined((first, replace(second, good_bands=np.array([True, True, False]))), "two")
    assert cube.good_bands.tolist() == [True, False, False]
    assert cube.wavelengths.tolist() == [500, 600, 700]
    assert cube.fwhm.tolist() == [9, 8, 7]


def test_regions_of_interest_stay_where_they_are_and_a_scene_without_one_is_inside():
    first, second = scenes()
    assert joined((first, second), "two").inside is None
    inside = np.array([[0, 0], [1, 0], [0, 1]], bool)
    cube = joined((first, replace(second, inside=inside)), "two")
    assert cube.inside[:2].all()
    assert not cube.inside[2 : 2 + GAP].any()
    assert cube.inside[2 + GAP :].tolist() == [[*row, False, False] for row in inside.tolist()]


def test_one_scene_alone_is_not_joined_to_anything():
    assert joined(scenes()[:1], "one").joined_at == ()


def test_scenes_of_other_bands_and_none_at_all_are_refused():
    with pytest.raises(FormatError, match="some: scenes that are joined must have the same bands"):
        joined((scenes()[0], HyperCube.from_array(SECOND[:, :, :2])), "some")
    with pytest.raises(FormatError, match="the same bands"):
        joined((), "none")


def test_labels_lie_where_their_scenes_do():
    labels = np.arange(1, 7, dtype=np.uint16)
    found = joined_labels([labels[:2].reshape(1, 2), labels[:3].reshape(1, 3), labels[2:, None]])
    assert found.shape == (2 * GAP + 6, 3)
    assert np.argwhere(found).tolist() == [
        *([0, c] for c in range(2)),
        *([1 + GAP, c] for c in range(3)),
        *([2 + 2 * GAP + r, 0] for r in range(4)),
    ]
    assert found[found > 0].tolist() == [1, 2, 1, 2, 3, 3, 4, 5, 6]


def test_joined_labels_are_parted_again_as_they_were():
    labels = [
        np.full((2, 4), 3, np.uint16),
        np.full((3, 2), 8, np.uint16),
        np.eye(2, dtype=np.uint16),
    ]
    parts = parts_of(joined_labels(labels), labels)
    assert [part.tolist() for part in parts] == [each.tolist() for each in labels]

"""What a click of the wand selects, and which superpixel a pixel is in."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.spectra.spectral_window import (
    Segments,
    SpectralWindow,
    fit_basis,
    flood_selected,
)

FAR = np.array([[0.0, 0.5, 9.0], [9.0, 9.0, 0.5], [0.4, 9.0, np.inf]], np.float32)


def test_pixels_are_selected_up_to_the_tolerance_and_connected_by_their_sides():
    near = [[True, True, False], [False, False, True], [True, False, False]]
    assert flood_selected(FAR, (0, 0), 0.5, connected=False).tolist() == near
    found = flood_selected(FAR, (0, 0), 0.5, connected=True)  # not over the corner
    assert np.argwhere(found).tolist() == [[0, 0], [0, 1]]
    assert flood_selected(FAR, (0, 0), 0.4, connected=False).sum() == 2


@pytest.mark.parametrize("pixel", [(2, 3), (3, 5), (1, 3), (4, 3), (2, 2), (2, 6)])
def test_a_box_ends_before_its_bottom_and_right(pixel):
    box, nothing = (2, 3, 4, 6), np.zeros((2, 3, 1), np.float32)
    window = SpectralWindow(box, nothing, nothing, np.ones((2, 3), bool))
    segments = Segments(box, np.array([[0, 0, 1], [2, 1, 1]]))
    assert window.holds(pixel) is segments.holds(pixel) is (pixel in {(2, 3), (3, 5)})


def test_superpixels_know_their_pixels_in_the_scene():
    segments = Segments((2, 3, 4, 6), np.array([[0, 0, 1], [2, 1, 1]]))
    assert len(segments) == 3
    assert [segments.pixels(n, 10).tolist() for n in range(3)] == [[23, 24], [25, 34, 35], [33]]
    assert [segments.number_at(p) for p in ((2, 3), (3, 3), (3, 5))] == [0, 2, 1]


def test_distances_are_angles_or_in_units_of_the_spread():
    sample = np.array([[1.0, 0.0], [3.0, 0.0], [1.0, 4.0], [3.0, 4.0]])
    basis = fit_basis(sample, np.arange(2))
    scores, directions = basis.reduced(np.array([[[2.0, 0.0], [2.0, 2.0], [0.0, 0.0]]]))
    valid = np.array([[True, True, False]])
    window = SpectralWindow((5, 7, 6, 10), scores, directions, valid)
    angles = window.spectral_distance((5, 7), "angle")
    assert angles[0] == pytest.approx([0, np.pi / 4, np.inf], abs=1e-6)
    distances = window.spectral_distance((5, 8), "distance")
    assert distances[0] == pytest.approx([2 / np.sqrt(1 + 4), 0, np.inf], rel=1e-6)
    with pytest.raises(ValueError, match="too few pixels"):
        fit_basis(sample[:1], np.arange(2))
    alike = fit_basis(sample[[0, 0]], np.arange(2))  # no spread: distances are zero, not NaN
    assert not alike.reduced(sample[:1])[0].any()

"""The palette under simulated colour-vision deficiencies."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000

from hsi_viewer.core.labels.classes import PALETTE
from hsi_viewer.preferences.settings import Settings

OKABE_ITO = ("E69F00", "56B4E9", "009E73", "F0E442", "0072B2", "D55E00", "CC79A7")

# Machado, Oliveira & Fernandes 2009, IEEE Trans. Vis. Comput. Graph. 15, 1291-1298; severity 1.0,
# for linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ_OF_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def lab_seen(colours, vision: str) -> np.ndarray:
    """CIE L*a*b* (D65) of sRGB colours (n, 3) as a person with this vision sees them."""
    c = np.asarray(colours) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(VISIONS[vision]), 0, 1)
    t = linear @ XYZ_OF_RGB.T / XYZ_OF_RGB.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def smallest_distance(colours, vision: str) -> float:
    """Smallest CIE76 distance of two of the colours."""
    lab = lab_seen(colours, vision)
    distance = np.linalg.norm(lab[:, None] - lab, axis=2)
    return distance[np.triu_indices(len(lab), 1)].min()


def test_lab_of_known_colours():
    lab = lab_seen([(255, 255, 255), (0, 0, 0), (255, 0, 0)], "normal")
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]]
    np.testing.assert_allclose(lab, expected, atol=0.02)


@pytest.mark.parametrize(
    ("classes", "normal", "deficient"),
    [(16, 18.5, 12.5), (30, 18.5, 12.5), (40, 17, 11.8), (50, 14.5, 10.8)],
)
def test_every_two_colours_and_black_and_white_can_be_told_apart(classes, normal, deficient):
    colours = [*PALETTE[:classes], (0, 0, 0), (255, 255, 255)]
    for vision in VISIONS:
        assert smallest_distance(colours, vision) > (normal if vision == "normal" else deficient)


def test_there_are_fifty():
    assert len(set(PALETTE)) == len(PALETTE) == 50


@pytest.mark.parametrize("vision", VISIONS)
def test_the_first_seven_are_those_of_okabe_and_ito_and_lie_far_apart(vision):
    assert tuple("%02X%02X%02X" % c for c in PALETTE[:7]) == OKABE_ITO  # noqa: UP031
    assert smallest_distance(PALETTE[:7], vision) > 16


def smallest_difference(colours, vision: str) -> float:
    """Smallest CIEDE2000 difference of two of the colours; 2.3 or so is just noticed."""
    lab = lab_seen(colours, vision)
    difference = deltaE_ciede2000(lab[:, None], lab[None])
    return difference[np.triu_indices(len(lab), 1)].min()


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize(
    ("classes", "plain", "on_grey"), [(12, 8.7, 6.7), (16, 5, 4.5), (50, 3.7, 0.7)]
)
def test_maps_are_told_apart_over_the_grey_picture_too(vision, classes, plain, on_grey):
    """On a pixel of any grey, at the opacity that maps have at first."""
    colours, opacity = np.array(PALETTE[:classes]), Settings().map_opacity
    assert smallest_difference(colours, vision) > plain
    for grey in range(0, 256, 51):
        drawn = opacity * colours + (1 - opacity) * grey
        assert smallest_difference(drawn, vision) > on_grey


def test_further_colours_are_of_tols_schemes_and_then_of_a_grid_of_rgb():
    """Tol's bright, medium-contrast, muted, pale, light and dark schemes have steps of 17."""
    assert "%02X%02X%02X %02X%02X%02X" % (*PALETTE[7], *PALETTE[8]) == "663333 332288"  # noqa: UP031
    assert {value % 17 for colour in PALETTE[7:16] for value in colour} == {0}
    assert {value % 15 for colour in PALETTE[16:] for value in colour} == {0}

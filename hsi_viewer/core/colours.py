"""The colours of classes: fifty that can be told apart, also by the colour-blind."""

from __future__ import annotations

Colour = tuple[int, int, int]

# Okabe & Ito (2008), then those colours of Paul Tol's schemes (2021) that stay furthest from them,
# from each other and from black and white, which are left to the picture, for people with any
# of the common colour-vision deficiencies; from the 17th on, colours of a regular grid of RGB, each
# the furthest from all before it in the same sense. tests/unit/core/test_palette.py has the least
# distances (CIE76): 12.5 up to 30 classes, 10.8 at 50. By CIEDE2000 the least difference is 8.7 up
# to 12 classes, 5 at 16 and 3.7 at 50, and as a map over a pixel of the grey picture 6.7, 4.5 and
# 0.7: so many classes are told apart in maps that are drawn solid or as outlines only.
PALETTE: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (102, 51, 51),
    (51, 34, 136),
    (204, 221, 170),
    (170, 51, 119),
    (255, 170, 187),
    (153, 221, 255),
    (17, 119, 51),
    (153, 153, 51),
    (34, 85, 85),
    (150, 0, 255),
    (150, 120, 255),
    (60, 15, 75),
    (0, 255, 120),
    (165, 0, 0),
    (105, 45, 195),
    (135, 180, 105),
    (105, 0, 0),
    (210, 0, 180),
    (135, 45, 135),
    (210, 45, 60),
    (75, 0, 45),
    (120, 150, 240),
    (0, 0, 75),
    (180, 180, 210),
    (255, 90, 135),
    (0, 0, 210),
    (240, 255, 30),
    (75, 210, 90),
    (180, 255, 165),
    (135, 210, 60),
    (150, 75, 255),
    (210, 255, 105),
    (90, 105, 90),
    (60, 45, 75),
    (195, 225, 225),
    (180, 135, 195),
    (105, 180, 150),
    (15, 30, 15),
    (135, 105, 150),
    (90, 0, 105),
    (90, 150, 90),
    (210, 0, 0),
    (30, 0, 45),
)

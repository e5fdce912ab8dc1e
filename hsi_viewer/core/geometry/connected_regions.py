"""Areas: pixels that are connected — what a fill reaches, what a region is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.geometry.pixels import Box, Pixel
from hsi_viewer.core.geometry.shapes import Pixels, box_pixels, clipped

FIRST_REACH = 128
SIDES = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
CORNERS = np.ones((3, 3), bool)


def connected_area(
    ids: NDArray[Any], seed: Pixel, *, corners: bool = False, limit: int | None = None
) -> Pixels | None:
    """Pixels of the seed's value that are connected to it.

    A window around the seed grows until the area does not reach its rim, so that a small area
    costs the same in a large scene.

    Parameters
    ----------
    ids : (rows, columns).
    seed : a pixel of the scene.
    corners : whether pixels that touch only at a corner are connected.
    limit : largest window in pixels; None for all.

    Returns
    -------
    Flat indices, ascending; None if the area does not fit into the limit.
    """
    shape = (ids.shape[0], ids.shape[1])
    reach = FIRST_REACH
    while True:
        box = box_around(seed, reach, shape)
        if limit is not None and (box[2] - box[0]) * (box[3] - box[1]) > limit:
            return None
        found = area_within(ids[box[0] : box[2], box[1] : box[3]], box, shape, seed, corners)
        if found is not None:
            return found
        reach *= 3


def box_around(seed: Pixel, reach: int, shape: tuple[int, int]) -> Box:
    """The box of the scene that reaches so far from a pixel."""
    return clipped((seed[0] - reach, seed[1] - reach, seed[0] + reach, seed[1] + reach), shape)


def area_within(
    window: NDArray[Any], box: Box, shape: tuple[int, int], seed: Pixel, corners: bool = False
) -> Pixels | None:
    """The seed's area where a window of the scene holds all of it; None where it continues.

    Parameters
    ----------
    window : (rows, columns) of the box.
    shape : rows and columns of the scene.
    """
    at = seed[0] - box[0], seed[1] - box[1]
    area = component(window == window[at], at, corners=corners)
    goes_on = (
        (box[0] > 0 and area[0].any())
        or (box[2] < shape[0] and area[-1].any())
        or (box[1] > 0 and area[:, 0].any())
        or (box[3] < shape[1] and area[:, -1].any())
    )
    return None if goes_on else box_pixels(box, shape, area)


def component(mask: NDArray[np.bool_], seed: Pixel, *, corners: bool = False) -> NDArray[np.bool_]:
    """The part of a mask that is connected to a pixel; empty if the pixel is not in it."""
    from scipy.ndimage import label  # slow to import

    if not mask[seed]:
        return np.zeros_like(mask)
    parts, _ = label(mask, CORNERS if corners else SIDES)
    found: NDArray[np.bool_] = parts == parts[seed]
    return found


class Region(Struct, frozen=True):
    """Labelled pixels of one class that are connected, corners included.

    Attributes
    ----------
    pixels : how many.
    box : top, left, bottom, right.
    seed : one of its pixels.
    """

    class_id: int
    pixels: int
    box: Box
    seed: Pixel


def regions_of(ids: NDArray[np.uint16], class_ids: Iterable[int]) -> list[Region]:
    """All regions of some classes, the largest of each class first."""
    from scipy.ndimage import find_objects, label

    wanted = set(class_ids)
    regions: list[Region] = []
    boxes = find_objects(ids, max_label=max(wanted, default=0)) if wanted else []
    for class_id, extent in enumerate(boxes, start=1):
        if extent is None or class_id not in wanted:
            continue
        top, left = extent[0].start, extent[1].start
        parts, _ = label(ids[extent] == class_id, CORNERS)
        sizes = np.bincount(parts.ravel())
        found = []
        for n, part in enumerate(find_objects(parts), start=1):
            box = (
                part[0].start + top,
                part[1].start + left,
                part[0].stop + top,
                part[1].stop + left,
            )
            first = int(np.argmax(parts[part][0] == n))
            found.append(Region(class_id, int(sizes[n]), box, (box[0], box[1] + first)))
        regions += sorted(found, key=lambda r: -r.pixels)
    return regions

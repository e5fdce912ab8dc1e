"""Previews of labels of another size on the scene, in the ways in which they can be placed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.rasters import Raster
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.labels.classes import legend_for
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.ui.widgets.choice import Choice

SIDE = 170  # pixels of a preview, at most
PLACEMENTS: dict[Placement, str] = {
    "georeference": "Align by coordinates",
    "resample": "Stretch to fit",
    "crop": "Align at top left",
}
MEANINGS: dict[Placement, str] = {
    "georeference": "Each label is put where its map coordinates are.",
    "resample": "Right only if both show exactly the same area, at different resolutions.",
    "crop": "Right only if file and scene begin at the same corner, with pixels of the same size.",
}


def previews(
    source: str, cube: HyperCube, options: Sequence[Placement], image: Raster | None
) -> dict[Placement, NDArray[np.uint8]]:
    """Small pictures of the scene under the labels, (rows, columns, 3), by placement.

    What cannot be placed so has none. For a worker: the file is read once for each.

    Parameters
    ----------
    image : the picture of the scene, or None for a plain ground.
    """
    from hsi_viewer.io.regions.import_export import import_regions

    step = max(1, -(-max(cube.rows, cube.columns) // SIDE))
    rows, columns = slice(0, cube.rows, step), slice(0, cube.columns, step)
    height, width = (len(range(0, n, step)) for n in (cube.rows, cube.columns))
    ground = np.full((height, width, 3), 128.0)
    if image is not None:
        ground = image.rgba(rows, columns)[:, :, :3].mean(axis=2, keepdims=True).repeat(3, axis=2)
    found: dict[Placement, NDArray[np.uint8]] = {}
    for option in options:
        try:
            ids = import_regions(source, cube, option).ids[rows, columns]
        except HsiError:
            continue  # the choice itself will tell why
        present = np.flatnonzero(np.bincount(ids.ravel()))
        colours = legend_for(present.tolist()).colour_table()[ids]
        shown = np.where(colours[:, :, 3:] > 0, 0.75 * colours[:, :, :3] + 0.25 * ground, ground)
        found[option] = shown.astype(np.uint8)
    return found


def placement_choice(
    option: Placement, run: Callable[[], object], picture: NDArray[np.uint8] | None, *, safe: bool
) -> Choice:
    """A button for a placement, with its preview and what it means."""
    return Choice(
        PLACEMENTS[option],
        run,
        primary=safe,
        about=MEANINGS[option],
        picture=picture,
    )

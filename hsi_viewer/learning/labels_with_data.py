"""Labels on pixels that have data: the others are neither learned from nor asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken

Ids = NDArray[np.uint16]


def labels_with_data(
    model: Any, cube: HyperCube, labels: Ids, token: CancelToken | None = None
) -> Ids:
    """Labels (rows, columns) without those on pixels without data, as far as a model knows them.

    Parameters
    ----------
    model : trained on the cube, or one that has mapped it.
    cube, labels : the scene, and the ids that were given; 0 for none.
    token : checked between the parts of the scene that are read.
    """
    scene = next(
        (s for s in getattr(model, "scenes", ()) if getattr(s, "origin", None) is cube), None
    )
    if scene is None:
        return labels
    pixels = np.flatnonzero(labels)
    has_data, _ = scene.looked_at(pixels, token)
    if has_data.all():
        return labels
    kept = labels.copy()
    kept.flat[pixels[~has_data]] = 0
    return kept

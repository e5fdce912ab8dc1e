"""What of a class map is on the canvas."""

from __future__ import annotations

import numpy as np


def shown_ids(driver) -> np.ndarray:
    """The map as it is drawn on the canvas, by the colours of the classes."""
    image = driver.canvas.map_overlay.image
    ids = np.zeros(image.shape[:2], np.uint16)
    for c in driver.document.legend:
        ids[(image[:, :, :3] == c.colour).all(axis=2) & (image[:, :, 3] > 0)] = c.id
    return ids

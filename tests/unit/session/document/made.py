"""Small documents, and labels of theirs that are short to write."""

from __future__ import annotations

import numpy as np

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.session.document.document import Document

ROWS, COLUMNS = 4, 5
SIZE = ROWS * COLUMNS


def new_document(**fields) -> Document:
    return Document(HyperCube.from_array(np.zeros((ROWS, COLUMNS, 2)), **fields))


def ids_map(**pixels_of: list[int]) -> np.ndarray:
    """Ids from e.g. c3=[0, 1]: pixels 0 and 1 are of class 3."""
    ids = np.zeros((ROWS, COLUMNS), np.uint16)
    for name, pixels in pixels_of.items():
        ids.flat[pixels] = int(name[1:])
    return ids

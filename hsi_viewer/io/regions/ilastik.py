"""Labels of ilastik: projects (.ilp), in, and arrays as it exports them (.h5), out.

Layout: the HDF5 that ilastik 1.4 writes, PixelClassification/LabelSets/labelsNNN/blockNNNN with the
place of each block in its attribute `blockSlice`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import FormatError, LabelError
from hsi_viewer.core.labels.class_ids import class_ids
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.io.files.identify import is_hdf5, magic_of
from hsi_viewer.io.regions.grid import Grid

LABEL_SETS = "PixelClassification/LabelSets"
# Labels lie in small blocks; a larger one, or a longer list, comes from somebody else.
FREE_VALUES, MOST_LISTED = 1 << 24, 1 << 18


def read_project(path: Path, grid: Grid) -> ImportedLabels:
    """Labels that were painted on the first image of a project.

    Raises
    ------
    FormatError
        if the project is damaged or has no labels.
    LabelError
        if no label lies on the cube.
    """
    magic_of(path)  # says what is wrong with a file that cannot be read at all
    if not is_hdf5(path):  # nothing for the process that examines HDF5 files
        raise FormatError(f"{path} is not an ilastik project: it is not an HDF5 file.")
    from hsi_viewer.io.arrays.hdf5 import H5File

    out = np.zeros(grid.shape, np.uint16)
    outside = blocks = 0
    try:
        # links are not followed: they may lead into other files
        items = H5File(path).names
        for block in _blocks(items):
            outside += _place(path, out, block)
            blocks += 1
        names = _strings(items.get("PixelClassification/LabelNames"))
        colours = _colours(items.get("PixelClassification/LabelColors"))
    except (OSError, KeyError, AttributeError, RuntimeError) as error:
        raise FormatError(f"{path} could not be read: {error}.") from error
    if not blocks:
        raise FormatError(f"{path} has no painted labels ({LABEL_SETS} is empty).")
    if not out.any():
        raise LabelError(
            f"{path}: no label lies on the cube of {grid.rows} x {grid.columns} pixels."
        )
    notes = (f"{outside} labelled pixels lie off the cube.",) if outside else ()
    return ImportedLabels(
        out, dict(enumerate(names, 1)), dict(enumerate(colours, 1)), notes, path.name
    )


def _blocks(items: Mapping[str, Any]) -> list[Any]:
    """The blocks of the first set that has any, in the order of their names."""
    found: dict[str, list[str]] = {}
    for name in items:
        inside = name.removeprefix(f"{LABEL_SETS}/").split("/")
        if name.startswith(f"{LABEL_SETS}/") and len(inside) == 2:
            found.setdefault(inside[0], []).append(name)
    return [items[name] for name in sorted(found[min(found)])] if found else []


def _place(path: Path, out: NDArray[np.uint16], block: object) -> int:
    """Lay a block of labels in its place; the number of labelled pixels that lie outside."""
    where = getattr(block, "attrs", {}).get("blockSlice", "")
    text = where.decode() if isinstance(where, bytes) else str(where)
    spans = [(int(a), int(b)) for a, b in re.findall(r"(\d+):(\d+)", text)]
    count = math.prod(getattr(block, "shape", None) or ())
    if count > max(FREE_VALUES, out.size):
        raise FormatError(f"{path}: a block of labels of {count} pixels is larger than the scene.")
    values = np.asarray(block)
    if len(spans) != values.ndim or values.dtype.kind not in "iuf":
        raise FormatError(f'{path}: a block of labels has no place ("{text[:40]}").')
    # the axes of the image are rows and columns, which channel, time and depth stand around
    axes = [k for k, n in enumerate(values.shape) if n > 1][:2]
    axes = sorted((axes + [k for k in range(values.ndim) if k not in axes])[:2])
    ids = values.transpose(*axes, *(k for k in range(values.ndim) if k not in axes))
    ids = ids.reshape(*ids.shape[:2], -1)[:, :, 0]
    ids = class_ids(ids, str(path))
    top, left = spans[axes[0]][0], spans[axes[1]][0]
    part = out[top : top + ids.shape[0], left : left + ids.shape[1]]
    inside = ids[: part.shape[0], : part.shape[1]]
    part[inside > 0] = inside[inside > 0]
    return int(np.count_nonzero(ids) - np.count_nonzero(inside))


def _is_list(found: object) -> bool:
    shape = getattr(found, "shape", None)
    return shape is not None and math.prod(shape) <= MOST_LISTED


def _strings(found: object) -> list[str]:
    values = np.asarray(found).ravel().tolist() if _is_list(found) else []
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]


def _colours(found: object) -> list[Colour]:
    values = np.asarray(found) if _is_list(found) else np.zeros((0, 3))
    if values.ndim != 2 or values.shape[1] < 3:
        return []
    return [(int(r), int(g), int(b)) for r, g, b in np.clip(values[:, :3], 0, 255)]


def write_array(path: Path, ids: NDArray[np.uint16]) -> None:
    """Write ids as the data set `exported_data` with the axes y and x.

    Raises
    ------
    ExportError
        if the file cannot be written.
    """
    import h5py

    # made in memory: on a full disk the library leaves the process in a bad state
    with h5py.File(path.name, "w", driver="core", backing_store=False) as file:
        data = file.create_dataset("exported_data", data=ids, compression="gzip", chunks=True)
        data.dims[0].label, data.dims[1].label = "y", "x"
        file.flush()
        image = file.id.get_file_image()
    with replacing(path) as (new,):
        new.write_bytes(image)

"""A cube, or a part of it, as a file of another format; a class map goes with its legend."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hsi_viewer.atomic import side_file
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError, FormatError, HsiError
from hsi_viewer.core.labels.classes import UNCLASSIFIED_NAME
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.unlabelled import is_unlabelled
from hsi_viewer.core.paths import real_path
from hsi_viewer.core.progress import Note, ProgressPort
from hsi_viewer.io.envi.writer import class_fields, pair_of
from hsi_viewer.io.info import cube_warnings
from hsi_viewer.io.labels import label_file
from hsi_viewer.io.labels.label_writer import WRITTEN, write_labels
from hsi_viewer.io.laboratory import scan
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.io.writers.own_files import own_files
from hsi_viewer.io.writers.subset import Subset, subset_cube

# A class map is read whole; a larger image of one band goes without a legend.
MAX_CLASS_PIXELS = 1 << 28


class References(NamedTuple):
    """White and dark reference of a scan; what is None is found beside it."""

    white: Path | None = None
    dark: Path | None = None


def convert(
    source: str,
    target: Path,
    subset: Subset,
    interleave: str = "bil",
    port: ProgressPort | None = None,
    *,
    overwrite: bool = False,
    references: References | None = None,
) -> list[Path]:
    """Write a cube or a part of it by the suffix of the target; see `write_cube`.

    An image of one band that has names of classes stays a class map.

    Parameters
    ----------
    port : takes `Progress`, and a `Note` for each thing that is odd about the source.
    references : white and dark reference of a raw scan, which is written as reflectance.

    Raises
    ------
    HsiError
        if the source cannot be read.
    ExportError
        if the target is a file of the source, exists and is not to be replaced, cannot hold the
        cube or cannot be written.
    """
    cube = open_cube(source) if references is None else _reflectance(source, references)
    if cube.path is not None and _overwrites(cube.path, target):
        raise ExportError(
            f"{target} is a file of the cube itself, and the rest of the cube would be lost; "
            "choose another name."
        )
    existing = [path for path in _made(target) if os.path.lexists(path)]
    if existing and not overwrite:
        raise ExportError(f"{existing[0]} exists; choose another name, or add --overwrite.")
    if port is not None:
        for text in cube_warnings(cube):
            port.report(Note(text))
    labels = None
    if subset.wavelengths is None and subset.bands in (None, (0,)):
        labels = _class_map(source, cube)
    suffix = target.suffix.lower()
    if labels is None or suffix not in (*WRITTEN, ".zarr"):
        return write_cube(cube, target, subset, interleave, port=port)
    if suffix in (".hdr", ".img"):  # whose header holds more than a class map has
        fields = class_fields({0: labels.zero, **labels.names}, labels.colours, 0)
        fields["file type"] = "ENVI Classification"
        return write_cube(cube, target, subset, interleave, port=port, fields=fields)
    part = subset_cube(cube, subset)
    rows, columns = (slice(*(r or (None,))) for r in (subset.rows, subset.columns))
    legend = label_file.legend_of(labels, labels.names)
    zero = labels.zero or UNCLASSIFIED_NAME
    return write_labels(target, labels.ids[rows, columns], legend, part, zero)


def _reflectance(source: str, references: References) -> HyperCube:
    """A scan as reflectance: of a folder, or one with its references."""
    if not Path(source).is_file():
        cube = open_cube(source)
        if cube.format_name == scan.FORMAT and not any(references):
            return cube
        raise FormatError(
            f"{source} is not a raw scan with references; name the header of the scan, and its "
            "references with --white and --dark."
        )
    return scan.open_scan(Path(source), references.white, references.dark)


def _class_map(source: str, cube: HyperCube) -> LabelFile | None:
    """The labels of a file, if it names them, its values are no others, and 0 is not a class."""
    if cube.scale != 1 or cube.offset or cube.nodata not in (None, 0):
        return None
    if (
        cube.bands != 1
        or cube.dtype.kind not in "ui"
        or cube.rows * cube.columns > MAX_CLASS_PIXELS
    ):
        return None
    try:
        labels = label_file.read_labels(source)
    except HsiError:  # no class ids
        return None
    nothing = cube.nodata == 0 or is_unlabelled(labels.zero, zero=True)
    is_map = nothing and labels.names and np.array_equal(labels.ids, cube.read()[:, :, 0])
    return labels if is_map else None


def _overwrites(source: Path, target: Path) -> bool:
    """Whether writing a cube to a target would replace a file of its own."""
    if source.is_dir() and real_path(source) in real_path(target).parents:
        return True
    own = own_files(source)
    return any(real_path(path) in own for path in _made(target))


def _made(target: Path) -> tuple[Path, ...]:
    """The files that a target stands for."""
    match target.suffix.lower():
        case ".hdr" | ".img":
            return pair_of(target)
        case ".tif" | ".tiff":
            return target, side_file(target)
        case _:
            return (target,)

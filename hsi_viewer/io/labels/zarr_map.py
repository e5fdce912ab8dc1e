"""Class maps and their confidence as Zarr stores; the package zarr is optional."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing_folder
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.strips import ROWS, strips
from hsi_viewer.core.validation import InvalidError, checked
from hsi_viewer.io.arrays.band_metadata import own_georeference
from hsi_viewer.io.arrays.zarr_store import check_replaceable, zarr_package
from hsi_viewer.io.labels.class_raster import ClassRaster


class _Legend(Struct, frozen=True):
    """Attributes of the array of ids that give its classes."""

    class_ids: list[int]
    class_names: list[str]
    class_colours: list[tuple[int, int, int]]
    class_zero: str = ""


def write_zarr_map(raster: ClassRaster, confidence: NDArray[np.float32] | None, path: Path) -> None:
    """Write the arrays class_map and confidence of a group; the classes are attributes.

    Parameters
    ----------
    raster : ids, classes and place.
    confidence : (rows, columns), or what is read by `strips`; None writes the map alone.
    path : folder; only a Zarr store or an empty folder is replaced.

    Raises
    ------
    ExportError
        if it cannot be written; an old store stays as it was.
    """
    check_replaceable(path)
    place = raster.georeference or Georeference()
    shared = {
        **({} if place.transform is None else {"transform": list(place.transform)}),
        **({"crs_wkt": place.crs_wkt} if place.crs_wkt else {}),
        "nodata": 0,
    }
    legend = {
        "title": raster.title,
        "class_ids": [i for i, _, _ in raster.entries],
        "class_names": [name for _, name, _ in raster.entries],
        "class_colours": [list(colour) for _, _, colour in raster.entries],
        "class_zero": raster.zero,
    }
    images: list[tuple[str, Any, dict[str, Any]]] = [("class_map", raster.ids, legend)]
    if confidence is not None:
        images.append(("confidence", confidence, {}))
    # as for cubes: one chunk at a time, and an interrupt waits for what is being written
    with replacing_folder(path) as new, ThreadPoolExecutor(1) as writer:
        group = writer.submit(_new_group, path, new).result()
        for name, image, attributes in images:
            array = writer.submit(_new_array, group, name, image).result()
            writer.submit(array.attrs.update, {**shared, **attributes}).result()
            for rows, values in strips(image):
                for left in range(0, values.shape[1], ROWS):
                    part = slice(left, left + ROWS)
                    chunk = np.ascontiguousarray(values[:, part], array.dtype)
                    writer.submit(array.__setitem__, (rows, part), chunk).result()


def with_zarr_legend(labels: LabelFile, attributes: Mapping[str, Any]) -> LabelFile:
    """Labels with the classes and the place that the attributes of their array give."""
    own = own_georeference(attributes)
    labels = labels if own is None else replace(labels, georeference=own)
    try:
        known = checked(_Legend, dict(attributes))
        pairs = [*zip(known.class_ids, known.class_names, known.class_colours, strict=True)]
    except (InvalidError, ValueError):
        return labels
    return replace(
        labels,
        names={i: name for i, name, _ in pairs},
        colours={i: colour for i, _, colour in pairs},
        zero=known.class_zero,
    )


def _new_group(path: Path, new: Path) -> Any:
    try:
        return zarr_package().open_group(str(new), mode="w")
    except (TypeError, ValueError) as error:
        raise ExportError(f"{path} could not be written: {error}.") from error


def _new_array(group: Any, name: str, image: Any) -> Any:
    rows, columns = image.shape
    dtype = np.float32 if name == "confidence" else image.dtype
    return group.create_array(
        name,
        shape=(rows, columns),
        chunks=(min(ROWS, rows), min(ROWS, columns)),
        dtype=dtype,
        dimension_names=("row", "column"),
    )

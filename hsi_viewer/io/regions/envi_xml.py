"""ENVI regions of interest as XML, of ENVI 5.

The layout is that of files which ENVI writes; it has no published specification.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.labels.classes import ClassLegend, Colour
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.io.files.text_file import text_of
from hsi_viewer.io.labels.legend_file import colour_of
from hsi_viewer.io.regions.envi_text import colour_in, present_in
from hsi_viewer.io.regions.grid import PIXELS, Grid
from hsi_viewer.io.regions.shapes import Shapes, burn


def read_xml(path: Path, grid: Grid) -> ImportedLabels:
    """Labels of the polygons, lines and points of ENVI's XML.

    Raises
    ------
    FileError, FormatError
        if it cannot be read or holds no geometry.
    LabelError
        if nothing lies on the cube.
    """
    text = text_of(path)
    if "<!ENTITY" in text:
        raise FormatError(
            f"{path} defines XML entities, which ENVI files never do; it is not read."
        )
    try:
        root = ET.fromstring(text)  # noqa: S314 - no entities
    except ET.ParseError as error:
        raise FormatError(f"{path} is damaged: {error}.") from error
    regions = [e for e in root.iter() if _tag(e) == "region"]
    if not regions:
        raise FormatError(f"{path} contains no ENVI region of interest.")
    geometries: list[Any] = []
    classes: list[int | str] = []
    systems: set[str] = set()
    colours: dict[int | str, Colour] = {}
    left_out = 0
    for k, region in enumerate(regions, 1):
        name = region.get("name") or f"Region {k}"
        if (colour := colour_of(region.get("color", ""))) is not None:
            colours[name] = colour
        for definition in region:
            if _tag(definition) != "geometrydef":
                left_out += 1
                continue
            systems.add(_system(definition))
            found = list(_geometries(path, definition))
            geometries += found
            classes += [name] * len(found)
    if len(systems) > 1:
        raise FormatError(
            f"{path} mixes coordinate systems; save the regions of each in a separate file."
        )
    if not geometries:
        raise FormatError(
            f"{path} contains no polygon or point; export regions of pixels or thresholds from "
            "ENVI as a classification image."
        )
    notes = (f"{left_out} definitions by pixels or thresholds are left out.",) if left_out else ()
    system = systems.pop() or None
    shapes = Shapes(
        path.name,
        geometries,
        classes,
        system,
        in_pixels=system is None and _are_pixels(geometries, grid),
        colours=colours,
        notes=notes,
    )
    return burn(shapes, grid)


def _are_pixels(geometries: list[Any], grid: Grid) -> bool:
    """Whether coordinates without a system are columns and rows: a map may have no system, too."""
    import shapely

    left, low, right, high = shapely.total_bounds(geometries)
    on_cube = min(left, low) >= 0 and right <= grid.columns and high <= grid.rows
    return grid.transform is None or bool(on_cube)


def _tag(element: ET.Element) -> str:
    return element.tag.rsplit("}", 1)[-1].casefold()


def _system(definition: ET.Element) -> str:
    found = next((e.text or "" for e in definition if _tag(e) == "coordsysstr"), "").strip()
    return "" if found.casefold() in ("none", "") else found


def _geometries(path: Path, definition: ET.Element) -> Iterator[Any]:
    from shapely import LineString, MultiPoint, Point, Polygon

    for element in definition:
        tag = _tag(element)
        if tag == "polygon":
            outer = [_points(path, e) for e in element if _tag(e) == "exterior"]
            holes = [_points(path, e) for e in element if _tag(e) == "interior"]
            for ring in (Polygon(ring) for ring in outer if len(ring) >= 3):
                inside = [h for h in holes if len(h) >= 3 and ring.intersects(Point(h[0]))]
                yield Polygon(ring.exterior, inside)
        elif tag in ("point", "multipoint"):
            points = _points(path, element)
            if points:
                yield MultiPoint(points)
        elif tag in ("linestring", "polyline", "multilinestring"):
            points = _points(path, element)
            if len(points) >= 2:
                yield LineString(points)


def _points(path: Path, element: ET.Element) -> list[tuple[float, float]]:
    text = " ".join(e.text or "" for e in element.iter() if _tag(e) == "coordinates")
    try:
        numbers = [float(word) for word in text.replace(",", " ").split()]
    except ValueError as error:
        raise FormatError(f"{path}: coordinates that are not numbers ({error}).") from error
    if not all(map(math.isfinite, numbers)):
        raise FormatError(f"{path}: coordinates that are not finite numbers.")
    return list(zip(numbers[::2], numbers[1::2], strict=False))


def write_xml(path: Path, ids: NDArray[np.uint16], legend: ClassLegend, grid: Grid) -> None:
    """Write connected areas as polygons of ENVI's XML, a region for each class.

    Raises
    ------
    ExportError
        if nothing is labelled or the file cannot be written.
    """
    from rasterio.features import shapes
    from rasterio.transform import Affine

    present = present_in(path, ids)
    transform = Affine(*(grid.transform or PIXELS))
    polygons: dict[int, list[str]] = {class_id: [] for class_id in present}
    for geometry, value in shapes(ids, mask=ids > 0, transform=transform):
        outer, *holes = (_ring(ring) for ring in geometry["coordinates"])
        inner = "".join(f"<Interior>{hole}</Interior>" for hole in holes)
        polygons[int(value)].append(f"<Polygon><Exterior>{outer}</Exterior>{inner}</Polygon>")
    system = escape(grid.crs_wkt or "none") if grid.transform is not None else "none"
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', '<RegionsOfInterest version="1.1">']
    for class_id, found in polygons.items():
        colour = ",".join(map(str, colour_in(legend, class_id)))
        parts += [
            f'  <Region name={quoteattr(legend.name_of(class_id))} color="{colour}">',
            f"    <GeometryDef><CoordSysStr>{system}</CoordSysStr>",
            *(f"      {polygon}" for polygon in found),
            "    </GeometryDef>\n  </Region>",
        ]
    parts.append("</RegionsOfInterest>\n")
    with replacing(path) as (new,):
        new.write_text("\n".join(parts), encoding="utf-8")


def _ring(points: list[tuple[float, float]]) -> str:
    text = " ".join(f"{float(x)!r} {float(y)!r}" for x, y in points)
    return f"<LinearRing><Coordinates>{text}</Coordinates></LinearRing>"

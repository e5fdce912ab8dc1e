"""Shapefile, GeoPackage, GeoJSON: polygons and points with a class attribute, through GDAL."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.errors import ExportError, FormatError
from hsi_viewer.core.labels.classes import MAX_CLASS_ID, ClassLegend, Colour
from hsi_viewer.core.text import class_name, counted
from hsi_viewer.io.files.geopackage import queries_in
from hsi_viewer.io.labels.legend_file import colour_of
from hsi_viewer.io.metadata.crs import crs_of
from hsi_viewer.io.regions.class_column import NO_CLASS, like_class
from hsi_viewer.io.regions.grid import PIXELS, Grid
from hsi_viewer.io.regions.shapes import Shapes
from hsi_viewer.io.regions.vector_writer import class_fields, write_features

if TYPE_CHECKING:
    from hsi_viewer.io.regions.geojson_crs import Cleaned

ID_FIELDS = ("class_id", "classid", "class_nr", "classvalue", "gridcode", "dn", "raster_val")
NAME_FIELDS = (
    "class_name", "classname", "class", "klasse", "label", "landcover", "land_cover", "lulc",
    "category", "type", "species", "material", "name", "code", "value",
)  # fmt: skip
COLOUR_FIELDS = ("colour", "color", "fill")


class Layer(Struct, frozen=True):
    """Geometries and attributes of a layer, without those that have no geometry."""

    geometries: Sequence[Any]
    fields: Mapping[str, NDArray[Any]]
    crs_wkt: str | None
    notes: tuple[str, ...]


def read_shapes(path: Path, layer: str | None = None, class_field: str | None = None) -> Shapes:
    """Shapes of a layer with the class of each.

    Parameters
    ----------
    path : file.
    layer : its name; None takes the first one that has geometries.
    class_field : attribute that holds the class; None finds it out.

    Raises
    ------
    FileError, FormatError
        if the file cannot be read or has no such layer or attribute.
    """
    found = read_features(path, layer)
    notes = list(found.notes)
    classes, names, taken = _classes(path, found.fields, class_field, len(found.geometries), notes)
    colours: dict[int | str, Colour] = {}
    at = _field(found.fields, COLOUR_FIELDS)
    if at is not None and at != taken:
        for value, text in dict.fromkeys(zip(classes, map(str, found.fields[at]), strict=True)):
            if (colour := colour_of(text)) is not None:
                colours.setdefault(value, colour)
    return Shapes(
        path.name,
        found.geometries,
        classes,
        found.crs_wkt,
        names=names,
        colours=colours,
        notes=tuple(notes),
    )


def read_features(path: Path, layer: str | None) -> Layer:
    """Geometries and attributes of a layer; None takes the first. Errors as of `read_shapes`."""
    from hsi_viewer.io.files.gdal_vector import check_beginning

    check_beginning(path)
    if path.suffix.lower() in (".geojson", ".json"):
        from hsi_viewer.io.regions.geojson_crs import cleaned

        clean = cleaned(path)
        if clean is not None:
            return _read_cleaned(path, clean, layer)
    return _read_layer(path, layer)


def _read_layer(path: Path, layer: str | None) -> Layer:
    import shapely

    from hsi_viewer.io.files import gdal_vector

    notes: list[str] = []
    chosen = _chosen_layer(path, layer, notes)
    geometries, columns, crs = gdal_vector.read_layer(path, chosen)
    array = np.array(geometries, object)
    present = ~(shapely.is_missing(array) | shapely.is_empty(array))
    if not present.any():
        raise FormatError(f"{path} contains no polygons or points.")
    if lacking := int(np.sum(~present)):
        notes.append(f"Left out: {counted(lacking, 'feature')} without geometry.")
    fields = {name: values[present] for name, values in columns.items()}
    return Layer(list(array[present]), fields, crs, tuple(notes))


def _chosen_layer(path: Path, layer: str | None, notes: list[str]) -> str:
    """Name of the layer that is asked for, or of the first that has geometries."""
    from hsi_viewer.io.files.gdal_vector import layers_of

    queries: frozenset[str] = frozenset()
    if path.suffix.lower() == ".gpkg":
        queries = queries_in(path)
    layers = layers_of(path)
    if layer is not None and layer not in dict(layers):
        held = ", ".join(name for name, _ in layers)
        raise FormatError(f'{path} has no layer "{layer}"; it has {held}.')
    folded = {name.casefold() for name in queries}
    computed = [name for name, _ in layers if name.casefold() in folded]
    with_shapes = [name for name, kind in layers if kind is not None and name not in computed]
    if layer in computed or (layer is None and not with_shapes and computed):
        raise FormatError(
            f'{path}: the layer "{layer or computed[0]}" is a query (a view), and queries are '
            "not run; export it to a separate file."
        )
    if layer is None and not with_shapes:
        raise FormatError(f"{path} has no layer with geometries.")
    if computed:
        notes.append(f"Layers that are queries (views) are left out: {', '.join(computed[:5])}.")
    chosen = layer or with_shapes[0]
    if layer is None and len(with_shapes) > 1:
        others = ", ".join(with_shapes[1:])
        notes.append(f'The layer "{chosen}" was read; there are also {others}.')
    return chosen


def _read_cleaned(path: Path, clean: Cleaned, layer: str | None) -> Layer:
    """A GeoJSON file without the coordinate system that GDAL must not see."""
    with tempfile.TemporaryDirectory(prefix="hsi-regions-") as folder:
        copy = Path(folder, path.name)
        copy.write_text(clean.text, encoding="utf-8")
        try:
            read = _read_layer(copy, layer)
        except FormatError as error:
            raise FormatError(str(error).replace(str(copy), str(path))) from error
    remark = ""
    if clean.crs is None:
        remark = (
            f"The coordinate system of the file is unknown: it is given as {clean.named}, which is "
            "not looked up."
        )
    crs = crs_of(clean.crs)
    notes = (*read.notes, *([remark] if remark else []))
    return replace(read, crs_wkt=None if crs is None else str(crs.to_wkt()), notes=notes)


def _field(fields: Mapping[str, Any], words: Sequence[str]) -> str | None:
    folded = {name.casefold(): name for name in fields}
    return next((folded[word] for word in words if word in folded), None)


def _classes(
    path: Path,
    fields: Mapping[str, NDArray[Any]],
    wanted: str | None,
    count: int,
    notes: list[str],
) -> tuple[list[int | str], dict[int, str], str | None]:
    """Class of each feature, names by id, and the attribute that gave them."""
    if wanted is not None:
        if wanted not in fields:
            held = ", ".join(fields) or "none"
            raise FormatError(f'{path} has no attribute "{wanted}"; it has {held}.')
        return _values(fields[wanted], notes), {}, wanted
    id_field, name_field = _field(fields, ID_FIELDS), _field(fields, NAME_FIELDS)
    if id_field is not None and name_field is not None and id_field != name_field:
        ids, labels = _values(fields[id_field], []), _texts(fields[name_field])
        names = {i: n for i, n in zip(ids, labels, strict=True) if isinstance(i, int) and n}
        if all(isinstance(i, int) for i in ids) and all(
            names.get(i, "") == n for i, n in zip(ids, labels, strict=True) if isinstance(i, int)
        ):
            return ids, names, id_field
    chosen = id_field or name_field or _only_field(fields)
    if chosen is None:
        notes.append("No attribute contains a class; all shapes get the same class.")
        return [path.stem] * count, {}, None
    others = [name for name in fields if name != chosen]
    more = f" (there are also {', '.join(others[:6])})" if others else ""
    notes.append(f'The class was read from the attribute "{chosen}"{more}.')
    return _values(fields[chosen], notes), {}, chosen


def _only_field(fields: Mapping[str, NDArray[Any]]) -> str | None:
    """The attribute whose values look most like classes, else the first of whole numbers."""
    chosen = like_class({name: _texts(values) for name, values in fields.items()})
    whole = (n for n, v in fields.items() if v.dtype.kind in "iu" and n.casefold() not in NO_CLASS)
    return chosen or next(whole, None)


def _texts(values: NDArray[Any]) -> list[str]:
    texts = ["" if value is None else str(value) for value in values]
    plain = {text: class_name(text) for text in set(texts)}
    return [plain[text] for text in texts]


def _values(values: NDArray[Any], notes: list[str]) -> list[int | str]:
    """Class ids where all values are possible ids, else names."""
    texts = ["" if text == "nan" and values.dtype.kind == "f" else text for text in _texts(values)]
    try:
        numbers = np.array([float(text or 0) for text in texts])
    except ValueError:
        numbers = np.array([np.nan])
    if any(texts) and np.all(np.isfinite(numbers)) and np.all(numbers == np.rint(numbers)):
        if numbers.min() >= 0 and numbers.max() <= MAX_CLASS_ID:
            if "" in texts:
                notes.append("Shapes without a class are left out.")
            return [int(number) for number in numbers]
        notes.append("The class values are not ids from 0 to 65535; they are interpreted as names.")
        texts = [str(int(number)) for number in numbers]
    if "" in texts:
        notes.append('Shapes without a class are named "(no class)".')
    return [text or "(no class)" for text in texts]


def write_shapes(
    path: Path, ids: NDArray[np.uint16], legend: ClassLegend, grid: Grid
) -> tuple[str, ...]:
    """Write connected areas of one class as polygons with class_id, class_name and colour.

    Returns
    -------
    tuple of str
        sentences for the user.

    Raises
    ------
    ExportError
        if nothing is labelled or the file cannot be written.
    """
    import shapely
    from rasterio.features import shapes
    from rasterio.transform import Affine

    transform = Affine(*(grid.transform or PIXELS))
    found = [
        (shapely.geometry.shape(geometry), int(value))
        for geometry, value in shapes(ids, mask=ids > 0, transform=transform)
    ]
    if not found:
        raise ExportError(f"{path}: no pixel is labelled, so there is nothing to write.")
    fields = class_fields([value for _, value in found], legend)
    return write_features(path, [geometry for geometry, _ in found], fields, grid)

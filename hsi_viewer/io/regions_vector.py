"""Shapefile, GeoPackage, GeoJSON: polygons and points with a class attribute, through GDAL."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.classes import MAX_CLASS_ID, ClassLegend, Colour, palette_colour
from hsi_viewer.core.errors import ExportError, FormatError
from hsi_viewer.io.class_column import NO_CLASS, like_class
from hsi_viewer.io.identify import magic_of
from hsi_viewer.io.legend_file import colour_of
from hsi_viewer.io.regions_grid import PIXELS, Grid, crs_of
from hsi_viewer.io.regions_shapes import Shapes, reprojected

DRIVERS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON"}
SUFFIXES = (*DRIVERS, ".fgb", ".kml")
BEGINNINGS = {
    ".shp": b"\x00\x00\x27\x0a",
    ".gpkg": b"SQLite format 3",
    ".geojson": b"{",
    ".json": b"{",
    ".fgb": b"fgb",
    ".kml": b"<kml",
}
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")

ID_FIELDS = ("class_id", "classid", "class_nr", "classvalue", "gridcode", "dn", "raster_val")
NAME_FIELDS = (
    "class_name", "classname", "class", "klasse", "label", "landcover", "land_cover", "lulc",
    "category", "type", "species", "material", "name", "code", "value",
)  # fmt: skip
COLOUR_FIELDS = ("colour", "color", "fill")
# What pyogrio raises on damage that it does not foresee: a broken .prj, names that are no text.
STUMBLES = (UnboundLocalError, UnicodeError, MemoryError)


@dataclass(frozen=True)
class Layer:
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
    found = _read(path, layer)
    notes = list(found.notes)
    classes, names, taken = _classes(path, found.fields, class_field, len(found.geometries), notes)
    colours: dict[int | str, Colour] = {}
    at = _field(found.fields, COLOUR_FIELDS)
    if at is not None and at != taken:
        for value, text in zip(classes, found.fields[at], strict=True):
            if (colour := colour_of(str(text))) is not None:
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


def _read(path: Path, layer: str | None) -> Layer:
    import pyogrio
    import shapely
    from pyogrio.errors import DataLayerError, DataSourceError, FieldError

    _check_beginning(path)
    notes: list[str] = []
    try:
        layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
        with_shapes = [name for name, kind in layers if kind is not None]
        if layer is None and not with_shapes:
            raise FormatError(f"{path} has no layer with geometries.")
        if layer is not None and layer not in dict(layers):
            held = ", ".join(name for name, _ in layers)
            raise FormatError(f'{path} has no layer "{layer}"; it has {held}.')
        chosen = layer or with_shapes[0]
        if layer is None and len(with_shapes) > 1:
            others = ", ".join(with_shapes[1:])
            notes.append(f'The layer "{chosen}" was taken; there are also {others}.')
        meta, _, wkb, columns = pyogrio.raw.read(path, layer=chosen, force_2d=True)
        geometries = shapely.from_wkb(wkb, on_invalid="ignore")
    except (DataSourceError, DataLayerError, FieldError, *STUMBLES) as error:
        # what GDAL advises about drivers cannot be followed here
        reason = str(error).partition("; It might help")[0].rstrip(" .;")
        raise FormatError(f"{path} could not be read: {reason}.") from error
    present = np.array([g is not None and not g.is_empty for g in geometries], bool)
    if not present.any():
        raise FormatError(f"{path} holds no polygon and no point.")
    if lacking := int(np.sum(~present)):
        notes.append(f"{lacking} features without geometry are left out.")
    fields = {
        str(name): values[present] for name, values in zip(meta["fields"], columns, strict=True)
    }
    return Layer(list(geometries[present]), fields, meta["crs"], tuple(notes))


def _check_beginning(path: Path) -> None:
    """Refuse a file that is something else than its name says.

    GDAL goes by the content, and some of its formats name other files or addresses to be read.
    """
    magic = magic_of(path)
    text = magic.removeprefix(b"\xef\xbb\xbf").lstrip()
    wanted = BEGINNINGS[path.suffix.lower()]
    if b"<OGR" in magic or not (wanted in magic if wanted == b"<kml" else text.startswith(wanted)):
        raise FormatError(f"{path} is not what its name says: it does not begin as such a file.")


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
        notes.append("No attribute is a class; all shapes are taken for one class.")
        return [path.stem] * count, {}, None
    others = [name for name in fields if name != chosen]
    more = f" (there are also {', '.join(others[:6])})" if others else ""
    notes.append(f'The class is the attribute "{chosen}"{more}.')
    return _values(fields[chosen], notes), {}, chosen


def _only_field(fields: Mapping[str, NDArray[Any]]) -> str | None:
    """The attribute that says the most like a class, else the first of whole numbers."""
    chosen = like_class({name: _texts(values) for name, values in fields.items()})
    whole = (n for n, v in fields.items() if v.dtype.kind in "iu" and n.casefold() not in NO_CLASS)
    return chosen or next(whole, None)


def _texts(values: NDArray[Any]) -> list[str]:
    return ["" if value is None else str(value).strip() for value in values]


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
        notes.append("The class values are no ids from 0 to 65535; they are taken for names.")
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
    import pyogrio
    import shapely
    from pyogrio.errors import DataSourceError
    from rasterio.features import shapes
    from rasterio.transform import Affine

    from hsi_viewer.io.gdal import quiet

    transform = Affine(*(grid.transform or PIXELS))
    found = [
        (shapely.geometry.shape(geometry), int(value))
        for geometry, value in shapes(ids, mask=ids > 0, transform=transform)
    ]
    if not found:
        raise ExportError(f"{path}: nothing is labelled; there is nothing to write.")
    values = [value for _, value in found]
    hexes = {c.id: "#" + bytes(c.colour).hex() for c in legend}
    unknown = {v: "#" + bytes(palette_colour(v - 1)).hex() for v in values if v not in hexes}
    columns = [
        np.array(values, np.int32),
        np.array([legend.name_of(v) for v in values], object),
        np.array([{**unknown, **hexes}[v] for v in values], object),
    ]
    crs = crs_of(grid.crs_wkt)
    notes: list[str] = []
    geometries = [geometry for geometry, _ in found]
    options: dict[str, Any] = {}
    suffix = path.suffix.lower()
    if DRIVERS[suffix] == "GeoJSON":
        options["COORDINATE_PRECISION"] = "12"
        if crs is not None and crs.to_epsg() != 4326:
            geometries = reprojected(geometries, crs, crs_of("EPSG:4326"))
            crs = crs_of("EPSG:4326")
            notes.append("GeoJSON has longitude and latitude (WGS 84), as its standard says.")
    if grid.transform is None:
        notes.append("The cube has no georeference: x is the column, y the row.")
    with tempfile.TemporaryDirectory(prefix="hsi-regions-") as folder:
        made = Path(folder, path.name)
        try:
            with quiet(UserWarning):  # that there is no system, which the notes say
                pyogrio.raw.write(
                    made,
                    np.array([shapely.to_wkb(g) for g in geometries], object),
                    columns,
                    np.array(["class_id", "class_name", "colour"]),
                    geometry_type="Polygon",
                    crs=None if crs is None else crs.to_wkt(),
                    driver=DRIVERS[suffix],
                    **options,
                )
        except (DataSourceError, ValueError) as error:
            raise ExportError(f"{path} could not be written: {error}.") from error
        _put_in_place(made, path)
    return tuple(notes)


def _put_in_place(made: Path, path: Path) -> None:
    """Exchange a file, or all the files of a shapefile, together."""
    endings = SHAPEFILE if path.suffix.lower() == ".shp" else (path.suffix,)
    pairs = [
        (made.with_suffix(ending), path.with_suffix(ending))
        for ending in endings
        if made.with_suffix(ending).exists()
    ]
    pairs = [*pairs[1:], pairs[0]]
    with replacing(*(target for _, target in pairs)) as news:
        for (source, _), new in zip(pairs, news, strict=True):
            shutil.copyfile(source, new)
    written = {target for _, target in pairs}
    for journal in ("-wal", "-shm", "-journal"):  # of the GeoPackage that was replaced
        path.with_name(path.name + journal).unlink(missing_ok=True)
    if path.suffix.lower() == ".shp":  # a system or an index of the shapes that stood there before
        for ending in (*SHAPEFILE, ".sbn", ".sbx", ".qix"):
            if (stale := path.with_suffix(ending)) not in written:
                stale.unlink(missing_ok=True)

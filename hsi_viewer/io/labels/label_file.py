"""Ground truth and labels from files: one class id a pixel, 0 unlabelled."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from hsi_viewer.atomic import side_file
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError, HsiError
from hsi_viewer.core.labels.class_ids import class_ids
from hsi_viewer.core.labels.classes import UNCLASSIFIED_NAME, ClassLegend, Colour, legend_for
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.unlabelled import doubtful_zero
from hsi_viewer.io.arrays.attributes import (
    NODATA_KEYS,
    attribute_number,
    attribute_text,
    attributes_of,
)
from hsi_viewer.io.arrays.container import INSIDE, Container, listing
from hsi_viewer.io.arrays.numpy_file import NpzFile, source_of
from hsi_viewer.io.described_image import open_with_header
from hsi_viewer.io.envi import classes as envi_classes
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi.pairing import header_of, may_be_raw
from hsi_viewer.io.files.identify import magic_of, split_source, system_errors
from hsi_viewer.io.files.reading import ChoiceNeededError, Reading
from hsi_viewer.io.files.text_file import text_of
from hsi_viewer.io.files.unsupported import name_of
from hsi_viewer.io.format import Format
from hsi_viewer.io.labels.array_map import place_of, upright
from hsi_viewer.io.labels.attribute_table import classes_of
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.products import sample_scene
from hsi_viewer.io.registry import ENVI, format_of

if TYPE_CHECKING:
    from hsi_viewer.io.arrays.mat import MatlabFile

LABELS_ARE = (
    "Labels can be images of one band (.npy, .npz, .mat, .h5, .tif, .png, ENVI), shapes (.shp, "
    ".gpkg, .geojson), ENVI regions (.txt, .xml), tables of pixels (.csv) or ilastik projects "
    "(.ilp)."
)
# Label maps are read whole.
MAX_PIXELS = 1 << 31
MAX_SIDE_BYTES = 16 << 20
# What an archive may unpack to for a scene: this much, or this many pixels for each of it.
FREE_PIXELS, FINER = 1 << 24, 16

LABEL_NAMES = ("labels", "class_map", "gt", "groundtruth", "ground_truth")
LABEL_WORDS = ("gt", "label", "truth", "class", "roi")


def read_labels(source: str | Path, scene: tuple[int, int] | None = None) -> LabelFile:
    """Read a label map.

    Parameters
    ----------
    source : .npy, .npz ("file.npz:key"), .mat ("file.mat:variable"), ENVI classification or
        single-band image, single-band GeoTIFF or PNG and every other format with one band, or
        "sample:indian-pines/labels" and its like.
    scene : rows and columns of the scene that they are for, where it is known: an archive is not
        unpacked if it holds far more.

    Raises
    ------
    FileError, FormatError
        if it is missing, damaged or no label map.
    LabelError
        if its values are not class ids.
    """
    if sample_scene.is_sample(source, sample_scene.SAMPLE_LABELS):
        names = sample_scene.sample_class_names()
        return LabelFile(sample_scene.sample_labels(), names, name="Indian Pines ground truth")
    if str(source).startswith("scene:"):
        return _scene_labels(str(source))
    with system_errors(source):
        return _read(source, scene)


def _read(source: str | Path, scene: tuple[int, int] | None) -> LabelFile:
    path, part = split_source(source)
    magic = magic_of(path)
    row = format_of(path, magic)
    if row is None:
        raise _unknown(path, magic)
    try:
        return _read_as(row, path, part, scene)
    except FormatError:
        if row is ENVI or not may_be_raw(path, magic):
            raise
        return _read_envi(path)


def _read_as(row: Format, path: Path, part: str | None, scene: tuple[int, int] | None) -> LabelFile:
    """Read labels of a format; of one without classes, an image of one band."""
    if row.labels is not None:
        return row.labels(path, Reading(name=part))
    match row.name:
        case "npy":
            return _plain(path, _load_npy(path))
        case "npz":
            return _read_container(NpzFile(path), part, _most_pixels(scene))
        case "matlab-5":
            return _read_mat(path, part)
        case "matlab-7" | "hdf5":
            from hsi_viewer.io.arrays.hdf5 import H5File

            file = H5File(path, row.name == "matlab-7", part)
            return (
                _read_container(file, part) if row.name == "matlab-7" else _read_placed(file, part)
            )
        case "netcdf-3":
            from hsi_viewer.io.arrays.netcdf3 import Netcdf3File

            return _read_placed(Netcdf3File(path), part)
        case "zarr":
            from hsi_viewer.io.arrays.zarr_store import ZarrFolder
            from hsi_viewer.io.labels.zarr_map import with_zarr_legend

            store = ZarrFolder(path)
            attributes = store.attributes(_matrix_in(store, part))
            return with_zarr_legend(_read_placed(store, part), attributes)
        case "raster":
            return _read_raster(path, part)
        case "envi":
            return _read_envi(path)
    return _one_band(path, open_cube(path if part is None else f"{path}:{part}"))


def _unknown(path: Path, magic: bytes) -> FormatError:
    what = name_of(magic)
    known = "" if what is None else f": it is {what}"
    return FormatError(f"{path} does not contain readable labels{known}. {LABELS_ARE}")


def legend_of(
    labels: LabelFile | ImportedLabels, ids: Iterable[int], names: Mapping[int, str] | None = None
) -> ClassLegend:
    """A legend for ids: names and colours of the file, else other names and the palette's colours.

    Parameters
    ----------
    labels : as read from a file, and laid on the cube or not.
    ids : class ids.
    names : known by id from elsewhere.
    """
    legend = legend_for(ids, {**(names or {}), **labels.names})
    return ClassLegend(replace(c, colour=labels.colours.get(c.id, c.colour)) for c in legend)


def _scene_labels(source: str) -> LabelFile:
    """Ground truth of a public scene, fetched if need be."""
    from hsi_viewer.io.products import public_scenes

    scene = public_scenes.scene_of(source)
    labels = _read_mat(public_scenes.fetch(scene.labels), scene.labels.array)
    return structs.replace(labels, names=scene.class_names, name=f"{scene.title} ground truth")


def _check_pixels(path: Path, shape: tuple[int, ...], most: int = MAX_PIXELS) -> None:
    """Refuse what is larger than any label map, before it is read whole."""
    if math.prod(shape) > most:
        scene = "" if most == MAX_PIXELS else " of this scene"
        raise FormatError(
            f"{path} contains {' x '.join(map(str, shape))} values; a label map{scene} has at "
            f"most {most} pixels."
        )


def _most_pixels(scene: tuple[int, int] | None) -> int:
    """Pixels of labels that may be laid on a scene, on a finer grid than its own at most."""
    if scene is None:
        return MAX_PIXELS
    return min(MAX_PIXELS, max(FREE_PIXELS, FINER * math.prod(scene)))


def _one_band(path: Path, cube: HyperCube) -> LabelFile:
    if cube.bands != 1:
        raise FormatError(f"{path} has {cube.bands} bands; a label map has one.")
    _check_pixels(path, cube.shape)
    labels = _plain(path, cube.read()[:, :, 0], cube.nodata)
    return structs.replace(labels, georeference=cube.georeference)


def _plain(path: Path, array: NDArray[Any], nodata: float | None = None) -> LabelFile:
    notes = doubtful_zero(array, nodata)
    return LabelFile(_ids(path, array, nodata), name=path.name, notes=notes)


def _ids(path: Path, array: NDArray[Any], nodata: float | None = None) -> NDArray[np.uint16]:
    """Class ids of any two-dimensional array of numbers; pixels without data become 0."""
    while array.ndim > 2 and 1 in array.shape:  # time, channel and depth, as ilastik has them
        first_of_all = array.shape[0] == 1 and array.shape[-1] != 1
        axis = 0 if first_of_all else max(k for k, n in enumerate(array.shape) if n == 1)
        array = array.squeeze(axis)
    if array.ndim != 2 or array.size == 0:
        shape = " x ".join(map(str, array.shape))
        raise FormatError(f"{path} contains {shape} values; a label map is rows x columns.")
    if nodata is not None and not np.isnan(nodata):
        array = np.where(array == nodata, 0, array)
    return class_ids(array, str(path))


def _load_npy(path: Path) -> NDArray[Any]:
    source = source_of(path)
    rows, columns, bands = source.shape
    _check_pixels(path, source.shape)
    window = source.read(slice(0, rows, 1), slice(0, columns, 1), None)
    return window[:, :, 0] if bands == 1 else window


def _matrix_in(container: Container, name: str | None) -> str:
    """Name of the label map in a container."""
    if name is not None:
        if name not in container.arrays:
            held = listing(container)
            raise FormatError(f'{container.path} has no array "{name}"; it contains {held}.')
        return name
    own = [n for n in ("labels", "class_map") if n in container.arrays]
    if len(own) == 1 and "class_colours" in container.arrays:  # as written by `class_raster`
        return own[0]
    names = [n for n, c in container.arrays.items() if sum(size > 1 for size in c.shape) == 2]
    if not names:  # a map of one line
        names = [n for n, c in container.arrays.items() if len(c.shape) > 1 and c.size > 0]
    chosen = _choose([n for n in names if not INSIDE.search(n)]) or _choose(names)
    if chosen is None:
        raise ChoiceNeededError(
            f"{container.path} contains {listing(container)}; name the label map: "
            f"{container.path.name}:NAME.",
            tuple(container.arrays[name] for name in names),
        )
    return chosen


def _read_container(container: Container, part: str | None, most: int = MAX_PIXELS) -> LabelFile:
    name = _matrix_in(container, part)
    _check_pixels(container.path, container.arrays[name].shape, most)
    attributes = attributes_of(container, name)
    nodata = attribute_number(attributes, NODATA_KEYS)
    labels = _plain(container.path, upright(container, name), nodata)
    names = _flags(attributes)
    return structs.replace(labels, zero=names.pop(0, ""), names=names)


def _read_placed(file: Any, part: str | None) -> LabelFile:
    """Labels of a file of named axes, where these say that they lie."""
    labels = _read_container(file, part)
    place = place_of(file, _matrix_in(file, part), labels.ids.shape)
    return structs.replace(labels, georeference=place)


def _flags(attributes: Mapping[str, NDArray[Any]]) -> dict[int, str]:
    """Names by value, as the CF conventions write them: flag_values and flag_meanings."""
    values = attributes.get("flag_values", np.empty(0))
    meanings = (attribute_text(attributes, ("flag_meanings",)) or "").split()
    if values.dtype.kind not in "iu" or values.size != len(meanings):
        return {}
    return {int(v): name for v, name in zip(values, meanings, strict=True) if 0 <= v < 65536}


def _read_mat(path: Path, part: str | None) -> LabelFile:
    from hsi_viewer.io.arrays.mat import MatlabFile

    container = MatlabFile(path)
    labels = _read_container(container, part)
    labels = structs.replace(labels, georeference=container.georeference())
    try:
        return _with_own_legend(labels, container)
    except (HsiError, ValueError, KeyError):
        return labels  # no legend, or variables of these names that somebody else wrote


def _with_own_legend(labels: LabelFile, container: MatlabFile) -> LabelFile:
    """Names and colours that `class_raster.write_mat` put beside the ids."""
    numbers = [int(i) for i in container.values("class_ids").ravel()]
    names = container.strings("class_names")
    levels = np.rint(container.values("class_colours") * 255).astype(int)
    colours = [(int(r), int(g), int(b)) for r, g, b in levels]
    return structs.replace(
        labels,
        names=dict(zip(numbers, names, strict=True)),
        colours=dict(zip(numbers, colours, strict=True)),
        zero=UNCLASSIFIED_NAME,
    )


def _choose(names: list[str]) -> str | None:
    """The only candidate, or the only one that is named as a label map."""
    usual = [n for n in names if n.lower() in LABEL_NAMES]
    speaking = [n for n in names if any(word in n.lower() for word in LABEL_WORDS)]
    for candidates in (names, usual, speaking):
        if len(candidates) == 1:
            return candidates[0]
    return None


def _read_envi(path: Path) -> LabelFile:
    cube = open_with_header(path)
    labels = _one_band(path, cube)
    header = header_of(path) or path
    fields, _ = envi_header.read_header(header)
    names = {i: n for i, n in cube.class_names.items() if not n.startswith("(unused ")}
    colours = {
        i: c for i, c in envi_classes.class_colours(fields).items() if i in names or not names
    }
    zero = (envi_header.items(fields.get("class names", "")) or [""])[0]
    return structs.replace(labels, names=names, colours=colours, zero=zero)


def _read_raster(path: Path, part: str | None) -> LabelFile:
    """Single-band raster that GDAL reads, with colour table and names where there are any."""
    from hsi_viewer.io.rasters.cut_tags import without_tags
    from hsi_viewer.io.rasters.georeference import georeference_of
    from hsi_viewer.io.rasters.geotiff import image_of
    from hsi_viewer.io.rasters.side_tags import bare

    source = image_of(path, part)
    file, (rows, columns, bands) = source.dataset, source.shape
    if bands != 1:
        raise FormatError(
            f"{path} has {bands} bands; a label map has one band of class ids, not display colours."
        )
    _check_pixels(path, (rows, columns))
    array = source.read(slice(0, rows, 1), slice(0, columns, 1), None)[:, :, 0]
    try:
        tags = file.tags(1)
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is damaged: its text tags are not text ({error}).") from error
    nodata, colours, georeference = file.nodata, _colours_of(file), georeference_of(file)
    table = classes_of(bare(file), path, side_file(path))
    colours = table.colours | colours
    names = _category_names(side_file(path)) | table.names
    names |= {
        int(key[6:]): value
        for key, value in tags.items()
        if key.startswith("CLASS_") and key[6:].isdigit()
    }
    ids = _ids(path, array, nodata)
    zero = names.pop(0, "Class 0" if 0 in colours else "")
    colours = {i: c for i, c in colours.items() if i and (i in names or (ids == i).any())}
    doubts = () if zero else doubtful_zero(array, nodata)
    notes = (*without_tags(path, source.page), *doubts)
    return LabelFile(ids, names, colours, path.name, zero, georeference, notes)


def _category_names(side: Path) -> dict[int, str]:
    """Names of classes that GDAL keeps beside a raster, in the order of their ids."""
    try:
        text = text_of(side, MAX_SIDE_BYTES) if side.is_file() else ""
    except FileError:
        return {}
    listed = re.search(r"<CategoryNames>(.*?)</CategoryNames>", text, re.DOTALL)
    names = re.findall(r"<Category>(.*?)</Category>|<Category\s*/>", listed[1] if listed else "")
    return {i: unescape(name.strip()) for i, name in enumerate(names) if name.strip()}


def _colours_of(file: Any) -> dict[int, Colour]:
    try:
        table = file.colormap(1)
    except ValueError:  # no colour table
        return {}
    return {i: rgba[:3] for i, rgba in table.items() if any(rgba[:3]) and (i or rgba[3])}

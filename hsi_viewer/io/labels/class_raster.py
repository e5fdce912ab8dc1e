"""One map of class ids to one file, format by format; shared by label files and class maps."""

from __future__ import annotations

import re
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.lib import format as npy
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing, side_file
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.labels.classes import (
    UNCLASSIFIED_NAME,
    ClassLegend,
    Colour,
    LabelClass,
    palette_colour,
)
from hsi_viewer.core.strips import ids_in, strips
from hsi_viewer.core.text import one_line
from hsi_viewer.io.arrays.band_metadata import georeference_variables
from hsi_viewer.io.envi import writer as envi_writer
from hsi_viewer.io.labels.legend_file import qgis_style


class ClassRaster(Struct, frozen=True):
    """Class ids with everything that a file may contain about them.

    Attributes
    ----------
    ids : (rows, columns) uint8, or uint16 where an id exceeds 255; or what is read by `strips`.
    entries : id, name and colour of each class, in the order of the legend.
    georeference : of the cube.
    title : one line.
    variable : name of the array in a .mat file.
    zero : name of 0.
    styled : whether a style for QGIS (.qml) is written beside an ENVI or GeoTIFF file.
    """

    ids: NDArray[Any]
    entries: tuple[tuple[int, str, Colour], ...]
    georeference: Georeference | None = None
    title: str = ""
    variable: str = "class_map"
    zero: str = UNCLASSIFIED_NAME
    styled: bool = False

    def styles_of(self, image: Path) -> dict[Path, str]:
        """Text of the style beside an image, by its path; empty if there is none."""
        if not self.styled:
            return {}
        return {style_file(image): qgis_style(LabelClass(*entry) for entry in self.entries)}

    @property
    def largest(self) -> int:
        """The largest id in the map."""
        return max(ids_in(self.ids), default=0)

    @property
    def names(self) -> dict[int, str]:
        """Names by class id."""
        return {i: name for i, name, _ in self.entries}

    @property
    def colours(self) -> dict[int, Colour]:
        """Colours by class id."""
        return {i: colour for i, _, colour in self.entries}


def class_raster(
    ids: NDArray[np.uint16],
    legend: ClassLegend,
    georeference: Georeference | None,
    title: str,
    variable: str = "class_map",
) -> ClassRaster:
    """Join ids and legend; ids that the legend lacks are named "Class n"."""
    entries = [(c.id, c.name, c.colour) for c in legend]
    known = {c.id for c in legend} | {0}
    entries += [
        (i, legend.name_of(i), palette_colour(i - 1)) for i in ids_in(ids) if i not in known
    ]
    largest = max((i for i, _, _ in entries), default=0)
    return ClassRaster(
        ids.astype(np.uint8 if largest < 256 else np.uint16),
        tuple(entries),
        georeference,
        one_line(title),
        variable,
    )


def style_file(image: Path) -> Path:
    """Path of the style that QGIS loads with an image."""
    return image.with_suffix(".qml")


def write_envi(raster: ClassRaster, header: Path, data: Path) -> None:
    """An ENVI classification; its class list begins with Unclassified for id 0."""
    fields = {
        "file type": "ENVI Classification",
        **envi_writer.class_fields(
            {0: raster.zero, **raster.names}, raster.colours, raster.largest
        ),
        "data ignore value": "0",
        **envi_writer.georeference_fields(raster.georeference),
    }
    envi_writer.write_image(header, data, raster.ids, fields, raster.title, raster.styles_of(data))


def write_npy(raster: ClassRaster, path: Path) -> None:
    """The ids as an array (rows, columns)."""
    header = {
        "descr": npy.dtype_to_descr(raster.ids.dtype),
        "fortran_order": False,
        "shape": tuple(raster.ids.shape),
    }
    with replacing(path) as (new,), new.open("wb") as file:
        npy.write_array_header_1_0(file, header)
        for _, ids in strips(raster.ids):
            file.write(np.ascontiguousarray(ids).data)  # np.save misses a disk that is full


def write_mat(raster: ClassRaster, path: Path) -> None:
    """MATLAB 5: the ids, and class_ids, class_names, class_colours (0..1) of the legend; place."""
    from scipy.io import savemat

    names = np.empty((len(raster.entries), 1), object)
    names[:, 0] = [name for _, name, _ in raster.entries]
    variables = {
        raster.variable: np.asarray(raster.ids),
        "class_ids": np.array([[i] for i, _, _ in raster.entries], np.uint16).reshape(-1, 1),
        "class_names": names,
        "class_colours": np.array([c for _, _, c in raster.entries]).reshape(-1, 3) / 255.0,
        **georeference_variables(raster.georeference),
    }
    with replacing(path) as (new,):
        savemat(str(new), variables, appendmat=False, do_compression=True)


def write_png(raster: ClassRaster, path: Path) -> None:
    """A picture with a legend, for people, and a world file (.pgw) that places its map."""
    from hsi_viewer.io.labels.legend_image import MARGIN, MAX_SIDE, class_picture

    ids, step = _thinned(raster.ids, MAX_SIDE)
    picture, (wide, high) = class_picture(ids, list(raster.entries), raster.title)
    wide, high = wide / step, high / step
    georeference = raster.georeference
    transform = None if georeference is None else georeference.transform
    world = world_file(path)
    targets = [path] if transform is None else [world, path]
    with replacing(*targets, named=path) as new:
        with new[-1].open("wb") as file:
            picture.save(file, format="PNG", optimize=True)
        if transform is not None:
            a, b, c, d, e, f = transform
            # from the centre of the picture's first pixel to a column and row of the map
            column, row = (0.5 - MARGIN) / wide, (0.5 - MARGIN) / high
            x, y = c + a * column + b * row, f + d * column + e * row
            values = (a / wide, d / wide, b / high, e / high, x, y)
            new[0].write_text("".join(f"{value!r}\n" for value in values), encoding="ascii")
    if transform is None:
        world.unlink(missing_ok=True)  # it placed the picture that is replaced


def _thinned(image: Any, most: int) -> tuple[NDArray[np.uint16], int]:
    """The image, or every n-th pixel of one that may be larger than memory; and n."""
    if isinstance(image, np.ndarray):
        return image.astype(np.uint16), 1
    step = max(1, -(-max(image.shape) // most))
    parts = [
        values[(-rows.start) % step :: step, ::step].astype(np.uint16)
        for rows, values in strips(image)
    ]
    return np.concatenate(parts), step


def world_file(png: Path) -> Path:
    """Path of the world file of an image."""
    return png.with_suffix(".pgw")


def write_tif(raster: ClassRaster, path: Path, *, cog: bool = False) -> None:
    """GeoTIFF with colour table; category names in GDAL's side file (.aux.xml) and as band tags.

    Parameters
    ----------
    raster : what to write.
    path : target.
    cog : whether it is cloud-optimised: in tiles, with overviews.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    from rasterio.windows import Window

    from hsi_viewer.io.files.gdal import georeference_profile, new_cog, new_tif

    height, columns = raster.ids.shape
    profile: dict[str, Any] = {
        "height": height,
        "width": columns,
        "count": 1,
        "dtype": raster.ids.dtype.name,
        "compress": "deflate",
        "nodata": 0,
        **georeference_profile(raster.georeference),
    }
    if min(height, columns) >= 256:
        profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    palette = {0: (0, 0, 0, 0), **{i: (*c, 255) for i, c in raster.colours.items()}}
    tags = {f"CLASS_{i}": name for i, name in raster.names.items()}
    styles = raster.styles_of(path)
    with replacing(*styles, side_file(path), path, named=path) as (*new_styles, new_aux, new):
        opened = partial(new_cog, overviews="nearest") if cog else new_tif
        with opened(new, path, **profile) as file:
            for rows, ids in strips(raster.ids):
                file.write(ids, 1, window=Window(0, rows.start, columns, len(ids)))
            file.write_colormap(1, palette)
            file.set_band_description(1, raster.title or raster.variable)
            file.update_tags(1, CLASS_0=raster.zero, **tags)
        new_aux.write_text(_side_text(raster, side_file(new)), encoding="utf-8")
        for style, text in zip(new_styles, styles.values(), strict=True):
            style.write_text(text, encoding="utf-8")


def _side_text(raster: ClassRaster, of_gdal: Path) -> str:
    """Category names as GDAL keeps them beside a raster, with what it has put there itself."""
    own = of_gdal.read_text(encoding="utf-8") if of_gdal.exists() else ""
    system = re.search(r"<SRS\b.*?</SRS>\s*", own, re.DOTALL)  # what GeoTIFF cannot hold
    last = max(raster.largest, *raster.names, 0)
    names = {0: raster.zero, **raster.names}
    lines = [f"      <Category>{escape(names.get(i, ''))}</Category>" for i in range(last + 1)]
    return (
        f"<PAMDataset>\n  {system[0] if system else ''}"
        '<PAMRasterBand band="1">\n    <CategoryNames>\n'
        + "\n".join(lines)
        + "\n    </CategoryNames>\n  </PAMRasterBand>\n</PAMDataset>\n"
    )

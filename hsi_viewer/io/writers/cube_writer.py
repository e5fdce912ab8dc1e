"""Cubes, out: a window and some bands of any cube to ENVI, GeoTIFF, MATLAB, NumPy or Zarr.

Everything is written tile by tile, so that memory does not grow with the cube, and appears whole
or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing, side_file, writing
from hsi_viewer.core.cube.cube import CubeSource, HyperCube
from hsi_viewer.core.cube.nodata import can_hold
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.io.arrays.band_metadata import georeference_variables
from hsi_viewer.io.arrays.zarr_store import write_zarr
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi import writer as envi_writer
from hsi_viewer.io.rasters.tags import MAX_BANDS_WITH_TAGS, imagery_tags
from hsi_viewer.io.sidecars import location as sidecar_location
from hsi_viewer.io.writers.subset import Subset, subset_cube

TILE_BYTES = 32 << 20
FORMATS = (".hdr", ".img", ".tif", ".mat", ".npy", ".zarr")
CLASSIC_TIFF_BYTES = 4 << 30
# A MATLAB 5 variable cannot be larger (MAT-File Format, chapter 1).
MATLAB_BYTES = 2**31 - 1

Report = Callable[[int], None]


def write_cube(
    cube: HyperCube,
    path: Path,
    subset: Subset | None = None,
    interleave: str = "bil",
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
    fields: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write a cube by the suffix of the path: .hdr or .img (ENVI), .tif, .mat, .npy, .zarr.

    Parameters
    ----------
    cube : to write.
    path : target; ENVI is two files, .hdr and .img.
    subset : window, bands or wavelengths; None takes all.
    interleave : of ENVI: bsq, bil or bip.
    token, port : cancel and progress.
    fields : of an ENVI header, more than the cube itself has.

    Returns
    -------
    list of Path
        the files written.

    Raises
    ------
    ExportError
        if the format cannot hold the cube or the target cannot be written.
    """
    chosen = subset_cube(cube, subset or Subset())
    port = port or SilentPort()
    token = token or CancelToken()

    def report(row: int) -> None:
        token.check()
        port.report(Progress(f"Writing {path.name}", row / chosen.rows))

    if chosen.dtype.kind == "c" and path.suffix.lower() in (".mat", ".zarr"):
        raise ExportError(f"{path}: complex values are written as ENVI, GeoTIFF or NumPy only.")
    with writing(path):
        files = _write(chosen, path, interleave, report, fields or {})
        for file in files:
            sidecar_location.forget(file)  # what a user had set for the image that was replaced
    return files


def _write(
    chosen: HyperCube, path: Path, interleave: str, report: Report, fields: Mapping[str, str]
) -> list[Path]:
    match path.suffix.lower():
        case ".hdr" | ".img":
            return _write_envi(chosen, path, interleave, report, fields)
        case ".tif" | ".tiff":
            return _write_tif(chosen, path, report)
        case ".npy":
            return _write_npy(chosen, path, report)
        case ".mat":
            return _write_mat(chosen, path, report)
        case ".zarr":
            return _write_zarr(chosen, path, report)
        case other:
            raise ExportError(
                f'{path}: a cube cannot be written as "{other}"; '
                f"choose one of {', '.join(FORMATS)}."
            )


def _tile_rows(cube: HyperCube) -> int:
    return max(1, TILE_BYTES // (cube.columns * cube.bands * cube.dtype.itemsize))


def _tiles(cube: HyperCube, report: Report, block: int = 1) -> Iterator[tuple[int, NDArray[Any]]]:
    """Blocks of whole rows from the top, (row, (rows, columns, bands)); multiples of a height."""
    rows = max(block, _tile_rows(cube) // block * block)
    for top in range(0, cube.rows, rows):
        report(top)
        yield top, cube.read(slice(top, top + rows))


def cube_fields(cube: HyperCube) -> dict[str, str]:
    """ENVI header fields of a cube's metadata."""
    braced = envi_header.braced
    fields = {"file type": "ENVI Standard"}
    if cube.wavelengths is not None:
        fields["wavelength units"] = "Nanometers"
        fields["wavelength"] = braced([repr(float(w)) for w in cube.wavelengths])
    if cube.fwhm is not None:
        fields["fwhm"] = braced([repr(float(w)) for w in cube.fwhm])
    if not cube.good_bands.all():
        fields["bbl"] = braced([str(int(g)) for g in cube.good_bands])
    if cube.nodata is not None:
        fields["data ignore value"] = (
            f"{cube.nodata:g}" if np.isnan(cube.nodata) else repr(cube.nodata)
        )
    if cube.offset:  # GDAL knows these
        fields["data gain values"] = braced([repr(cube.scale)] * cube.bands)
        fields["data offset values"] = braced([repr(cube.offset)] * cube.bands)
    elif cube.scale != 1.0:
        fields["reflectance scale factor"] = repr(1.0 / cube.scale)
    if cube.default_bands is not None:
        fields["default bands"] = braced([str(b + 1) for b in cube.default_bands])
    if cube.band_names is not None:
        fields["band names"] = braced([envi_header.clean_name(n) for n in cube.band_names])
    return fields | envi_writer.georeference_fields(cube.georeference)


def _write_envi(
    cube: HyperCube, path: Path, interleave: str, report: Report, more: Mapping[str, str]
) -> list[Path]:
    if interleave not in ("bsq", "bil", "bip"):
        raise ExportError(f'The interleave "{interleave}" is not bsq, bil or bip.')
    header, data = envi_writer.pair_of(path)
    dtype = np.dtype(np.uint8) if cube.dtype == bool else cube.dtype
    layout = envi_writer.layout_fields(cube.shape, dtype, interleave)
    kept = {k: v for k, v in cube.metadata.items() if cube.format_name == "ENVI"}
    text = envi_header.format_header({**kept, **layout, **cube_fields(cube), **more})
    with envi_writer.replacing_pair(header, data) as (new_header, new_data):
        with new_data.open("wb") as file:
            for top, tile in _tiles(cube, report):
                values = tile.astype(dtype.newbyteorder("<"), copy=False)
                if interleave == "bsq":
                    plane = cube.rows * cube.columns * dtype.itemsize
                    for band in range(cube.bands):
                        file.seek(band * plane + top * cube.columns * dtype.itemsize)
                        file.write(np.ascontiguousarray(values[:, :, band]).data)
                else:
                    order = (0, 2, 1) if interleave == "bil" else (0, 1, 2)
                    file.write(np.ascontiguousarray(values.transpose(order)).data)
        new_header.write_text(text, encoding="utf-8")
    return [header, data]


def _write_npy(cube: HyperCube, path: Path, report: Report) -> list[Path]:
    from numpy.lib import format as npy

    with replacing(path) as (new,), new.open("wb") as file:
        head = {"descr": cube.dtype.str, "fortran_order": False, "shape": cube.shape}
        npy.write_array_header_2_0(file, head)
        for _, tile in _tiles(cube, report):
            file.write(np.ascontiguousarray(tile).data)
    return [path]


def _write_mat(cube: HyperCube, path: Path, report: Report) -> list[Path]:
    from scipy.io import savemat

    if cube.rows * cube.columns * cube.bands * cube.dtype.itemsize > MATLAB_BYTES:
        raise ExportError("MATLAB 5 files contain at most 2 GiB; choose ENVI or a smaller window.")
    report(0)
    variables = {"cube": cube.read(), **_mat_variables(cube)}
    with replacing(path) as (new,):
        savemat(str(new), variables, appendmat=False, do_compression=True)
    return [path]


def _mat_variables(cube: HyperCube) -> dict[str, Any]:
    """Variables beside the cube in a .mat file; bands are counted from 1, as MATLAB does."""
    known, names, shown = cube.wavelengths is not None, cube.band_names, cube.default_bands
    given = {
        "dimensions": _column_of(("row", "column", "band")),
        "wavelengths": cube.wavelengths,
        "wavelength_units": "nm" if known else None,
        "fwhm": cube.fwhm,
        "good_bands": cube.good_bands.astype(np.uint8)
        if known or not cube.good_bands.all()
        else None,
        "nodata": cube.nodata,
        "scale_factor": cube.scale if cube.scale != 1.0 else None,
        "add_offset": cube.offset or None,
        "band_names": None if names is None else _column_of(names),
        "default_bands": None if shown is None else np.array(shown) + 1,
    }
    variables = {name: value for name, value in given.items() if value is not None}
    return variables | georeference_variables(cube.georeference)


def _column_of(texts: Sequence[str]) -> NDArray[Any]:
    """Texts as a cell array."""
    cells = np.empty((len(texts), 1), object)
    cells[:, 0] = texts
    return cells


def _write_tif(cube: HyperCube, path: Path, report: Report) -> list[Path]:
    from rasterio.windows import Window

    from hsi_viewer.io.files.gdal import georeference_profile, new_tif

    size = cube.rows * cube.columns * cube.bands * cube.dtype.itemsize
    dtype, nodata = np.dtype(np.uint8) if cube.dtype == bool else cube.dtype, cube.nodata
    if dtype == np.float16:
        raise ExportError(f"{path}: GeoTIFF has no type {dtype.name}; choose .npy, .mat or .zarr.")
    profile: dict[str, Any] = {
        "height": cube.rows,
        "width": cube.columns,
        "count": cube.bands,
        "dtype": dtype.name,
        "compress": "deflate",
        "zlevel": 1,  # spectra become 2 % larger than with 6, in a tenth to two thirds of the time
        "interleave": "pixel",
        "nodata": nodata if nodata is not None and can_hold(dtype, nodata) else None,
        "BIGTIFF": "YES" if size > CLASSIC_TIFF_BYTES else "IF_SAFER",
        **georeference_profile(cube.georeference),
    }
    # a block that is written twice is compressed twice, and its first place is lost
    high = min(128, max(16, _tile_rows(cube) // 16 * 16))
    if min(cube.rows, cube.columns) >= 128:
        profile |= {"tiled": True, "blockxsize": 128, "blockysize": high}
    with replacing(path) as (new,), new_tif(new, path, **profile) as file:
        _tif_tags(cube, file)
        for top, tile in _tiles(cube, report, high):
            window = Window(0, top, cube.columns, tile.shape[0])
            file.write(tile.transpose(2, 0, 1).astype(profile["dtype"], copy=False), window=window)
    side = side_file(path)
    return [path, side] if side.exists() else [path]


def _tif_tags(cube: HyperCube, file: Any) -> None:
    if cube.scale != 1.0 or cube.offset:
        file.scales, file.offsets = (cube.scale,) * cube.bands, (cube.offset,) * cube.bands
    if cube.band_names is not None:
        file.descriptions = cube.band_names
    if cube.default_bands is not None:
        shown = ", ".join(str(band + 1) for band in cube.default_bands)
        file.update_tags(ns="ENVI", default_bands=f"{{{shown}}}")
    if cube.bands > MAX_BANDS_WITH_TAGS:  # more are not looked at one by one
        fields = cube_fields(replace(cube, georeference=None))
        listed = ("wavelength units", "wavelength", "fwhm", "bbl")
        file.update_tags(
            ns="ENVI", **{k.replace(" ", "_"): fields[k] for k in listed if k in fields}
        )
        return
    for band in range(cube.bands):
        tags = {"bbl": str(int(cube.good_bands[band]))}
        if cube.wavelengths is not None:
            tags |= {"wavelength": repr(float(cube.wavelengths[band])), "wavelength_units": "nm"}
        if cube.fwhm is not None:
            tags["fwhm"] = repr(float(cube.fwhm[band]))
        file.update_tags(band + 1, **tags)
        imagery = imagery_tags(cube, band)
        if imagery:
            file.update_tags(band + 1, ns="IMAGERY", **imagery)


def _write_zarr(cube: HyperCube, path: Path, report: Report) -> list[Path]:
    write_zarr(path, cube, _tiles(cube, report))
    return [path]


def probabilities_cube(
    probabilities: NDArray[np.float32] | CubeSource, names: Sequence[str], like: HyperCube
) -> HyperCube:
    """Class probabilities, (rows, columns, classes), as a cube to write with `write_cube`."""
    facts: dict[str, Any] = {"band_names": tuple(names), "georeference": like.georeference}
    if isinstance(probabilities, np.ndarray):
        return HyperCube.from_array(probabilities, name="probabilities", **facts)
    return HyperCube(probabilities, name="probabilities", **facts)

"""HDF5 and NetCDF products of imaging spectrometers, recognised by what they hold.

Layouts after: NEON DP3.30006 (NEON.DOC.004365), EMIT L2A user guide (JPL D-107862), AVIRIS-3
facility products (ORNL DAAC), PRISMA Products Specification (ASI, issue 2.3), Tanager core imagery
(Planet), PACE OCI level 1B (NASA Ocean Biology). Import lazily.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube, is_scale
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.arrays import cf
from hsi_viewer.io.arrays.cf import SENSOR_GEOMETRY, scalar
from hsi_viewer.io.arrays.hdf5 import H5File
from hsi_viewer.io.arrays.hdf5_source import H5_ERRORS, H5Source
from hsi_viewer.io.files.composed_sources import (
    BackgroundSource,
    ScaledSource,
    StackSource,
    SumSource,
)
from hsi_viewer.io.metadata.crs import wkt_of
from hsi_viewer.io.metadata.map_info import georeference

PRISMA_ASKED = 6  # bands of the shorter half that show whether a pixel is background
PRISMA_STEP_M = 30.0
JPL_NODATA = -9999.0  # where a file of EMIT or AVIRIS does not say


def open_product(container: H5File) -> HyperCube | None:
    """The cube of a known product, or None if the file is not one.

    Raises
    ------
    FormatError
        if it is one but lacks what belongs to it.
    """
    for read in (_neon, _emit, _aviris, _prisma, _tanager, _pace):
        try:
            cube = read(container)
        except (*H5_ERRORS, IndexError, AttributeError, ArithmeticError) as error:
            raise FormatError(
                f"{container.path} looks like a product of {read.__name__[1:].upper()} but is not "
                f"complete: {error}. Name one of its arrays to read it as plain HDF5."
            ) from error
        if cube is not None:
            return cube
    return None


def _cube(
    container: H5File, source: CubeSource, metadata: CubeMetadata, warnings: Sequence[str] = ()
) -> HyperCube:
    """The cube of a product, whose wavelengths are in nm."""
    unit = None if metadata.wavelengths is None else "nm"
    metadata = replace(metadata, wavelength_units_in_file=unit)
    path = container.path
    return HyperCube.described(source, metadata, path.name, path, warnings)


def _list(values: Any) -> NDArray[np.float64]:
    """A data set or an attribute with a number for each band, (bands,)."""
    return np.asarray(values, np.float64).ravel()


def _neon(container: H5File) -> HyperCube | None:
    endings = ("/Reflectance_Data", "/RadianceIntegerPart")
    names = (n for n in container.arrays if n.count("/") == 2 and n.endswith(endings))
    name = next(names, None)
    if name is None:
        return None
    file, group = container.file, name.rsplit("/", 1)[0]
    data, meta = file[name], file[group]["Metadata"]
    spectral = meta["Spectral_Data"]
    nm = _list(spectral["Wavelength"][()])
    nodata, scale = _number(data, "Data_Ignore_Value"), _number(data, "Scale_Factor") or 1.0
    source: CubeSource = H5Source(data, (0, 1, 2))
    if name.endswith("IntegerPart"):
        rest = file[f"{group}/RadianceDecimalPart"]
        gain = 1.0 / (_number(rest, "Scale_Factor") or 1.0)
        decimals = ScaledSource(H5Source(rest, (0, 1, 2)), gain, 0.0, None)
        source, nodata = SumSource(ScaledSource(source, 1.0, 0.0, nodata), decimals), None
    return _cube(
        container,
        source,
        CubeMetadata(
            wavelengths=nm,
            fwhm=_list(spectral["FWHM"][()]) if "FWHM" in spectral else None,
            good_bands=_outside_windows(nm, data, file[group]),
            nodata=nodata,
            scale=1.0 / scale if is_scale(scale) else 1.0,
            georeference=_neon_georeference(meta["Coordinate_System"]),
            format_name="NEON HDF5",
        ),
    )


def _outside_windows(nm: NDArray[Any], *described: Any) -> NDArray[np.bool_]:
    """Bands outside the windows of water vapour that attributes give."""
    good = np.ones(nm.size, bool)
    for item in described:
        for key, window in item.attrs.items():
            if key.startswith("Band_Window_") and key.endswith("Nanometers"):
                low, high = (float(v) for v in np.ravel(window)[:2])
                good &= ~((nm >= low) & (nm <= high))
    return good


def _neon_georeference(system: h5py.Group) -> Georeference | None:
    known = georeference(str(scalar(system["Map_Info"][()])), None, None)
    if "EPSG Code" in system and known is not None and known.crs_wkt is None:
        wkt = wkt_of(int(scalar(system["EPSG Code"][()])))
        return Georeference(known.transform, wkt, known.map_info)
    return known


def _number(item: Any, key: str) -> float | None:
    value = item.attrs.get(key)
    return None if value is None else float(scalar(value))


def _emit(container: H5File) -> HyperCube | None:
    file = container.file
    if "sensor_band_parameters/wavelengths" not in container.arrays:
        return None  # masks and angles have no wavelengths
    cubes = [n for n, c in container.arrays.items() if "/" not in n and len(c.shape) == 3]
    if not cubes:
        return None
    data, bands = file[cubes[0]], file["sensor_band_parameters"]
    good = bands.get("good_wavelengths")
    return _cube(
        container,
        H5Source(data, (0, 1, 2)),
        CubeMetadata(
            wavelengths=_list(bands["wavelengths"][()]),
            fwhm=_list(bands["fwhm"][()]),
            good_bands=np.asarray(good[()]).ravel() != 0 if good is not None else None,
            nodata=_fill(data),
            format_name="EMIT NetCDF",
            fields={"array": cubes[0]},
        ),
        (SENSOR_GEOMETRY,),
    )


def _fill(data: h5py.Dataset) -> float:
    value = _number(data, "_FillValue")
    return JPL_NODATA if value is None else value


def _aviris(container: H5File) -> HyperCube | None:
    file = container.file
    name = next((n for n in ("reflectance", "radiance") if f"{n}/{n}" in container.arrays), None)
    if name is None or f"{name}/wavelength" not in container.arrays:
        return None
    data, group = file[f"{name}/{name}"], file[name]
    fwhm = group.get("fwhm")
    source = H5Source(data, (1, 2, 0))
    # the grid mapping is that of the lookup table, by which level 1 has yet to be placed
    in_sensor_geometry = "geolocation_lookup_table" in file
    known = (
        None
        if in_sensor_geometry
        else cf.georeference(container, f"{name}/{name}", *source.shape[:2])
    )
    return _cube(
        container,
        source,
        CubeMetadata(
            wavelengths=_list(group["wavelength"][()]),
            fwhm=None if fwhm is None else _list(fwhm[()]),
            nodata=_fill(data),
            georeference=known,
            format_name="AVIRIS NetCDF",
            fields={"array": f"{name}/{name}"},
        ),
        (SENSOR_GEOMETRY,) if in_sensor_geometry else (),
    )


def _prisma(container: H5File) -> HyperCube | None:
    file = container.file
    found = {
        sensor: next((n for n in container.arrays if n.endswith(f"{sensor}_Cube")), None)
        for sensor in ("VNIR", "SWIR")
    }
    if not any(found.values()) or "List_Cw_Vnir" not in file.attrs:
        return None
    parts: list[H5Source] = []
    scales: list[tuple[float, float]] = []
    bands: list[tuple[int, int]] = []
    nm: list[float] = []
    fwhm: list[float] = []
    for sensor, name in found.items():
        if name is None:
            continue
        gain, offset = _prisma_scale(file.attrs, sensor.title(), "_L1_" in name)
        parts.append(H5Source(file[name], (0, 2, 1)))
        centres = np.ravel(file.attrs[f"List_Cw_{sensor.title()}"])
        widths = np.ravel(file.attrs[f"List_Fwhm_{sensor.title()}"])
        flags = np.ravel(file.attrs.get(f"List_Cw_{sensor.title()}_Flags", centres > 0))
        for band in np.flatnonzero((flags != 0) & (centres > 0)):
            bands.append((len(parts) - 1, int(band)))
            scales.append((gain, offset))
            nm.append(float(centres[band]))
            fwhm.append(float(widths[band]))
    order = np.argsort(nm, kind="stable")
    stack = StackSource(parts, [bands[i] for i in order])
    gains, offsets = np.array(scales)[order].T
    asked = np.unique(np.linspace(0, len(bands) // 2, PRISMA_ASKED).astype(int)).tolist()
    known = _prisma_georeference(file.attrs, stack.shape)
    return _cube(
        container,
        BackgroundSource(stack, gains, offsets, asked),
        CubeMetadata(
            wavelengths=np.array(nm)[order],
            fwhm=np.array(fwhm)[order],
            georeference=known,
            format_name="PRISMA HDF5",
            fields={"array": ", ".join(n for n in found.values() if n)},
        ),
        () if known is not None else (SENSOR_GEOMETRY,),
    )


def _prisma_scale(attributes: Any, sensor: str, level_1: bool) -> tuple[float, float]:
    """Gain and offset from digital numbers to radiance (level 1) or reflectance (level 2)."""
    if level_1:
        factor = float(scalar(attributes[f"ScaleFactor_{sensor}"]))
        if not is_scale(factor):
            raise ValueError(f"{factor:g} is not a scale")
        return 1.0 / factor, -float(scalar(attributes.get(f"Offset_{sensor}", 0.0)))
    low = float(scalar(attributes[f"L2Scale{sensor}Min"]))
    high = float(scalar(attributes[f"L2Scale{sensor}Max"]))
    return (high - low) / 65535.0, low


def _prisma_georeference(attributes: Any, shape: tuple[int, int, int]) -> Georeference | None:
    """Map grid of level 2D; the 30 m step shows whether corners are pixel centres."""
    keys = ("ULcorner_easting", "ULcorner_northing", "LRcorner_easting", "LRcorner_northing")
    if not all(f"Product_{key}" in attributes for key in keys) or "Epsg_Code" not in attributes:
        return None
    left, top, right, bottom = (float(scalar(attributes[f"Product_{key}"])) for key in keys)
    rows, columns = shape[:2]
    if min(rows, columns) < 2:
        return None
    centred = abs((right - left) / (columns - 1) - PRISMA_STEP_M) <= abs(
        (right - left) / columns - PRISMA_STEP_M
    )
    less = 1 if centred else 0
    dx, dy = (right - left) / (columns - less), (bottom - top) / (rows - less)
    shift = 0.5 if centred else 0.0
    transform = (dx, 0.0, left - shift * dx, 0.0, dy, top - shift * dy)
    return Georeference(transform, wkt_of(int(scalar(attributes["Epsg_Code"]))))


def _tanager(container: H5File) -> HyperCube | None:
    kinds = ("surface_reflectance", "toa_radiance")
    names = (n for k in kinds for n in container.arrays if n.endswith(f"/HYP/Data Fields/{k}"))
    name = next(names, None)
    if name is None or len(container.arrays[name].shape) != 3:
        return None
    data = container.file[name]
    source = H5Source(data, (1, 2, 0))
    warnings: list[str] = []
    nm, fwhm, good = (
        _band_list(data, key, source.shape[2], warnings)
        for key in ("wavelengths", "fwhm", "good_wavelengths")
    )
    if nm is None:
        warnings.append("The file gives no wavelengths for its bands.")
    known = _eos_grid(container.file, name, source.shape) if "/GRIDS/" in name else None
    if known is None:
        warnings.append(SENSOR_GEOMETRY)
    return _cube(
        container,
        source,
        CubeMetadata(
            wavelengths=nm,
            fwhm=fwhm,
            good_bands=None if good is None else good != 0,
            nodata=_number(data, "_FillValue"),
            georeference=known,
            format_name="Tanager HDF5",
            fields={"array": name},
        ),
        warnings,
    )


def _band_list(
    data: h5py.Dataset, key: str, bands: int, warnings: list[str]
) -> NDArray[np.float64] | None:
    """An attribute with a number for each band; None, with a warning, if it is not that."""
    if key not in data.attrs:
        return None
    values = _list(data.attrs[key])
    if values.size != bands:
        warnings.append(f'"{key}" has {values.size} entries for {bands} bands; it is not used.')
        return None
    return values


def _eos_grid(file: h5py.File, name: str, shape: tuple[int, int, int]) -> Georeference | None:
    """Map grid of HDF-EOS5: the outer corners of the grid, as its structure gives them."""
    structure = file.get("HDFEOS INFORMATION/StructMetadata.0")
    text = "" if structure is None else str(scalar(structure[()]))
    corners = [
        re.search(rf"{key}=\(([-+.\deE]+),([-+.\deE]+)\)", text)
        for key in ("UpperLeftPointMtrs", "LowerRightMtrs")
    ]
    if corners[0] is None or corners[1] is None:
        return None
    left, top, right, bottom = (float(n) for corner in corners if corner for n in corner.groups())
    code = scalar(file[name].parent.parent.attrs.get("epsg_code", 0))
    zone = re.search(r"Projection=\w*UTM\s+ZoneCode=(-?\d+)", text)
    if not code and zone is not None:
        code = (32600 if int(zone[1]) > 0 else 32700) + abs(int(zone[1]))
    dx, dy = (right - left) / shape[1], (bottom - top) / shape[0]
    return Georeference((dx, 0.0, left, 0.0, dy, top), wkt_of(int(code or 0)))


def _pace(container: H5File) -> HyperCube | None:
    found = (q for q in ("rhot", "Lt") if f"observation_data/{q}_blue" in container.arrays)
    quantity = next(found, None)
    if quantity is None:
        return None
    file, detectors = container.file, ("blue", "red", "SWIR")
    data = [file[f"observation_data/{quantity}_{detector}"] for detector in detectors]
    lists = [np.ravel(file[f"sensor_band_parameters/{d}_wavelength"][()]) for d in detectors]
    nm = np.concatenate(lists)
    bands = [(k, band) for k, centres in enumerate(lists) for band in range(centres.size)]
    order = np.argsort(nm, kind="stable")
    return _cube(
        container,
        StackSource([H5Source(d, (1, 2, 0)) for d in data], [bands[i] for i in order]),
        CubeMetadata(
            wavelengths=_list(nm[order]),
            nodata=_number(data[0], "_FillValue"),
            format_name="PACE OCI NetCDF",
            fields={"array": f"observation_data/{quantity}_blue, _red, _SWIR"},
        ),
        (SENSOR_GEOMETRY,),
    )

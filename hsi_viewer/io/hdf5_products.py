"""HDF5 and NetCDF products of imaging spectrometers, recognised by what they hold.

Layouts after: NEON DP3.30006 (NEON.DOC.004365), EMIT L2A user guide (JPL D-107862), AVIRIS-3
facility products (ORNL DAAC), PRISMA Products Specification (ASI, issue 2.3). Import lazily.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.georeference import Georeference
from hsi_viewer.io.hdf5 import H5_ERRORS, H5File, H5Source
from hsi_viewer.io.map_info import georeference
from hsi_viewer.io.stack_source import Part, StackSource

PRISMA_STEP_M = 30.0
CF_AXES = (("easting", "northing"), ("x", "y"), ("lon", "lat"), ("longitude", "latitude"))


def open_product(container: H5File) -> HyperCube | None:
    """The cube of a known product, or None if the file is none.

    Raises
    ------
    FormatError
        if it is one but lacks what belongs to it.
    """
    for read in (_neon, _emit, _aviris, _prisma):
        try:
            cube = read(container)
        except (*H5_ERRORS, IndexError) as error:
            raise FormatError(
                f"{container.path} looks like a product of {read.__name__[1:].upper()} but is not "
                f"complete: {error}. Name one of its arrays to read it as plain HDF5."
            ) from error
        if cube is not None:
            return cube
    return None


def scalar(value: Any) -> Any:
    """A scalar attribute or data set as a Python value; bytes as text."""
    array = np.asarray(value).ravel()
    item = array[0].item() if array.size and array.dtype.kind != "O" else next(iter(array), None)
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else item


def _cube(
    container: H5File, source: Any, product: str, wavelengths: NDArray[Any], **fields: Any
) -> HyperCube:
    return HyperCube(
        source,
        name=container.path.name,
        path=container.path,
        wavelengths=np.asarray(wavelengths, np.float64).ravel(),
        format_name=product,
        wavelength_units_in_file="nm",
        **fields,
    )


def _wkt(epsg: int | None) -> str | None:
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        return None if not epsg else str(CRS.from_epsg(epsg).to_wkt())
    except CRSError:
        return None


def _neon(container: H5File) -> HyperCube | None:
    endings = ("/Reflectance_Data", "/Radiance_Data")
    names = (n for n in container.arrays if n.count("/") == 2 and n.endswith(endings))
    name = next(names, None)
    if name is None:
        return None
    file, group = container.file, name.rsplit("/", 1)[0]
    data, meta = file[name], file[group]["Metadata"]
    spectral = meta["Spectral_Data"]
    nm = np.asarray(spectral["Wavelength"][()], np.float64)
    good = np.ones(nm.size, bool)
    for attributes in (data.attrs, file[group].attrs):
        for key, window in attributes.items():
            if key.startswith("Band_Window_") and key.endswith("Nanometers"):
                low, high = (float(v) for v in np.ravel(window)[:2])
                good &= ~((nm >= low) & (nm <= high))
    factor = float(scalar(data.attrs.get("Scale_Factor", 1.0)))
    system = meta["Coordinate_System"]
    place = georeference(str(scalar(system["Map_Info"][()])), None, None)
    if "EPSG Code" in system and place is not None and place.crs_wkt is None:
        wkt = _wkt(int(scalar(system["EPSG Code"][()])))
        place = Georeference(place.transform, wkt, place.map_info)
    nodata = data.attrs.get("Data_Ignore_Value")
    return _cube(
        container,
        H5Source(data, (0, 1, 2)),
        "NEON HDF5",
        nm,
        fwhm=np.asarray(spectral["FWHM"][()], np.float64) if "FWHM" in spectral else None,
        good_bands=good,
        nodata=None if nodata is None else float(scalar(nodata)),
        scale=1.0 / factor if factor > 0 else 1.0,
        georeference=place,
    )


def _emit(container: H5File) -> HyperCube | None:
    file = container.file
    if "sensor_band_parameters" not in file:
        return None
    cubes = [n for n, c in container.arrays.items() if "/" not in n and len(c.shape) == 3]
    if not cubes:
        return None
    data, bands = file[cubes[0]], file["sensor_band_parameters"]
    good = bands.get("good_wavelengths")
    return _cube(
        container,
        H5Source(data, (0, 1, 2)),
        "EMIT NetCDF",
        bands["wavelengths"][()],
        fwhm=np.asarray(bands["fwhm"][()], np.float64).ravel(),
        good_bands=np.asarray(good[()]).ravel() != 0 if good is not None else np.ones(0, bool),
        nodata=_fill(data, -9999.0),
        warnings=("The scene is in the geometry of the sensor; it is not georeferenced.",),
        metadata={"array": cubes[0]},
    )


def _fill(data: h5py.Dataset, default: float | None) -> float | None:
    value = data.attrs.get("_FillValue", default)
    return None if value is None else float(scalar(value))


def _aviris(container: H5File) -> HyperCube | None:
    file = container.file
    name = next((n for n in ("reflectance", "radiance") if f"{n}/{n}" in container.arrays), None)
    if name is None or f"{name}/wavelength" not in container.arrays:
        return None
    data, group = file[f"{name}/{name}"], file[name]
    fwhm = group.get("fwhm")
    return _cube(
        container,
        H5Source(data, (1, 2, 0)),
        "AVIRIS NetCDF",
        group["wavelength"][()],
        fwhm=None if fwhm is None else np.asarray(fwhm[()], np.float64).ravel(),
        nodata=_fill(data, -9999.0),
        georeference=cf_georeference(file),
        metadata={"array": f"{name}/{name}"},
    )


def cf_georeference(file: h5py.File) -> Georeference | None:
    """Georeference of CF conventions: a grid mapping variable, and coordinates of pixel centres."""
    mapping = next(
        (v for v in file.values() if "crs_wkt" in v.attrs or "spatial_ref" in v.attrs), None
    )
    wkt = None
    transform = None
    if mapping is not None:
        attributes = mapping.attrs
        wkt = str(scalar(attributes.get("crs_wkt", attributes.get("spatial_ref"))))
        if "GeoTransform" in attributes:
            text = scalar(attributes["GeoTransform"])
            parts = text.split() if isinstance(text, str) else np.ravel(attributes["GeoTransform"])
            c, a, b, f, d, e = (float(p) for p in parts)
            transform = (a, b, c, d, e, f)
    if transform is None:
        for x_name, y_name in CF_AXES:
            if x_name in file and y_name in file and file[x_name].ndim == file[y_name].ndim == 1:
                transform = _from_centres(file[x_name][()], file[y_name][()])
                break
    return Georeference(transform, wkt) if transform is not None else None


def with_place(cube: HyperCube, container: H5File) -> HyperCube:
    """A cube of plain NetCDF with the georeference of CF conventions, where that fits its size."""
    try:
        place = cf_georeference(container.file)
        sizes = [
            (container.file[y].size, container.file[x].size)
            for x, y in CF_AXES
            if x in container.file and y in container.file
        ]
    except (*H5_ERRORS, AttributeError):
        return cube
    if place is None or (sizes and (cube.rows, cube.columns) not in sizes):
        return cube
    return replace(cube, georeference=place)


def _from_centres(
    x: NDArray[Any], y: NDArray[Any]
) -> tuple[float, float, float, float, float, float] | None:
    if x.size < 2 or y.size < 2:
        return None
    dx = float(x[-1] - x[0]) / (x.size - 1)
    dy = float(y[-1] - y[0]) / (y.size - 1)
    return dx, 0.0, float(x[0]) - dx / 2, 0.0, dy, float(y[0]) - dy / 2


def _prisma(container: H5File) -> HyperCube | None:
    file = container.file
    found = {
        sensor: next((n for n in container.arrays if n.endswith(f"{sensor}_Cube")), None)
        for sensor in ("VNIR", "SWIR")
    }
    if not any(found.values()) or "List_Cw_Vnir" not in file.attrs:
        return None
    parts: list[Part] = []
    bands: list[tuple[int, int]] = []
    nm: list[float] = []
    fwhm: list[float] = []
    for sensor, name in found.items():
        if name is None:
            continue
        gain, offset = _prisma_scale(file.attrs, sensor.title(), "_L1_" in name)
        parts.append(Part(H5Source(file[name], (0, 2, 1)), gain, offset, 0.0))
        centres = np.ravel(file.attrs[f"List_Cw_{sensor.title()}"])
        widths = np.ravel(file.attrs[f"List_Fwhm_{sensor.title()}"])
        flags = np.ravel(file.attrs.get(f"List_Cw_{sensor.title()}_Flags", centres > 0))
        for band in np.flatnonzero((flags != 0) & (centres > 0)):
            bands.append((len(parts) - 1, int(band)))
            nm.append(float(centres[band]))
            fwhm.append(float(widths[band]))
    order = np.argsort(nm, kind="stable")
    stack = StackSource(parts, [bands[i] for i in order])
    return _cube(
        container,
        stack,
        "PRISMA HDF5",
        np.array(nm)[order],
        fwhm=np.array(fwhm)[order],
        georeference=_prisma_place(file.attrs, stack.shape),
        metadata={"array": ", ".join(n for n in found.values() if n)},
    )


def _prisma_scale(attributes: Any, sensor: str, level_1: bool) -> tuple[float, float]:
    """Gain and offset from digital numbers to radiance (level 1) or reflectance (level 2)."""
    if level_1:
        factor = float(scalar(attributes[f"ScaleFactor_{sensor}"]))
        return 1.0 / factor, -float(scalar(attributes.get(f"Offset_{sensor}", 0.0)))
    low = float(scalar(attributes[f"L2Scale{sensor}Min"]))
    high = float(scalar(attributes[f"L2Scale{sensor}Max"]))
    return (high - low) / 65535.0, low


def _prisma_place(attributes: Any, shape: tuple[int, int, int]) -> Georeference | None:
    """Map grid of level 2D; whether corners are pixel centres is told by the 30 m step."""
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
    return Georeference(transform, _wkt(int(scalar(attributes["Epsg_Code"]))))

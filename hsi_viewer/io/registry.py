"""From a source that a user named to a cube: identified by content, then by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.io.arrays.find_cube import open_container
from hsi_viewer.io.files.identify import (
    ERDAS_MAGIC,
    HFA,
    MATLAB_5,
    MATLAB_7,
    NETCDF_3,
    NUMPY,
    PNG,
    TIFF_MAGIC,
    ZIP,
    is_hdf5,
    is_header,
    magic_of,
    split_source,
)
from hsi_viewer.io.files.reading import ArrayChoice, ChoiceNeededError, Reading
from hsi_viewer.io.products import sample_scene
from hsi_viewer.io.sidecars.location import has_sidecar

if TYPE_CHECKING:
    from hsi_viewer.io.arrays.hdf5 import H5File
    from hsi_viewer.io.sidecars.sidecar import Sidecar

Matches = Callable[[Path, bytes], bool]
Reader = Callable[[Path, Reading], HyperCube]

CUBE_FILTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "ENVI and ESRI images",
        ("*.hdr", "*.img", "*.dat", "*.raw", "*.bsq", "*.bil", "*.bip", "*.flt"),
    ),
    ("MATLAB files", ("*.mat",)),
    ("NumPy arrays", ("*.npy", "*.npz")),
    ("GeoTIFF", ("*.tif", "*.tiff")),
    ("HDF5 and NetCDF", ("*.h5", "*.hdf5", "*.he5", "*.nc", "*.nc4")),
    ("EnMAP and DESIS metadata", ("*METADATA.XML", "*METADATA.xml")),
    ("ERDAS and AVIRIS", ("*.lan", "*.gis", "*.rfl")),
    ("All files", ("*",)),
)

SUPPORTED = (
    "ENVI and ESRI (.hdr with its data), MATLAB (.mat), NumPy (.npy, .npz), GeoTIFF, HDF5 and "
    "NetCDF (EMIT, PRISMA, NEON, AVIRIS and others), ERDAS (.lan, .gis, .img), AVIRIS (.rfl), "
    "Zarr, and folders of EnMAP, DESIS or of one image per band"
)


def open_cube(
    source: str | Path, token: CancelToken | None = None, port: ProgressPort | None = None
) -> HyperCube:
    """Open a cube: values stay on disk until a window is read.

    Parameters
    ----------
    source : path of a file or folder, "file.npz:key", "file.mat:variable", "file.h5:/data/set",
        "sample:indian-pines", or "scene:salinas" and its like (see `scenes`).
    token : asked between steps.
    port : told what is being done.

    Raises
    ------
    FileError, FormatError
        if it is missing, damaged or no cube.
    """
    if token is not None:
        token.check()
    if port is not None:
        port.report(Progress(f"Opening {source}"))
    if str(source).startswith("scene:"):
        from hsi_viewer.io.products.public_scenes import open_scene

        return open_scene(str(source), token, port)
    cube = _open(source, token)
    if token is not None:
        token.check()
    return cube


def _open(source: str | Path, token: CancelToken | None = None) -> HyperCube:
    if str(source) == sample_scene.SAMPLE:
        return sample_scene.open_sample()
    path, part = split_source(source)
    if part is not None:
        _check_parts(path, part)
    if is_header(path):
        return _open_header(path)
    magic = magic_of(path)
    if not has_sidecar(path):
        return _read(path, magic, Reading(name=part, token=token))
    from hsi_viewer.io.sidecars import sidecar

    beside = sidecar.load(path) or sidecar.Sidecar()
    reading = replace(beside.reading(part), token=token)
    return _overruled(path, beside) or beside.applied(_read(path, magic, reading))


def _check_parts(path: Path, part: str) -> None:
    magic = magic_of(path)
    reader = next((read for matches, read in READERS if matches(path, magic)), None)
    if reader in ONE_IMAGE:
        raise FormatError(f'{path} contains a single unnamed image; leave out ":{part}".')


def _open_header(header: Path) -> HyperCube:
    """The image of an ENVI header, which a sidecar beside the data may mend."""
    from hsi_viewer.io.envi.described import described
    from hsi_viewer.io.envi.image import open_described, open_envi

    try:
        found = described(header)
        if not has_sidecar(found.data):
            return open_described(found, header)
    except FileError:
        found = None
    from hsi_viewer.io.sidecars import sidecar

    beside = sidecar.load(header) or sidecar.Sidecar()
    return _overruled(header, beside) or beside.applied(open_envi(header))


def _overruled(path: Path, beside: Sidecar) -> HyperCube | None:
    """The image read as the sidecar says that its values lie; None where it does not say."""
    if beside.layout is None:
        return None
    from hsi_viewer.io.envi.image import open_envi
    from hsi_viewer.io.envi.pairing import header_of

    cube = open_envi(path, beside.layout.layout())
    header = header_of(path)
    if header is not None and _is_contradicted(beside, header):
        told = "It is read as you chose in the header doctor, not as its header describes."
        cube = replace(cube, warnings=(*cube.warnings, told))
    return beside.applied(cube)


def _is_contradicted(beside: Sidecar, header: Path) -> bool:
    """Whether a header that fits its data gives another layout than a sidecar does."""
    from hsi_viewer.io.envi.described import described
    from hsi_viewer.io.sidecars.sidecar import RawLayout

    try:
        found = described(header)
        layout = found.layout
        if layout is None or layout.offset + layout.data_bytes > found.data.stat().st_size:
            return False
        return RawLayout.of(layout) != beside.layout
    except (FileError, OSError, ValueError):
        return False


def _read(path: Path, magic: bytes, reading: Reading) -> HyperCube:
    for matches, read in READERS:
        if matches(path, magic):
            try:
                return read(path, reading)
            except FormatError:
                if read is _envi or not _may_be_raw(path, magic):
                    raise
                return _envi(path, reading)
    from hsi_viewer.io.files.unsupported import name_of

    what = name_of(magic)
    known = "" if what is None else f": it is {what}"
    raise FormatError(
        f"{path} cannot be opened as a hyperspectral cube{known}. Supported are {SUPPORTED}."
    )


def _npy(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.arrays.numpy_file import open_npy

    return open_npy(path, reading)


def _npz(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.arrays.numpy_file import open_npz

    return open_npz(path, reading)


def _mat5(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.arrays.mat import open_mat

    return open_mat(path, reading)


def _mat4(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.arrays.mat import open_mat4

    return open_mat4(path, reading)


def open_hdf5(path: Path, name: str | None) -> HyperCube:
    """The cube of an HDF5 file of any kind, without what lies beside it."""
    matlab = magic_of(path).startswith(MATLAB_7)
    return (_mat7 if matlab else _hdf5)(path, Reading(name=name))


def _mat7(path: Path, reading: Reading) -> HyperCube:
    return open_container(_h5_file(path, reading, matlab=True), reading, "MATLAB 7.3")


def _h5_file(path: Path, reading: Reading, *, matlab: bool) -> H5File:
    from hsi_viewer.io.files import probe

    probe.start()  # it imports h5py at the same time as this process
    from hsi_viewer.io.arrays.hdf5 import H5File

    return H5File(path, matlab, reading.name, reading.token)


def _hdf5(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.arrays.band_variables import open_arrays
    from hsi_viewer.io.arrays.cf import with_place
    from hsi_viewer.io.arrays.container import check_planes
    from hsi_viewer.io.products.hdf5_products import open_product

    container = _h5_file(path, reading, matlab=False)
    # of a file that refers to others, nothing is read but what is asked for
    whole = container.is_whole and reading == Reading()
    product = open_product(container) if whole else None
    if product is not None:
        return product
    if reading.name is None:
        check_planes(container)
    cube = with_place(open_arrays(container, reading, "HDF5"), container)
    map_info = container.text("map info", "map_info", "Map_Info")
    if cube.georeference is not None or map_info is None:
        return cube
    from hsi_viewer.io.metadata.map_info import georeference

    return replace(cube, georeference=georeference(map_info, None, None))


def _netcdf3(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.arrays.netcdf3 import open_netcdf3

    return open_netcdf3(path, reading)


def _envi(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.envi.image import open_envi

    return open_envi(path)


def _eoc(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.products.enmap_desis import open_product, product_files

    files = product_files(path)
    if files is None:
        raise FormatError(f"{path} belongs to an incomplete EnMAP or DESIS product.")
    return open_product(*files, chosen=path == files[0])


def _is_eoc(path: Path) -> bool:
    name = path.name.upper()
    if path.is_file() and "SPECTRAL_IMAGE" not in name and "METADATA" not in name:
        return False
    from hsi_viewer.io.products.enmap_desis import product_files

    return product_files(path) is not None


def _tiff(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.rasters.geotiff import open_geotiff

    try:
        return open_geotiff(path, reading)
    except UnicodeDecodeError as error:  # rasterio decodes every tag
        raise FormatError(f"{path} is damaged: its text tags are not text ({error}).") from error


def _erdas(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.raw.erdas import open_erdas

    return open_erdas(path)


def _is_rfl(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.raw.aviris import is_rfl

    return path.is_file() and is_rfl(path)


def _rfl(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.raw.aviris import open_rfl

    return open_rfl(path)


def _is_zarr(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.arrays.zarr_store import is_zarr

    return is_zarr(path)


def _zarr(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.arrays.zarr_store import open_zarr

    return open_zarr(path, reading)


def _folder(path: Path, reading: Reading) -> HyperCube:
    from hsi_viewer.io.rasters.image_folder import open_folder

    return open_folder(path)


def _has_header(path: Path) -> bool:
    from hsi_viewer.io.envi.pairing import header_of

    return header_of(path) is not None


def _is_raw(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.envi.pairing import is_raw_despite_its_mark

    return is_raw_despite_its_mark(path, magic)


def _is_hdf5(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.envi.pairing import is_hdf5_file

    return is_hdf5_file(path, magic)


def _may_be_raw(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.envi.pairing import may_be_raw

    return may_be_raw(path, magic)


READERS: tuple[tuple[Matches, Reader], ...] = (
    (lambda path, magic: is_header(path), _envi),
    (_is_raw, _envi),
    (lambda path, magic: magic.startswith(NUMPY), _npy),
    (lambda path, magic: magic.startswith(ZIP) and path.suffix.lower() == ".npz", _npz),
    (lambda path, magic: magic.startswith(MATLAB_5), _mat5),
    (lambda path, magic: magic.startswith(MATLAB_7) and is_hdf5(path), _mat7),
    (_is_hdf5, _hdf5),
    (lambda path, magic: magic.startswith(NETCDF_3), _netcdf3),
    (_is_zarr, _zarr),
    (lambda path, magic: _is_eoc(path), _eoc),
    (lambda path, magic: path.is_dir(), _folder),
    (lambda path, magic: magic.startswith((*TIFF_MAGIC, PNG, HFA)), _tiff),
    (lambda path, magic: path.is_file() and _has_header(path), _envi),
    (lambda path, magic: magic.startswith(ERDAS_MAGIC), _erdas),
    (_is_rfl, _rfl),
    (lambda path, magic: path.suffix.lower() == ".mat", _mat4),
)
ONE_IMAGE = (_npy, _envi, _eoc, _folder, _erdas, _rfl)


def arrays_in(path: Path) -> tuple[ArrayChoice, ...]:
    """Arrays of a file that could be the cube, for the user to choose from.

    Raises
    ------
    FileError, FormatError
        if it cannot be read, or is of a format that holds one image and no arrays.
    """
    try:
        _read(path, magic_of(path), Reading(ask=True))
    except ChoiceNeededError as needed:
        return needed.choices
    raise FormatError(f"{path} contains a single image whose axis order is known.")


def is_identified(path: Path) -> bool:
    """Whether a reader takes a file or folder for one of its own, readable or not."""
    magic = magic_of(path)
    return any(matches(path, magic) for matches, _ in READERS)

"""The table of formats, in the order in which a file is compared with them.

A format is one row and the file of its reader, which is imported when it is first used. Packages
outside add rows by the entry-point group "hsi_viewer.formats".
"""

from __future__ import annotations

from pathlib import Path

from hsi_viewer.core.entry_points import PlugIn
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
)
from hsi_viewer.io.format import Format, image_later, later
from hsi_viewer.io.other_formats import OtherFormats

__all__ = [
    "BUILT_IN", "ENVI", "Format", "by_title", "can_be_raw", "cube_filters", "format_of", "formats",
    "has_arrays", "is_identified", "label_patterns", "library_formats", "problems", "register",
    "supported",
]  # fmt: skip


def _is_header_or_its_data(path: Path, magic: bytes) -> bool:
    if is_header(path):
        return True
    from hsi_viewer.io.envi.pairing import is_raw_despite_its_mark

    return is_raw_despite_its_mark(path, magic)


def _has_header(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.envi.pairing import header_of

    return path.is_file() and header_of(path) is not None


def _is_hdf5(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.envi.pairing import is_hdf5_file

    return is_hdf5_file(path, magic)


def _is_zarr(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.arrays.zarr_store import is_zarr

    return is_zarr(path)


def _is_enmap(path: Path, magic: bytes) -> bool:
    name = path.name.upper()
    if path.is_file() and "SPECTRAL_IMAGE" not in name and "METADATA" not in name:
        return False
    from hsi_viewer.io.products.enmap_desis import product_files

    return product_files(path) is not None


def _is_hyperion(path: Path, magic: bytes) -> bool:
    if not path.is_dir():
        return False
    from hsi_viewer.io.products.hyperion import is_hyperion

    return is_hyperion(path)


def _is_dimap(path: Path, magic: bytes) -> bool:
    is_folder = path.suffix.lower() == ".data" and path.is_dir()
    return path.with_suffix(".dim").is_file() if is_folder else b"<Dimap_Document" in magic


def _is_laboratory(path: Path, magic: bytes) -> bool:
    if not path.is_dir():
        return False
    from hsi_viewer.io.laboratory.scan import is_laboratory_folder

    return is_laboratory_folder(path)


def _is_rfl(path: Path, magic: bytes) -> bool:
    from hsi_viewer.io.raw.aviris import is_rfl

    return path.is_file() and is_rfl(path)


# fmt: off
ENVI = Format(
    "envi", "ENVI and ESRI images",
    ("*.hdr", "*.img", "*.dat", "*.raw", "*.bsq", "*.bil", "*.bip", "*.flt"),
    _has_header,
    image_later("hsi_viewer.io.described_image:open_with_header"),
    one_image=True, label_patterns=("*.hdr", "*.img"), overrides=_is_header_or_its_data,
    raw_suffixes=(".raw", ".img", ".dat", ".bin", ".bsq", ".bil", ".bip", ""),
)
BUILT_IN: tuple[Format, ...] = (
    Format(
        "npy", "NumPy arrays", ("*.npy",),
        lambda path, magic: magic.startswith(NUMPY),
        later("hsi_viewer.io.arrays.numpy_file:open_npy"),
        one_image=True, label_patterns=("*.npy",), arrays=("NumPy",),
    ),
    Format(
        "npz", "NumPy arrays", ("*.npz",),
        lambda path, magic: magic.startswith(ZIP) and path.suffix.lower() == ".npz",
        later("hsi_viewer.io.arrays.numpy_file:open_npz"), label_patterns=("*.npz",),
        arrays=("NumPy",),
    ),
    Format(
        "matlab-5", "MATLAB files", ("*.mat",),
        lambda path, magic: magic.startswith(MATLAB_5),
        later("hsi_viewer.io.arrays.mat:open_mat"), label_patterns=("*.mat",),
        arrays=("MATLAB 5",),
    ),
    Format(
        "matlab-7", "MATLAB files", ("*.mat",),
        lambda path, magic: magic.startswith(MATLAB_7) and is_hdf5(path),
        later("hsi_viewer.io.products.hdf5_file:open_matlab"), label_patterns=("*.mat",),
        arrays=("MATLAB 7.3",),
    ),
    Format(
        "hdf5", "EMIT, PRISMA, NEON and other HDF5 or NetCDF files",
        ("*.h5", "*.hdf5", "*.he5", "*.nc", "*.nc4"), _is_hdf5,
        later("hsi_viewer.io.products.hdf5_file:open_hdf5"), label_patterns=("*.h5",),
        arrays=("HDF5",),
    ),
    Format(
        "netcdf-3", "EMIT, PRISMA, NEON and other HDF5 or NetCDF files", ("*.nc",),
        lambda path, magic: magic.startswith(NETCDF_3),
        later("hsi_viewer.io.arrays.netcdf3:open_netcdf3"), arrays=("NetCDF-3",),
    ),
    Format(
        "zarr", "Zarr stores", (), _is_zarr,
        later("hsi_viewer.io.arrays.zarr_store:open_zarr"), arrays=("Zarr",),
    ),
    Format(
        "enmap-desis", "EnMAP and DESIS products", ("*METADATA.XML", "*METADATA.xml"), _is_enmap,
        image_later("hsi_viewer.io.products.enmap_desis:open_product_of"), one_image=True,
    ),
    Format(
        "beam-dimap", "BEAM-DIMAP products of SNAP", ("*.dim",), _is_dimap,
        image_later("hsi_viewer.io.products.beam_dimap:open_dimap"), one_image=True,
    ),
    Format(
        "hyperion", "Hyperion folders", (), _is_hyperion,
        image_later("hsi_viewer.io.products.hyperion:open_hyperion"), one_image=True,
    ),
    Format(
        "laboratory", "folders of laboratory scans", (), _is_laboratory,
        later("hsi_viewer.io.laboratory.scan:open_laboratory_folder"),
    ),
    Format(
        "image-folder", "folders of one image per band", (),
        lambda path, magic: path.is_dir(),
        image_later("hsi_viewer.io.rasters.image_folder:open_folder"), one_image=True,
    ),
    Format(
        "raster", "GeoTIFF, PNG and ERDAS Imagine", ("*.tif", "*.tiff", "*.png", "*.img"),
        lambda path, magic: magic.startswith((*TIFF_MAGIC, PNG, HFA)),
        later("hsi_viewer.io.rasters.geotiff:open_geotiff"),
        label_patterns=("*.tif", "*.tiff", "*.png"), arrays=("TIFF stack",),
    ),
    ENVI,
    Format(
        "erdas", "ERDAS images", ("*.lan", "*.gis"),
        lambda path, magic: magic.startswith(ERDAS_MAGIC),
        image_later("hsi_viewer.io.raw.erdas:open_erdas"),
        one_image=True, label_patterns=("*.gis",),
    ),
    Format(
        "aviris", "AVIRIS reflectance", ("*.rfl",), _is_rfl,
        image_later("hsi_viewer.io.raw.aviris:open_rfl"), one_image=True,
    ),
    Format(
        "matlab-4", "MATLAB files", ("*.mat",),
        lambda path, magic: path.suffix.lower() == ".mat",
        later("hsi_viewer.io.arrays.mat:open_mat4"), label_patterns=("*.mat",),
        arrays=("MATLAB 4",),
    ),
)
# fmt: on

_KNOWN_ENDS = tuple({p.lstrip("*").lower() for row in BUILT_IN for p in row.patterns})
_others = OtherFormats([row.name for row in BUILT_IN])


def formats() -> tuple[Format, ...]:
    """Every format: those of this package, then those of others."""
    return BUILT_IN + _others.rows()


def register(row: Format) -> None:
    """Add a format.

    Raises
    ------
    ValueError
        if there is one of its name.
    """
    _others.register(row)


def problems() -> tuple[str, ...]:
    """Sentences about formats of other packages that cannot be used; each is given once."""
    return _others.problems()


def installed() -> tuple[PlugIn, ...]:
    """The plug-ins that bring formats, each with what is wrong with it."""
    return _others.installed()


def format_of(path: Path, magic: bytes) -> Format | None:
    """The format of a file or folder; None where no row recognises it.

    A file with a name that only a format of another package has is compared with that one first:
    many formats of vendors are HDF5 or TIFF inside.
    """
    if not path.name.lower().endswith(_KNOWN_ENDS):
        own = tuple(row for row in _others.rows() if row.has_name(path))
        if (found := _first(own, path, magic)) is not None:
            return found
    return _first(BUILT_IN, path, magic) or _first(_others.rows(), path, magic)


def _first(rows: tuple[Format, ...], path: Path, magic: bytes) -> Format | None:
    """The first row that takes a path for its own."""
    for row in rows:
        if row.overrides is not None and row.overrides(path, magic):
            return row
    return next((row for row in rows if row.matches(path, magic)), None)


def is_identified(path: Path) -> bool:
    """Whether a format recognises a file or folder, readable or not."""
    return format_of(path, magic_of(path)) is not None


def has_arrays(format_name: str) -> bool:
    """Whether another array or order of axes can be chosen for cubes of a name of a format."""
    return any(format_name in row.arrays for row in formats())


def can_be_raw(path: Path) -> bool:
    """Whether a file is named as files of raw values are, with a header or without."""
    return any(path.suffix.lower() in row.raw_suffixes for row in formats())


def by_title() -> dict[str, tuple[str, ...]]:
    """Patterns of the formats under each title, ENVI's first."""
    found: dict[str, tuple[str, ...]] = {}
    for row in sorted(formats(), key=lambda row: row is not ENVI):
        found[row.title] = tuple(dict.fromkeys((*found.get(row.title, ()), *row.patterns)))
    return found


def cube_filters() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Titles and patterns for a dialog that opens cubes."""
    rows = ((title, patterns) for title, patterns in by_title().items() if patterns)
    return (*rows, ("All files", ("*",)))


def label_patterns() -> tuple[str, ...]:
    """Patterns of files that usually hold labels."""
    usual = (row.patterns if row.labels is not None else row.label_patterns for row in formats())
    return tuple(dict.fromkeys(pattern for patterns in usual for pattern in patterns))


def library_formats() -> tuple[Format, ...]:
    """Formats that hold spectral libraries."""
    return tuple(row for row in formats() if row.library is not None)


def supported() -> str:
    """The formats that are read, for a message."""
    listed = []
    for title, patterns in by_title().items():
        ends = {p.lower(): p.lstrip("*") for p in reversed(patterns)}  # the first of either case
        listed.append(f"{title} ({', '.join(reversed(ends.values()))})" if ends else title)
    return ", ".join(listed)

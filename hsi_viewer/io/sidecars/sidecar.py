"""NAME.hsi.json: what a user knows better than the file, kept next to it, never in it.

Where the folder of the file cannot be written to, it is in the user's own data folder.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import with_fill_values
from hsi_viewer.core.cube.metadata import possible_wavelengths
from hsi_viewer.core.cube.nodata import without_effect
from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.core.validation import LARGEST, InvalidError, checked, parsed
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.envi.layout import Layout
from hsi_viewer.io.files.reading import Reading
from hsi_viewer.io.sidecars import location as sidecar_location

SCHEMA_VERSION = 1
MAX_BYTES = 16 << 20
Length = Annotated[int, Meta(ge=1)]
AXES = ("rows", "columns", "bands")
LISTS = ("wavelengths_nm", "fwhm_nm", "good_bands")  # of one entry per band


class Changes(TypedDict, total=False):
    """Fields of a `HyperCube` that a sidecar changes; those that it leaves are not in it."""

    wavelengths: NDArray[np.float64] | None
    wavelength_units_in_file: str | None
    fwhm: NDArray[np.float64]
    good_bands: NDArray[np.bool_]
    nodata: float | None
    scale: float
    default_bands: tuple[int, int, int]
    name: str
    warnings: tuple[str, ...]


class RawLayout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Layout of the values of a raw file; overrules its header."""

    rows: Length
    columns: Length
    bands: Length
    dtype: Literal[
        "uint8", "int16", "int32", "float32", "float64", "complex64", "complex128", "uint16",
        "uint32", "int64", "uint64",
    ]  # fmt: skip
    interleave: Literal["bsq", "bil", "bip"]
    byte_order: Literal["little", "big"] = "little"
    offset: Annotated[int, Meta(ge=0)] = 0

    @classmethod
    def of(cls, layout: Layout) -> RawLayout:
        """The same layout in words."""
        return cls(
            rows=layout.rows,
            columns=layout.columns,
            bands=layout.bands,
            dtype=layout.dtype.name,  # type: ignore[arg-type]
            interleave=layout.interleave,  # type: ignore[arg-type]
            byte_order="big" if layout.dtype.str.startswith(">") else "little",
            offset=layout.offset,
        )

    def layout(self) -> Layout:
        """The layout as the ENVI reader takes it."""
        order: Literal["<", ">"] = ">" if self.byte_order == "big" else "<"
        dtype = np.dtype(self.dtype).newbyteorder(order)
        return Layout(
            self.rows, self.columns, self.bands, dtype, self.interleave, self.offset, False
        )


class Sidecar(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a sidecar may contain; what is not set is as in the file.

    Attributes
    ----------
    layout : of a raw (ENVI) file.
    array : name of the array in a MATLAB, HDF5, Zarr or .npz file.
    axes : the array's axes in order, e.g. ("bands", "rows", "columns").
    wavelengths_nm, fwhm_nm, good_bands : one entry per band.
    nodata, scale, default_bands, name : as in HyperCube.
    fill_values : further values that are no data; an empty list means that there are none.
    """

    schema_version: int = SCHEMA_VERSION
    layout: RawLayout | None = None
    array: str | None = None
    axes: tuple[Literal["rows", "columns", "bands"], ...] | None = None
    wavelengths_nm: list[float] | UnsetType | None = UNSET
    fwhm_nm: list[float] | None = None
    good_bands: list[bool] | None = None
    nodata: float | UnsetType | None = UNSET
    fill_values: list[float] | None = None
    scale: Annotated[float, Meta(gt=0, le=LARGEST)] | None = None
    default_bands: tuple[int, int, int] | None = None
    name: str | None = None

    def reading(self, part: str | None) -> Reading:
        """Choice of the array and its axes; a part that the user typed goes first."""
        axes = None
        if self.axes is not None:
            axes = (self.axes.index("rows"), self.axes.index("columns"), self.axes.index("bands"))
        return Reading(part or self.array, axes)

    def applied(self, cube: HyperCube) -> HyperCube:
        """The cube with the sidecar's metadata; lists of another length are left out."""
        wrong = self._misfits(cube.bands)
        changes = self._lists(wrong)
        if self.nodata is not UNSET:
            changes["nodata"] = self.nodata
            cube = _without_nodata(cube)
        if self.scale is not None:
            changes["scale"] = self.scale
        if self.name is not None:
            changes["name"] = self.name
        if self.fill_values is not None:
            cube = with_fill_values(cube, tuple(self.fill_values))
        if wrong:
            where = f"in {_sidecar_name(cube)}"
            warnings = (
                f'"{key}" {where} has {count} entries for {cube.bands} bands; it is not used.'
                for key, count in wrong.items()
            )
            changes["warnings"] = (*cube.warnings, *warnings)
        if self.default_bands and all(0 <= b < cube.bands for b in self.default_bands):
            changes["default_bands"] = self.default_bands
        return replace(cube, **changes) if changes else cube

    def _misfits(self, bands: int) -> dict[str, int]:
        """Lengths of the lists that don't have one entry per band, by name."""
        given = {key: value for key in LISTS if (value := getattr(self, key)) not in (None, UNSET)}
        lengths = {key: len(value) for key, value in given.items()}
        return {key: length for key, length in lengths.items() if length != bands}

    def _lists(self, left_out: Collection[str]) -> Changes:
        """Fields of one entry per band, without some."""
        changes: Changes = {}
        if self.wavelengths_nm is None:
            changes["wavelengths"] = None
        elif self.wavelengths_nm is not UNSET and "wavelengths_nm" not in left_out:
            changes["wavelengths"], _ = possible_wavelengths(np.array(self.wavelengths_nm, float))
            changes["wavelength_units_in_file"] = "nm"
        if self.fwhm_nm is not None and "fwhm_nm" not in left_out:
            changes["fwhm"] = np.array(self.fwhm_nm, np.float64)
        if self.good_bands is not None and "good_bands" not in left_out:
            changes["good_bands"] = np.array(self.good_bands, np.bool_)
        return changes


def _without_nodata(cube: HyperCube) -> HyperCube:
    """The cube without its no-data value and what was said of it."""
    if cube.nodata is None:
        return cube
    remark = without_effect(cube.nodata, cube.dtype)
    return replace(cube, nodata=None, warnings=tuple(w for w in cube.warnings if w != remark))


def _sidecar_name(cube: HyperCube) -> str:
    return sidecar_location.beside(_data_of(cube.path)).name if cube.path else "the sidecar"


def _data_of(path: Path) -> Path:
    """The data file that a sidecar is named after."""
    data = data_beside(path) if path.suffix.lower() == ".hdr" else path
    return data or path


def load(path: Path) -> Sidecar | None:
    """The sidecar of a file, or None if it has none.

    Raises
    ------
    FileError, FormatError
        if it cannot be read or is not understood.
    """
    data = _data_of(path)
    try:
        beside = sidecar_location.present(data)
        if beside is None:
            return None
        if beside.stat().st_size > MAX_BYTES:
            raise FormatError(f"{beside} is too large for a sidecar.")
        text = beside.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"The sidecar of {data} could not be read: {error}.") from error
    try:
        found = parsed(Sidecar, text, strict=False)
    except InvalidError as error:
        raise FormatError(
            f"{beside} is not valid: {error}. "
            "Correct it, or delete it to return to the metadata of the file itself."
        ) from error
    if found.schema_version > SCHEMA_VERSION:
        raise FormatError(
            f"{beside} was written by a newer version (schema {found.schema_version}); "
            "update HSI Viewer or delete the sidecar."
        )
    if found.axes is not None and sorted(found.axes) != sorted(AXES):
        raise FormatError(f"{beside}: the axes must be rows, columns and bands, each once.")
    return found


def save(path: Path, sidecar: Sidecar) -> Path:
    """Write the sidecar of a file; the file itself is not touched.

    Returns
    -------
    path
        where it lies now: beside the data, or in the user's data folder if their own cannot be
        written to.

    Raises
    ------
    ExportError
        if it can be written to neither.
    """
    data = _data_of(path)
    values = {"schema_version": SCHEMA_VERSION} | to_builtins(sidecar)
    text = json.dumps(values, indent=1) + "\n"
    beside = sidecar_location.beside(data)
    try:
        _write(beside, text)
        sidecar_location.forget_elsewhere(data)
    except ExportError as error:
        try:
            elsewhere = sidecar_location.elsewhere(data)
            _write(elsewhere, text)
        except (ExportError, OSError):
            raise ExportError(
                f"{beside} could not be written: {_reason(error)}. Copy the data to a folder "
                "where you have write permission, or free some space."
            ) from error
        sidecar_location.remember(elsewhere)
        return elsewhere
    return beside


def _write(path: Path, text: str) -> None:
    with replacing(path) as (new,):
        new.write_text(text, encoding="utf-8")


def _reason(error: ExportError) -> str:
    cause = error.__cause__
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause)


def sidecar_of(fields: Mapping[str, Any]) -> Sidecar:
    """The sidecar of these fields; an InvalidError if one isn't valid."""
    return checked(Sidecar, fields)


def edited(path: Path, **changes: Any) -> Path:
    """Change fields of a file's sidecar and keep the others; see `Sidecar` and `save`.

    Raises
    ------
    FormatError
        if a value is not valid.
    """
    old = load(path) or Sidecar()
    try:
        new = sidecar_of(to_builtins(old) | changes)
    except InvalidError as error:
        raise FormatError(f"{error}.") from error
    return save(path, new)

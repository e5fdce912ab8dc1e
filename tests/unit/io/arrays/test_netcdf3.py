"""Classic NetCDF files: CDF-1 and CDF-2 written by scipy; CDF-5 and records written here.

The reader was held against 180 files that the NetCDF library itself wrote, in the three versions,
with and without records: the writer here makes the same bytes of those that matter.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest
import rasterio
from scipy.io import netcdf_file

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.info import cube_info
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube

ROWS, COLUMNS, BANDS = 6, 7, 5
CUBE = (np.arange(ROWS * COLUMNS * BANDS) % 120).reshape(ROWS, COLUMNS, BANDS).astype("i2")
SIZES = {"y": ROWS, "x": COLUMNS, "wavelength": BANDS, "time": 1}
AXES = {
    "y": 5200000 - 15 - 30.0 * np.arange(ROWS),
    "x": 600000 + 15 + 30.0 * np.arange(COLUMNS),
    "wavelength": np.linspace(0.4, 0.9, BANDS),
}


def write(path, dims, dtype="i2", version=1):
    """A file with CF axes."""
    stored = CUBE.transpose([list(SIZES).index(d) for d in dims if d != "time"])
    with netcdf_file(path, "w", version=version) as file:
        for name in dims:
            file.createDimension(name, SIZES[name])
        data = file.createVariable("reflectance", dtype, dims)
        data[:] = stored.reshape([SIZES[d] for d in dims]).astype(dtype)
        data._FillValue = np.array(-1, dtype)
        data.scale_factor, data.grid_mapping = np.array(1e-4), "crs"
        for name, centres in AXES.items():
            if name in dims:
                file.createVariable(name, "f8", (name,))[:] = centres
        if "wavelength" in file.variables:
            file.variables["wavelength"].units = "um"
        mapping = file.createVariable("crs", "i4", ())
        mapping.spatial_ref = rasterio.crs.CRS.from_epsg(32632).to_wkt()
    return path


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize(
    "dims", [("y", "x", "wavelength"), ("wavelength", "y", "x"), ("time", "y", "x", "wavelength")]
)
def test_windows(tmp_path, version, dtype, dims):
    cube = open_cube(write(tmp_path / "a.nc", dims, dtype, version))
    assert (cube.format_name, cube.dtype) == ("NetCDF-3", np.dtype(dtype))
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_array_equal(
        cube.read(slice(1, 6, 2), slice(2, 7), [4, 0, 0]), CUBE[1:6:2, 2:7, [4, 0, 0]]
    )


@pytest.mark.parametrize("dims", [("y", "x", "wavelength"), ("wavelength", "y", "x")])
def test_conventions(tmp_path, dims):
    path = write(tmp_path / "a.nc", dims)
    cube, facts = open_cube(path), cube_info(path)
    np.testing.assert_allclose(cube.wavelengths, np.linspace(400, 900, BANDS))
    assert (facts["nodata"], facts["scale"], facts["wavelength_units_in_file"]) == (-1, 1e-4, "um")
    assert (facts["crs"], facts["warnings"]) == ("EPSG:32632", [])
    assert facts["transform"] == [30, 0, 600000, 0, -30, 5200000]


@pytest.mark.parametrize("fill", [None, 0, 100, -1, -56])
@pytest.mark.parametrize("dtype", ["i1", "i2"])
def test_unsigned_values_in_signed_types(tmp_path, dtype, fill):
    """The first two versions have no unsigned types: an attribute says so."""
    with netcdf_file(tmp_path / "u.nc", "w") as file:
        for name, size in zip("yxb", CUBE.shape, strict=True):
            file.createDimension(name, size)
        data = file.createVariable("cube", dtype, ("y", "x", "b"))
        data[:] = (CUBE * 2).astype(dtype.replace("i", "u")).view(dtype)
        data._Unsigned = "true"
        if fill is not None:
            data._FillValue = np.array(fill, dtype)
    cube = open_cube(tmp_path / "u.nc")
    nodata = fill if fill is None or fill >= 0 else 256**cube.dtype.itemsize + fill
    assert (cube.dtype, cube.nodata) == (np.dtype(f"u{dtype[1]}"), nodata)
    np.testing.assert_array_equal(cube.read(), CUBE * 2)


def test_a_variable_is_named_and_an_unknown_one_refused(tmp_path):
    path = write(tmp_path / "a.nc", ("y", "x", "wavelength"))
    np.testing.assert_array_equal(open_cube(f"{path}:reflectance").read(), CUBE)
    with pytest.raises(FormatError, match=r'no array "other"; it contains .*reflectance'):
        open_cube(f"{path}:other")


def test_a_label_map(tmp_path):
    with netcdf_file(tmp_path / "gt.nc", "w") as file:
        file.createDimension("y", 4)
        file.createDimension("x", 5)
        file.createVariable("gt", "i1", ("y", "x"))[:] = np.arange(20).reshape(4, 5)
    np.testing.assert_array_equal(read_labels(tmp_path / "gt.nc").ids, np.arange(20).reshape(4, 5))


class Writer:
    """Headers of the three versions, of records of one or two variables."""

    def __init__(self, version):
        self._count = ">Q" if version == 5 else ">I"
        self._begin = ">I" if version == 1 else ">Q"
        self._magic = b"CDF" + bytes([version])

    def count(self, *numbers):
        return b"".join(struct.pack(self._count, n) for n in numbers)

    def name(self, text):
        return self.count(len(text)) + text + b"\0" * (-len(text) % 4)

    def listed(self, tag, items):
        return struct.pack(">I", tag) + self.count(len(items)) + b"".join(items)

    def variable(self, name, axes, code, begin, fill):
        attribute = self.name(b"_FillValue") + struct.pack(">I", code) + self.count(1) + fill
        head = self.name(name) + self.count(len(axes), *axes) + self.listed(12, [attribute])
        return head + struct.pack(">I", code) + self.count(0) + struct.pack(self._begin, begin)

    def header(self, records, variables):
        sizes = ((b"y", 0), (b"x", COLUMNS), (b"b", BANDS))
        dimensions = [self.name(text) + self.count(size) for text, size in sizes]
        head = self._magic + self.count(records) + self.listed(10, dimensions)
        return head + self.listed(0, []) + self.listed(11, variables)


@pytest.mark.parametrize("version", [1, 2, 5])
@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("alone", [True, False])
def test_records(tmp_path, version, streaming, alone):
    """One variable of records lies together; between those of two lie the other's, padded."""
    dtype, code = (np.dtype(">u2"), 8) if version == 5 else (np.dtype(">i2"), 3)
    writer, values = Writer(version), CUBE.astype(dtype)
    part = values[0].nbytes + (0 if alone else 2)  # 70 bytes, which two of padding follow
    records = (2**64 - 1 if version == 5 else 2**32 - 1) if streaming else ROWS

    def header(begin):
        fill = np.array(7, dtype).tobytes() + b"\0\0"
        found = [writer.variable(b"cube", (0, 1, 2), code, begin, fill)]
        if not alone:
            found.append(writer.variable(b"line", (0,), code, begin + part, fill))
        return writer.header(records, found)

    line = b"" if alone else b"\0\5\0\0"
    body = b"".join(row.tobytes().ljust(part, b"\0") + line for row in values)
    (tmp_path / "r.nc").write_bytes(header(len(header(0))) + body)
    cube = open_cube(tmp_path / "r.nc")
    assert (cube.dtype, cube.nodata) == (dtype.newbyteorder("="), 7)
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_array_equal(
        cube.read(slice(1, 6, 2), slice(2, 7), [4, 0, 0]), CUBE[1:6:2, 2:7, [4, 0, 0]]
    )


def test_every_cut_is_a_typed_error(tmp_path):
    whole = write(tmp_path / "a.nc", ("y", "x", "wavelength")).read_bytes()
    for length in [*range(4, 500, 7), len(whole) // 2, len(whole) - 9]:
        (tmp_path / "cut.nc").write_bytes(whole[:length])
        with pytest.raises(FileError, match=r"cut\.nc"):
            open_cube(tmp_path / "cut.nc")


def test_every_damaged_word_is_a_typed_error_or_none(tmp_path):
    whole = write(tmp_path / "a.nc", ("y", "x", "wavelength")).read_bytes()
    messages = []
    for at in range(4, 700, 4):
        for word in (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x01"):
            (tmp_path / "bad.nc").write_bytes(whole[:at] + word + whole[at + 4 :])
            try:
                open_cube(tmp_path / "bad.nc").read()
            except FileError as error:
                messages.append(str(error))
    assert len(messages) > 100
    assert all("bad.nc" in message for message in messages)


def test_a_file_that_shrinks_while_open(tmp_path):
    cube = open_cube(write(tmp_path / "a.nc", ("y", "x", "wavelength")))
    (tmp_path / "a.nc").write_bytes(b"CDF\x01")
    with pytest.raises(FileError, match="shorter"):
        cube.read()

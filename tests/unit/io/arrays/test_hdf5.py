"""What HDF5 files may hold besides a plain cube."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.io.opening import open_cube

CUBE = np.arange(6 * 7 * 9).reshape(6, 7, 9)


def write(path, **content):
    with h5py.File(path, "w") as file:
        for name, value in content.items():
            file[name] = value
    return path


@pytest.mark.parametrize("dtype", ["f2", "?", ">i4", ">f8", "u1", "i8"])
def test_types(tmp_path, dtype):
    array = (CUBE % 2).astype(dtype)
    cube = open_cube(write(tmp_path / "a.h5", c=array))
    assert cube.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(cube.read(), array)


def test_other_kinds_of_data_sets_are_passed_over_and_named(tmp_path):
    path = write(
        tmp_path / "a.h5",
        table=np.zeros(5, [("a", "f4"), ("b", "i4")]),
        text="text",
        texts=np.array([b"a", b"b"]),
        empty=np.zeros((0, 3, 4)),
        nothing=h5py.Empty("f4"),
        scalar=3.0,
        type=np.dtype("f4"),
        deeper=np.zeros((2, 3, 4, 5)),
    )
    with h5py.File(path, "r+") as file:
        file.create_dataset("references", (3,), h5py.ref_dtype)
        file.create_dataset("lists", (3,), h5py.vlen_dtype("i4"))
        file.create_dataset("complex", data=np.arange(9) * 1j)
    with pytest.raises(FormatError, match=r"deeper \(2 x 3 x 4 x 5 float64\).*text \(scalar"):
        open_cube(path)
    write(tmp_path / "b.h5", cube=CUBE, text="text", table=np.zeros(5, [("a", "f4")]))
    np.testing.assert_array_equal(open_cube(tmp_path / "b.h5").read(), CUBE)
    for name in ("empty", "nothing", "scalar", "text", "table", "type", "references"):
        with pytest.raises(FormatError, match=r"a\.h5"):
            open_cube(f"{path}:{name}")


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_axes_of_length_one_are_left_out(tmp_path, at):
    array = np.expand_dims(CUBE, at)
    path = write(tmp_path / "a.h5", c=array, wavelength=np.linspace(400, 900, 9))
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_array_equal(
        cube.read(slice(1, 6, 2), slice(2, 7, 3), [8, 0, 0]), CUBE[1:6:2, 2:7:3, [8, 0, 0]]
    )
    assert cube.wavelengths[-1] == 900


@pytest.mark.parametrize("chunks", [None, (2, 3, 4), (6, 7, 9), (1, 7, 1)])
@pytest.mark.parametrize("bands", [None, [0], [8, 0], [3, 3, 1], [5, 6, 7]])
def test_windows_of_chunked_data(tmp_path, monkeypatch, chunks, bands):
    monkeypatch.setattr("hsi_viewer.io.arrays.hdf5_source.BAND_GAP", 1)
    monkeypatch.setattr("hsi_viewer.io.arrays.hdf5_source.BLOCK_BYTES", 64)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("c", data=CUBE, chunks=chunks)
    cube = open_cube(tmp_path / "a.h5")
    for rows in (slice(None), slice(1, 6, 2), slice(5, 6), slice(3, 3)):
        expected = CUBE[rows] if bands is None else CUBE[rows][:, :, bands]
        np.testing.assert_array_equal(cube.read(rows, bands=bands), expected)


def test_bands_of_one_chunk_are_decompressed_once(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("c", data=np.zeros((4, 5, 64)), chunks=(4, 5, 32), compression=1)
    cube = open_cube(tmp_path / "a.h5")
    windows = []
    read = type(cube.source)._window
    monkeypatch.setattr(
        type(cube.source),
        "_window",
        lambda self, r, c, b: windows.append(b) or read(self, r, c, b),
    )
    cube.read(bands=[30, 20, 10])
    assert windows == [slice(10, 31)]
    cube.read(bands=[10, 60])
    assert windows[1:] == [slice(10, 11), slice(60, 61)]


@pytest.mark.parametrize("limit", [1, 700, 10**6])
@pytest.mark.parametrize("turned", [False, True])
def test_windows_of_a_matrix_of_spectra(tmp_path, monkeypatch, limit, turned):
    monkeypatch.setattr("hsi_viewer.io.arrays.hdf5_source.BLOCK_BYTES", limit)
    matrix = CUBE.transpose(1, 0, 2).reshape(42, 9)  # pixels down the columns
    path = write(tmp_path / "a.h5", Y=matrix.T if turned else matrix, nRow=6, nCol=7)
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), CUBE)
    for rows, columns, bands in (
        (slice(1, 6, 2), slice(2, 7, 3), [8, 0, 0]),
        (slice(3, 4), slice(6, 7), [2]),
        (slice(0, 6), slice(1, 7), [1, 2]),
        (slice(2, 2), slice(3, 3), [1]),
        (slice(2, 5), slice(4, 4), [1]),
    ):
        np.testing.assert_array_equal(
            cube.read(rows, columns, bands), CUBE[rows, columns][:, :, bands]
        )


def test_a_filter_that_is_not_installed_is_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("c", data=CUBE, chunks=(6, 7, 9), compression="gzip")
    raw = bytearray((tmp_path / "a.h5").read_bytes())
    at = raw.index(b"deflate")
    raw[at - 8 : at - 6], raw[at : at + 7] = (32015).to_bytes(2, "little"), b"zstd\0\0\0"
    (tmp_path / "a.h5").write_bytes(raw)
    with pytest.raises(FormatError, match=r'filter "zstd" \(32015\), which is not installed'):
        open_cube(tmp_path / "a.h5")


def test_links(tmp_path):
    write(tmp_path / "data.h5", inner=CUBE)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("group")
        group["up"], group["self"] = h5py.SoftLink("/group"), group
        file["one"], file["two"] = h5py.SoftLink("/two"), h5py.SoftLink("/one")
        file["there"] = h5py.ExternalLink("data.h5", "/inner")
        file["gone"] = h5py.ExternalLink("nowhere.h5", "/x")
    path = tmp_path / "a.h5"
    with pytest.raises(FormatError, match=r"there \(link to data\.h5:/inner\)"):
        open_cube(path)
    np.testing.assert_array_equal(open_cube(f"{path}:there").read(), CUBE)
    for name in ("gone", "one", "group"):
        with pytest.raises(FormatError, match=f'no array "{name}"|{name} .*cannot be read'):
            open_cube(f"{path}:{name}")


def test_many_objects_and_deep_groups(tmp_path, monkeypatch):
    monkeypatch.setattr("hsi_viewer.io.arrays.hdf5.MAX_OBJECTS", 500)
    with h5py.File(tmp_path / "wide.h5", "w") as file:
        for k in range(600):
            file.create_dataset(f"d{k:04d}", data=np.zeros((3, 4)))
        file["zcube"] = CUBE
    with h5py.File(tmp_path / "deep.h5", "w") as file:
        group = file
        for _ in range(400):
            group = group.create_group("g")
        group["cube"] = CUBE
    with pytest.raises(ChoiceNeededError, match="and 488 more"):
        open_cube(tmp_path / "wide.h5")
    np.testing.assert_array_equal(open_cube(f"{tmp_path / 'wide.h5'}:zcube").read(), CUBE)
    np.testing.assert_array_equal(open_cube(tmp_path / "deep.h5").read(), CUBE)


@pytest.mark.parametrize("value", ["text", b"\xff\xfe", h5py.Empty("f4"), [1.0, 2.0], []])
def test_attributes_that_make_no_sense_are_left_out(tmp_path, value):
    path = write(tmp_path / "a.h5", c=CUBE)
    with h5py.File(path, "r+") as file:
        for name in ("_FillValue", "scale_factor", "add_offset", "wavelength", "units"):
            file["c"].attrs[name] = value
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), CUBE)
    assert (cube.nodata, cube.scale, cube.wavelengths) == (None, 1.0, None)


def test_a_file_that_is_cut_while_open(tmp_path):
    path = write(tmp_path / "a.h5", c=np.zeros((40, 50, 60)))
    cube = open_cube(path)
    with path.open("r+b") as file:
        file.truncate(5000)
    with pytest.raises(FileError, match=r"a\.h5"):
        cube.read()


@pytest.mark.parametrize("fill", [None, 0, 100, -1, -56])
@pytest.mark.parametrize("dtype", ["i1", "i2"])
def test_unsigned_values_in_signed_types(tmp_path, dtype, fill):
    """NetCDF has an attribute for them, since its first versions have no unsigned types."""
    values = np.arange(6 * 7 * 5).reshape(6, 7, 5).astype(f"u{dtype[1]}")
    with h5py.File(tmp_path / "a.nc", "w") as file:
        cube = file.create_dataset("cube", data=values.view(dtype))
        cube.attrs["_Unsigned"] = "true"
        if fill is not None:
            cube.attrs["_FillValue"] = np.array(fill, dtype)
    cube = open_cube(tmp_path / "a.nc")
    nodata = fill if fill is None or fill >= 0 else 256**cube.dtype.itemsize + fill
    assert (cube.dtype, cube.nodata) == (values.dtype, nodata)
    np.testing.assert_array_equal(cube.read(), values)
    np.testing.assert_array_equal(
        cube.read(slice(1, 6, 2), slice(2, 4), [4, 0]), values[1::2, 2:4][:, :, [4, 0]]
    )

"""Headers that say terabytes, with a file that is as large or with one that isn't."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest

from hsi_viewer.core.errors import FileError, HsiError
from hsi_viewer.io.header_doctor.diagnose import diagnose
from hsi_viewer.io.info import diagnosis
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube
from tests.unit.io.bounds import bounded

sparse = pytest.mark.skipif(os.name == "nt", reason="files of Windows have no holes by themselves")
TERA = 7_000_000_000_000


def hollow(path, size) -> None:
    """A file of this size that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)


def envi(path, rows, columns, bands, interleave="bip", code=1) -> None:
    path.write_text(
        f"ENVI\nsamples = {columns}\nlines = {rows}\nbands = {bands}\ndata type = {code}\n"
        f"byte order = 0\ninterleave = {interleave}\n"
    )


def npy(path, shape) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<u2", "fortran_order": False, "shape": shape}
    )
    path.write_bytes(head.getvalue())


@sparse
@pytest.mark.parametrize(
    ("rows", "columns", "bands", "interleave"),
    [
        (1, 1, TERA, "bip"), (1, 1, TERA, "bsq"), (1, 1, TERA, "bil"),
        (TERA // 2_000_000, 1, 2_000_000, "bip"), (3, 1, 2**21, "bil"),
    ],
)  # fmt: skip
def test_more_bands_than_any_sensor_has(tmp_path, rows, columns, bands, interleave):
    envi(tmp_path / "a.hdr", rows, columns, bands, interleave)
    hollow(tmp_path / "a.img", rows * columns * bands)
    with bounded():
        for read in (open_cube, read_labels):
            with pytest.raises(FileError, match=rf"{bands} bands .* impossibly large \(\d+ bytes"):
                read(tmp_path / "a.hdr")
        diagnosis(tmp_path / "a.hdr")


@sparse
def test_info_names_the_size_in_one_line(tmp_path):
    envi(tmp_path / "a.hdr", 1, 1, TERA)
    hollow(tmp_path / "a.img", TERA)
    result = subprocess.run(
        [sys.executable, "-m", "hsi_viewer.cli", "info", str(tmp_path / "a.hdr")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert f"{TERA} bytes" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr


@sparse
@pytest.mark.parametrize("interleave", ["bip", "bil", "bsq"])
def test_a_scene_of_terabytes_that_is_there_opens(tmp_path, interleave):
    """It is as large as it says, and is read window by window."""
    rows, columns, bands = 100_000, 175_000, 200
    envi(tmp_path / "a.hdr", rows, columns, bands, interleave, code=12)
    hollow(tmp_path / "a.img", rows * columns * bands * 2)
    with bounded():
        cube = open_cube(tmp_path / "a.hdr")
        assert cube.shape == (rows, columns, bands)
        assert not cube.read(slice(rows - 1, rows), slice(columns - 2, columns), [0, 199]).any()
        with pytest.raises(FileError, match="bands; a label map has one"):
            read_labels(tmp_path / "a.hdr")


@pytest.mark.parametrize("name", ["a.hdr", "a.npy", "a.npz", "a.mat", "a.nc", "a.tif", "a.lan"])
def test_a_header_that_says_terabytes_to_a_short_file(tmp_path, name):
    path = tmp_path / name
    make = {
        "a.hdr": _short_envi, "a.npy": lambda p: npy(p, (2**20, 2**20, 7)), "a.npz": _short_npz,
        "a.mat": _short_mat, "a.nc": _short_netcdf, "a.tif": _short_tiff, "a.lan": _short_erdas,
    }  # fmt: skip
    make[name](path)
    with bounded():
        for read in (open_cube, read_labels, diagnose):
            try:
                read(path)
            except HsiError as error:
                assert "a." in str(error)  # noqa: PT017 - the doctor may find what it can
            else:
                assert read is diagnose


def _short_envi(path) -> None:
    envi(path, 2**20, 2**20, 7)
    path.with_suffix(".img").write_bytes(bytes(1000))


def _short_npz(path) -> None:
    import zipfile

    npy(path, (2**20, 2**20, 7))
    held = path.read_bytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("cube.npy", held)


def _short_mat(path) -> None:
    name = struct.pack("<IIII", 6, 8, 7, 0)
    sizes = struct.pack("<II", 5, 12) + struct.pack("<iii", 2**20, 2**20, 7) + bytes(4)
    label = struct.pack("<HH4s", 1, 4, b"cube")
    body = name + sizes + label + struct.pack("<II", 9, 2**31)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x0100, b"IM")
    path.write_bytes(head + struct.pack("<II", 14, len(body)) + body)


def _short_netcdf(path) -> None:
    def text(value: bytes) -> bytes:
        return struct.pack(">I", len(value)) + value + bytes(-len(value) % 4)

    names = ("y", "x", "b")
    dims = b"".join(text(n.encode()) + struct.pack(">I", 2**20) for n in names)
    variable = text(b"cube") + struct.pack(">IIII", 3, 0, 1, 2) + bytes(8)
    variable += struct.pack(">III", 3, 2**32 - 1, 200)
    path.write_bytes(
        b"CDF\x01" + bytes(4) + struct.pack(">II", 10, 3) + dims + bytes(8)
        + struct.pack(">II", 11, 1) + variable + bytes(100)
    )  # fmt: skip


def _short_tiff(path) -> None:
    entries = [(256, 4, 2**31 - 1), (257, 4, 2**31 - 1), (258, 3, 8), (259, 3, 1), (262, 3, 1)]
    entries += [(273, 4, 8), (277, 3, 1), (278, 4, 2**31 - 1), (279, 4, 2**32 - 1)]
    packed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4))


def _short_erdas(path) -> None:
    head = b"HEAD74" + struct.pack("<HH", 2, 300) + bytes(6) + struct.pack("<II", 2**31, 2**31)
    path.write_bytes(head.ljust(228, b"\0"))


def test_hdf5_that_says_terabytes_and_holds_nothing(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("cube", (2**20, 2**20, 7), "u2", chunks=(64, 64, 7))
    with bounded():
        cube = open_cube(tmp_path / "a.h5")  # HDF5 leaves out what is empty
        assert not cube.read(slice(0, 1), slice(0, 2)).any()
        with pytest.raises(FileError):
            read_labels(tmp_path / "a.h5")


@pytest.mark.parametrize("shape", [[2**40, 2**40, 7], [1, 1, 2**40]])
def test_zarr_that_says_terabytes(tmp_path, shape):
    pytest.importorskip("zarr")
    (tmp_path / "a.zarr").mkdir()
    facts = {
        "zarr_format": 2, "shape": shape, "chunks": [64, 64, 7], "dtype": "<u2", "order": "C",
        "compressor": None, "filters": None, "fill_value": 0,
    }  # fmt: skip
    (tmp_path / "a.zarr" / ".zarray").write_text(json.dumps(facts))
    with bounded(), pytest.raises(FileError, match=r"cannot be|chunks"):
        open_cube(tmp_path / "a.zarr")

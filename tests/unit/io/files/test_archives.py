"""Archives that promise more, hold more, or name other things than they should."""

from __future__ import annotations

import io
import os
import zipfile

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.arrays import numpy_file
from hsi_viewer.io.files import archive
from hsi_viewer.io.files.archive import copied, opened_archive
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.import_export import import_regions
from tests.unit.io.bounds import allocated_at_most

ARRAY = np.arange(60, dtype="<u2").reshape(3, 4, 5)
SCENE = HyperCube.from_array(np.zeros((4, 5, 1), "u1"))
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")


def npy(shape, dtype="<u2", data=b"") -> bytes:
    """A .npy file that says its shape and holds what it is given."""
    head = io.BytesIO()
    facts = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, facts)
    return head.getvalue() + data


def bomb(path, name="labels.npy", shape=(20_000, 20_000), held=40 << 20) -> None:
    """A small archive of a large map, of which a part is there."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(name, npy(shape, data=bytes(held)))


@pytest.mark.parametrize(
    "read",
    [
        "read_labels({path!r}, (48, 50))",
        "import_regions(Path({path!r}), HyperCube.from_array(np.zeros((48, 50, 2))))",
    ],
)
def test_a_bomb_of_labels_takes_no_memory(tmp_path, read):
    """It is a map of 800 MB by its header; what a map of the scene may take at most is 32."""
    bomb(tmp_path / "bomb.npz")
    np.savez(tmp_path / "small.npz", labels=np.eye(48, 50, dtype=np.uint16))
    setting = f"""
        from pathlib import Path
        import numpy as np
        from hsi_viewer.core.cube.cube import HyperCube
        from hsi_viewer.core.errors import FormatError
        from hsi_viewer.io.labels.label_file import read_labels
        from hsi_viewer.io.regions.import_export import import_regions
        {read.format(path=str(tmp_path / "small.npz"))}  # imports all that is needed
    """
    call = f"""
        try:
            {read.format(path=str(tmp_path / "bomb.npz"))}
        except FormatError as error:
            print(error)
    """
    lines, most = allocated_at_most(setting, call)
    assert "20000 x 20000 values; a label map of this scene has at most" in lines[0]
    assert most < 8 << 20


def test_labels_on_a_finer_grid_are_read(tmp_path):
    ids = np.zeros((400, 500), np.uint16)
    ids[3, 4] = 7
    np.savez_compressed(tmp_path / "a.npz", labels=ids)
    np.testing.assert_array_equal(read_labels(tmp_path / "a.npz", (4, 5)).ids, ids)


def test_the_cube_of_a_bomb_is_opened_without_unpacking_it(tmp_path, monkeypatch):
    bomb(tmp_path / "bomb.npz", "cube.npy", (4000, 4000, 200), held=8 << 20)
    unpacked = []
    monkeypatch.setattr(
        numpy_file.DeflatedReader, "_ensure", lambda reader, end: unpacked.append(end)
    )
    with pytest.raises(FormatError, match="truncated: 6400000128 bytes expected"):
        open_cube(tmp_path / "bomb.npz")
    assert unpacked == []


@pytest.mark.parametrize("count", [numpy_file.MOST_ARRAYS + 1])
def test_too_many_arrays(tmp_path, count):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        for k in range(count):
            file.writestr(f"{k}.npy", b"")
    with pytest.raises(FormatError, match=f"it has {count} entries; at most"):
        open_cube(tmp_path / "a.npz")


def test_a_list_of_contents_that_is_too_long_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_PIECE", 1 << 17)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        for k in range(400):
            file.writestr(f"{k:04}{'x' * 1000}.npy", b"")
    with pytest.raises(FormatError, match="table of contents is too long"):
        open_cube(tmp_path / "a.npz")


@pytest.mark.parametrize("content", ["zip", "objects", "pickle", "text", "4 GB"])
def test_members_that_are_no_arrays(tmp_path, content):
    inner = io.BytesIO()
    if content == "zip":
        np.savez(inner, cube=ARRAY)
    elif content == "objects":
        np.save(inner, np.array([{}, 1], object), allow_pickle=True)
    held = {
        "pickle": b"\x80\x04cos\nsystem\n(S'touch gone'\ntR.",
        "text": b"cube",
        "4 GB": b"\x93NUMPY\x02\0\xf0\xff\xff\xff" + b" " * 70_000,
    }
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("cube.npy", held.get(content, inner.getvalue()))
    for read in (open_cube, read_labels, lambda path: import_regions(path, SCENE)):
        with pytest.raises(FormatError):
            read(tmp_path / "a.npz")


def test_zip64_is_read(tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "w") as file,
        file.open("cube.npy", "w", force_zip64=True) as member,
    ):
        np.save(member, ARRAY)
    np.testing.assert_array_equal(open_cube(tmp_path / "a.npz").read(), ARRAY)


@pytest.mark.parametrize("size", [10, 100_000, 2**31])
def test_a_list_of_contents_that_lies_about_a_size(tmp_path, size):
    """Sizes of the list are believed as far as the bytes of the array go."""
    values = np.arange(20_000, dtype="<u2").reshape(100, 50, 4)
    held = npy(values.shape, data=values.tobytes())
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("cube.npy", held)
    whole = (tmp_path / "a.npz").read_bytes()
    at = whole.rindex(b"PK\x01\x02") + 24
    assert whole[at : at + 4] == len(held).to_bytes(4, "little")
    (tmp_path / "a.npz").write_bytes(whole[:at] + size.to_bytes(4, "little") + whole[at + 4 :])
    if size < len(held):
        with pytest.raises(FormatError, match=r"damaged|truncated|not a readable"):
            open_cube(tmp_path / "a.npz")
    else:
        np.testing.assert_array_equal(open_cube(tmp_path / "a.npz").read(), values)


def test_copying_stops_at_the_limit():
    target = io.BytesIO()
    copied(io.BytesIO(b"x" * 10), target, 10)
    assert target.getvalue() == b"x" * 10
    with pytest.raises(ValueError, match="longer than 9 bytes"):
        copied(io.BytesIO(b"x" * 10), io.BytesIO(), 9)


@posix
def test_a_pipe_is_no_archive(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    with (
        pytest.raises(FileError, match="is a pipe or a device"),
        opened_archive(tmp_path / "a.npz"),
    ):
        raise AssertionError("it was opened")

"""Checksums: of files as other programs compute them, of values the same for any file format."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CallbackPort, CancelToken, TaskCancelledError
from hsi_viewer.io.files import checksums
from hsi_viewer.io.files.checksums import file_checksum, file_checksums, values_checksum

VALUES = np.arange(60, dtype="<i2").reshape(5, 4, 3)


def test_the_checksum_of_a_file_is_that_of_its_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(checksums, "PIECE", 7)
    data = bytes(range(100))
    (tmp_path / "a.bin").write_bytes(data)
    found = file_checksum(tmp_path / "a.bin")
    assert (found.name, found.size) == ("a.bin", 100)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert file_checksum(tmp_path / "a.bin", "data/a.bin").name == "data/a.bin"
    with pytest.raises(FileError, match=r"gone\.bin could not be read"):
        file_checksum(tmp_path / "gone.bin")


def test_the_checksum_of_values_is_that_of_another_version_in_either_byte_order():
    told = []
    found = values_checksum(HyperCube.from_array(VALUES), port=CallbackPort(told.append))
    whole = hashlib.sha256(b"5 4 3 <i2" + VALUES.tobytes()).hexdigest()
    assert found == values_checksum(HyperCube.from_array(VALUES.astype(">i2"))) == whole
    assert told[-1].fraction == 1
    other = VALUES.copy()
    other[4, 3, 2] += 1
    assert values_checksum(HyperCube.from_array(other)) != found
    assert values_checksum(HyperCube.from_array(VALUES.reshape(4, 5, 3))) != found


def test_checksums_can_be_cancelled(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"1")
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        file_checksum(tmp_path / "a.bin", token=token)
    with pytest.raises(TaskCancelledError):
        values_checksum(HyperCube.from_array(VALUES), token)


def test_of_a_folder_each_file_below_it_is_listed_by_its_place(tmp_path):
    (tmp_path / "scene.zarr" / "deep").mkdir(parents=True)
    (tmp_path / "scene.zarr" / "deep" / "0").write_bytes(b"a")
    (tmp_path / "scene.zarr" / ".zarray").write_bytes(b"")
    (tmp_path / "a.hdr").write_bytes(b"bc")
    found = file_checksums([tmp_path / "scene.zarr", tmp_path / "a.hdr"])
    assert [(f.name, f.size) for f in found] == [("a.hdr", 2), (".zarray", 0), ("deep/0", 1)]
    assert found[2].sha256 == hashlib.sha256(b"a").hexdigest()
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        file_checksums([tmp_path / "scene.zarr"], token)

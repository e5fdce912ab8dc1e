"""Reading where the system lacks a call, or refuses one: the values are the same."""

from __future__ import annotations

import gzip
import mmap
import os
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.big_scene import ORDERS
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.files import byte_reader
from hsi_viewer.io.files.byte_reader import FileReader
from hsi_viewer.io.files.raw_source import RawSource
from hsi_viewer.io.opening import open_cube

posix = pytest.mark.skipif(not hasattr(os, "preadv"), reason="Windows reads by seeking")


def refuse(*_given, **_options):
    raise OSError(95, "Operation not supported")


def in_pieces(monkeypatch):
    """A file system that answers with three bytes at most."""
    real = os.preadv

    def preadv(file, buffers, offset, *flags):
        return real(file, [memoryview(buffers[0])[:3]], offset, *flags)

    monkeypatch.setattr(os, "preadv", preadv)


def failing_at_first(monkeypatch):
    """A file system on which each place is read at the second try only."""
    real, tried = os.preadv, set()

    def preadv(file, buffers, offset, *flags):
        if offset not in tried:
            tried.add(offset)
            raise OSError(5, "Input/output error")
        return real(file, buffers, offset, *flags)

    monkeypatch.setattr(os, "preadv", preadv)


def without_a_second_descriptor(monkeypatch):
    monkeypatch.setattr(os, "open", refuse)


def without_advice(monkeypatch):
    monkeypatch.delattr(os, "posix_fadvise", raising=False)


def with_refused_advice(monkeypatch):
    monkeypatch.setattr(os, "posix_fadvise", refuse, raising=False)


def without_knowing_what_is_held(monkeypatch):
    monkeypatch.setattr(byte_reader, "NOWAIT", None)


def without_leases(monkeypatch):
    monkeypatch.setattr("fcntl.fcntl", refuse)


def with_memory_given_back_at_once(monkeypatch):
    monkeypatch.setattr(byte_reader, "RELEASE_BYTES", 1)


@posix
@pytest.mark.parametrize("interleave", ORDERS)
@pytest.mark.parametrize(
    "lack",
    [
        in_pieces,
        without_a_second_descriptor,
        without_advice,
        with_refused_advice,
        without_knowing_what_is_held,
        without_leases,
        with_memory_given_back_at_once,
    ],
)
def test_values_are_read_where_the_system_lacks_something(tmp_path, monkeypatch, lack, interleave):
    values = np.random.default_rng(0).integers(0, 60000, (40, 90, 12)).astype("<u2")
    path = tmp_path / "raw"
    path.write_bytes(b"head" + values.transpose(ORDERS[interleave]).tobytes())
    source = RawSource(FileReader(path), values.shape, values.dtype, ORDERS[interleave], 4)
    lack(monkeypatch)
    for rows, columns in ((slice(0, 40, 1), slice(0, 90, 1)), (slice(3, 40, 9), slice(1, 90, 30))):
        found = source.read(rows, columns, np.array([11, 2]))
        np.testing.assert_array_equal(found, values[rows, columns][:, :, [11, 2]])


@posix
@pytest.mark.parametrize("lack", [in_pieces, failing_at_first, without_advice])
def test_runs_are_read_where_the_system_lacks_something(tmp_path, monkeypatch, lack):
    data = np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes()
    (tmp_path / "raw").write_bytes(data)
    reader, offsets = FileReader(tmp_path / "raw"), [4000, 0, 17, 4993]
    lack(monkeypatch)
    found = bytearray(4 * 7)
    reader.announce(offsets, 7)
    reader.read_runs(memoryview(found), offsets, 7)
    assert bytes(found) == b"".join(data[at : at + 7] for at in offsets)


@posix
def test_what_is_not_known_of_a_file_is_not_claimed(tmp_path, monkeypatch):
    (tmp_path / "raw").write_bytes(bytes(9000))
    (tmp_path / "empty").touch()
    assert FileReader(tmp_path / "empty").map is None
    reader = FileReader(tmp_path / "raw")
    with reader.unwritten() as alone:
        assert alone
    assert not reader.is_cached([20000])
    with monkeypatch.context() as patch:
        patch.setattr(os, "preadv", refuse)
        assert not reader.is_cached([0])
    with monkeypatch.context() as patch:
        without_knowing_what_is_held(patch)
        assert not reader.is_cached([0])
    with monkeypatch.context() as patch:
        without_leases(patch)
        with reader.unwritten() as alone:
            assert alone
    with monkeypatch.context() as patch:
        patch.setattr(mmap, "mmap", refuse)
        assert FileReader(tmp_path / "raw").map is None


@pytest.mark.parametrize("members", [1, 2, 5])
def test_packed_values_may_be_packed_in_several_members(tmp_path, members):
    """As bgzip and parallel packers write them."""
    values = np.arange(7 * 6 * 5, dtype="<u2").reshape(7, 6, 5)
    head = "ENVI\nsamples = 6\nlines = 7\nbands = 5\ndata type = 12\ninterleave = bip\n"
    (tmp_path / "a.hdr").write_text(f"{head}byte order = 0\nfile compression = 1\n")
    raw = values.tobytes()
    ends = np.linspace(0, len(raw), members + 1).astype(int)
    packed = b"".join(gzip.compress(raw[a:b]) for a, b in pairwise(ends))
    (tmp_path / "a.img").write_bytes(packed)
    np.testing.assert_array_equal(open_cube(tmp_path / "a.hdr").read(), values)
    (tmp_path / "a.img").write_bytes(packed[: -len(packed) // (2 * members)])
    with pytest.raises(FormatError):
        open_cube(tmp_path / "a.hdr").read()

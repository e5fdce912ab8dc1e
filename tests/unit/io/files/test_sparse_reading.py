"""Sparse positions of a large file are read one by one, and nothing beside them."""

from __future__ import annotations

import os
from contextlib import suppress

import numpy as np
import pytest

from benchmarks.big_scene import ORDERS, write_big_scene
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.errors import FileError
from hsi_viewer.io.files.byte_reader import FileReader
from hsi_viewer.io.files.raw_source import RawSource
from hsi_viewer.io.opening import open_cube
from hsi_viewer.rendering import scene_picture
from hsi_viewer.rendering.scene_picture import first_picture

PAGE = 4096
posix = pytest.mark.skipif(not hasattr(os, "preadv"), reason="Windows reads by seeking")


class Asked:
    """Counts what is asked of the system."""

    def __init__(self, monkeypatch) -> None:
        self.reads, self.bytes = 0, 0
        self._read = os.preadv
        monkeypatch.setattr(os, "preadv", self._count)

    def _count(self, file, buffers, offset, *flags):
        self.reads += 1
        self.bytes += sum(len(b) for b in buffers)
        return self._read(file, buffers, offset, *flags)


@posix
@pytest.mark.parametrize("interleave", ORDERS)
def test_the_first_picture_of_24_gigabytes_asks_for_little(tmp_path, monkeypatch, interleave):
    header = write_big_scene(tmp_path, interleave=interleave, groups=1)
    monkeypatch.setattr(FileReader, "is_cached", lambda *_: False)  # as after a start
    cube = open_cube(str(header))
    asked = Asked(monkeypatch)
    picture = first_picture(cube, Composite((40, 20, 0)))
    assert picture.coarse
    assert 2 * 3 * scene_picture.COARSE_PIXELS / 2 < asked.bytes < 8 << 20
    assert asked.reads <= 3 * scene_picture.COARSE_PIXELS
    step = scene_picture.coarse_step(cube)
    top = cube.read(slice(0, 16, step), slice(0, None, step), (40, 20, 0))
    assert [s.values[0] for s in picture.samples] == top[0, 0].tolist()
    row = picture.raster.rgba(slice(0, 1), slice(0, cube.columns, step))
    assert (row[0, :, 3] == 255).all()
    assert not picture.raster.rgba(slice(step, step + 1), slice(0, 9))[..., 3].any()


@posix
def test_pixels_that_lie_far_apart_are_announced_and_read_in_batches(tmp_path, monkeypatch):
    """Not one by one in Python, which takes ten times as long as the disk."""
    shape = (200, 9000, 40)
    values = np.zeros(shape, "<u2")
    values[::25, ::300] = np.arange(8 * 30 * 40).reshape(8, 30, 40)
    path = tmp_path / "raw"
    path.write_bytes(values.tobytes())
    source = RawSource(FileReader(path), shape, values.dtype, ORDERS["bip"])
    monkeypatch.setattr(FileReader, "is_cached", lambda *_: False)
    batches = []
    real = FileReader.announce

    def announce(self, offsets, size):
        batches.append((len(offsets), size))
        real(self, offsets, size)

    monkeypatch.setattr(FileReader, "announce", announce)
    window = source.read(slice(0, 200, 25), slice(0, 9000, 300), np.array([31, 20, 4]))
    np.testing.assert_array_equal(window, values[::25, ::300][:, :, [31, 20, 4]])
    assert batches == [(8 * 30, 2 * (31 - 4 + 1))]


@pytest.mark.parametrize("shape", [(20_000, 2_000), (3, 9_000_000), (7_000_000, 2), (4096, 4096)])
def test_a_coarse_picture_is_small_whatever_the_scene_is_like(shape):
    class Strip:
        rows, columns = shape

    step = scene_picture.coarse_step(Strip)
    held = -(-shape[0] // step) * -(-shape[1] // step)
    assert scene_picture.COARSE_PIXELS / 4 < held <= scene_picture.COARSE_PIXELS


@posix
@pytest.mark.parametrize("interleave", ORDERS)
@pytest.mark.parametrize("before", [5, 16, 39, 64])
@pytest.mark.parametrize("step", [2, 4, 16])
def test_what_a_coarser_view_has_read_makes_no_finer_one_held(
    tmp_path, monkeypatch, interleave, before, step
):
    """Else the map of the file is touched where nothing is in memory, page by page."""
    shape = (800, 300, 50)
    path = tmp_path / "raw"
    with path.open("wb") as file:
        file.truncate(2 * int(np.prod(shape)))
    source = RawSource(FileReader(path), shape, np.dtype("<u2"), ORDERS[interleave])
    every = [range(0, n, before) for n in shape[:2]]
    bands = [10, 20, 30]
    index = [[*every, bands][axis] for axis in ORDERS[interleave]]
    held = {at // PAGE for at in source._offsets(index)}
    monkeypatch.setattr(FileReader, "is_cached", lambda _, at: all(a // PAGE in held for a in at))
    gathered = []
    monkeypatch.setattr(RawSource, "_gather", lambda *a: gathered.append(a))
    window = source.read(slice(0, 800, step), slice(0, 300, step), np.array(bands))
    finer = {at // PAGE for at in _pages(source, shape, bands, step)}
    missing = len(finer - held) / len(finer)
    assert window.shape[2] == 3
    if missing > 0.5:
        assert not gathered
    elif not missing:
        assert gathered


def _pages(source, shape, bands, step):
    index = [
        [range(0, shape[0], step), range(0, shape[1], step), bands][axis] for axis in source._order
    ]
    return source._offsets(index)


@posix
def test_a_slab_that_has_left_memory_is_read_and_not_touched(tmp_path, monkeypatch):
    values = np.arange(64 * 50 * 30, dtype="<u2").reshape(64, 50, 30)
    path = tmp_path / "raw"
    path.write_bytes(values.tobytes())
    source = RawSource(FileReader(path), values.shape, values.dtype, (0, 1, 2))
    answers = iter([True, True, False, *[True] * 99])  # the whole, the first slab, the second
    monkeypatch.setattr(FileReader, "is_cached", lambda *_: next(answers))
    monkeypatch.setattr("hsi_viewer.io.files.raw_source.MAP_BYTES", 16 * 4096)
    stretches = []
    real = RawSource._read_stretches

    def read(self, out, index):
        stretches.append(len(index[0]))
        real(self, out, index)

    monkeypatch.setattr(RawSource, "_read_stretches", read)
    window = source.read(slice(0, 64, 1), slice(0, 50, 2), np.array([3, 9]))
    np.testing.assert_array_equal(window, values[:, ::2][:, :, [3, 9]])
    assert len(stretches) == 1
    assert stretches[0] < 64


@posix
def test_nobody_can_shorten_a_file_whose_map_is_read(tmp_path, monkeypatch):
    values = np.arange(64 * 50 * 30, dtype="<u2").reshape(64, 50, 30)
    path = tmp_path / "raw"
    path.write_bytes(values.tobytes())
    source = RawSource(FileReader(path), values.shape, values.dtype, (0, 1, 2))
    refused, stretches = [], []
    checked, read = FileReader.check_reaches, RawSource._read_stretches

    def check(*args):
        checked(*args)
        with suppress(BlockingIOError):  # as a program that comes just now
            os.close(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK))
            return
        refused.append(args)

    def window():
        return source.read(slice(0, 64, 1), slice(0, 50, 2), np.array([3, 9]))

    monkeypatch.setattr(FileReader, "is_cached", lambda *_: True)
    monkeypatch.setattr(RawSource, "_read_stretches", lambda *a: stretches.append(a) or read(*a))
    with monkeypatch.context() as patch:
        patch.setattr(FileReader, "check_reaches", check)
        np.testing.assert_array_equal(window(), values[:, ::2][:, :, [3, 9]])
    assert refused
    assert not stretches
    with path.open("r+b") as file:  # now it may, and the map is left alone
        np.testing.assert_array_equal(window(), values[:, ::2][:, :, [3, 9]])
        assert len(stretches) == 1
        file.truncate(1000)
        with pytest.raises(FileError, match="became shorter"):
            window()


@posix
def test_the_descriptor_for_sparse_reading_is_of_the_same_file(tmp_path):
    path = tmp_path / "raw"
    path.write_bytes(b"old" * 5000)
    reader = FileReader(path)
    path.rename(tmp_path / "away")
    path.write_bytes(b"new" * 5000)
    found = bytearray(3)
    reader.read_runs(memoryview(found), [9000], 3)
    assert bytes(found) == b"old"

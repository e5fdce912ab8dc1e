"""Windows of raw values equal windows of the array in memory."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError
from hsi_viewer.io.files import positions, raw_source
from hsi_viewer.io.files.byte_reader import FileReader
from hsi_viewer.io.files.raw_source import RawSource

ORDERS = list(itertools.permutations(range(3)))


def make(path, array, order, offset=0):
    path.write_bytes(b"\x07" * offset + np.ascontiguousarray(array.transpose(order)).tobytes())
    return RawSource(FileReader(path), array.shape, array.dtype, order, offset)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_window_in_any_order(tmp_path, monkeypatch, data):
    merge, chunk = (data.draw(st.sampled_from(n)) for n in ([0, 20, 16384], [1, 64, 1 << 21]))
    for module in (raw_source, positions):
        monkeypatch.setattr(module, "MERGE_BYTES", merge)
        monkeypatch.setattr(module, "CHUNK_BYTES", chunk)
    monkeypatch.setattr(raw_source, "MAP_BYTES", data.draw(st.sampled_from([1, 200, 1 << 24])))
    monkeypatch.setattr(raw_source, "THREADS_BYTES", data.draw(st.sampled_from([0, 1 << 24])))
    monkeypatch.setattr(raw_source, "LONG_RUN", data.draw(st.sampled_from([8, 64 << 10])))
    shape = data.draw(st.tuples(*[st.integers(1, 9)] * 3))
    dtype = data.draw(st.sampled_from(["u1", "<i2", ">u2", "<f4", ">f8", ">c8", "<i8"]))
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    source = make(tmp_path / "raw", array, data.draw(st.sampled_from(ORDERS)), 5)
    rows, columns = (data.draw(st.slices(n)) for n in shape[:2])
    rows, columns = (
        slice(*s.indices(n)) if s.step is None or s.step > 0 else slice(0, n, 1)
        for s, n in zip((rows, columns), shape[:2], strict=True)
    )
    bands = data.draw(st.none() | st.lists(st.integers(-shape[2], shape[2] - 1), max_size=12))
    chosen = None if bands is None else np.array(bands, np.intp)
    window = source.read(rows, columns, chosen)
    expected = array[rows, columns] if chosen is None else array[rows, columns][:, :, chosen]
    assert window.dtype.isnative
    np.testing.assert_array_equal(window, expected)


def test_three_bands_downward_are_a_view_of_what_is_read(tmp_path):
    array = np.arange(4 * 5 * 6, dtype="<u2").reshape(4, 5, 6)
    source = make(tmp_path / "raw", array, (2, 0, 1))
    window = source.read(slice(0, 4, 1), slice(0, 5, 1), np.array([5, 3, 0]))
    np.testing.assert_array_equal(window, array[:, :, [5, 3, 0]])
    assert window.base is not None
    assert window.strides[2] < 0


def test_a_spectrum_of_a_file_that_shrank_is_an_error_not_a_crash(tmp_path):
    path = tmp_path / "raw"
    cube = HyperCube(make(path, np.ones((50, 60, 70), "<u2"), (0, 2, 1)))
    assert cube.spectrum(49, 59).sum() == 70
    with path.open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(FileError, match="became shorter while it was open"):
        cube.spectrum(49, 59)


def test_a_band_outside_is_refused(tmp_path):
    source = make(tmp_path / "raw", np.zeros((2, 3, 4), "u1"), (0, 1, 2))
    with pytest.raises(IndexError):
        source.read(slice(0, 2, 1), slice(0, 3, 1), np.array([4]))


def test_a_file_that_shrinks_while_open_is_an_error_not_a_crash(tmp_path):
    path = tmp_path / "raw"
    cube = HyperCube(make(path, np.ones((50, 60, 70), "<u2"), (2, 0, 1)))
    assert cube.read().sum() == 50 * 60 * 70
    with path.open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(FileError, match="became shorter while it was open"):
        cube.read()


def test_reading_is_safe_from_several_threads(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    array = np.random.default_rng(0).integers(0, 9999, (40, 50, 60)).astype("<u2")
    source = make(tmp_path / "raw", array, (0, 2, 1))
    with ThreadPoolExecutor(8) as pool:
        bands = list(
            pool.map(
                lambda b: (b, source.read(slice(0, 40, 1), slice(0, 50, 1), np.array([b]))),
                list(range(60)) * 5,
            )
        )
    assert all(np.array_equal(window[:, :, 0], array[:, :, b]) for b, window in bands)


def test_runs_are_read_without_preadv_too(tmp_path, monkeypatch):
    """As on Windows."""
    monkeypatch.setattr("hsi_viewer.io.files.byte_reader.HAS_PREADV", False)
    data = np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes()
    (tmp_path / "raw").write_bytes(data)
    reader = FileReader(tmp_path / "raw")
    offsets, found = [4000, 0, 17, 4993], bytearray(4 * 7)
    reader.read_runs(memoryview(found), offsets, 7)
    assert bytes(found) == b"".join(data[at : at + 7] for at in offsets)
    assert reader.read_bytes(3, 4000) == data[3:4003]
    assert reader.read_bytes(4998, 9) == data[4998:]
    assert reader.read_bytes(6000, 9) == b""
    array = np.arange(9 * 8 * 7, dtype="<i2").reshape(9, 8, 7)
    source = make(tmp_path / "cube", array, (2, 0, 1), 3)
    window = source.read(slice(1, 9, 3), slice(0, 8, 2), np.array([6, 0]))
    np.testing.assert_array_equal(window, array[1:9:3, ::2][:, :, [6, 0]])


@pytest.mark.parametrize("offset", [0, 5])
def test_of_a_file_that_is_too_short_what_there_is_can_be_read(tmp_path, offset):
    array = np.arange(9 * 8 * 7, dtype="<i2").reshape(9, 8, 7)
    raw = bytes(offset) + array.tobytes()
    (tmp_path / "cube").write_bytes(raw[:-1])
    source = RawSource(FileReader(tmp_path / "cube"), array.shape, array.dtype, (0, 1, 2), offset)
    window = source.read(slice(0, 8, 3), slice(0, 8, 2), np.array([6, 0]))
    np.testing.assert_array_equal(window, array[:8:3, ::2][:, :, [6, 0]])
    with pytest.raises(FileError, match="became shorter"):
        source.read(slice(8, 9, 1), slice(0, 8, 1), None)

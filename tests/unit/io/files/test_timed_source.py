"""What takes too long to read is given up, and `info` says so."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

from hsi_viewer.io import info
from hsi_viewer.io.arrays import zarr_store
from hsi_viewer.io.files.byte_reader import TooLongError, unpacking_at_most
from hsi_viewer.io.files.timed_source import TimedSource
from hsi_viewer.io.opening import open_cube

CUBE = np.random.default_rng(3).integers(1, 200, (50, 12, 4)).astype("i2")
CUBE[:6] = -9999


@pytest.fixture(params=["a.npy", "a.npz"])
def path(request, tmp_path):
    path = tmp_path / request.param
    if path.suffix == ".npy":
        np.save(path, CUBE)
    else:
        np.savez_compressed(path, cube=CUBE)
    return path


def test_a_timed_source_yields_the_same_values(path):
    source = open_cube(path).source
    timed = TimedSource(source, 3600)
    for rows, columns in ((slice(0, 50, 1), slice(0, 12, 5)), (slice(7, 48, 3), slice(2, 3, 1))):
        found = timed.read(rows, columns, np.array([3, 1]))
        np.testing.assert_array_equal(found, CUBE[rows, columns][:, :, [3, 1]])
    assert timed.read(slice(3, 3, 1), slice(0, 12, 1), None).shape == (0, 12, 4)
    with pytest.raises(TooLongError):
        TimedSource(source, -1).read(slice(0, 50, 1), slice(0, 12, 1), None)


@pytest.mark.parametrize("limit", [None, "MOST_SECONDS", "MOST_UNPACKED"])
def test_info_says_what_it_has_not_examined(path, limit, monkeypatch):
    if limit is not None:
        monkeypatch.setattr(info, limit, -1)
    warnings = info.cube_info(path)["warnings"]
    given_up = limit == "MOST_SECONDS" or (limit == "MOST_UNPACKED" and path.suffix == ".npz")
    assert (info.NOT_EXAMINED in warnings) == given_up
    assert any("72 pixels hold -9999" in text for text in warnings) != given_up


def test_what_was_unpacked_before_can_be_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", cube=CUBE)
    cube = open_cube(tmp_path / "a.npz")
    with unpacking_at_most(0), pytest.raises(TooLongError, match="would have to be decompressed"):
        cube.read()
    np.testing.assert_array_equal(cube.read(), CUBE)
    with unpacking_at_most(0):
        np.testing.assert_array_equal(cube.read(), CUBE)


@pytest.mark.parametrize(("chunks", "at_once"), [((10, 10), 10), ((1 << 13, 1 << 13), 2)])
def test_few_large_chunks_of_zarr_are_unpacked_at_once(tmp_path, chunks, at_once):
    zarr.open_group(str(tmp_path), mode="w")
    asked = []

    class Array:
        def __getitem__(self, selection):
            asked.append(zarr.config.get("async.concurrency"))
            return np.zeros((2, 2))

    Array.chunks, Array.dtype = chunks, np.dtype("u2")
    before = zarr.config.get("async.concurrency")
    zarr_store._values(tmp_path, Array(), ...)
    assert asked == [at_once]
    assert zarr.config.get("async.concurrency") == before

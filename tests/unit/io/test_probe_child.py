"""What the helper process of the probe touches of a file, asked in this process."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.io import probe_child
from hsi_viewer.io.arrays.hdf5 import H5File


class Noted:
    """A source that keeps the pixels that are read."""

    dtype = np.dtype("u1")

    def __init__(self, shape):
        self.shape, self.read_at = shape, []

    def read(self, rows, columns, bands):
        assert (rows.stop - rows.start, columns.stop - columns.start, len(bands)) == (1, 1, 1)
        self.read_at.append((rows.start, columns.start, int(bands[0])))
        return np.zeros((1, 1, 1), "u1")


@pytest.mark.parametrize(
    ("shape", "places"),
    [
        ((9, 8, 5), [(0, 0, 0), (4, 4, 2), (8, 7, 4)]),
        ((1, 2, 1), [(0, 0, 0), (0, 1, 0), (0, 1, 0)]),
    ],
)
def test_values_at_both_ends_and_in_the_middle_are_read(shape, places):
    source = Noted(shape)
    probe_child._sample(HyperCube(source))
    assert source.read_at == places


def test_everything_in_a_file_is_looked_at_and_the_cube_is_sampled(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("group/cube", data=np.ones((6, 5, 4), "u2"), chunks=(2, 5, 4))
        file.create_dataset("group/about", data="text")
        file["group"].attrs["sensor"] = "made"
    asked: dict[str, set[str]] = {"attributes": set(), "dimensions": set(), "text": set()}
    sampled, walked = [], []

    def note(what):
        real = getattr(H5File, what)

        def noted(container, *names):
            asked[what].update(name.strip("/") for name in names)
            return real(container, *names)

        monkeypatch.setattr(H5File, what, noted)

    for what in asked:
        note(what)
    monkeypatch.setattr(probe_child, "_sample", lambda cube: sampled.append(cube.shape))
    monkeypatch.setattr(probe_child, "_touch_corners", lambda item: walked.append(item.name))
    probe_child.touch(path, None)
    assert {"group", "group/cube", "group/about"} <= asked["attributes"]
    assert {"group/cube", "group/about"} <= asked["dimensions"] & asked["text"]
    assert sorted(walked) == ["/group/about", "/group/cube"]
    assert sampled == [(6, 5, 4)]


def test_a_file_that_cannot_be_read_ends_nothing(tmp_path, monkeypatch):
    sampled = []
    monkeypatch.setattr(probe_child, "_sample", sampled.append)
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    probe_child.touch(tmp_path / "a.h5", None)
    assert sampled == []


def test_every_file_is_let_go_of_after_a_request(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = np.ones((3, 2, 2))
    held = h5py.File(tmp_path / "a.h5", "r")
    data = held["cube"]
    probe_child._close_all()
    assert not held
    assert not data

"""What is being read or written, and how much of it is done, from 0 to 1."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CallbackPort, CancelToken, TaskCancelledError
from hsi_viewer.io.files.checksums import values_checksum
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube

CUBE = HyperCube.from_array(np.arange(24.0).reshape(4, 3, 2))


def test_opening_names_the_source_and_can_be_cancelled_before_and_after(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, CUBE.read())
    received, token = [], CancelToken()
    open_cube(path, token, CallbackPort(received.append))
    assert [(item.message, item.fraction) for item in received] == [(f"Opening {path}", None)]
    with pytest.raises(TaskCancelledError):  # while it is opened
        open_cube(path, token, CallbackPort(lambda _: token.cancel()))
    with pytest.raises(TaskCancelledError):
        open_cube(path, token, CallbackPort(received.append))
    assert len(received) == 1


@pytest.mark.parametrize("suffix", ["hdr", "tif", "npy", "mat", "zarr"])
def test_writing_tells_the_share_of_the_rows(tmp_path, suffix):
    received = []
    write_cube(CUBE, tmp_path / f"a.{suffix}", port=CallbackPort(received.append))
    assert {item.message for item in received} == {f"Writing a.{suffix}"}
    fractions = [item.fraction for item in received]
    assert fractions[0] == 0
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 1


def test_a_checksum_ends_with_all_rows():
    received = []
    values_checksum(CUBE, port=CallbackPort(received.append))
    assert received[-1].message == "Computing the checksum of the scene"
    assert received[-1].fraction == 1

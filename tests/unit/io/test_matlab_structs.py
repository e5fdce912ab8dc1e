"""Cubes inside structs of MATLAB files."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import scipy.io

from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.container import ChoiceNeededError
from hsi_viewer.io.registry import open_cube

CUBE = np.arange(6 * 7 * 9, dtype="u2").reshape(6, 7, 9)
NM = np.linspace(400, 900, 9)


def save(path, compressed, **members):
    scipy.io.savemat(path, members, do_compression=compressed)
    return path


@pytest.mark.parametrize("compressed", [False, True])
def test_a_cube_in_a_struct_is_found_with_its_wavelengths(tmp_path, compressed):
    inner = {"cube": CUBE, "wavelength": NM}
    data = {"name": "scene", "empty": np.zeros((0, 0)), "inner": inner, "z": 3.0}
    path = save(tmp_path / "a.mat", compressed, note="hi", data=data, n=np.arange(3))
    for source in (path, f"{path}:data.inner.cube"):
        cube = open_cube(source)
        np.testing.assert_array_equal(cube.read(), CUBE)
        np.testing.assert_allclose(cube.wavelengths, NM)
        assert cube.metadata["array"] == "data.inner.cube"


def test_two_cubes_in_structs_are_offered_by_their_names(tmp_path):
    path = save(tmp_path / "two.mat", True, a={"cube": CUBE}, b={"cube": CUBE + 1})
    with pytest.raises(ChoiceNeededError) as caught:
        open_cube(path)
    assert {choice.name for choice in caught.value.choices} == {"a.cube", "b.cube"}
    np.testing.assert_array_equal(open_cube(f"{path}:b.cube").read(), CUBE + 1)


def test_an_unfolded_matrix_in_a_struct(tmp_path):
    matrix = CUBE.transpose(2, 1, 0).reshape(9, -1)  # bands x pixels down the columns
    path = save(tmp_path / "m.mat", False, hsi={"Y": matrix, "nRow": 6, "nCol": 7})
    np.testing.assert_array_equal(open_cube(path).read(), CUBE)


def test_a_struct_in_matlab_7(tmp_path):
    path = tmp_path / "v73.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        group = file.create_group("data")
        group.attrs["MATLAB_class"] = np.bytes_("struct")
        group["cube"] = CUBE.T
        group["cube"].attrs["MATLAB_class"] = np.bytes_("uint16")
        group["wavelength"] = NM[:, None]
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    for source in (path, f"{path}:data.cube", f"{path}:/data/cube"):
        cube = open_cube(source)
        np.testing.assert_array_equal(cube.read(), CUBE)
        assert cube.metadata["array"] == "data.cube"


def test_a_damaged_struct_is_an_error_that_names_it(tmp_path):
    path = save(tmp_path / "a.mat", False, data={"cube": CUBE, "z": 3.0})
    raw = bytearray(path.read_bytes())
    at = raw.index(CUBE.T.tobytes()[:16]) - 48
    messages = []
    for k in range(at, at + 48, 4):
        broken = raw.copy()
        broken[k : k + 4] = b"\xff\xff\xff\x7f"
        path.write_bytes(broken)
        try:
            open_cube(path)
        except FormatError as error:
            messages.append(str(error))
    assert len(messages) >= 6  # words that nothing depends on are no damage
    assert all("a.mat" in message for message in messages)

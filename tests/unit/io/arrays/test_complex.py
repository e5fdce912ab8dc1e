"""Complex cubes open with their magnitude, and say so, in every format of arrays."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import scipy.io
import zarr

from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import FormatError, HsiError
from hsi_viewer.io.files.gdal import new_tif
from hsi_viewer.io.info import cube_info
from hsi_viewer.io.opening import open_cube

VALUES = np.random.default_rng(0).normal(size=(6, 8, 5, 2)).astype(np.float32)
CUBE = VALUES[..., 0] + 1j * VALUES[..., 1]
SAID = "The values are complex; their magnitudes are used."


def pairs(values, real="real", imaginary="imag"):
    out = np.empty(values.shape, [(real, "f8"), (imaginary, "f8")])
    out[real], out[imaginary] = values.real, values.imag
    return out


def write_v73(path, **arrays):
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in arrays.items():
            file[name] = pairs(values.T)
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def write_h5(path, **arrays):
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values


def write_pairs(path, **arrays):
    write_h5(path, **{name: pairs(values, "re", "im") for name, values in arrays.items()})


def write_zarr(path, **arrays):
    group = zarr.open_group(str(path), mode="w")
    for name, values in arrays.items():
        group.create_array(name, data=values)


def write_tif(path, cube):
    with new_tif(path, path, height=6, width=8, count=5, dtype="complex64") as file:
        file.write(cube.transpose(2, 0, 1))


FORMATS = {
    "a.npy": lambda path, cube: np.save(path, cube),
    "a.npz": np.savez,
    "b.npz": np.savez_compressed,
    "a.h5": write_h5,
    "pairs.h5": write_pairs,
    "v73.mat": write_v73,
    "v5.mat": scipy.io.savemat,
    "packed.mat": lambda path, **values: scipy.io.savemat(path, values, do_compression=True),
    "struct.mat": lambda path, **values: scipy.io.savemat(path, {"all": values}),
    "a.zarr": write_zarr,
    "a.tif": write_tif,
}


def written(folder, name, **arrays):
    path = folder / name
    if name == "v5.mat":
        scipy.io.savemat(path, arrays)
    else:
        FORMATS[name](path, **arrays)
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_the_magnitude_is_used_and_said(tmp_path, name):
    path = written(tmp_path, name, cube=CUBE)
    cube = real_valued(open_cube(path))
    np.testing.assert_allclose(cube.read(), np.abs(CUBE), rtol=1e-6)
    part = cube.read(slice(1, 5, 2), slice(0, 8, 3), [4, 0])
    np.testing.assert_allclose(part, np.abs(CUBE)[1:5:2, 0:8:3, [4, 0]], rtol=1e-6)
    assert cube.warnings.count(SAID) == 1
    assert cube_info(path)["warnings"].count(SAID) == 1


def test_a_matrix_of_matlab_4(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"image": CUBE[:, :, 0]}, format="4")
    found = real_valued(open_cube(tmp_path / "a.mat")).read()
    np.testing.assert_allclose(found[:, :, 0], np.abs(CUBE[:, :, 0]), rtol=1e-6)


@pytest.mark.parametrize("name", ["a.npz", "a.h5", "v73.mat", "v5.mat", "a.zarr"])
def test_complex_lists_and_sizes_beside_a_cube_are_not_used(tmp_path, name):
    beside = {
        "wavelengths": np.linspace(400, 800, 5) * (1 + 1j),
        "rows": np.array([6 + 1j]),
        "cols": np.array([8 + 1j]),
    }
    cube = open_cube(written(tmp_path, name, cube=CUBE, **beside))
    assert cube.shape == CUBE.shape
    assert cube.wavelengths is None


@pytest.mark.parametrize("packed", [False, True])
def test_imaginary_parts_that_are_cut_off_are_an_error(tmp_path, packed):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"cube": CUBE}, do_compression=packed)
    whole = path.read_bytes()
    for cut in (9, 200, len(whole) // 2 - 100):
        raw = bytearray(whole[: len(whole) - cut])
        raw[132:136] = (len(raw) - 136).to_bytes(4, "little")  # as if it had been written so
        path.write_bytes(raw)
        with pytest.raises(HsiError):
            open_cube(path).read()
    with pytest.raises(FormatError):
        open_cube(path)


@pytest.mark.parametrize(("nodata", "stored"), [(-9999.0, -9999), (7.0, 7)])
def test_no_data_is_found_before_the_magnitude_is_taken(tmp_path, nodata, stored):
    values = CUBE.transpose(2, 0, 1).copy()
    values[:, :2] = stored
    values[:, 2] = 7j  # of the magnitude 7
    profile = {"height": 6, "width": 8, "count": 5, "dtype": "complex64", "nodata": nodata}
    with new_tif(tmp_path / "a.tif", tmp_path / "a.tif", **profile) as file:
        file.write(values)
    cube = examined(real_valued(open_cube(tmp_path / "a.tif")))
    valid = cube.is_data(cube.read())
    assert not valid[:2].any()
    assert valid[2:].all()
    assert cube.warnings == (SAID,)


@pytest.mark.parametrize("offset", [0.0, 0.25])
def test_scales_of_each_band_leave_complex_values_complex(tmp_path, offset):
    scales = 0.5 + np.arange(5)
    profile = {"height": 6, "width": 8, "count": 5, "dtype": "complex64"}
    with new_tif(tmp_path / "a.tif", tmp_path / "a.tif", **profile) as file:
        file.write(CUBE.transpose(2, 0, 1))
        file.scales, file.offsets = scales, [offset] * 5
    cube = real_valued(open_cube(tmp_path / "a.tif"))
    np.testing.assert_allclose(cube.read(), np.abs(CUBE * scales + offset), rtol=1e-5)
    assert SAID in cube.warnings

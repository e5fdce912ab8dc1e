"""Files that hold several arrays: MATLAB 4, 5 and 7.3, HDF5, .npz."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.arrays import mat5
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube

DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]


def numbers(shape, dtype="u2"):
    return (np.arange(np.prod(shape)) % 120).reshape(shape).astype(dtype)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    shape=st.tuples(st.integers(2, 6), st.integers(2, 6), st.integers(2, 7)),
    dtype=st.sampled_from(DTYPES),
    packed=st.booleans(),
    column=st.integers(0, 1),
)
def test_matlab_5_windows(tmp_path, shape, dtype, packed, column):
    array = numbers(shape, dtype)
    scipy.io.savemat(
        tmp_path / "c.mat", {"note": "text", "cube": array, "tail": 3.5}, do_compression=packed
    )
    cube = open_cube(tmp_path / "c.mat")
    np.testing.assert_array_equal(cube.read(), array)
    np.testing.assert_array_equal(
        cube.read(slice(1, None), slice(column, column + 1), [1, 0]),
        array[1:, column : column + 1, [1, 0]],
    )
    assert cube.format_name == "MATLAB 5"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("names", [("nRow", "nCol"), ("lines", "cols"), ("H", "W")])
def test_a_matrix_of_spectra_is_unfolded_down_the_columns(tmp_path, packed, turned, names):
    array = numbers((4, 5, 7))
    matrix = array.reshape(20, 7, order="F").T  # bands x pixels, as MATLAB's reshape makes it
    content = {"Y": matrix.T if turned else matrix, names[0]: 4, names[1]: 5, "A": np.eye(3)}
    scipy.io.savemat(tmp_path / "y.mat", content, do_compression=packed)
    np.testing.assert_array_equal(open_cube(tmp_path / "y.mat").read(), array)


SCIPY_FILES = sorted((Path(scipy.io.__file__).parent / "matlab/tests/data").glob("*.mat"))


@pytest.mark.skipif(not SCIPY_FILES, reason="this scipy was installed without its test data")
def test_files_that_matlab_wrote_open_or_are_refused():
    """MATLAB 4 to 7.4 on several machines, and broken files, which scipy tests its reader with."""
    opened, messages = 0, []
    for path in SCIPY_FILES:
        try:
            cube = open_cube(path)
        except FileError as error:
            messages.append((path.name, str(error)))
            continue
        expected = np.atleast_3d(scipy.io.loadmat(path)[cube.metadata["array"]])
        assert cube.dtype == expected.dtype.newbyteorder("=")
        np.testing.assert_array_equal(cube.read(), expected)
        opened += 1
    assert opened >= 10
    assert all(name in message for name, message in messages)


def test_big_endian_matlab_5(tmp_path):
    array = numbers((2, 3, 4), ">i2")

    def element(kind, data):
        return struct.pack(">II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    body = (
        element(6, struct.pack(">II", 10, 0))
        + element(5, struct.pack(">iii", 2, 3, 4))
        + struct.pack(">HH4s", 1, 1, b"x")[:2]
        + struct.pack(">H", 1)
        + b"x\0\0\0"
        + element(3, array.tobytes(order="F"))
    )
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI"
    (tmp_path / "be.mat").write_bytes(head + struct.pack(">II", 14, len(body)) + body)
    expected = scipy.io.loadmat(tmp_path / "be.mat")["x"]
    np.testing.assert_array_equal(open_cube(tmp_path / "be.mat").read(), expected)
    np.testing.assert_array_equal(expected, array)


def test_wavelengths_of_a_sibling_and_the_axis_that_they_tell(tmp_path):
    array = numbers((6, 4, 5))
    nm = np.linspace(400, 900, 6)
    scipy.io.savemat(tmp_path / "w.mat", {"cube": array, "Wavelengths": nm / 1000})
    cube = open_cube(tmp_path / "w.mat")
    assert cube.shape == (4, 5, 6)
    np.testing.assert_allclose(cube.wavelengths, nm)
    np.testing.assert_array_equal(cube.read(), array.transpose(1, 2, 0))
    assert "first axis" in " ".join(cube.warnings)


def test_several_candidates_are_offered(tmp_path):
    first, second = numbers((3, 4, 5)), numbers((3, 4, 5)) + 1
    scipy.io.savemat(tmp_path / "two.mat", {"radiance": first, "reflectance": second, "n": 1})
    with pytest.raises(ChoiceNeededError, match=r'Name one of them: "two\.mat:r') as refusal:
        open_cube(tmp_path / "two.mat")
    assert {c.name for c in refusal.value.choices} == {"radiance", "reflectance"}
    assert refusal.value.choices[0].shape == (3, 4, 5)
    cube = open_cube(f"{tmp_path / 'two.mat'}:reflectance")
    np.testing.assert_array_equal(cube.read(), second)
    with pytest.raises(FormatError, match=r'no array "other"; it contains .*radiance'):
        open_cube(f"{tmp_path / 'two.mat'}:other")


def test_no_cube_names_what_is_there(tmp_path):
    scipy.io.savemat(tmp_path / "n.mat", {"n": np.ones((4, 1)), "s": {"a": 1}, "t": "text"})
    with pytest.raises(FormatError, match=r"n \(4 x 1 double\), s \(.*struct\), .*s\.a \(1 x 1"):
        open_cube(tmp_path / "n.mat")


def test_the_only_matrix_is_an_image_of_one_band(tmp_path):
    ids = numbers((40, 30), "u1")
    scipy.io.savemat(tmp_path / "gt.mat", {"gt": ids, "n": 3.0, "names": ["a", "b"]})
    np.savez(tmp_path / "gt.npz", gt=ids)
    with h5py.File(tmp_path / "gt.h5", "w") as file:
        file["gt"] = ids
    write_v73(tmp_path / "gt73.mat", gt=ids)
    for name in ("gt.mat", "gt.npz", "gt.h5", "gt73.mat"):
        cube = open_cube(tmp_path / name)
        np.testing.assert_array_equal(cube.read()[:, :, 0], ids)
        assert cube.warnings == ("The array is a matrix; it is shown as a single band.",)


@pytest.mark.parametrize(
    "content",
    [
        {"Y": np.zeros((9, 400))},  # bands x pixels of a size that is not given
        {"Y": np.zeros((40, 30)), "wavelength": np.arange(30) + 400.0},  # a list of spectra
        {"a": np.zeros((40, 30)), "b": np.zeros((30, 40))},  # which one?
    ],
)
def test_matrices_that_are_no_image_are_refused(tmp_path, content):
    scipy.io.savemat(tmp_path / "m.mat", content)
    with pytest.raises(FormatError, match=r"Name an array|Name one of them"):
        open_cube(tmp_path / "m.mat")


@pytest.mark.parametrize(
    ("shape", "error"),
    [("(2L, 3L, 4L)", None), ("(True, 3, 4)", "its shape is"), ("(2.0, 3, 4)", "shape")],
)
def test_npy_headers_of_other_programs(tmp_path, shape, error):
    head = (
        f"{{'descr': '<u2', 'fortran_order': False, 'shape': {shape}}}".ljust(117).encode() + b"\n"
    )
    values = np.arange(24, dtype="<u2")
    raw = b"\x93NUMPY\x01\0" + len(head).to_bytes(2, "little") + head + values.tobytes()
    (tmp_path / "a.npy").write_bytes(raw)
    if error is None:
        np.testing.assert_array_equal(open_cube(tmp_path / "a.npy").read().ravel(), values)
    else:
        with pytest.raises(FormatError, match=error):
            open_cube(tmp_path / "a.npy")


@pytest.mark.parametrize("order", ["<", ">"])
def test_matlab_4_in_both_byte_orders(tmp_path, order):
    """Little-endian files begin with 0, big-endian ones with 1000."""
    matrix = numbers((4, 5), "f8")
    head = struct.pack(f"{order}5i", 1000 if order == ">" else 0, 4, 5, 0, 2) + b"x\0"
    data = matrix.astype(f"{order}f8").tobytes(order="F")
    (tmp_path / "4.mat").write_bytes(head + data)
    np.testing.assert_array_equal(open_cube(tmp_path / "4.mat").read()[:, :, 0], matrix)


def test_a_cut_matlab_file_is_refused(tmp_path):
    scipy.io.savemat(tmp_path / "c.mat", {"cube": np.random.default_rng(0).random((9, 9, 9))})
    whole = (tmp_path / "c.mat").read_bytes()
    for length in (3, 100, 130, 200, 1000, len(whole) - 1):
        (tmp_path / "cut.mat").write_bytes(whole[:length])
        with pytest.raises(FileError):
            open_cube(tmp_path / "cut.mat")


def test_a_bomb_in_matlab_5_is_refused(tmp_path):
    flags = struct.pack("<IIII", 6, 8, 6, 0)
    dims = struct.pack("<IIiiii", 5, 12, 30000, 30000, 30000, 0)
    name = struct.pack("<HH4s", 1, 1, b"x")
    count = 30000**3 * 8 % 2**32
    body = flags + dims + name + struct.pack("<II", 9, count)
    packed = zlib.compress(struct.pack("<II", 14, len(body)) + body)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    (tmp_path / "bomb.mat").write_bytes(head + struct.pack("<II", 15, len(packed)) + packed)
    with pytest.raises(FormatError, match=r"needs \d+ bytes"):
        open_cube(tmp_path / "bomb.mat")


def test_matlab_4(tmp_path):
    matrix = numbers((4, 5, 7), "f8").reshape(20, 7, order="F").T
    scipy.io.savemat(tmp_path / "4.mat", {"Y": matrix, "nRow": 4, "nCol": 5}, format="4")
    np.testing.assert_array_equal(open_cube(tmp_path / "4.mat").read(), numbers((4, 5, 7)))


def write_v73(path, **variables):
    """HDF5 after MATLAB 7.3's layout: a user block, axes reversed, MATLAB_class attributes."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            data = file.create_dataset(name, data=np.asarray(value).T, chunks=True)
            data.attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + b" " * 8 + b"\0\2IM")


def test_matlab_73_axes_are_turned_back(tmp_path):
    array = numbers((4, 5, 7), "f8")
    write_v73(tmp_path / "v.mat", cube=array, wavelength=np.linspace(400, 1000, 7)[None])
    cube = open_cube(tmp_path / "v.mat")
    np.testing.assert_array_equal(cube.read(), array)
    np.testing.assert_array_equal(
        cube.read(slice(1, 4, 2), slice(2, 4), [6, 0, 0]), array[1:4:2, 2:4, [6, 0, 0]]
    )
    assert cube.wavelengths[-1] == 1000
    assert cube.format_name == "MATLAB 7.3"
    matrix = array.reshape(20, 7, order="F")
    write_v73(tmp_path / "y.mat", Y=matrix.T, lines=[[4]], cols=[[5]])
    cube = open_cube(tmp_path / "y.mat")
    np.testing.assert_array_equal(cube.read(), array)
    np.testing.assert_array_equal(
        cube.read(slice(1, 4, 2), slice(3, 5), [2]), array[1:4:2, 3:5, [2]]
    )


def test_any_hdf5_by_choosing_the_data_set(tmp_path):
    array = numbers((4, 5, 7))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deep/er/cube"] = array
        file["deep/other"] = array[:, :, :2]
        file["map"] = np.ones((4, 5), "u1")
        file["loop"] = file["deep"]
        file["deep/up"] = h5py.SoftLink("/deep")
        file["gone"] = h5py.SoftLink("/nowhere")
        file["outside"] = h5py.ExternalLink("/etc/passwd", "/")
    np.testing.assert_array_equal(open_cube(tmp_path / "a.h5").read(), array)
    other = open_cube(f"{tmp_path / 'a.h5'}:/deep/other")
    np.testing.assert_array_equal(other.read(), array[:, :, :2])
    np.testing.assert_array_equal(open_cube(f"{tmp_path / 'a.h5'}:map").read()[:, :, 0], 1)
    np.testing.assert_array_equal(read_labels(tmp_path / "a.h5").ids, 1)


def test_a_cut_hdf5_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = numbers((40, 50, 70))
    whole = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="damaged"):
        open_cube(tmp_path / "cut.h5")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npz_members_are_read_lazily(tmp_path, save, order):
    array = np.asarray(numbers((4, 5, 7)), order=order)
    save(tmp_path / "a.npz", cube=array, small=array[:2, :2, :2], wavelengths=np.arange(7) + 400.0)
    cube = open_cube(tmp_path / "a.npz")
    np.testing.assert_array_equal(cube.read(), array)
    np.testing.assert_array_equal(cube.read(bands=[3]), array[:, :, [3]])
    assert cube.wavelengths[0] == 400
    small = open_cube(f"{tmp_path / 'a.npz'}:small")
    np.testing.assert_array_equal(small.read(), array[:2, :2, :2])


def test_npz_of_odd_arrays(tmp_path):
    array = numbers((4, 5, 7), ">i4")
    np.savez(
        tmp_path / "a.npz",
        cube=array[None],
        objects=np.array([{}, 1], object),
        records=np.zeros(4, [("a", "f4")]),
        texts=np.array(["a", "b"]),
    )
    cube = open_cube(tmp_path / "a.npz")
    assert cube.dtype == np.dtype("i4")
    np.testing.assert_array_equal(cube.read(), array)
    for name in ("objects", "records", "texts"):
        with pytest.raises(FormatError, match=rf"{name} \(.* cannot be read"):
            open_cube(f"{tmp_path / 'a.npz'}:{name}")


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy(tmp_path, order):
    array = np.asarray(numbers((4, 5, 7), ">i4"), order=order)
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(open_cube(tmp_path / "a.npy").read(), array)
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(whole[:-1])
    with pytest.raises(FormatError, match="too short: 688 bytes expected, 687 bytes found"):
        open_cube(tmp_path / "cut.npy")


def test_pickles_are_not_loaded(tmp_path):
    np.save(tmp_path / "o.npy", np.array([[[{}]]]), allow_pickle=True)
    np.savez(tmp_path / "o.npz", o=np.array([[[{}]]]))
    for name in ("o.npy", "o.npz"):
        with pytest.raises(FormatError):
            open_cube(tmp_path / name)


@pytest.mark.real_data
class TestRealFiles:
    def test_matrices_unfold_as_matlab_reshapes(self, data_dir):
        for name, rows, columns in (
            ("jasper_ridge/jasperRidge2_R198.mat", 100, 100),
            ("samson/Samson_UPCGIT.mat", 95, 95),
        ):
            matrix = scipy.io.loadmat(data_dir / name)["Y"]
            cube = open_cube(data_dir / name)
            expected = matrix.T.reshape(rows, columns, -1, order="F")
            np.testing.assert_array_equal(cube.read(), expected)

    def test_samson_lies_as_its_abundances(self, data_dir):
        path = data_dir / "samson/Samson_UPCGIT.mat"
        water = open_cube(f"{path}:S_GT").read()[:, :, 2]
        infrared = open_cube(path).read(bands=[140])[:, :, 0]
        assert np.corrcoef(water.ravel(), infrared.ravel())[0, 1] < -0.7

    def test_indian_pines_equals_the_sample(self, data_dir):
        cube = open_cube(data_dir / "indian_pines/Indian_pines_corrected.mat")
        np.testing.assert_array_equal(cube.read(), open_cube("sample:indian-pines").read())

    def test_matlab_73(self, data_dir):
        cube = open_cube(data_dir / "mat/muufl_v73.mat")
        assert (cube.shape, cube.dtype) == ((100, 100, 64), np.float32)
        with h5py.File(data_dir / "mat/muufl_v73.mat") as file:
            np.testing.assert_array_equal(cube.read(), file["data"][()].T)
        with pytest.raises(FormatError, match=r"raw1 \(struct\)"):
            open_cube(data_dir / "mat/not_a_cube_v73.mat")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_is_compressed_otherwise_says_so(tmp_path, method):
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive,
        archive.open("c.npy", "w") as f,
    ):
        np.save(f, np.zeros((3, 4, 5)))
    with pytest.raises(FormatError, match=r"only c \(compressed in a way that NumPy does not use"):
        open_cube(tmp_path / "a.npz")


def test_a_file_of_nothing_says_so(tmp_path):
    h5py.File(tmp_path / "a.h5", "w").close()
    scipy.io.savemat(tmp_path / "a.mat", {})
    for name in ("a.mat", "a.h5"):
        with pytest.raises(FormatError, match=rf"{name} contains no arrays\. Save the file again"):
            open_cube(tmp_path / name)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", ["y.npz", "y.h5", "y.nc"])
def test_so_it_is_in_other_containers(tmp_path, name, turned):
    array = numbers((4, 5, 7))
    matrix = array.reshape(20, 7, order="F")
    content = {"Y": matrix if turned else matrix.T, "nRow": 4, "nCol": 5}
    if name == "y.npz":
        np.savez(tmp_path / name, **content)
    elif name == "y.h5":
        with h5py.File(tmp_path / name, "w") as file:
            file.update(content)
    else:
        with scipy.io.netcdf_file(tmp_path / name, "w") as file:
            for axis, size in zip("ab", content["Y"].shape, strict=True):
                file.createDimension(axis, size)
            file.createVariable("Y", "i2", ("a", "b"))[:] = content["Y"]
            for scalar in ("nRow", "nCol"):
                file.createVariable(scalar, "i4", ()).data[...] = content[scalar]
    np.testing.assert_array_equal(open_cube(tmp_path / name).read(), array)


def test_a_text_of_matlab_may_be_empty_or_cut_off(tmp_path):
    """MATLAB leaves out the values of an empty text, scipy writes none."""
    scipy.io.savemat(tmp_path / "a.mat", {"text": "oak", "list": np.array(["a", ""], object)})
    found = mat5.index(tmp_path / "a.mat")
    assert mat5.strings(found["text"]) == ["oak"]
    assert mat5.strings(found["list"]) == ["a", ""]
    text = found["text"]
    for more in range(4):
        assert mat5.strings(replace(text, end=text.offset + more)) == [""]


def test_naming_an_array_is_advised_only_where_it_can_help(tmp_path):
    np.savez(tmp_path / "a.npz", several=np.zeros((2, 3, 4, 5)))
    with pytest.raises(FormatError, match=r"several \(2 x 3 x 4 x 5 .*Save the cube in it as one"):
        open_cube(tmp_path / "a.npz")


def test_a_damaged_archive_is_told_in_a_short_sentence(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, cube=np.random.default_rng(0).random((9, 8, 7)))
    data = bytearray(path.read_bytes())
    data[26:28] = b"\xff\x0f"  # the length of the name that is repeated before the values
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"not a readable \.npz file: .* Copy it again\.") as told:
        open_cube(path)
    assert len(str(told.value)) < len(str(path)) + 300

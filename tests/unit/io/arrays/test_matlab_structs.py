"""Cubes inside structs of MATLAB files."""

from __future__ import annotations

import struct

import h5py
import numpy as np
import pytest
import scipy.io

from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube

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


@pytest.mark.parametrize("compressed", [False, True])
def test_wavelengths_in_a_struct_beside_the_cube(tmp_path, compressed):
    info = {"wavelength": NM, "look_up": np.zeros((6, 7))}
    path = save(tmp_path / "a.mat", compressed, cube=CUBE, info=info)
    np.testing.assert_allclose(open_cube(path).wavelengths, NM)
    path = save(tmp_path / "gt.mat", compressed, gt=CUBE[:, :, 0], info=info)
    np.testing.assert_array_equal(read_labels(path).ids, CUBE[:, :, 0])


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


def cells(*values):
    array = np.empty((1, len(values)), object)
    array[0, :] = values
    return array


SMALL = np.ones((2, 2, 2))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"data": cells(SMALL, CUBE)}, "data{2}"),
        ({"s": {"cube": cells("text", SMALL, CUBE)}}, "s.cube{3}"),
        ({"c": cells({"a": SMALL}, {"a": CUBE})}, "c{2}.a"),
        ({"c": cells(cells(), cells(SMALL, CUBE))}, "c{2}{2}"),
    ],
)
def test_a_cube_in_a_cell_array(tmp_path, compressed, members, name):
    path = save(tmp_path / "c.mat", compressed, **members)
    for source in (path, f"{path}:{name}"):
        cube = open_cube(source)
        np.testing.assert_array_equal(cube.read(), CUBE)
        assert cube.metadata["array"] == name


def test_a_cube_in_an_array_of_structs(tmp_path):
    scenes = np.empty((1, 2), [("cube", object), ("title", object)])
    scenes[0, 0], scenes[0, 1] = (SMALL, "a"), (CUBE, "b")
    path = save(tmp_path / "s.mat", True, scenes=scenes)
    for source in (path, f"{path}:scenes(2).cube"):
        np.testing.assert_array_equal(open_cube(source).read(), CUBE)


def test_cells_and_arrays_of_structs_in_matlab_7(tmp_path):
    path = tmp_path / "v73.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        kept = [file.create_dataset(f"#refs#/{k}", data=v) for k, v in enumerate((SMALL, CUBE.T))]
        kept.append(file.create_dataset("#refs#/empty", data=np.zeros(2, "u8")))
        kept[2].attrs.update({"MATLAB_class": np.bytes_("double"), "MATLAB_empty": np.uint8(1)})
        inner = file.create_group("#refs#/struct")
        inner.attrs["MATLAB_class"] = np.bytes_("struct")
        inner["a"] = CUBE.T + 1
        lists = {"data": [*kept, inner], "s/cube": kept[:2]}
        for name, items in lists.items():
            data = file.create_dataset(name, (len(items), 1), h5py.ref_dtype)
            data[:, 0] = [item.ref for item in items]
        file["data"].attrs["MATLAB_class"] = np.bytes_("cell")
        file["s"].attrs["MATLAB_class"] = np.bytes_("struct")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    with pytest.raises(ChoiceNeededError) as caught:
        open_cube(path)
    assert {choice.name for choice in caught.value.choices} == {"data{1}", "data{2}", "data{4}.a"}
    np.testing.assert_array_equal(open_cube(f"{path}:data{{2}}").read(), CUBE)
    np.testing.assert_array_equal(open_cube(f"{path}:data{{4}}.a").read(), CUBE + 1)


def test_what_matlab_7_holds_besides_arrays_is_named(tmp_path):
    path = tmp_path / "v73.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["sp/data"], file["sp/ir"], file["sp/jc"] = np.ones(5), np.arange(5), np.arange(5)
        file["sp"].attrs.update({"MATLAB_class": np.bytes_("double"), "MATLAB_sparse": 5})
        file["z"] = np.zeros(6, [("real", "f8"), ("imag", "f8")])
        file["t"], file["text"] = np.zeros((1, 6), "u4"), np.zeros((9, 8, 7), "u2")
        for name, kind in (("z", "double"), ("t", "hypercube"), ("text", "char")):
            file[name].attrs["MATLAB_class"] = np.bytes_(kind)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    with pytest.raises(FormatError) as caught:
        open_cube(path)
    for expected in ("sp (sparse)", "z (6 complex double)", "hypercube)", "7 x 8 x 9 char"):
        assert expected in str(caught.value)


def test_an_object_of_a_class_is_named_not_read(tmp_path):
    """Tables, strings and hypercubes: MATLAB keeps their values in a form of its own."""

    def element(kind, data):
        return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    texts = b"".join(element(1, text) for text in (b"hcube", b"MCOS", b"hypercube"))
    body = element(6, struct.pack("<II", 17, 0)) + texts
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    (tmp_path / "o.mat").write_bytes(head + struct.pack("<II", 14, len(body)) + body)
    with pytest.raises(FormatError, match=r"hcube \(object\)"):
        open_cube(tmp_path / "o.mat")


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

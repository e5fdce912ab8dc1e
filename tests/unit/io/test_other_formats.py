"""ERDAS, AVIRIS .rfl, folders of images, Zarr, and what is none of all."""

from __future__ import annotations

import struct
import sys

import numpy as np
import pytest

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube

RNG = np.random.default_rng(3)


def write_lan(path, array, magic=b"HEAD74", packing=0):
    rows, columns, bands = array.shape
    size = struct.pack("<ff" if magic == b"HEADER" else "<ii", columns, rows)
    head = magic + struct.pack("<hh", packing, bands) + bytes(6) + size
    head = head.ljust(112, b"\0") + struct.pack("<ffff", 1000.0, 2000.0, 20.0, 20.0)
    path.write_bytes(head + array.transpose(0, 2, 1).tobytes())


@pytest.mark.parametrize("magic", [b"HEAD74", b"HEADER"])
@pytest.mark.parametrize(("dtype", "packing"), [("u1", 0), ("<i2", 2)])
def test_erdas_as_spectral_reads_it(tmp_path, magic, dtype, packing):
    import spectral

    array = RNG.integers(0, 120, (5, 6, 3)).astype(dtype)
    write_lan(tmp_path / "a.lan", array, magic, packing)
    cube = open_cube(tmp_path / "a.lan")
    np.testing.assert_array_equal(cube.read(), array)
    np.testing.assert_array_equal(
        spectral.open_image(str(tmp_path / "a.lan")).read_bands([0, 1, 2]), array
    )
    assert cube.georeference.transform == (20, 0, 990, 0, -20, 2010)


def test_broken_erdas_files(tmp_path):
    write_lan(tmp_path / "a.lan", np.zeros((5, 6, 3), "u1"))
    whole = (tmp_path / "a.lan").read_bytes()
    (tmp_path / "cut.lan").write_bytes(whole[:-1])
    with pytest.raises(FormatError, match="218 bytes expected, but 217 bytes"):
        open_cube(tmp_path / "cut.lan")
    write_lan(tmp_path / "four.lan", np.zeros((5, 6, 3), "u1"), packing=1)
    with pytest.raises(FormatError, match="4 bits"):
        open_cube(tmp_path / "four.lan")
    (tmp_path / "head.lan").write_bytes(whole[:60])
    with pytest.raises(FormatError, match="60 of 128 bytes"):
        open_cube(tmp_path / "head.lan")


def test_aviris_rfl(tmp_path):
    array = RNG.integers(-50, 9000, (2, 614, 224)).astype(">i2")
    (tmp_path / "f970619t01p02_r02_sc01.a.rfl").write_bytes(array.tobytes())
    table = np.column_stack([np.linspace(370, 2500, 224), np.full(224, 10.0)])
    np.savetxt(tmp_path / "f970619t01p02_r02.a.spc", table)
    cube = open_cube(tmp_path / "f970619t01p02_r02_sc01.a.rfl")
    np.testing.assert_array_equal(cube.read(bands=[3, 200]), array[:, :, [3, 200]])
    assert cube.scale == 1e-4
    assert cube.wavelengths[-1] == pytest.approx(2500)


@pytest.mark.parametrize("text", ["", "# a remark", "red 9.5", "400\n410\n420", "400 9\n410 9"])
def test_wavelengths_beside_that_are_not_of_an_image_are_passed_over(tmp_path, text):
    write_lan(tmp_path / "scene.lan", np.zeros((5, 6, 3), "i2"), packing=2)
    (tmp_path / "scene.a.spc").write_text(text)
    (tmp_path / "other.spc").write_text("500 9\n510 9\n520 9")
    assert open_cube(tmp_path / "scene.lan").wavelengths is None
    (tmp_path / "scene.b.spc").write_text("400 9 1\n410 9 2\n420 9 3")
    assert list(open_cube(tmp_path / "scene.lan").wavelengths) == [400, 410, 420]


def test_erdas_with_the_wavelengths_of_aviris_beside(tmp_path):
    write_lan(tmp_path / "92AV3C.lan", np.zeros((5, 6, 3), "i2"), packing=2)
    (tmp_path / "92AV3C.spc").write_text(
        "".join(f"{nm}\t9.5\t1.58\t0.7\t{k}\n" for k, nm in enumerate((400.02, 409.82, 419.62)))
    )
    cube = open_cube(tmp_path / "92AV3C.lan")
    assert list(cube.wavelengths) == [400.02, 409.82, 419.62]
    assert list(cube.fwhm) == [9.5] * 3


def test_a_folder_that_is_no_image_names_those_in_it(tmp_path):
    for name in ("bands/1.png", "bands/2.png", "results/a.hdr", "results/a.dat", "b.hdr"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(FormatError, match=r"Open an image in it: b\.hdr, bands, results/a\.hdr\."):
        open_cube(tmp_path)


def test_a_folder_of_one_image_a_band(tmp_path):
    from PIL import Image

    array = RNG.integers(0, 255, (4, 5, 11)).astype("u1")
    for band in range(11):
        Image.fromarray(array[:, :, band]).save(tmp_path / f"scene_{400 + band * 10}nm_b{band}.png")
    (tmp_path / "readme.txt").write_text("notes")
    cube = open_cube(tmp_path)
    assert list(cube.wavelengths) == [400 + 10 * b for b in range(11)]
    np.testing.assert_array_equal(cube.read(slice(1, 3), bands=[10, 2]), array[1:3, :, [10, 2]])
    Image.fromarray(array[:2, :, 0]).save(tmp_path / "scene_405nm_b1.png")
    fewer = open_cube(tmp_path)
    assert "because their size differs: scene_405nm_b1.png." in fewer.warnings[0]
    np.testing.assert_array_equal(fewer.read(), array)
    Image.fromarray(array[:, :, 0].astype("u2")).save(tmp_path / "scene_405nm_b1.png")
    mixed = open_cube(tmp_path)
    assert mixed.dtype == np.uint16
    np.testing.assert_array_equal(mixed.read()[:, :, 2:], array[:, :, 1:])


def test_natural_order_of_names(tmp_path):
    from PIL import Image

    for band in (1, 2, 10):
        Image.new("L", (3, 2), band).save(tmp_path / f"b{band}.png")
    assert open_cube(tmp_path).read()[0, 0].tolist() == [1, 2, 10]


@pytest.mark.parametrize("version", [2, 3])
def test_zarr(tmp_path, version):
    import zarr

    array = RNG.integers(0, 255, (6, 7, 5)).astype("u2")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=version)
    cube_array = group.create_array("cube", shape=array.shape, chunks=(3, 3, 5), dtype="u2")
    cube_array[...] = array
    cube_array.attrs["wavelengths"] = [400, 500, 600, 700, 800]
    cube_array.attrs["nodata"] = 7
    cube = open_cube(tmp_path / "a.zarr")
    np.testing.assert_array_equal(cube.read(), array)
    np.testing.assert_array_equal(
        cube.read(slice(1, 6, 2), slice(2, 4), [4, 0]), array[1:6:2, 2:4, [4, 0]]
    )
    assert cube.wavelengths[4] == 800
    assert cube.nodata == 7


def test_zarr_that_is_not_installed(tmp_path, monkeypatch):
    (tmp_path / ".zgroup").write_text("{}")
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(FileError, match=r"pip install hsi-viewer\[zarr\]"):
        open_cube(tmp_path)


def test_what_is_nothing_is_refused_with_what_is_supported(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(FormatError, match=r"it is a text file. Supported are ENVI"):
        open_cube(tmp_path / "a.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match="folder without images"):
        open_cube(tmp_path / "empty")


def test_links_in_a_circle(tmp_path):
    (tmp_path / "a.img").symlink_to(tmp_path / "b.img")
    (tmp_path / "b.img").symlink_to(tmp_path / "a.img")
    with pytest.raises(FileError):
        open_cube(tmp_path / "a.img")
    with pytest.raises(FileError):
        open_cube(tmp_path)


@pytest.mark.real_data
def test_real_gis(data_dir):
    labels = read_labels(data_dir / "ground_truth/92AV3GT.GIS")
    assert labels.ids.shape == (145, 145)
    assert labels.ids.max() == 16
    assert (labels.ids == read_labels("sample:indian-pines/labels").ids).mean() > 0.9

"""hsi-viewer convert and the diagnosis of hsi-viewer info, on real files."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio

from hsi_viewer.cli import main
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.classes import legend_for
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.labels.label_writer import write_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube

CUBE = HyperCube.from_array(np.zeros((2, 3, 1)), name="scene")


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["out.hdr", "out.tif", "out.mat", "out.npy"])
def test_a_part_of_a_real_cube_is_written_in_each_format(data_dir, tmp_path, capsys, name):
    source = data_dir / "envi" / "berlin_um" / "envi"
    part = ["--rows", "1:5", "--columns", "2:9", "--bands", "3,10:14"]
    assert main(["convert", str(source), str(tmp_path / name), *part, "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert str(tmp_path / name) in files
    whole, written = open_cube(source), open_cube(tmp_path / name)
    bands = [3, 10, 11, 12, 13]
    np.testing.assert_array_equal(written.read(), whole.read(slice(1, 5), slice(2, 9), bands))
    if name != "out.npy":
        np.testing.assert_allclose(written.wavelengths, whole.wavelengths[bands])
    if name in ("out.hdr", "out.tif"):
        a, b, c, d, e, f = whole.georeference.transform
        moved = (a, b, c + 2 * a + b, d, e, f + 2 * d + e)
        np.testing.assert_allclose(written.georeference.transform, moved)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["out.hdr", "out.tif", "out.mat"])
def test_a_part_of_a_real_class_map_keeps_its_legend_and_its_place(data_dir, tmp_path, name):
    source = data_dir / "envi" / "ang20140912t192359_corr_v1c_img_2580-2590_540-550_class.hdr"
    target = str(tmp_path / name)
    assert main(["convert", str(source), target, "--rows", "2:9", "--columns", "3:5"]) == 0
    whole, part = read_labels(source), read_labels(target)
    np.testing.assert_array_equal(part.ids, whole.ids[2:9, 3:5])
    assert (part.names, part.colours) == (whole.names, whole.colours)
    assert name == "out.mat" or part.zero == whole.zero == "Nontronite NG-1.a s06av95a=b"
    assert part.names
    a, b, c, d, e, f = whole.georeference.transform
    moved = (a, b, c + 3 * a + 2 * b, d, e, f + 3 * d + 2 * e)
    np.testing.assert_allclose(part.georeference.transform, moved, rtol=1e-12)


def test_a_cube_is_not_converted_onto_itself(tmp_path, capsys):
    first = tmp_path / "cube.hdr"
    assert main(["convert", "sample:indian-pines", str(first), "--rows", "0:9"]) == 0
    before = (tmp_path / "cube.img").read_bytes()
    for source, target in (
        ("cube.hdr", "cube.img"),
        ("cube.img", "cube.hdr"),
        ("cube.hdr", "cube.img.hdr"),
    ):
        capsys.readouterr()
        wanted = ["convert", str(tmp_path / source), str(tmp_path / target), "--rows", "0:2"]
        assert main(wanted) == 1
        assert "choose another name" in capsys.readouterr().err
    assert (tmp_path / "cube.img").read_bytes() == before
    assert main(["convert", str(first), str(tmp_path / "other.hdr"), "--rows", "0:2"]) == 0


def test_resampling_and_wrong_ranges(tmp_path, capsys):
    target = str(tmp_path / "three.npy")
    sample = "sample:indian-pines"
    assert main(["convert", sample, target, "--wavelengths", "500,600.5,700"]) == 0
    assert np.load(target).shape == (145, 145, 3)
    capsys.readouterr()
    for status, wrong in (
        (2, ["--rows", "5"]),
        (1, ["--rows", "140:150"]),
        (1, ["--wavelengths", "100,200"]),
    ):
        assert main(["convert", sample, target, "--overwrite", *wrong]) == status
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "Traceback" not in error
    assert main(["convert", sample, str(tmp_path / "cube.xyz")]) == 1
    assert ".hdr" in capsys.readouterr().err


@pytest.mark.real_data
def test_info_prints_the_diagnosis_of_a_bad_header(data_dir, capsys):
    assert main(["info", str(data_dir / "envi" / "bad_interleave.hdr")]) == 1
    printed = capsys.readouterr()
    assert "Likely readings" in printed.out
    assert "bup" in printed.err


def test_a_band_of_a_folder_is_not_replaced_by_a_part_of_it(tmp_path, capsys):
    folder = tmp_path / "stack"
    for band in range(3):
        target = str(folder / f"b{band}.tif")
        assert main(["convert", "sample:indian-pines", target, "--bands", str(band)]) == 0
    before = (folder / "b1.tif").read_bytes()
    capsys.readouterr()
    assert main(["convert", str(folder), str(folder / "b1.tif"), "--rows", "0:2"]) == 1
    assert "choose another name" in capsys.readouterr().err
    assert (folder / "b1.tif").read_bytes() == before
    assert main(["convert", str(folder), str(tmp_path / "b1.tif"), "--rows", "0:2"]) == 0


@pytest.mark.parametrize(
    ("tags", "nodata", "zero_colour"),
    [
        ({}, 255, (0, 0, 0, 0)),  # 255 would become 0
        ({"CLASS_0": "Water"}, None, (0, 0, 0, 0)),  # 0 would count as no data
        ({}, None, (0, 0, 255, 255)),
        ({"scale": 0.1}, None, (0, 0, 0, 0)),
    ],
)
def test_an_image_in_false_colours_keeps_its_values(tmp_path, tags, nodata, zero_colour):
    values = np.array([[0, 1, 2], [255, 0, 1]], np.uint8)
    options = {"height": 2, "width": 3, "count": 1, "dtype": "uint8", "nodata": nodata}
    transform = rasterio.Affine(2, 0, 5e5, 0, -2, 4e6)
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    with rasterio.open(source, "w", "GTiff", transform=transform, **options) as file:
        file.write(values, 1)
        file.write_colormap(1, {0: zero_colour, 1: (255, 0, 0, 255), 2: (0, 255, 0, 255)})
        if "scale" in tags:
            file.scales = (tags["scale"],)
        else:
            file.update_tags(1, CLASS_1="Grass", **tags)
    assert main(["convert", str(source), str(target)]) == 0
    with rasterio.open(target) as file:
        np.testing.assert_array_equal(file.read(1), values)
        assert (file.nodata, file.scales[0]) == (nodata, tags.get("scale", 1.0))


@pytest.mark.parametrize("shape", [(10, 400), (1, 30), (4, 5)])
def test_a_slender_class_map_opens_again_from_matlab(tmp_path, shape):
    ids = (np.arange(np.prod(shape), dtype=np.uint16) % 200).reshape(shape)
    scene = HyperCube.from_array(np.zeros((*shape, 1)), name="scene")
    write_labels(tmp_path / "a.hdr", ids, legend_for(range(1, 200)), scene)
    assert main(["convert", str(tmp_path / "a.hdr"), str(tmp_path / "b.mat")]) == 0
    np.testing.assert_array_equal(open_cube(tmp_path / "b.mat").read()[:, :, 0], ids)
    np.testing.assert_array_equal(read_labels(tmp_path / "b.mat").ids, ids)


def test_a_band_that_is_named_twice_is_written_twice(tmp_path):
    write_labels(tmp_path / "a.hdr", np.ones((2, 3), np.uint16), legend_for([1]), CUBE)
    assert (
        main(["convert", str(tmp_path / "a.hdr"), str(tmp_path / "b.tif"), "--bands", "0,0"]) == 0
    )
    assert open_cube(tmp_path / "b.tif").shape == (2, 3, 2)


def test_an_envi_class_map_keeps_all_of_its_header(tmp_path):
    ids = np.array([[0, 1, 2], [2, 1, 0]], np.uint16)
    write_labels(tmp_path / "a.hdr", ids, legend_for([1, 2], {1: "Grass"}), CUBE)
    with (tmp_path / "a.hdr").open("a") as file:
        file.write("sensor type = AVIRIS\nband names = {cover}\n")
    assert main(["convert", str(tmp_path / "a.hdr"), str(tmp_path / "b.hdr")]) == 0
    text = (tmp_path / "b.hdr").read_text()
    for line in ("file type = ENVI Classification", "sensor type = AVIRIS", "cover", "Grass"):
        assert line in text
    np.testing.assert_array_equal(read_labels(tmp_path / "b.hdr").ids, ids)
    assert read_labels(tmp_path / "b.hdr").colours == read_labels(tmp_path / "a.hdr").colours


@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".mat"])
def test_marks_of_what_is_unlabelled_are_not_changed(tmp_path, suffix):
    values = np.array([[[-1], [1], [2]]], np.int16)
    write_cube(HyperCube.from_array(values), tmp_path / "a.hdr")
    with (tmp_path / "a.hdr").open("a") as file:
        file.write("classes = 3\nclass names = {Unclassified, a, b}\n")
    assert main(["convert", str(tmp_path / "a.hdr"), str(tmp_path / f"b{suffix}")]) == 0
    np.testing.assert_array_equal(open_cube(tmp_path / f"b{suffix}").read(), values)

"""What stands beside a file that is written: headers of other data, side files of the old one."""

from __future__ import annotations

import gzip
from itertools import product

import numpy as np
import pytest
import rasterio

from hsi_viewer import atomic
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.io.labels.class_map import export_prediction
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.libraries.spectral_library import read_library, write_library
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube

GEOREFERENCE = Georeference((2.0, 0.0, 5e5, 0.0, -2.0, 4e6))


def cube(value, shape=(20, 30, 2), dtype="u1", georeference=GEOREFERENCE):
    return HyperCube.from_array(
        np.full(shape, value, dtype), name="scene", georeference=georeference
    )


def mapped(ids):
    ids = np.asarray(ids, np.uint16)
    present = tuple(int(i) for i in np.unique(ids) if i)
    return Prediction(ids, np.full(ids.shape, 0.5, np.float32), present)


@pytest.mark.parametrize(
    ("other", "target"),
    [
        ("scene", "scene.img"),  # of scene.hdr it would be the header itself, which is refused
        *product(("scene.bsq", "scene.bil", "scene.bip"), ("scene.hdr", "scene.img")),
    ],
)
def test_a_header_does_not_lead_to_another_file_beside(tmp_path, other, target):
    write_cube(cube(7), tmp_path / "first.hdr", interleave="bil")
    (tmp_path / "first.img").rename(tmp_path / other)
    (tmp_path / "first.hdr").rename(tmp_path / f"{other}.hdr")
    files = write_cube(cube(3, (5, 6, 4)), tmp_path / target)
    for file in files:
        np.testing.assert_array_equal(open_cube(file).read(), np.full((5, 6, 4), 3))
    np.testing.assert_array_equal(open_cube(tmp_path / other).read(), np.full((20, 30, 2), 7))
    assert write_cube(cube(4, (5, 6, 4)), tmp_path / target) == files


def test_exports_take_no_header_from_other_data(tmp_path):
    for stem in ("class_map", "confidence"):
        write_cube(cube(7.5, dtype="f8"), tmp_path / f"{stem}.hdr")
        (tmp_path / f"{stem}.img").rename(tmp_path / f"{stem}.dat")
    ids = np.full((20, 30), 300)
    formats = ["envi", "confidence"]
    written = export_prediction(mapped(ids), ClassLegend(), cube(0), tmp_path, formats=formats)
    for stem in ("class_map", "confidence"):
        for name in (f"{stem}.dat", f"{stem}.hdr"):
            assert open_cube(tmp_path / name).read()[0, 0, 1] == 7.5
        assert {f"{stem}_2.img", f"{stem}_2.hdr"} <= set(written)
    np.testing.assert_array_equal(read_labels(written["class_map_2.img"]).ids, ids)
    assert (open_cube(written["confidence_2.hdr"]).read() == 0.5).all()


@pytest.mark.parametrize("other", ["x", "x.bsq", "x.dat", "x.raw", "x.img.gz", "x.sli"])
@pytest.mark.parametrize("target", ["x.img", "x.hdr", "x.img.hdr"])
def test_a_header_of_other_data_stays_theirs_however_often_is_written(tmp_path, other, target):
    write_cube(cube(7), tmp_path / "first.hdr")
    content = (tmp_path / "first.img").read_bytes()
    if other.endswith(".gz"):
        content = gzip.compress(content)
        with (tmp_path / "first.hdr").open("a") as file:
            file.write("file compression = 1\n")
    (tmp_path / "first.img").unlink()
    (tmp_path / other).write_bytes(content)
    (tmp_path / "first.hdr").rename(tmp_path / "x.hdr")
    before = (tmp_path / "x.hdr").read_bytes()
    for _ in range(2):
        try:
            written = write_cube(cube(3, (5, 6, 4)), tmp_path / target)
        except ExportError:
            written = []
        for path in written:
            assert open_cube(path).shape == (5, 6, 4)
    assert (tmp_path / "x.hdr").read_bytes() == before
    np.testing.assert_array_equal(open_cube(tmp_path / "x.hdr").read(), np.full((20, 30, 2), 7))


def test_a_map_goes_with_the_header_that_readers_go_by(tmp_path):
    formats = ["envi"]
    export_prediction(
        mapped(np.ones((4, 5))), ClassLegend(), cube(0, (4, 5, 2)), tmp_path, formats=formats
    )
    (tmp_path / "class_map.hdr").rename(tmp_path / "class_map.img.hdr")
    ids = np.full((20, 30), 300)
    export_prediction(mapped(ids), ClassLegend(), cube(0), tmp_path, formats=formats)
    np.testing.assert_array_equal(read_labels(tmp_path / "class_map.img").ids, ids)
    with rasterio.open(tmp_path / "class_map.img") as file:
        np.testing.assert_array_equal(file.read(1), ids)


def test_spectra_take_no_header_from_an_image(tmp_path):
    write_cube(cube(7), tmp_path / "scene.hdr")
    library = SpectralLibrary(("a", "b"), np.array([500.0, 600.0]), np.eye(2))
    write_library(tmp_path / "scene.sli", library)
    assert (open_cube(tmp_path / "scene.img").read() == 7).all()
    back = read_library(tmp_path / "scene.sli")
    assert back.names == ("a", "b")
    np.testing.assert_array_equal(back.spectra, np.eye(2))


def test_an_earlier_map_of_another_place_is_not_left_for_this_one(tmp_path):
    export_prediction(mapped(np.ones((20, 30))), ClassLegend(), cube(0), tmp_path)
    assert (tmp_path / "class_map.pgw").exists()
    assert (tmp_path / "class_map.tif").exists()
    nowhere = cube(0, georeference=None)
    written = export_prediction(mapped(np.full((20, 30), 2)), ClassLegend(), nowhere, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} - {"home"} == set(written)


@pytest.mark.parametrize("name", ["a.tif", "a.hdr"])
def test_overviews_and_statistics_of_the_replaced_image_go(tmp_path, name):
    image = tmp_path / ("a.tif" if name == "a.tif" else "a.img")
    write_cube(cube(1, (300, 300, 3)), tmp_path / name)
    sides = [image.with_name(image.name + suffix) for suffix in (".ovr", ".msk", ".aux.xml")]
    write_cube(cube(1, (75, 75, 3)), tmp_path / "small.tif")
    for side in sides:
        side.write_bytes((tmp_path / "small.tif").read_bytes())
    write_cube(cube(9, (300, 300, 3)), tmp_path / name)
    assert not any(side.exists() for side in sides)
    with rasterio.open(image) as file:
        assert (file.read(out_shape=(3, 75, 75)) == 9).all()


def test_an_interrupt_while_the_old_store_is_cleared_away_leaves_none_of_it(tmp_path, monkeypatch):
    target = tmp_path / "a.zarr"
    write_cube(cube(1), target)
    remove, calls = atomic._remove, []

    def interrupted(path):
        calls.append(path)
        if len(calls) == 1:
            raise KeyboardInterrupt
        remove(path)

    monkeypatch.setattr(atomic, "_remove", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_cube(cube(2), target)
    assert (open_cube(target).read() == 2).all()
    assert {path.name for path in tmp_path.iterdir()} - {"home"} == {"a.zarr"}


@pytest.mark.parametrize("target", ["x.hdr", "x.img", "x.img.hdr"])
@pytest.mark.parametrize("beside", ["x.img.hdr", "x.bil"])
def test_no_second_header_of_the_replaced_image_stays(tmp_path, target, beside):
    write_cube(cube(7), tmp_path / "x.hdr")
    content = (tmp_path / "x.hdr").read_bytes() if beside == "x.img.hdr" else b"short"
    (tmp_path / beside).write_bytes(content)
    files = write_cube(cube(3, (50, 60, 2), "u2"), tmp_path / target)
    headers = [path for path in tmp_path.iterdir() if path.suffix == ".hdr"]
    assert headers == [path for path in files if path.suffix == ".hdr"]
    for path in files:
        np.testing.assert_array_equal(open_cube(path).read(), np.full((50, 60, 2), 3))


@pytest.mark.parametrize(("name", "form"), [("class_map.tif", "tif"), ("class_map.hdr", "envi")])
def test_a_scene_is_not_replaced_by_its_own_map(tmp_path, name, form):
    write_cube(cube(5), tmp_path / name)
    scene, ones = open_cube(tmp_path / name), mapped(np.ones((20, 30)))
    with pytest.raises(ExportError, match="is the open scene"):
        export_prediction(ones, ClassLegend(), scene, tmp_path, formats=["npy", form])
    assert (open_cube(tmp_path / name).read() == 5).all()
    assert not (tmp_path / "class_map.npy").exists()

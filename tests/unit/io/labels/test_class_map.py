"""Class maps are read back by other programs as they were written; label files likewise."""

from __future__ import annotations

import re
from functools import partial
from itertools import pairwise

import h5py
import numpy as np
import pytest
import rasterio
import scipy.io
import spectral
from msgspec.structs import replace
from PIL import Image
from rasterio.crs import CRS

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError, FileError, FormatError, LabelError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass, legend_for
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.io.files.gdal import new_tif, open_raster
from hsi_viewer.io.labels.class_map import FORMATS, FURTHER, export_prediction, planned_files
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.labels.label_writer import write_labels
from hsi_viewer.io.metadata.map_info import georeference, map_info_of
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.import_export import import_regions
from hsi_viewer.io.writers.cube_writer import write_cube

EVERY = tuple(f for f in (*FORMATS, *FURTHER) if f != "probabilities")  # not kept here
UTM = Georeference((2.5, 0.25, 4e5 + 1 / 3, 0.5, -2.5, 5.1e6), CRS.from_epsg(32633).to_wkt())


@pytest.fixture
def legend():
    names = {2: "Grass, wet", 5: "Häuser {alt}", 9: "Wasser"}
    colours = {2: (10, 200, 30), 5: (250, 1, 2), 9: (0, 0, 255)}
    return ClassLegend(LabelClass(i, names[i], colours[i]) for i in (5, 2, 9))


def predicted(ids):
    confidence = np.linspace(0, 1, ids.size, dtype=np.float32).reshape(ids.shape)
    return Prediction(ids, confidence, tuple(int(i) for i in np.unique(ids) if i))


def scene(shape=(12, 17), reference=UTM):
    return HyperCube.from_array(
        np.zeros((*shape, 3), np.uint8), georeference=reference, name="scene"
    )


def some_ids(shape=(12, 17)):
    return np.random.default_rng(1).choice(np.array([0, 2, 5, 9], np.uint16), shape)


def test_envi_class_map_as_spectral_reads_it(tmp_path, legend):
    ids = some_ids()
    export_prediction(predicted(ids), legend, scene(), tmp_path, formats=["envi"])
    image = spectral.envi.open(tmp_path / "class_map.hdr")
    np.testing.assert_array_equal(image.read_band(0), ids)
    meta = image.metadata
    assert meta["file type"] == "ENVI Classification"
    assert int(meta["classes"]) == 10
    assert meta["class names"][0] == "Unclassified"
    assert meta["class names"][3] == "(unused 3)"
    assert meta["class names"][9] == "Wasser"
    lookup = np.array(meta["class lookup"], int).reshape(10, 3)
    assert tuple(lookup[0]) == (0, 0, 0)
    assert tuple(lookup[2]) == (10, 200, 30)
    assert meta["data type"] == "1"


def test_geotiff_keeps_crs_transform_colours_and_names(tmp_path, legend):
    ids = some_ids((300, 280))
    export_prediction(predicted(ids), legend, scene((300, 280)), tmp_path, formats=["tif"])
    with rasterio.open(tmp_path / "class_map.tif") as file:
        np.testing.assert_array_equal(file.read(1), ids)
        assert tuple(file.transform)[:6] == UTM.transform
        assert file.crs == CRS.from_epsg(32633)
        assert file.colormap(1)[5][:3] == (250, 1, 2)
        assert file.tags(1)["CLASS_5"] == "Häuser {alt}"
        assert file.descriptions == ("Class map of scene",)
        assert file.profile["tiled"]
        assert file.compression.name == "deflate"
    side = (tmp_path / "class_map.tif.aux.xml").read_text("utf-8")
    assert side.count("<Category>") == 10
    assert "<Category>Häuser {alt}</Category>" in side


@pytest.mark.parametrize(
    "system",
    ["EPSG:4326", "EPSG:4269", "EPSG:32733", "EPSG:26710", "EPSG:25832", "EPSG:2154", "EPSG:3031",
     "EPSG:2056", "EPSG:5070", "EPSG:3035", "ESRI:54030"],
)  # fmt: skip
def test_gdal_finds_the_same_system_in_both(tmp_path, legend, system):
    reference = Georeference((10.0, 0.0, 12.5, 0.0, -10.0, 47.25), CRS.from_string(system).to_wkt())
    cube = HyperCube.from_array(np.zeros((4, 5, 2), "f4"), georeference=reference)
    export_prediction(predicted(some_ids((4, 5))), legend, cube, tmp_path, formats=["envi", "tif"])
    for name in ("class_map.img", "class_map.tif"):
        with rasterio.open(tmp_path / name) as file:
            assert file.crs == CRS.from_string(system)
            assert tuple(file.transform)[:6] == reference.transform


@pytest.mark.parametrize(
    ("system", "end"),
    [
        ("EPSG:26710", "10, North, North America 1927, units=Meters}"),
        ("EPSG:25832", "32, North, units=Meters}"),
        ("EPSG:4269", "10.0, North America 1983}"),
    ],
)
def test_map_info_names_the_datum(system, end):
    reference = (10.0, 0.0, 12.5, 0.0, -10.0, 47.25)
    for version in ("WKT1_GDAL", "WKT1_ESRI", "WKT2_2019"):
        wkt = CRS.from_string(system).to_wkt(version=version)
        assert map_info_of(reference, wkt).endswith(end)


def test_a_rotated_pole_is_no_latitude_and_longitude(tmp_path, legend):
    pole = CRS.from_proj4(
        "+proj=ob_tran +o_proj=longlat +o_lon_p=-162 +o_lat_p=39.25 +lon_0=180 "
        "+to_meter=0.0174532925199433"
    )
    reference = Georeference((10.0, 0.0, 12.5, 0.0, -10.0, 47.25), pole.to_wkt())
    cube = HyperCube.from_array(np.zeros((4, 5, 2), "f4"), georeference=reference)
    written = export_prediction(
        predicted(some_ids((4, 5))), legend, cube, tmp_path, formats=["envi", "tif"]
    )
    assert "map info = {Arbitrary," in written["class_map.hdr"].read_text()
    assert CRS.from_wkt(read_labels(written["class_map.hdr"]).georeference.crs_wkt) == pole
    with rasterio.open(written["class_map.tif"]) as file:
        assert file.crs == pole
    side = (tmp_path / "class_map.tif.aux.xml").read_text("utf-8")
    assert "<Category>Wasser</Category>" in side
    assert len([p for p in tmp_path.iterdir() if p.name != "home"]) == 5


def test_ids_over_255_are_16_bits_wide(tmp_path):
    ids = np.array([[0, 300], [65535, 7]], np.uint16)
    legend = ClassLegend([LabelClass(300, "three hundred", (1, 2, 3))])
    written = export_prediction(predicted(ids), legend, scene((2, 2)), tmp_path)
    image = spectral.envi.open(written["class_map.hdr"])
    np.testing.assert_array_equal(image.read_band(0), ids)
    assert len(image.metadata["class names"]) == 65536
    assert image.metadata["class names"][7] == "Class 7"
    with rasterio.open(written["class_map.tif"]) as file:
        np.testing.assert_array_equal(file.read(1), ids)
        assert file.colormap(1)[300][:3] == (1, 2, 3)
    assert np.load(written["class_map.npy"]).dtype == np.uint16


def test_all_formats_and_confidence(tmp_path, legend):
    ids = some_ids()
    prediction = predicted(ids)
    written = export_prediction(prediction, legend, scene(), tmp_path / "new folder")
    assert {p.name for p in (tmp_path / "new folder").iterdir()} == set(written)
    assert {"class_map.tif.aux.xml", "class_map.pgw"} <= set(written)
    assert all(path.is_file() for path in written.values())
    np.testing.assert_array_equal(np.load(written["class_map.npy"]), ids)
    mat = scipy.io.loadmat(written["class_map.mat"])
    np.testing.assert_array_equal(mat["class_map"], ids)
    assert [str(name[0]) for name in mat["class_names"][:, 0]] == [
        "Häuser {alt}",
        "Grass, wet",
        "Wasser",
    ]
    confidence = spectral.envi.open(written["confidence.hdr"]).read_band(0)
    np.testing.assert_array_equal(confidence, prediction.confidence)
    assert confidence.dtype == np.float32


def test_the_picture_shows_the_map_and_a_legend(tmp_path, legend):
    from PIL import Image

    ids = some_ids()
    export_prediction(predicted(ids), legend, scene(), tmp_path, formats=["png"])
    picture = np.asarray(Image.open(tmp_path / "class_map.png").convert("RGB"))
    factor = 640 // 17
    margin = 28
    centre = margin + factor // 2
    table = {0: (0, 0, 0), **{c.id: c.colour for c in legend}}
    for row, column in ((0, 0), (5, 7), (11, 16)):
        shown = picture[centre + row * factor, centre + column * factor]
        assert tuple(shown) == table[int(ids[row, column])]
    beside = picture[:, margin + 17 * factor + margin :].reshape(-1, 3)
    for colour in table.values():
        assert (beside == colour).all(axis=1).sum() > 100
    bottom, right = margin + 12 * factor, margin + 17 * factor
    frame = [picture[y, margin:right] for y in (margin - 1, bottom)]
    frame += [picture[margin:bottom, x] for x in (margin - 1, right)]
    assert {tuple(c) for side in frame for c in side.tolist()} == {tuple(frame[0][0].tolist())}
    assert (picture[[margin - 2, bottom + 1], margin:right] == 255).all()
    assert (picture[margin:bottom, [margin - 2, right + 1]] == 255).all()
    assert (frame[0][0] < 255).all()


def test_letters_of_other_alphabets_are_drawn(tmp_path):
    def picture(name):
        ids, legend = np.ones((12, 17), np.uint16), legend_for([1], {1: name})
        export_prediction(predicted(ids), legend, scene(), tmp_path, formats=["png"])
        return (tmp_path / "class_map.png").read_bytes()

    box = picture("\ue000")  # of private use: no font has it
    assert picture("\ue001") == box
    assert [letter for letter in "éğДΩậשع" if picture(letter) == box] == []


def test_many_classes_fit_beside_a_small_map(tmp_path):
    ids = np.arange(200, dtype=np.uint16).reshape(10, 20)
    export_prediction(
        predicted(ids), legend_for(range(200)), scene((10, 20)), tmp_path, formats=["png"]
    )
    assert (tmp_path / "class_map.png").stat().st_size > 1000


@pytest.mark.parametrize("formats", [*((name,) for name in EVERY), EVERY])
def test_the_files_that_are_planned_are_those_written(tmp_path, legend, formats):
    folder = tmp_path / "out"
    planned = planned_files(folder, "m", formats)
    assert len(set(planned)) == len(planned)
    write = partial(export_prediction, predicted(some_ids()), legend, scene(), folder, "m")
    written = list(write(formats=formats).values())
    there = set(folder.iterdir())
    assert set(written) == there <= set(planned)
    assert {p.suffix for p in set(planned) - there} <= {".xml"}  # that GDAL needs for few
    assert written[0] == planned[0]


def test_without_a_georeference_every_file_is_written_without_a_place(tmp_path, legend):
    formats = (*FORMATS, "confidence_tif", "cog")
    made = predicted(some_ids())
    sure = made.confidence
    written = export_prediction(made, legend, scene(reference=None), tmp_path, formats=formats)
    assert "map info" not in written["class_map.hdr"].read_text("utf-8")
    assert "class_map.pgw" not in written
    for name in ("class_map.tif", "class_map.cog.tif", "confidence.tif", "confidence.cog.tif"):
        with open_raster(written[name], driver="GTiff") as file:
            assert file.transform.is_identity
            assert file.crs is None
            values = some_ids() if name.startswith("class_map") else sure
            np.testing.assert_array_equal(file.read(1), values)


def test_envi_map_info_goes_through_verbatim_and_rotation_into_geotiff(tmp_path, legend):
    info = (
        "{ UTM , 3.5 , 1.000 , 277811.628 , 4483607.425 , 3.1 , 3.1 , 13 , North , WGS-84 , "
        "units=Meters , rotation=53.0 }"
    )
    reference = georeference(info, None, None)
    written = export_prediction(predicted(some_ids()), legend, scene(reference=reference), tmp_path)
    assert f"map info = {info}\n" in written["class_map.hdr"].read_text("utf-8")
    with rasterio.open(written["class_map.tif"]) as file:
        assert tuple(file.transform)[:6] == reference.transform
        assert file.crs.to_epsg() == 32613


@pytest.mark.parametrize(
    "transform",
    [
        (30.0, 0.0, 384342.37, 0.0, -30.0, 5818392.35),
        (1.8656265771, 2.4757700811, 277811.628, 2.4757700811, -1.8656265771, 4483607.425),
        (0.1, 0.0, -3.25, 0.0, 0.1, 47.5),
    ],
)
def test_a_transform_survives_an_envi_header(tmp_path, legend, transform):
    reference = Georeference(transform, CRS.from_epsg(32633).to_wkt())
    written = export_prediction(
        predicted(some_ids()), legend, scene(reference=reference), tmp_path, formats=["envi"]
    )
    with rasterio.open(written["class_map.img"]) as file:
        np.testing.assert_allclose(tuple(file.transform)[:6], transform, rtol=1e-12, atol=1e-15)
        assert file.crs.to_epsg() == 32633
    back = open_cube(written["class_map.hdr"]).georeference
    np.testing.assert_allclose(back.transform, transform, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("suffix", [".npy", ".mat", ".hdr", ".img", ".tif"])
def test_labels_come_back(tmp_path, legend, suffix):
    ids = some_ids()
    write_labels(tmp_path / f"labels{suffix}", ids, legend, scene())
    labels = read_labels(tmp_path / f"labels{suffix}")
    np.testing.assert_array_equal(labels.ids, ids)
    if suffix != ".npy":
        assert labels.names[9] == "Wasser"
        assert labels.colours == {c.id: c.colour for c in legend}


def test_labels_of_other_kinds(tmp_path):
    from PIL import Image

    ids = some_ids()
    np.savez(tmp_path / "many.npz", first=ids, labels=ids + 1, cube=np.zeros((2, 2, 2)))
    np.testing.assert_array_equal(read_labels(f"{tmp_path / 'many.npz'}:first").ids, ids)
    np.testing.assert_array_equal(read_labels(tmp_path / "many.npz").ids, ids + 1)
    Image.fromarray(ids.astype(np.uint8)).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "grey.png").ids, ids)
    np.save(tmp_path / "float.npy", np.where(ids == 0, np.nan, ids))
    np.testing.assert_array_equal(read_labels(tmp_path / "float.npy").ids, ids)
    palette = Image.new("P", (17, 12))
    palette.putdata(ids.ravel().tolist())
    palette.putpalette([v for i in range(256) for v in (i, 255 - i, 7)])
    palette.save(tmp_path / "palette.png")
    labels = read_labels(tmp_path / "palette.png")
    np.testing.assert_array_equal(labels.ids, ids)
    assert labels.colours[5] == (5, 250, 7)


@pytest.mark.parametrize(
    ("driver", "name"), [("GTiff", "a.tif"), ("HFA", "a.img"), ("PNG", "a.png")]
)
def test_colours_and_category_names_of_other_programs(tmp_path, driver, name):
    ids = some_ids().astype(np.uint8)
    profile = {"height": 12, "width": 17, "count": 1, "dtype": "uint8", "driver": driver}
    with open_raster(tmp_path / name, "w", **profile) as file:
        file.write(ids, 1)
        file.write_colormap(1, {0: (0, 0, 0, 255), 5: (1, 2, 3, 255), 9: (4, 5, 6, 255)})
    side = "<Category>none</Category><Category/><Category>A &amp; B</Category>"
    (tmp_path / f"{name}.aux.xml").write_text(
        f'<PAMDataset><PAMRasterBand band="1"><CategoryNames>{side}</CategoryNames>'
        "</PAMRasterBand></PAMDataset>"
    )
    labels = read_labels(tmp_path / name)
    np.testing.assert_array_equal(labels.ids, ids)
    assert labels.names == {2: "A & B"}
    assert (labels.colours[5], labels.colours[9]) == ((1, 2, 3), (4, 5, 6))


def test_sample_labels():
    labels = read_labels("sample:indian-pines/labels")
    assert labels.ids.shape == (145, 145)
    assert (labels.ids > 0).sum() == 10249
    assert labels.names[16] == "Stone-Steel-Towers"
    cube = open_cube("sample:indian-pines")
    assert cube.shape == (145, 145, 200)
    assert cube.wavelengths[[170, 171]] == pytest.approx([2212.22, 2222.15])
    assert (np.diff(cube.wavelengths)[160:] > 0).all()
    assert "doi:10.4231/R7RX991C" in cube.about


def test_the_ground_truth_of_the_sample_is_an_image_too():
    image, labels = (read("sample:indian-pines/labels") for read in (open_cube, read_labels))
    np.testing.assert_array_equal(image.read()[:, :, 0], labels.ids)
    assert image.class_names == labels.names
    for read, name in ((open_cube, "labels"), (open_cube, "gt"), (read_labels, "truth")):
        source = f"sample:indian-pines{'' if name == 'labels' else '/'}{name}"
        with pytest.raises(FileError, match=f"^{source} .* choose .*sample:indian-pines/labels"):
            read(source)


def test_what_is_no_label_map(tmp_path, legend):
    np.save(tmp_path / "cube.npy", np.zeros((3, 4, 5)))
    with pytest.raises(FormatError, match="3 x 4 x 5 values"):
        read_labels(tmp_path / "cube.npy")
    np.save(tmp_path / "fractions.npy", np.full((3, 4), 0.5))
    with pytest.raises(LabelError, match="whole numbers"):
        read_labels(tmp_path / "fractions.npy")
    np.save(tmp_path / "large.npy", np.full((3, 4), 70000))
    with pytest.raises(LabelError, match=r"in 0\.\.65535"):
        read_labels(tmp_path / "large.npy")
    np.save(tmp_path / "negative.npy", np.full((3, 4), -2))
    assert not read_labels(tmp_path / "negative.npy").ids.any()
    np.save(tmp_path / "objects.npy", np.array([[{}]]), allow_pickle=True)
    with pytest.raises(FormatError, match="contains numbers"):
        read_labels(tmp_path / "objects.npy")
    np.savez(tmp_path / "two.npz", a=np.zeros((2, 2)), b=np.zeros((2, 2)))
    with pytest.raises(FormatError, match="name the label map"):
        read_labels(tmp_path / "two.npz")
    with pytest.raises(ExportError, match=r"choose \.npy"):
        write_labels(tmp_path / "labels.doc", some_ids(), legend, scene())


def test_a_failed_export_keeps_the_old_one(tmp_path, legend):
    ids = some_ids()
    export_prediction(predicted(ids), legend, scene(), tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.glob("*.*")}
    nowhere = Georeference((1.0, 0.0, 0.0, 0.0, -1.0, 0.0), "NO SUCH CRS")
    with pytest.raises(ExportError, match="could not be interpreted"):
        export_prediction(
            predicted(ids), legend, scene(reference=nowhere), tmp_path, formats=["tif"]
        )
    assert {p.name: p.read_bytes() for p in tmp_path.glob("*.*")} == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.real_data
def test_real_label_maps(data_dir):
    pavia = read_labels(data_dir / "ground_truth/PaviaU_gt.mat")
    assert (pavia.ids.shape, pavia.ids.max()) == ((610, 340), 9)
    assert read_labels(data_dir / "ground_truth/Salinas_gt.mat").ids.shape == (512, 217)
    name = "ang20140912t192359_corr_v1c_img_2580-2590_540-550_class.hdr"
    classes = read_labels(data_dir / "envi" / name)
    assert classes.names[3] == "Cheatgrass ANP92-11A s06av95a=a"
    assert classes.colours[1] == (255, 0, 0)
    long = read_labels(data_dir / "envi/ang20150420t182808_corr_v1e_img_class_4200-4210_70-80.hdr")
    assert (long.ids.max(), len(long.names)) == (1154, 1365)


@pytest.mark.real_data
def test_an_own_coordinate_system_survives_geotiff(data_dir, tmp_path):
    cube = open_cube(data_dir / "envi/toy.hdr")
    ids = np.ones(cube.shape[:2], np.uint16)
    written = export_prediction(predicted(ids), legend_for([1]), cube, tmp_path)
    with rasterio.open(written["class_map.tif"]) as file:
        assert file.crs == CRS.from_wkt(cube.georeference.crs_wkt)
        assert tuple(file.transform)[:6] == cube.georeference.transform
    header = written["class_map.hdr"].read_text("utf-8")
    for value in (cube.georeference.map_info, cube.georeference.projection_info):
        assert value in header


def test_the_world_file_places_the_map_in_the_picture(tmp_path, legend):
    ids = some_ids()
    export_prediction(predicted(ids), legend, scene(), tmp_path, formats=["png"])
    a, d, b, e, c, f = (float(v) for v in (tmp_path / "class_map.pgw").read_text().split())
    factor, margin = 640 // 17, 28
    for row, column in ((0, 0), (12, 17)):
        # the corner between picture pixels, half a pixel before the centre of the next
        x, y = margin + column * factor - 0.5, margin + row * factor - 0.5
        on_map = a * x + b * y + c, d * x + e * y + f
        assert on_map == pytest.approx(UTM.map_xy(row, column), abs=1e-6)


def test_probabilities_are_written_when_kept(tmp_path, legend):
    values = np.random.default_rng(0).dirichlet((1, 1, 1), (12, 17)).astype("f4")
    kept = replace(predicted(some_ids()), probabilities=values, class_ids=(2, 5, 9))
    written = export_prediction(kept, legend, scene(), tmp_path, formats=["probabilities"])
    image = spectral.envi.open(written["probabilities.hdr"])
    np.testing.assert_array_equal(np.asarray(image.load()), values)
    assert image.metadata["band names"] == ["Grass; wet", "Häuser (alt)", "Wasser"]
    none = export_prediction(
        predicted(some_ids()), legend, scene(), tmp_path, formats=["probabilities"]
    )
    assert none == {}


HOSTILE = {
    1: "li\nne\r\nbreak",
    2: "nul\0 and \x1b[31m",
    3: "<&>\"'",
    4: "half \ud800 of one",
    5: "  spaces  ",
    8: "{braces}",
    16: ";;semicolon, comma",
    24: "€ Wälder 森林",
    25: "x" * 3000,
}


@pytest.mark.parametrize("form", ["envi", "tif", "mat", "png"])
def test_hostile_names_are_written_in_one_line_and_stay_with_their_classes(tmp_path, form):
    names = {i: HOSTILE.get(i, f"c{i}") for i in range(1, 31)}
    ids = np.arange(31 * 4, dtype=np.uint16).reshape(4, 31) % 31
    cube = scene(ids.shape)
    written = export_prediction(
        predicted(ids), legend_for(names, names), cube, tmp_path, formats=[form]
    )
    path = next(p for name, p in written.items() if name.endswith(("img", "tif", "mat", "png")))
    if form == "png":
        return
    back = read_labels(path).names
    assert set(back) == set(names)
    for i in set(names) - {8, 16}:
        assert back[i] == " ".join(re.sub(r"[\0\x1b\ud800]", " ", names[i]).split()).replace(
            ",", ";" if form == "envi" else ","
        )
    wanted = {"envi": ("(braces)", "semicolon; comma")}.get(form, (HOSTILE[8], HOSTILE[16]))
    assert (back[8], back[16]) == wanted


@pytest.mark.parametrize("shape", [(9000, 9), (9, 9000), (9000, 350)])
def test_the_world_file_of_a_thinned_picture_places_both_ends(tmp_path, legend, shape):
    ids = np.full(shape, 2, np.uint16)
    reference = Georeference((2.0, 0.0, 5e5, 0.0, -2.0, 4e6), UTM.crs_wkt)
    written = export_prediction(
        predicted(ids), legend, scene(shape, reference), tmp_path, formats=["png"]
    )
    with Image.open(written["class_map.png"]) as picture:
        painted = np.argwhere((np.asarray(picture.convert("RGB")) == legend[2].colour).all(2))
    with rasterio.open(written["class_map.png"]) as file:
        width = round(shape[1] / -(-max(shape) // 8192))
        painted = painted[painted[:, 1] < painted[:, 1].min() + width]  # behind it is the legend
        (top, left), (bottom, right) = painted.min(0), painted.max(0) + 1
        for (row, column), pixel in (((top, left), (0, 0)), ((bottom, right), shape)):
            x, y = file.transform @ (int(column), int(row))
            wanted = (5e5 + 2 * pixel[1], 4e6 - 2 * pixel[0])
            np.testing.assert_allclose((x, y), wanted, atol=1e-3)


def test_many_classes_make_a_picture_of_bearable_size(tmp_path):
    ids = np.arange(1, 3001, dtype=np.uint16).reshape(50, 60)
    written = export_prediction(
        predicted(ids), ClassLegend(), scene(ids.shape), tmp_path, formats=["png", "envi", "tif"]
    )
    with Image.open(written["class_map.png"]) as picture:
        assert max(picture.size) < 8192
    for name in ("class_map.img", "class_map.tif"):
        labels = read_labels(written[name])
        np.testing.assert_array_equal(labels.ids, ids)
        assert len(labels.names) == 3000


@pytest.mark.parametrize("shape", [(1, 20), (20, 1), (1, 1), (3, 4)])
@pytest.mark.parametrize("classes", [0, 1, 2, 9])
@pytest.mark.parametrize("suffix", [".npy", ".mat", ".hdr", ".tif"])
def test_maps_of_any_shape_and_number_of_classes_come_back(tmp_path, shape, classes, suffix):
    ids = (np.arange(np.prod(shape), dtype=np.uint16) % (classes + 1)).reshape(shape)
    names = {i: f"name {i}" for i in range(1, classes + 1)}
    legend = ClassLegend(LabelClass(i, name, (255, 0, i)) for i, name in names.items())
    write_labels(tmp_path / f"a{suffix}", ids, legend, scene(shape))
    back = read_labels(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(back.ids, ids)
    if suffix != ".npy":
        assert back.names == names


def test_what_is_in_no_class_is_no_data_to_other_programs(tmp_path, legend):
    ids = some_ids()
    written = export_prediction(predicted(ids), legend, scene(), tmp_path)
    for name in ("class_map.hdr", "confidence.hdr"):
        assert spectral.envi.open(written[name]).metadata["data ignore value"] == "0"
    for name in ("class_map.img", "class_map.tif", "confidence.img"):
        with rasterio.open(written[name]) as file:
            assert file.nodata == 0
    with rasterio.open(written["class_map.img"]) as file:
        np.testing.assert_array_equal(file.read(1, masked=True).mask, ids == 0)
    assert open_cube(written["confidence.hdr"]).nodata == 0


@pytest.mark.parametrize("reference", [UTM, None])
def test_all_files_that_are_written_are_named_and_no_others(tmp_path, legend, reference):
    cube = scene(reference=reference)
    kept = replace(
        predicted(some_ids()), probabilities=np.ones((12, 17, 3), "f4"), class_ids=(2, 5, 9)
    )
    for formats in (*((name,) for name in FORMATS), (*FORMATS, "probabilities")):
        folder = tmp_path / "-".join(formats)
        written = export_prediction(kept, legend, cube, folder, formats=formats)
        there = {} if not folder.exists() else {p.name: p for p in folder.iterdir()}
        assert written == there


class CancelledAt(CancelToken):
    """Cancelled by the n-th time that somebody asks."""

    def __init__(self, n):
        super().__init__()
        self.left = n

    def check(self):
        self.left -= 1
        if self.left < 0:
            self.cancel()
        super().check()


def test_an_export_that_is_cancelled_leaves_each_file_whole_and_nothing_beside(tmp_path, legend):
    old, new = predicted(some_ids()), predicted(np.full((12, 17), 5, np.uint16))
    new = replace(new, confidence=1 - new.confidence)
    whole = tmp_path / "whole"
    export_prediction(new, legend, scene(), whole)
    done = []
    for n in range(len(FORMATS)):
        folder = tmp_path / str(n)
        export_prediction(old, legend, scene(), folder)
        before = {p.name: p.read_bytes() for p in folder.iterdir()}
        with pytest.raises(TaskCancelledError):
            export_prediction(new, legend, scene(), folder, token=CancelledAt(n))
        assert {p.name for p in folder.iterdir()} == set(before)
        changed = {p.name for p in folder.iterdir() if p.read_bytes() != before[p.name]}
        assert all(
            (folder / name).read_bytes() == (whole / name).read_bytes()
            for name in changed
            if not name.endswith(".mat")  # says when it was written
        )
        done.append(changed)
    assert done[0] == set()
    assert all(few < more for few, more in pairwise(done))
    export_prediction(new, legend, scene(), folder, token=CancelledAt(len(FORMATS)))


def test_an_export_that_is_cancelled_at_once_makes_no_folder(tmp_path, legend):
    with pytest.raises(TaskCancelledError):
        export_prediction(
            predicted(some_ids()), legend, scene(), tmp_path / "out", token=CancelledAt(0)
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", [".npy", ".hdr", ".tif", ".mat", ".png"])
def test_negative_values_are_unlabelled_in_every_format(tmp_path, suffix):
    values = np.array([[-1, -32768, 2], [3, 0, -9999]], np.int16)
    path = tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(path, values)
    elif suffix == ".mat":
        scipy.io.savemat(path, {"labels": values})
    elif suffix == ".png":  # has no negative values
        values = values.clip(0).astype(np.uint8)
        Image.fromarray(values).save(path)
    else:
        write_cube(HyperCube.from_array(values[:, :, None]), path)
    labels = read_labels(path)
    np.testing.assert_array_equal(labels.ids, values.clip(0))


def test_names_of_classes_in_the_tags_of_a_raster_are_read(tmp_path):
    path = tmp_path / "classes.tif"
    ids = np.array([[0, 3], [12, 3]], np.uint8)
    profile = {"driver": "GTiff", "height": 2, "width": 2, "count": 1, "dtype": "uint8"}
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        file = rasterio.open(path, "w", **profile)
    with file:
        file.write(ids, 1)
        file.update_tags(1, CLASS_3="Corn", CLASS_12="Woods", CLASS_X="none", OTHER_4="none")
    found = read_labels(path)
    np.testing.assert_array_equal(found.ids, ids)
    assert found.names == {3: "Corn", 12: "Woods"}


def labels_on(path, ids):
    cube = HyperCube.from_array(np.zeros((*ids.shape, 3), np.uint8))
    return import_regions(path, cube)


FILLED = np.where(np.arange(204).reshape(12, 17) % 3 == 0, 255, some_ids()).astype(np.uint8)


def test_the_fill_value_of_an_array_of_labels_is_unlabelled(tmp_path):
    with h5py.File(tmp_path / "gt.h5", "w") as file:
        file["gt"] = FILLED
        file["gt"].attrs["_FillValue"] = np.uint8(255)
    assert read_labels(tmp_path / "gt.h5").ids.max() == 9


def test_flags_name_the_classes_of_an_array(tmp_path):
    with h5py.File(tmp_path / "gt.h5", "w") as file:
        file["gt"] = FILLED
        file["gt"].attrs["flag_values"] = np.array([0, 2, 5, 255], np.uint8)
        file["gt"].attrs["flag_meanings"] = "unclassified grass houses no_data"
    found = labels_on(tmp_path / "gt.h5", FILLED)
    assert found.names == {2: "grass", 5: "houses"}
    np.testing.assert_array_equal(found.ids, np.where(FILLED == 255, 0, FILLED))
    assert found.notes == ('"no_data" (255) counts as unlabelled: 68 pixels.',)


def test_what_a_raster_names_as_no_data_is_unlabelled(tmp_path):
    for name, tags in (("a", {"CLASS_255": "No data"}), ("b", {"CLASS_2": "Grass"})):
        path = tmp_path / f"{name}.tif"
        with new_tif(path, path, height=12, width=17, count=1, dtype="uint8") as file:
            file.write(FILLED, 1)
            file.update_tags(1, **tags)
    assert labels_on(tmp_path / "a.tif", FILLED).ids.max() == 9
    kept = labels_on(tmp_path / "b.tif", FILLED)
    assert kept.ids.max() == 255
    assert kept.notes[0].startswith("255 looks like background")


def test_a_class_that_an_envi_file_calls_unclassified_is_unlabelled(tmp_path):
    (tmp_path / "gt.hdr").write_text(
        "ENVI\nsamples = 17\nlines = 12\nbands = 1\ndata type = 1\ninterleave = bsq\n"
        "file type = ENVI Classification\nclasses = 4\n"
        "class names = {Water, Corn, Unclassified, Soil}\n"
    )
    ids = (np.arange(204, dtype=np.uint8) % 4).reshape(12, 17)
    ids.tofile(tmp_path / "gt.img")
    found = labels_on(tmp_path / "gt.hdr", ids)
    assert np.unique(found.ids).tolist() == [0, 1, 3]
    assert [note.split(",")[0].split(" counts")[0] for note in found.notes] == [
        '"Unclassified" (2)',
        '0 is named "Water"',
    ]


@pytest.mark.parametrize("suffix", [".mat", ".tif", ".hdr"])
def test_a_class_of_ours_named_background_comes_back(tmp_path, suffix):
    legend = ClassLegend([LabelClass(2, "Background", (1, 1, 1)), LabelClass(5, "Corn", (2, 2, 2))])
    ids = np.where(some_ids() == 5, 5, 2).astype(np.uint16)
    write_labels(tmp_path / f"gt{suffix}", ids, legend, scene())
    found = labels_on(tmp_path / f"gt{suffix}", ids)
    np.testing.assert_array_equal(found.ids, ids)
    assert found.names[2] == "Background"

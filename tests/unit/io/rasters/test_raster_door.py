"""Rasters by one driver: what lies beside them, or is written in them, leads nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.env import getenv, hasenv
from rasterio.errors import RasterioIOError
from rasterio.transform import Affine

from hsi_viewer.analysis.geographic import degrees
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import FileError, FormatError, HsiError
from hsi_viewer.io.files import gdal
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.metadata.crs import crs_of
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.rasters.side_files import Side, read_side
from hsi_viewer.io.regions.grid import Grid
from tests.unit.io import hostile_files as hostile
from tests.unit.io.listening import listening

UTM = CRS.from_epsg(32632)
TRANSFORM = (30.0, 0.0, 400000.0, 0.0, -30.0, 5000000.0)


@pytest.fixture
def listener():
    with listening() as found:
        yield found


def write(path, driver="GTiff", bands=1, **more):
    options = {"height": 8, "width": 8, "count": bands, "dtype": "uint8", **more}
    with open_raster(path, "w", driver=driver, **options) as file:
        file.write(np.ones((bands, 8, 8), "u1"))
    return path


# drivers and names -------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", ["VRT", "WMS", "GDALG", "HTTP", "", "gtiff", "GPKG", "MBTiles"])
def test_other_drivers_cannot_be_asked_for(tmp_path, driver):
    with pytest.raises(ValueError, match="not a driver that may be used"):
        open_raster(tmp_path / "a.tif", driver=driver)


@pytest.mark.parametrize("name", ["/vsicurl/http://x/a.tif", "/vsizip/a.zip/a.tif", "/VSIstdin/"])
@pytest.mark.skipif(os.name == "nt", reason="Windows has drives before its paths")
def test_paths_of_remote_file_systems_are_refused(name):
    for read in (open_cube, read_labels):
        with pytest.raises(FileError):
            read(name)
    with pytest.raises(FileError, match="interprets this path as an address"):
        gdal.local_name(Path(name))


@pytest.mark.parametrize(
    "content", [k for k in hostile.OF_ADDRESSES if k not in ("bomb", "address")]
)
@pytest.mark.parametrize("driver", gdal.DRIVERS)
def test_each_driver_refuses_what_is_of_another(tmp_path, listener, content, driver):
    path = tmp_path / "a.img"
    path.write_text(hostile.OF_ADDRESSES[content](listener.address(content.replace(" ", "-"))))
    with pytest.raises(RasterioIOError):
        open_raster(path, driver=driver)
    assert listener.asked == []


def test_the_setting_ends_with_the_opening(tmp_path):
    path = write(tmp_path / "a.tif")
    with rasterio.Env(), open_raster(path, driver="GTiff"):
        assert gdal.READDIR not in getenv()
    assert not hasenv()


# what lies beside --------------------------------------------------------------------------------


def test_masks_and_overviews_beside_a_raster_are_not_opened(tmp_path, listener):
    for k, content in enumerate(("virtual raster", "map service", "tile index", "tile service")):
        for end in (".msk", ".ovr"):
            path = write(tmp_path / f"a{k}{end}.tif")
            address = listener.address(f"{k}{end}")
            text = hostile.OF_ADDRESSES[content](f"/vsicurl/{address}" if k == 0 else address)
            path.with_name(path.name + end).write_text(text)
            cube = open_cube(path)
            assert cube.read(slice(0, 8, 3), slice(0, 8, 3)).min() == 1
            assert cube.source.dataset.overviews(1) == []
            assert cube.source.dataset.read(1, out_shape=(2, 2)).min() == 1
            assert cube.source.dataset.files == [str(path)]
            read_labels(path)
    assert listener.asked == []


def test_a_mask_beside_a_raster_is_reported(tmp_path):
    path = write(tmp_path / "a.tif")
    assert not any("mask" in warning for warning in open_cube(path).warnings)
    write(tmp_path / "b.tif").rename(tmp_path / "a.tif.msk")
    assert any("mask of pixels without data" in warning for warning in open_cube(path).warnings)


@pytest.mark.parametrize("word", ["OVERVIEW_FILE", "overview_file"])
def test_a_raster_that_names_its_overviews_is_refused(tmp_path, listener, word):
    path = tmp_path / "a.tif"
    with open_raster(path, "w", driver="GTiff", height=8, width=8, count=1, dtype="uint8") as file:
        file.write(np.ones((1, 8, 8), "u1"))
        file.update_tags(ns="OVERVIEWS", **{word: f"/vsicurl/{listener.address('o.tif')}"})
    for read in (open_cube, read_labels):
        with pytest.raises(FormatError, match="it names another file for its overviews"):
            read(path)
    assert listener.asked == []


@pytest.mark.parametrize(
    "body",
    [
        '<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/vsicurl/URL</MDI></Metadata>',
        "<SRS>URL</SRS>",
        "<SRS>/vsicurl/URL</SRS>",
        '<GCPList Projection="URL"><GCP Id="" Pixel="0" Line="0" X="0" Y="0"/></GCPList>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "URL">]><SRS>&x;</SRS>',
        "<SRS>+proj=longlat +datum=WGS84 +nadgrids=/vsicurl/URL</SRS>",
    ],
)
@pytest.mark.parametrize("driver", ["GTiff", "PNG"])
def test_a_side_file_leads_nowhere(tmp_path, listener, body, driver):
    path = write(tmp_path / ("a.tif" if driver == "GTiff" else "a.png"), driver)
    text = f"<PAMDataset>{body}</PAMDataset>".replace("URL", listener.address("side.tif"))
    if body.startswith("<!DOCTYPE"):
        text = text.replace("<PAMDataset>", "", 1).replace("]>", "]><PAMDataset>", 1)
    path.with_name(path.name + ".aux.xml").write_text(text)
    cube = open_cube(path)
    assert cube.georeference is None
    cube.source.dataset.overviews(1)
    assert listener.asked == []


def test_the_place_in_a_side_file_is_read(tmp_path):
    path = write(tmp_path / "a.png", "PNG")
    assert open_cube(path).georeference is None
    path.with_name("a.png.aux.xml").write_text(
        f"<PAMDataset><SRS>{UTM.to_wkt()}</SRS>"
        "<GeoTransform>4e5, 30, 0, 5e6, 0, -30</GeoTransform></PAMDataset>"
    )
    assert open_cube(path).georeference == Georeference(TRANSFORM, UTM.to_wkt())
    assert read_labels(path).georeference == Georeference(TRANSFORM, UTM.to_wkt())


@pytest.mark.parametrize("name", ["a.tfw", "a.TFW", "a.tifw", "a.wld"])
def test_a_world_file_is_read_as_gdal_does(tmp_path, name):
    path = write(tmp_path / "a.tif")
    (tmp_path / name).write_text("30\n2\n1\n-30\n400015\n4999985\n")
    with rasterio.open(path) as file:
        expected = tuple(file.transform)[:6]
    assert expected[0] == 30
    np.testing.assert_allclose(open_cube(path).georeference.transform, expected)


def test_the_place_of_the_raster_itself_goes_before_a_world_file(tmp_path):
    path = write(tmp_path / "a.tif", crs=UTM, transform=Affine(*TRANSFORM))
    (tmp_path / "a.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    assert open_cube(path).georeference.transform == TRANSFORM
    path.with_name("a.tif.aux.xml").write_text(
        "<PAMDataset><GeoTransform>1, 2, 0, 3, 0, -4</GeoTransform></PAMDataset>"
    )
    with rasterio.open(path) as file:  # a side file is written to overrule
        assert tuple(file.transform)[:6] == (2, 0, 1, 0, -4, 3)
    assert open_cube(path).georeference.transform == (2, 0, 1, 0, -4, 3)


@pytest.mark.parametrize(
    "text",
    ["", "<PAMDataset>", "no XML", "<PAMDataset><GeoTransform>1,2</GeoTransform></PAMDataset>",
     "<PAMDataset><GeoTransform>nan,1,0,0,0,1</GeoTransform></PAMDataset>"],
)  # fmt: skip
def test_damaged_side_files_say_nothing(tmp_path, text):
    path = write(tmp_path / "a.tif")
    path.with_name("a.tif.aux.xml").write_text(text)
    (tmp_path / "a.tfw").write_text("1\nx\n")
    assert read_side(path) == Side()
    assert open_cube(path).georeference is None


@pytest.mark.parametrize("name", ["a_RPC.TXT", "a.RPB"])
def test_rational_polynomials_beside_a_raster_are_reported(tmp_path, name):
    path = write(tmp_path / "a.tif")
    (tmp_path / name).write_text("LINE_OFF: 1\n")
    assert any("(RPC)" in warning for warning in open_cube(path).warnings)


@pytest.mark.parametrize("prj", ["URL", "/vsicurl/URL", "/etc/hostname", "VRT"])
def test_what_lies_beside_an_esri_image_leads_nowhere(tmp_path, listener, prj):
    (tmp_path / "a.bil").write_bytes(bytes(range(64)))
    (tmp_path / "a.hdr").write_text("NROWS 8\nNCOLS 8\nNBANDS 1\nNBITS 8\nULXMAP 0\nULYMAP 0\n")
    address = listener.address("a.prj")
    text = prj.replace("URL", address).replace("VRT", hostile.virtual_raster(address))
    for end in (".prj", ".clr", ".stx", ".ovr", ".aux.xml", ".msk"):
        (tmp_path / f"a{end}").write_text(text)
        (tmp_path / f"a.bil{end}").write_text(text)
    try:
        cube = open_cube(tmp_path / "a.bil")
        np.testing.assert_array_equal(cube.read().ravel(), np.arange(64))
        assert cube.georeference is None or cube.georeference.crs_wkt is None
    except HsiError as error:
        assert "a.bil" in str(error)  # noqa: PT017 - either is right
    assert listener.asked == []


# coordinate systems ------------------------------------------------------------------------------

GRID = "+proj=longlat +ellps=bessel +nadgrids=PATH"
BOUND = (
    'BOUNDCRS[SOURCECRS[GEOGCRS["a",DATUM["a",ELLIPSOID["b",6377397.155,299.1528128]],CS[ellipsoidal,'
    '2],AXIS["lat",north],AXIS["lon",east],ANGLEUNIT["degree",0.0174532925199433]]],TARGETCRS[GEOGCRS'
    '["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]],'
    'CS[ellipsoidal,2],AXIS["lat",north],AXIS["lon",east],ANGLEUNIT["degree",0.0174532925199433]]],'
    'ABRIDGEDTRANSFORMATION["x",METHOD["NTv2",ID["EPSG",9615]],PARAMETERFILE["file","PATH"]]]'
)


@pytest.mark.parametrize("form", [GRID, BOUND, "+init=PATH:1", "+proj=longlat +geoidgrids=@a,PATH"])
def test_a_system_that_names_a_file_is_not_known(tmp_path, form):
    for path in ("/etc/hostname", "../secret.gsb", "http://127.0.0.1:9/a.tif", "C:\\a.gsb"):
        assert crs_of(form.replace("PATH", path)) is None


@pytest.mark.parametrize("grid", ["@null", "ntv2_0.gsb"])
def test_grids_that_have_a_plain_name_are_usual(grid):
    assert crs_of(f"+proj=longlat +ellps=bessel +nadgrids={grid}") is not None


def test_web_mercator_is_known():
    wkt = CRS.from_epsg(3857).to_wkt(version="WKT1_GDAL")
    assert "+nadgrids=@null" in wkt
    assert crs_of(wkt).to_epsg() == 3857


def test_a_scene_with_such_a_system_has_no_degrees():
    georeference = Georeference(TRANSFORM, BOUND.replace("PATH", "/etc/hostname"))
    assert degrees(georeference, [(0, 0)]) is None
    assert degrees(Georeference(TRANSFORM, UTM.to_wkt()), [(0, 0)]) is not None
    assert Grid(2, 2, TRANSFORM, BOUND).crs_wkt == BOUND


def test_grids_are_not_fetched():
    assert os.environ["PROJ_NETWORK"] == "OFF"

"""What GDAL's side file says of a raster is read as GDAL reads it, without GDAL."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning

from hsi_viewer.core.quiet import quiet
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube

SIDE = """<PAMDataset>
  <Metadata><MDI key="sensor">side</MDI></Metadata>
  <Metadata domain="ENVI"><MDI key="wavelength_units">Nanometers</MDI></Metadata>
  <Metadata domain="xml:x" format="xml"><a><MDI key="b">c</MDI></a></Metadata>
  <PAMRasterBand band="1"><Description>red</Description><NoDataValue>3</NoDataValue>
    <Offset>-1</Offset><Scale>0.5</Scale>
    <Metadata domain="IMAGERY"><MDI key="CENTRAL_WAVELENGTH_UM">0.66</MDI></Metadata>
    <Metadata><MDI key="STATISTICS_MEAN">7</MDI></Metadata></PAMRasterBand>
  <PAMRasterBand band="2"><Description>nir</Description><NoDataValue>3</NoDataValue>
    <Offset>-1</Offset><Scale>0.5</Scale>
    <Metadata domain="IMAGERY"><MDI key="CENTRAL_WAVELENGTH_UM">0.86</MDI></Metadata>
  </PAMRasterBand>
  <PAMRasterBand band="9"><Description>of no band</Description></PAMRasterBand>
</PAMDataset>"""
FORMATS = {"GTiff": "a.tif", "PNG": "a.png", "HFA": "a.img"}


def write(path, driver, own=False, bands=2, dtype="uint8"):
    options = {"height": 4, "width": 5, "count": bands, "dtype": dtype}
    with open_raster(path, "w", driver=driver, **options) as file:
        file.write(np.arange(20 * bands, dtype=dtype).reshape(bands, 4, 5))
        if own:
            file.nodata = 0
            file.update_tags(sensor="own", other="kept")
            file.set_band_description(1, "own")
            if driver == "GTiff":
                file.scales, file.offsets = [2.0] * bands, [5.0] * bands
    return path


def side(path, text=SIDE):
    path.with_name(path.name + ".aux.xml").write_text(text)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("driver", FORMATS)
def test_a_side_file_says_what_it_says_to_gdal(tmp_path, driver, own):
    path = write(tmp_path / FORMATS[driver], driver, own and driver != "PNG")
    side(path)
    cube = open_cube(path)
    found = cube.source.dataset
    with quiet(NotGeoreferencedWarning), rasterio.open(path) as expected:
        for name in ("nodata", "nodatavals", "descriptions", "scales", "offsets"):
            assert getattr(found, name) == getattr(expected, name), name
        for band in (0, 1, 2):
            for domain in (None, "ENVI", "IMAGERY"):
                wanted = expected.tags(band, ns=domain)
                wanted = {k: v for k, v in wanted.items() if k != "AREA_OR_POINT"}
                had = found.tags(band, ns=domain)
                assert {k: v for k, v in had.items() if k != "AREA_OR_POINT"} == wanted


@pytest.mark.parametrize("driver", FORMATS)
def test_a_cube_is_described_by_its_side_file(tmp_path, driver):
    path = write(tmp_path / FORMATS[driver], driver)
    assert open_cube(path).wavelengths is None
    side(path)
    cube = open_cube(path)
    assert list(cube.wavelengths) == pytest.approx([660, 860])
    layers = ("Layer_1", "Layer_2")  # Imagine files name their bands themselves
    assert cube.band_names == (layers if driver == "HFA" else ("red", "nir"))
    assert (cube.nodata, cube.scale, cube.offset) == (3, 0.5, -1)
    assert cube.metadata["sensor"] == "side"
    np.testing.assert_array_equal(cube.read().transpose(2, 0, 1).ravel(), np.arange(40))


def test_labels_leave_out_what_the_side_file_calls_no_data(tmp_path):
    path = write(tmp_path / "a.tif", "GTiff", bands=1)
    side(path, '<PAMDataset><PAMRasterBand band="1"><NoDataValue>7</NoDataValue></PAMRasterBand>'
               "</PAMDataset>")  # fmt: skip
    assert 7 not in read_labels(path).ids
    assert 8 in read_labels(path).ids


def test_a_folder_of_images_with_side_files(tmp_path):
    for name in ("b1.png", "b2.png"):
        side(write(tmp_path / name, "PNG", bands=1))
    cube = open_cube(tmp_path)
    assert (cube.nodata, cube.scale, cube.offset) == (3, 0.5, -1)


@pytest.mark.parametrize(
    "body",
    [
        "<NoDataValue>x</NoDataValue><Scale>nan</Scale><Offset>inf</Offset>",
        "<NoDataValue>-9999</NoDataValue>",  # which bytes cannot be
        "<NoDataValue>nan</NoDataValue>",
        "<NoDataValue/><Scale/><Description/><Metadata><MDI/></Metadata>",
        '<Metadata domain=""><MDI key="wavelength">a</MDI></Metadata>',
    ],
)
def test_what_is_damaged_there_is_passed_over(tmp_path, body):
    path = write(tmp_path / "a.tif", "GTiff")
    side(path, f'<PAMDataset><PAMRasterBand band="1">{body}</PAMRasterBand></PAMDataset>')
    cube = open_cube(path)
    assert (cube.nodata, cube.scale, cube.offset, cube.wavelengths) == (None, 1, 0, None)
    assert cube.read().max() == 39


@pytest.mark.parametrize("number", ["", "0", "-1", "x", "99999999999999999999", "²"])
def test_bands_that_there_are_not(tmp_path, number):
    path = write(tmp_path / "a.tif", "GTiff")
    side(path, f'<PAMDataset><PAMRasterBand band="{number}"><Scale>2</Scale></PAMRasterBand>'
               "</PAMDataset>")  # fmt: skip
    assert open_cube(path).scale == 1


@pytest.mark.parametrize("name", ["a.tfw", "a.tifw", "a.wld"])
@pytest.mark.parametrize(
    "text", ["1 2 3", "10 0 0 -10 600005 nan", "10 0 0 -10 600005 north", " " * 5000 + "10"]
)
def test_a_world_file_that_gives_no_place_leaves_the_word_to_the_next(tmp_path, name, text):
    path = write(tmp_path / "a.tif", "GTiff")
    (tmp_path / name).write_text(text)
    assert open_cube(path).georeference is None
    if name != "a.wld":
        (tmp_path / "a.wld").write_text("10 0 0 -10 600005 5199995")
        assert open_cube(path).georeference.transform == (10, 0, 600000, 0, -10, 5200000)

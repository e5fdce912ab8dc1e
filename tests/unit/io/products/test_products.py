"""GeoTIFF and sensor products.

No product files of NEON (HDF5), EMIT, AVIRIS (NetCDF), PRISMA, Tanager, PACE, EnMAP and DESIS are
at hand: the tests write small ones after the products' published layouts and their public readers.
"""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.transform import Affine

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.arrays.cf import SENSOR_GEOMETRY
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube

RNG = np.random.default_rng(5)


def numbers(shape, dtype="u2"):
    return RNG.integers(1, 200, shape).astype(dtype)


def write_tif(path, array, tags=None, band_tags=None, scales=None, **profile):
    """Write (rows, columns, bands)."""
    rows, columns, bands = array.shape
    options = {
        "driver": "GTiff",
        "height": rows,
        "width": columns,
        "count": bands,
        "dtype": array.dtype,
    }
    with open_raster(path, "w", **options, **profile) as file:
        file.write(array.transpose(2, 0, 1))
        if tags:
            file.update_tags(**tags)
        for band, values in enumerate(band_tags or [], start=1):
            file.update_tags(band, **values)
        if scales:
            file.scales = scales


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"compress": "lzw"},
        {"compress": "deflate", "tiled": True, "blockxsize": 16, "blockysize": 16},
        {"BIGTIFF": "YES"},
    ],
)
def test_geotiff_windows(tmp_path, interleave, extra):
    array = numbers((70, 33, 5))
    write_tif(tmp_path / "a.tif", array, interleave=interleave, **extra)
    cube = open_cube(tmp_path / "a.tif")
    assert cube.interleave == {"pixel": "bip", "band": "bsq"}[interleave]
    np.testing.assert_array_equal(cube.read(), array)
    np.testing.assert_array_equal(
        cube.read(slice(3, 66, 4), slice(1, 30, 7), [4, 0, 0]), array[3:66:4, 1:30:7, [4, 0, 0]]
    )
    assert cube.read(slice(5, 5)).shape == (0, 33, 5)
    assert cube.georeference is None


def test_geotiff_metadata_as_enmap_box_writes_it(tmp_path):
    tags = [
        {"wavelength": str(w), "wavelength_units": "Micrometers", "fwhm": "0.01", "bbl": str(i % 2)}
        for i, w in enumerate((0.4, 0.5, 0.6))
    ]
    transform = Affine(1.5, 0.25, 100.125, 0.5, -1.5, 2000.5)
    write_tif(
        tmp_path / "a.tif",
        numbers((4, 5, 3), "i2"),
        band_tags=tags,
        nodata=-9999,
        crs="EPSG:32633",
        transform=transform,
        scales=(1e-4,) * 3,
    )
    cube = open_cube(tmp_path / "a.tif")
    np.testing.assert_allclose(cube.wavelengths, [400, 500, 600])
    np.testing.assert_allclose(cube.fwhm, 10)
    assert list(cube.good_bands) == [False, True, False]
    assert (cube.nodata, cube.scale) == (-9999, 1e-4)
    assert cube.georeference.transform == tuple(transform)[:6]
    assert CRS.from_wkt(cube.georeference.crs_wkt).to_epsg() == 32633
    assert cube.wavelength_units_in_file == "Micrometers"


def test_geotiff_metadata_in_the_imagery_and_envi_domains(tmp_path):
    array = numbers((4, 5, 2))
    write_tif(tmp_path / "a.tif", array)
    with open_raster(tmp_path / "a.tif", "r+", driver="GTiff") as file:
        for band, um in ((1, "0.45"), (2, "0.55")):
            file.update_tags(band, ns="IMAGERY", CENTRAL_WAVELENGTH_UM=um, FWHM_UM="0.012")
    cube = open_cube(tmp_path / "a.tif")
    np.testing.assert_allclose(cube.wavelengths, [450, 550])
    np.testing.assert_allclose(cube.fwhm, 12)
    write_tif(
        tmp_path / "b.tif", array, tags={"wavelength": "{450, 550}", "wavelength_units": "nm"}
    )
    np.testing.assert_allclose(open_cube(tmp_path / "b.tif").wavelengths, [450, 550])
    write_tif(tmp_path / "c.tif", array)
    with open_raster(tmp_path / "c.tif", "r+", driver="GTiff") as file:
        file.descriptions = ("450 nm", "550 nm")
    np.testing.assert_allclose(open_cube(tmp_path / "c.tif").wavelengths, [450, 550])


def test_a_damaged_geotiff(tmp_path):
    write_tif(tmp_path / "a.tif", numbers((50, 50, 3)), compress="deflate")
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match=r"cut\.tif"):
        open_cube(tmp_path / "cut.tif").read()
    (tmp_path / "head.tif").write_bytes(whole[:8])
    with pytest.raises(FormatError, match=r"head\.tif is damaged"):
        open_cube(tmp_path / "head.tif")


def test_an_image_of_several_bands_is_no_label_map(tmp_path):
    write_tif(tmp_path / "a.tif", numbers((4, 5, 3), "u1"))
    with pytest.raises(FormatError, match="3 bands"):
        read_labels(tmp_path / "a.tif")


def test_neon_reflectance(tmp_path):
    array = numbers((6, 7, 4), "i2")
    with h5py.File(tmp_path / "NEON.h5", "w") as file:
        data = file.create_dataset("SOAP/Reflectance/Reflectance_Data", data=array)
        data.attrs["Scale_Factor"] = 10000.0
        data.attrs["Data_Ignore_Value"] = -9999.0
        data.attrs["Band_Window_1_Nanometers"] = [1340, 1445]
        meta = file.create_group("SOAP/Reflectance/Metadata")
        meta["Spectral_Data/Wavelength"] = [400.0, 800.0, 1400.0, 2000.0]
        meta["Spectral_Data/FWHM"] = [6.0] * 4
        meta["Coordinate_System/Map_Info"] = (
            "UTM,  1.000,  1.000,       298000.000,       4101000.000,       1.0000000e+00,"
            "       1.0000000e+00,  11,  North,  WGS-84,  units=Meters, 0"
        )
        meta["Coordinate_System/EPSG Code"] = "32611"
        meta["Ancillary_Imagery/Cast_Shadow"] = np.zeros((6, 7), "u1")
    cube = open_cube(tmp_path / "NEON.h5")
    np.testing.assert_array_equal(
        cube.read(slice(1, 5), slice(2, 7), [3, 0]), array[1:5, 2:7, [3, 0]]
    )
    assert cube.format_name == "NEON HDF5"
    assert list(cube.good_bands) == [True, True, False, True]
    assert (cube.nodata, cube.scale) == (-9999, 1e-4)
    assert cube.georeference.transform == (1, 0, 298000, 0, -1, 4101000)
    assert CRS.from_wkt(cube.georeference.crs_wkt).to_epsg() == 32611


def test_neon_radiance_is_stored_in_two_parts(tmp_path):
    whole, rest = numbers((6, 7, 3), "i2"), numbers((6, 7, 3), "u2") * 100
    whole[0, 0] = -9999
    with h5py.File(tmp_path / "NEON.h5", "w") as file:
        group = file.create_group("SERC/Radiance")
        group["RadianceIntegerPart"], group["RadianceDecimalPart"] = whole, rest
        group["RadianceIntegerPart"].attrs["Data_Ignore_Value"] = -9999
        group["RadianceDecimalPart"].attrs["Scale_Factor"] = 50000.0
        group["Metadata/Spectral_Data/Wavelength"] = [400.0, 800.0, 1400.0]
        group["Metadata/Coordinate_System/Map_Info"] = (
            "UTM, 1, 1, 298000, 4101000, 1, 1, 18, North, WGS-84, units=Meters, 0"
        )
    cube = open_cube(tmp_path / "NEON.h5")
    np.testing.assert_allclose(cube.read()[1:], whole[1:] + rest[1:] / 50000, rtol=1e-6)
    np.testing.assert_array_equal(cube.read(bands=[2, 0]), cube.read()[:, :, [2, 0]])
    assert not cube.is_data(cube.read())[0, 0].any()
    assert cube.georeference.transform == (1, 0, 298000, 0, -1, 4101000)


def test_emit_reflectance(tmp_path):
    array = numbers((6, 7, 5), "f4")
    with h5py.File(tmp_path / "EMIT.nc", "w") as file:
        data = file.create_dataset("reflectance", data=array, chunks=(3, 7, 5), compression="gzip")
        data.attrs["_FillValue"] = np.float32([-9999.0])
        file["sensor_band_parameters/wavelengths"] = np.linspace(381, 2493, 5, dtype="f4")
        file["sensor_band_parameters/fwhm"] = np.full(5, 8.4, "f4")
        file["sensor_band_parameters/good_wavelengths"] = np.array([1, 1, 0, 1, 1], "f4")
        file["location/lat"] = np.zeros((6, 7))
        file["location/lon"] = np.zeros((6, 7))
        file["location/glt_x"] = np.zeros((9, 9), "i4")
    cube = open_cube(tmp_path / "EMIT.nc")
    np.testing.assert_array_equal(cube.read(), array)
    assert cube.good_bands.sum() == 4
    assert cube.nodata == -9999
    assert cube.georeference is None
    assert "not georeferenced" in cube.warnings[0]
    np.testing.assert_array_equal(open_cube(f"{tmp_path / 'EMIT.nc'}:location/lat").read(), 0)


def test_aviris_netcdf(tmp_path):
    array = numbers((4, 6, 7), "f4")
    with h5py.File(tmp_path / "AV3.nc", "w") as file:
        data = file.create_dataset("reflectance/reflectance", data=array, chunks=(2, 6, 7))
        data.attrs["_FillValue"] = np.float32(-9999)
        file["reflectance/wavelength"] = np.array([400, 500, 600, 700], "f4")
        file["reflectance/fwhm"] = np.full(4, 7.4, "f4")
        file["easting"] = 500000.0 + 2.5 + 5.0 * np.arange(7)
        file["northing"] = 4000000.0 - 2.5 - 5.0 * np.arange(6)
        mapping = file.create_dataset("transverse_mercator", data=b"")
        mapping.attrs["spatial_ref"] = CRS.from_epsg(32611).to_wkt()
        mapping.attrs["GeoTransform"] = "500000.0 5.0 0.0 4000000.0 0.0 -5.0"
    cube = open_cube(tmp_path / "AV3.nc")
    assert cube.shape == (6, 7, 4)
    np.testing.assert_array_equal(cube.read(), array.transpose(1, 2, 0))
    assert cube.georeference.transform == (5, 0, 500000, 0, -5, 4000000)
    del cube
    with h5py.File(tmp_path / "AV3.nc", "r+") as file:
        del file["transverse_mercator"].attrs["GeoTransform"]
    again = open_cube(tmp_path / "AV3.nc").georeference
    assert again.transform == (5, 0, 500000, 0, -5, 4000000)
    assert CRS.from_wkt(again.crs_wkt).to_epsg() == 32611


def test_aviris_radiance_is_not_on_the_grid_of_its_lookup_table(tmp_path):
    with h5py.File(tmp_path / "AV3_L1B.nc", "w") as file:
        file["radiance/radiance"] = numbers((4, 6, 7), "f4")
        file["radiance/wavelength"] = np.array([400, 500, 600, 700], "f4")
        for name in ("line", "sample"):
            file[f"geolocation_lookup_table/{name}"] = np.zeros((6, 7), "i4")
        mapping = file.create_dataset("transverse_mercator", data=b"")
        mapping.attrs["spatial_ref"] = CRS.from_epsg(32611).to_wkt()
        mapping.attrs["GeoTransform"] = "500000.0 5.0 0.0 4000000.0 0.0 -5.0"
    cube = open_cube(tmp_path / "AV3_L1B.nc")
    assert cube.shape == (6, 7, 4)
    assert cube.georeference is None
    assert "not georeferenced" in cube.warnings[0]


def test_masks_of_emit_are_plain_cubes(tmp_path):
    array = numbers((6, 7, 8), "f4")
    with h5py.File(tmp_path / "EMIT_MASK.nc", "w") as file:
        file["mask"] = array
        file["location/lat"] = file["location/lon"] = np.zeros((6, 7))
        file["sensor_band_parameters/mask_bands"] = [f"flag {k}" for k in range(8)]
    cube = open_cube(tmp_path / "EMIT_MASK.nc")
    np.testing.assert_array_equal(cube.read(), array)
    assert cube.wavelengths is None
    assert cube.warnings == (SENSOR_GEOMETRY,)


@pytest.mark.parametrize("layout", ["GRIDS", "SWATHS"])
@pytest.mark.parametrize("epsg", [32613, None])
def test_tanager(tmp_path, layout, epsg):
    array = numbers((5, 6, 7), "f4")
    structure = (
        "GROUP=GridStructure\n\tGROUP=GRID_1\n\t\tXDim=7\n\t\tYDim=6\n"
        "\t\tUpperLeftPointMtrs=(500000.00,4000000.00)\n"
        "\t\tLowerRightMtrs=(500210.00,3999820.00)\n"
        "\t\tProjection=HE5_GCTP_UTM\n\t\tZoneCode=13\n"
    )
    with h5py.File(tmp_path / "sr.h5", "w") as file:
        fields = file.create_group(f"HDFEOS/{layout}/HYP/Data Fields")
        for name in ("surface_reflectance", "surface_reflectance_uncertainty"):
            fields[name] = array
        data = fields["surface_reflectance"]
        data.attrs["wavelengths"] = np.linspace(376, 2499, 5)
        data.attrs["fwhm"] = np.full(5, 5.0)
        data.attrs["_FillValue"] = np.float32(-9999)
        file["HDFEOS INFORMATION/StructMetadata.0"] = np.bytes_(structure)
        if epsg:
            file[f"HDFEOS/{layout}/HYP"].attrs["epsg_code"] = epsg
    cube = open_cube(tmp_path / "sr.h5")
    np.testing.assert_array_equal(cube.read(), array.transpose(1, 2, 0))
    assert (cube.wavelengths[-1], cube.fwhm[0], cube.nodata) == (2499, 5, -9999)
    if layout == "SWATHS":
        assert (cube.georeference, "not georeferenced" in cube.warnings[0]) == (None, True)
        return
    assert cube.georeference.transform == (30, 0, 500000, 0, -30, 4000000)
    assert CRS.from_wkt(cube.georeference.crs_wkt).to_epsg() == 32613


@pytest.mark.parametrize("kind", ["surface_reflectance", "toa_radiance"])
@pytest.mark.parametrize("listed", [None, 4])
@pytest.mark.parametrize("layout", ["GRIDS", "SWATHS"])
def test_tanager_without_the_wavelengths_of_its_bands(tmp_path, layout, listed, kind):
    array = numbers((9, 6, 7), "f4")
    structure = (
        "\t\tUpperLeftPointMtrs=(500000.00,4000000.00)\n"
        "\t\tLowerRightMtrs=(500210.00,3999820.00)\n\t\tProjection=HE5_GCTP_UTM\n\t\tZoneCode=-13\n"
    )
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset(f"HDFEOS/{layout}/HYP/Data Fields/{kind}", data=array)
        if listed:
            data.attrs["wavelengths"] = np.linspace(400, 700, listed)
        file["HDFEOS INFORMATION/StructMetadata.0"] = np.bytes_(structure)
    cube = open_cube(tmp_path / "a.h5")
    np.testing.assert_array_equal(cube.read(), array.transpose(1, 2, 0))
    assert cube.wavelengths is None
    assert "The file gives no wavelengths for its bands." in cube.warnings
    assert ('"wavelengths" has 4 entries for 9 bands; it is not used.' in cube.warnings) == bool(
        listed
    )
    if layout == "SWATHS":
        assert any("geometry of the sensor" in warning for warning in cube.warnings)
        return
    assert cube.georeference.transform == (30, 0, 500000, 0, -30, 4000000)
    assert CRS.from_wkt(cube.georeference.crs_wkt).to_epsg() == 32713


def test_pace_level_1b(tmp_path):
    """Three detectors, bands first, whose ranges overlap."""
    centres = {"blue": [400.0, 500.0, 606.0], "red": [600.0, 700.0], "SWIR": [940.0, 2258.0]}
    with h5py.File(tmp_path / "PACE_OCI.L1B.nc", "w") as file:
        for k, (name, nm) in enumerate(centres.items()):
            file[f"sensor_band_parameters/{name}_wavelength"] = np.array(nm, "f4")
            data = np.full((len(nm), 6, 7), k, "f4") + np.arange(len(nm))[:, None, None] / 10
            file[f"observation_data/rhot_{name}"] = data.astype("f4")
            file[f"observation_data/rhot_{name}"].attrs["_FillValue"] = np.float32(-32767)
    cube = open_cube(tmp_path / "PACE_OCI.L1B.nc")
    assert cube.shape == (6, 7, 7)
    np.testing.assert_allclose(cube.wavelengths, [400, 500, 600, 606, 700, 940, 2258], rtol=1e-6)
    np.testing.assert_allclose(cube.read()[3, 4], [0, 0.1, 1, 0.2, 1.1, 2, 2.1], rtol=1e-6)
    assert cube.nodata == -32767


def test_pace_level_2_has_an_offset(tmp_path):
    stored = numbers((6, 7, 3), "i2")
    stored[0, 0, 0] = -32767
    with h5py.File(tmp_path / "PACE_OCI.L2.nc", "w") as file:
        data = file.create_dataset("geophysical_data/rhos", data=stored)
        data.attrs.update({"scale_factor": 2e-6, "add_offset": 0.05})
        data.attrs["_FillValue"] = np.int16(-32767)
        file["navigation_data/latitude"] = file["navigation_data/longitude"] = np.zeros((6, 7))
        file["sensor_band_parameters/wavelength_3d"] = np.array([350, 555, 700], "f4")
        file["sensor_band_parameters/wavelength_3d"].attrs["units"] = "nm"
    cube = open_cube(tmp_path / "PACE_OCI.L2.nc")
    values = cube.read()
    assert np.isnan(values[0, 0, 0])
    np.testing.assert_allclose(values[1:], stored[1:] * 2e-6 + 0.05, rtol=1e-5)
    np.testing.assert_array_equal(cube.read(bands=[2, 0])[1:], values[1:, :, [2, 0]])
    assert (cube.nodata, cube.scale, cube.wavelengths[1]) == (None, 1.0, 555)
    assert cube.warnings == (SENSOR_GEOMETRY,)


def test_prisma_level_2d(tmp_path):
    vnir, swir = numbers((6, 4, 7)), numbers((6, 3, 7))
    vnir[0, :, 0] = swir[0, :, 0] = 0  # no data; a single 0 is a value
    swir[3, 1, 4] = vnir[3, 2, 4] = 0
    with h5py.File(tmp_path / "PRS_L2D.he5", "w") as file:
        fields = "HDFEOS/SWATHS/PRS_L2D_HCO/Data Fields"
        file[f"{fields}/VNIR_Cube"] = vnir
        file[f"{fields}/SWIR_Cube"] = swir
        file.attrs["List_Cw_Vnir"] = [800.0, 600.0, 400.0, 0.0]
        file.attrs["List_Cw_Vnir_Flags"] = [1, 1, 1, 0]
        file.attrs["List_Fwhm_Vnir"] = [12.0, 11.0, 10.0, 0.0]
        file.attrs["List_Cw_Swir"] = [2400.0, 1600.0, 1000.0]
        file.attrs["List_Cw_Swir_Flags"] = [1, 1, 1]
        file.attrs["List_Fwhm_Swir"] = [9.0, 9.0, 9.0]
        for sensor, low, high in (("Vnir", 0.0, 1.31070), ("Swir", 0.1, 0.75535)):
            file.attrs[f"L2Scale{sensor}Min"], file.attrs[f"L2Scale{sensor}Max"] = low, high
        file.attrs["Epsg_Code"] = 32632
        file.attrs["Product_ULcorner_easting"] = 500015.0
        file.attrs["Product_ULcorner_northing"] = 4999985.0
        file.attrs["Product_LRcorner_easting"] = 500015.0 + 6 * 30
        file.attrs["Product_LRcorner_northing"] = 4999985.0 - 5 * 30
    cube = open_cube(tmp_path / "PRS_L2D.he5")
    assert cube.shape == (6, 7, 6)
    assert list(cube.wavelengths) == [400, 600, 800, 1000, 1600, 2400]
    assert list(cube.fwhm) == [10, 11, 12, 9, 9, 9]
    values = cube.read()
    assert np.isnan(values[0, 0]).all()
    assert np.count_nonzero(np.isnan(values)) == 6
    np.testing.assert_allclose(values[3, 4, [0, 4]], [0, 0.1], atol=1e-7)
    np.testing.assert_allclose(values[1, 2, 0], vnir[1, 2, 2] * 2e-5, rtol=1e-5)
    np.testing.assert_allclose(values[1, 2, 5], 0.1 + swir[1, 0, 2] * 1e-5, rtol=1e-4)
    np.testing.assert_array_equal(cube.read(slice(2, 3), bands=[4, 0]), values[2:3, :, [4, 0]])
    assert cube.georeference.transform == (30, 0, 500000, 0, -30, 5000000)


@pytest.mark.parametrize("mission", ["EnMAP", "DESIS"])
def test_enmap_and_desis_folders(tmp_path, mission):
    array = numbers((5, 6, 3), "i2")
    enmap = mission == "EnMAP"
    stem = "ENMAP01-____L2A-DT01_20220724T104526Z" if enmap else "DESIS-HSI-L2A-DT01_006"
    image = tmp_path / f"{stem}-SPECTRAL_IMAGE.{'TIF' if enmap else 'tif'}"
    write_tif(
        image, array, nodata=-32768, crs="EPSG:32633", transform=Affine(30, 0, 1e5, 0, -30, 5e6)
    )
    write_tif(tmp_path / f"{stem}-QL_QUALITY_CLASSES.TIF", array[:, :, :1])
    width, prefix = ("FWHM", "Gain") if enmap else ("wavelengthWidth", "gain")
    items = (
        f"<wavelengthCenterOfBand>{w}</wavelengthCenterOfBand><{width}OfBand>6.5</{width}OfBand>"
        f"<{prefix}OfBand>0.0001</{prefix}OfBand>"
        for w in (418.4, 424.0, 2445.5)
    )
    bands = "".join(
        f'<bandID number="{i}">{item}</bandID>'
        if enmap
        else f"<band><bandNumber>{i}</bandNumber>{item}</band>"
        for i, item in reversed(list(enumerate(items, start=1)))
    )
    xml = tmp_path / f"{stem}-METADATA.{'XML' if enmap else 'xml'}"
    inner = f"<bandCharacterisation>{bands}</bandCharacterisation>"
    xml.write_text(f"<level_X><specific>{inner}</specific></level_X>")
    for source in (tmp_path, image, xml):
        cube = open_cube(source)
        assert cube.format_name == f"{mission} GeoTIFF"
        np.testing.assert_array_equal(cube.read(), array)
        assert list(cube.wavelengths) == [418.4, 424.0, 2445.5]
        assert list(cube.fwhm) == [6.5] * 3
        assert (cube.nodata, cube.scale) == (-32768, 1e-4)
    xml.write_text("<level_X>")
    with pytest.raises(FormatError, match="not readable XML"):
        open_cube(tmp_path)


def enmap_xml(path, centres, gains, offsets):
    bands = "".join(
        f'<bandID number="{k}"><wavelengthCenterOfBand>{nm}</wavelengthCenterOfBand>'
        f"<FWHMOfBand>7</FWHMOfBand><GainOfBand>{gain}</GainOfBand>"
        f"<OffsetOfBand>{offset}</OffsetOfBand></bandID>"
        for k, (nm, gain, offset) in enumerate(zip(centres, gains, offsets, strict=True), start=1)
    )
    background = "<backgroundValue>-32768</backgroundValue>"
    path.write_text(f"<level_X><specific>{background}<bands>{bands}</bands></specific></level_X>")


def test_gains_that_differ_from_band_to_band_are_applied(tmp_path):
    array = numbers((5, 6, 3), "i2")
    array[0, 0] = -32768
    write_tif(tmp_path / "E-SPECTRAL_IMAGE.TIF", array)
    enmap_xml(tmp_path / "E-METADATA.XML", (418, 424, 2445), (0.1, 0.2, 0.3), (0, 0.5, -1))
    cube = open_cube(tmp_path)
    expected = array * np.array([0.1, 0.2, 0.3]) + np.array([0, 0.5, -1])
    np.testing.assert_allclose(cube.read()[1:], expected[1:], rtol=1e-5)
    np.testing.assert_allclose(cube.read(bands=[2, 0])[1:], expected[1:, :, [2, 0]], rtol=1e-5)
    assert np.isnan(cube.read()[0, 0]).all()
    assert (cube.nodata, cube.scale, cube.dtype) == (None, 1.0, np.float32)


def test_the_two_images_of_enmap_level_1b(tmp_path):
    enmap_xml(tmp_path / "E-METADATA.XML", (400, 500, 900, 1000, 2000), [1e-4] * 5, [0] * 5)
    for detector, nm in (("VNIR", [400, 500, 900]), ("SWIR", [1000, 2000])):
        image = tmp_path / f"E-SPECTRAL_IMAGE_{detector}.GEOTIFF"
        write_tif(image, numbers((5, 6, len(nm)), "i2"))
        cube = open_cube(image)
        assert list(cube.wavelengths) == nm
        assert (cube.scale, cube.nodata, cube.warnings) == (1e-4, -32768, ())
    for source in (tmp_path, tmp_path / "E-METADATA.XML"):
        cube = open_cube(source)
        assert list(cube.wavelengths) == [400, 500, 900]
        assert "E-SPECTRAL_IMAGE_SWIR.GEOTIFF beside it can be opened by name" in cube.warnings[0]
    xml = (tmp_path / "E-METADATA.XML").read_text().replace("OfBand>400<", "OfBand>blue<")
    (tmp_path / "E-METADATA.XML").write_text(xml)
    with pytest.raises(
        FormatError, match=r"METADATA\.XML contains text where " r"a number is expected"
    ):
        open_cube(tmp_path)


@pytest.mark.parametrize("suffix", [".BSQ", ".BIL", ".BIP"])
def test_enmap_in_the_layout_of_envi(tmp_path, suffix):
    array = numbers((5, 6, 3), "i2")
    write_cube(HyperCube.from_array(array), tmp_path / "a.hdr", interleave=suffix[1:].lower())
    (tmp_path / "a.img").rename(tmp_path / f"E-SPECTRAL_IMAGE{suffix}")
    text = (tmp_path / "a.hdr").read_text("utf-8")
    (tmp_path / "E-SPECTRAL_IMAGE.HDR").write_text(f"{text}bbl = {{1, 1}}\n", "utf-8")
    write_tif(tmp_path / "E-QL_PIXELMASK.TIF", numbers((5, 6, 1)))
    enmap_xml(tmp_path / "E-METADATA.XML", (418, 424, 2445), [1e-4] * 3, [0] * 3)
    for name in (".", f"E-SPECTRAL_IMAGE{suffix}", "E-METADATA.XML"):
        cube = open_cube(tmp_path / name)
        np.testing.assert_array_equal(cube.read(), array)
        assert list(cube.wavelengths) == [418, 424, 2445]
        assert (cube.scale, cube.nodata) == (1e-4, -32768)
        assert cube.interleave == suffix[1:].lower()
        assert any("bbl" in text for text in cube.warnings), cube.warnings


def test_an_xml_bomb_is_an_error(tmp_path):
    write_tif(tmp_path / "A-SPECTRAL_IMAGE.TIF", numbers((2, 2, 1)))
    levels = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    (tmp_path / "A-METADATA.XML").write_text(
        f'<!DOCTYPE x [<!ENTITY e0 "lol">{levels}]><x>&e11;</x>'
    )
    with pytest.raises(FormatError, match="not readable XML"):
        open_cube(tmp_path)


@pytest.mark.real_data
def test_real_neon_crops(data_dir):
    for name, dtype in (("neon_11x11x369_int16", "int16"), ("neon_27x10x369_float32_lzw", None)):
        path = data_dir / "geotiff" / f"{name}.tif"
        cube = open_cube(path)
        with open_raster(path, driver="GTiff") as file:
            expected = file.read().transpose(1, 2, 0)
        assert cube.interleave == "bip"
        assert dtype is None or cube.dtype.name == dtype
        np.testing.assert_array_equal(cube.read(), expected)
        np.testing.assert_array_equal(
            cube.read(slice(2, 9, 3), bands=[5, 300]), expected[2:9:3, :, [5, 300]]
        )


@pytest.mark.parametrize("factors", [(40, 80), (50, 100)])
def test_a_folder_of_hyperion_bands(tmp_path, factors):
    """Radiance by the factors of the two detectors; bands without calibration hold 0."""
    bands = [1, 8, 20, 57, 70, 71, 77, 100, 224, 242]
    stored = numbers((6, 5, len(bands)), "i2")
    stored[:, :, [0, 5, 9]] = 0
    stored[:2] = 0  # beside the scene
    stored[3, 3, :8] = 0
    stored[3, 3, 2] = 9  # 0 in some bands is a value
    for k, band in enumerate(bands):
        name = f"EO1H0440342002212110PY_B{band:03}_L1T.TIF"
        write_tif(tmp_path / name, stored[:, :, [k]], crs="EPSG:32618")
    if factors != (40, 80):
        text = f"SCALING_FACTOR_VNIR = {factors[0]}\n SCALING_FACTOR_SWIR = {factors[1]}.0\n"
        (tmp_path / "EO1H0440342002212110PY_MTL_L1T.TXT").write_text(text)
    cube = open_cube(tmp_path)
    expected = stored / np.where(np.array(bands) <= 70, *factors)
    expected[:2] = np.nan
    np.testing.assert_allclose(cube.read(), expected, rtol=1e-6)
    np.testing.assert_allclose(cube.read(bands=[6, 1]), expected[:, :, [6, 1]], rtol=1e-6)
    known = [355.59, 426.82, 548.92, 925.41, 1057.68, 851.92, 912.45, 1144.48, 2395.50, 2577.08]
    np.testing.assert_allclose(cube.wavelengths, known, atol=0.02)
    assert np.flatnonzero(~cube.good_bands).tolist() == [0, 4, 5, 9]
    assert f"divided by {factors[0]} (bands 1 to 70) and {factors[1]}" in cube.warnings[0]
    assert "4 bands are not calibrated" in cube.warnings[1]


def test_neon_names_its_system_by_its_code_where_its_map_info_does_not(tmp_path):
    with h5py.File(tmp_path / "NEON.h5", "w") as file:
        file["SOAP/Reflectance/Reflectance_Data"] = numbers((6, 7, 3), "i2")
        file["SOAP/Reflectance/Reflectance_Data"].attrs["Scale_Factor"] = 10000.0
        meta = file.create_group("SOAP/Reflectance/Metadata")
        meta["Spectral_Data/Wavelength"] = [400.0, 800.0, 1400.0]
        meta["Spectral_Data/FWHM"] = [6.0] * 3
        meta["Coordinate_System/Map_Info"] = "Arbitrary, 1, 1, 298000, 4101000, 2, 3"
        meta["Coordinate_System/EPSG Code"] = "32611"
    cube = open_cube(tmp_path / "NEON.h5")
    assert cube.georeference.transform == (2, 0, 298000, 0, -3, 4101000)
    assert CRS.from_wkt(cube.georeference.crs_wkt).to_epsg() == 32611


def test_bands_of_another_number_than_the_image_has_give_no_wavelengths(tmp_path):
    image = tmp_path / "ENMAP01-____L2A-DT01_20220724T104526Z-SPECTRAL_IMAGE.TIF"
    write_tif(image, numbers((5, 6, 3), "i2"))
    enmap_xml(image.with_name(image.name.replace("SPECTRAL_IMAGE.TIF", "METADATA.XML")),
              (420, 430), (1e-4, 1e-4), (0, 0))  # fmt: skip
    cube = open_cube(image)
    assert cube.wavelengths is None
    assert any("describes 2 bands, the image has 3" in warning for warning in cube.warnings)


def write_prisma(path, sensors, shape=(6, 3, 7), level="L2D", scales=(0.0, 1.3107)):
    """A product of level 1 or 2 with some of the two detectors, 600 and 1600 nm in the middle."""
    array = numbers(shape)
    with h5py.File(path, "w") as file:
        for sensor in ("Vnir", "Swir"):
            middle = 600.0 if sensor == "Vnir" else 1600.0
            file.attrs[f"List_Cw_{sensor}"] = middle + np.array([200.0, 0.0, -200.0])
            file.attrs[f"List_Fwhm_{sensor}"] = [12.0, 11.0, 10.0]
            if level == "L1":
                file.attrs[f"ScaleFactor_{sensor}"], file.attrs[f"Offset_{sensor}"] = scales
            else:
                file.attrs[f"L2Scale{sensor}Min"], file.attrs[f"L2Scale{sensor}Max"] = scales
            if sensor in sensors:
                fields = f"HDFEOS/SWATHS/PRS_{level}_HCO/Data Fields"
                file[f"{fields}/{sensor.upper()}_Cube"] = array
        file.attrs["Epsg_Code"] = 32632
        for end, east, north in (("UL", 500015.0, 4999985.0), ("LR", 500195.0, 4999835.0)):
            file.attrs[f"Product_{end}corner_easting"] = east
            file.attrs[f"Product_{end}corner_northing"] = north
    return array


@pytest.mark.parametrize(("sensor", "middle"), [("Vnir", 600), ("Swir", 1600)])
def test_prisma_of_one_detector(tmp_path, sensor, middle):
    array = write_prisma(tmp_path / "PRS.he5", [sensor])
    cube = open_cube(tmp_path / "PRS.he5")
    assert cube.format_name == "PRISMA HDF5"
    assert list(cube.wavelengths) == [middle - 200, middle, middle + 200]
    assert list(cube.fwhm) == [10, 11, 12]
    np.testing.assert_allclose(cube.read(), array.transpose(0, 2, 1)[:, :, ::-1] * 2e-5, rtol=1e-5)
    assert cube.georeference.transform == (30, 0, 500000, 0, -30, 5000000)


def test_prisma_of_one_row_has_no_grid(tmp_path):
    write_prisma(tmp_path / "PRS.he5", ["Vnir", "Swir"], (1, 3, 7))
    cube = open_cube(tmp_path / "PRS.he5")
    assert cube.shape == (1, 7, 6)
    assert (cube.georeference, cube.warnings) == (None, (SENSOR_GEOMETRY,))


def test_prisma_level_1_is_radiance(tmp_path):
    array = write_prisma(tmp_path / "PRS.he5", ["Vnir"], level="L1", scales=(100.0, 2.0))
    found = open_cube(tmp_path / "PRS.he5").read()
    np.testing.assert_allclose(found, array.transpose(0, 2, 1)[:, :, ::-1] / 100 - 2, rtol=1e-5)
    write_prisma(tmp_path / "PRS.he5", ["Vnir"], level="L1", scales=(0.0, 2.0))
    with pytest.raises(FormatError, match="0 is not a scale"):
        open_cube(tmp_path / "PRS.he5")


@pytest.mark.parametrize(
    "text", ["SCALING_FACTOR_VNIR = 0", "none", "SCALING_FACTOR_VNIR = 50\n" * 60_000]
)
def test_factors_of_hyperion_that_are_none_are_the_usual_ones(tmp_path, text):
    stored = numbers((3, 4, 1), "i2")
    for band in (20, 100):
        write_tif(tmp_path / f"EO1H0440342002212110PY_B{band:03}_L1T.TIF", stored)
    (tmp_path / "EO1H0440342002212110PY_MTL_L1T.TXT").write_text(text)
    np.testing.assert_allclose(open_cube(tmp_path).read(), stored / [40, 80], rtol=1e-6)


def test_a_band_of_enmap_without_a_wavelength_is_not_counted(tmp_path):
    image = tmp_path / "ENMAP01-____L2A-DT01_20220724T104526Z-SPECTRAL_IMAGE.TIF"
    xml = image.with_name(image.name.replace("SPECTRAL_IMAGE.TIF", "METADATA.XML"))
    write_tif(image, numbers((5, 6, 2), "i2"))
    enmap_xml(xml, (420, 430, 440), (1e-4,) * 3, (0,) * 3)
    text = xml.read_text()
    named = "<wavelengthCenterOfBand>430</wavelengthCenterOfBand>"
    assert named in text
    xml.write_text(text.replace(named, ""))
    assert list(open_cube(image).wavelengths) == [420, 440]


def test_a_code_that_is_no_system_is_a_place_without_one(tmp_path):
    write_prisma(tmp_path / "PRS.he5", ["Vnir"])
    for code in (0, 999999, 2**40):
        with h5py.File(tmp_path / "PRS.he5", "r+") as file:
            file.attrs["Epsg_Code"] = code
        place = open_cube(tmp_path / "PRS.he5").georeference
        assert (place.transform[:3], place.crs_wkt) == ((30, 0, 500000), None)

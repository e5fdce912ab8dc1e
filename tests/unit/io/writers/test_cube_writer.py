"""Cubes written whole or in part read back as they were."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import rasterio
import scipy.io
from rasterio.crs import CRS

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.sidecars import sidecar
from hsi_viewer.io.writers import cube_writer
from hsi_viewer.io.writers.cube_writer import probabilities_cube, write_cube
from hsi_viewer.io.writers.subset import Subset, subset_cube

ARRAY = np.random.default_rng(2).integers(-100, 9000, (30, 20, 6)).astype("i2")
GEOREFERENCE = Georeference((2.0, 0.5, 1000.0, 0.5, -2.0, 5000.0), CRS.from_epsg(32633).to_wkt())


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    monkeypatch.setattr(cube_writer, "TILE_BYTES", 2000)


def scene(array=ARRAY, **changes):
    n = array.shape[2]
    fields = {
        "wavelengths": 400.0 + 100 * np.arange(n),
        "fwhm": np.full(n, 7.5),
        "good_bands": np.arange(n) != 4,
        "nodata": -100.0,
        "scale": 1e-4,
        "georeference": GEOREFERENCE,
        "default_bands": (3, 2, 1),
    }
    return HyperCube.from_array(array, name="scene", **fields | changes)


@pytest.mark.parametrize("interleave", ["bsq", "bil", "bip"])
def test_envi_keeps_values_and_metadata(tmp_path, interleave):
    write_cube(scene(), tmp_path / "a.hdr", interleave=interleave)
    back = open_cube(tmp_path / "a.hdr")
    np.testing.assert_array_equal(back.read(), ARRAY)
    assert back.interleave == interleave
    np.testing.assert_array_equal(back.wavelengths, scene().wavelengths)
    np.testing.assert_array_equal(back.fwhm, scene().fwhm)
    np.testing.assert_array_equal(back.good_bands, scene().good_bands)
    assert (back.nodata, back.default_bands) == (-100, (3, 2, 1))
    assert back.scale == pytest.approx(1e-4)
    np.testing.assert_allclose(back.georeference.transform, GEOREFERENCE.transform, rtol=1e-12)


def test_geotiff_keeps_values_and_metadata(tmp_path):
    write_cube(scene(), tmp_path / "a.tif")
    back = open_cube(tmp_path / "a.tif")
    np.testing.assert_array_equal(back.read(), ARRAY)
    np.testing.assert_array_equal(back.wavelengths, scene().wavelengths)
    np.testing.assert_array_equal(back.fwhm, scene().fwhm)
    np.testing.assert_array_equal(back.good_bands, scene().good_bands)
    assert (back.nodata, back.scale, back.default_bands) == (-100, 1e-4, (3, 2, 1))
    with open_raster(tmp_path / "a.tif", driver="GTiff") as file:
        assert file.crs == CRS.from_epsg(32633)
        assert tuple(file.transform)[:6] == GEOREFERENCE.transform
        assert file.compression.name == "deflate"


@pytest.mark.parametrize("suffix", [".npy", ".mat", ".zarr"])
def test_plain_formats(tmp_path, suffix):
    write_cube(scene(), tmp_path / f"a{suffix}")
    back = open_cube(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(back.read(), ARRAY)
    if suffix != ".npy":
        np.testing.assert_array_equal(back.wavelengths, scene().wavelengths)
    write_cube(scene(ARRAY + 1), tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(open_cube(tmp_path / f"a{suffix}").read(), ARRAY + 1)
    assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", [".mat", ".zarr"])
def test_all_metadata_is_kept(tmp_path, suffix):
    names = ("a", "b, c", "µ", "", "e", "f")
    write_cube(scene(band_names=names), tmp_path / f"a{suffix}")
    back = open_cube(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(back.fwhm, scene().fwhm)
    np.testing.assert_array_equal(back.good_bands, scene().good_bands)
    assert (back.nodata, back.scale, back.default_bands) == (-100, 1e-4, (3, 2, 1))
    assert back.band_names == names
    assert (back.georeference.transform, back.georeference.crs_wkt) == (
        GEOREFERENCE.transform,
        GEOREFERENCE.crs_wkt,
    )
    assert back.warnings == ()


@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".mat", ".zarr"])
@pytest.mark.parametrize("scale", [1e-4, 0.5, 2.0, 300.0])
@pytest.mark.parametrize("nodata", [None, float("nan"), float("inf"), -9.0])
def test_any_scale_and_nodata_are_kept(tmp_path, suffix, scale, nodata):
    path = tmp_path / f"a{suffix}"
    write_cube(scene(ARRAY[:2, :3].astype("f4"), scale=scale, nodata=nodata), path)
    back = open_cube(path)
    assert back.scale == pytest.approx(scale, rel=1e-15)
    np.testing.assert_equal(back.nodata, nodata)


@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".mat", ".npy", ".zarr"])
@pytest.mark.parametrize(
    "shape", [(1, 1, 6), (1, 7, 1), (7, 1, 1), (1, 1, 1), (1, 5, 2), (3, 4, 1)]
)
def test_slender_cubes_come_back_in_their_shape(tmp_path, suffix, shape):
    array = np.arange(np.prod(shape), dtype="f8").reshape(shape)
    path = tmp_path / f"a{suffix}"
    write_cube(scene(array, default_bands=None), path)
    back = open_cube(path)
    np.testing.assert_array_equal(back.read(), array)
    if suffix != ".npy":
        np.testing.assert_array_equal(back.wavelengths, scene(array).wavelengths)


def test_units_that_somebody_writes_in_matlab_are_read(tmp_path):
    variables = {
        "data": ARRAY,
        "lambda": 0.4 + 0.1 * np.arange(6),
        "wavelength_unit": "Micrometers",
    }
    scipy.io.savemat(tmp_path / "a.mat", variables)
    back = open_cube(tmp_path / "a.mat")
    np.testing.assert_allclose(back.wavelengths, scene().wavelengths)
    assert (back.wavelength_units_in_file, back.warnings) == ("Micrometers", ())


@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".mat", ".zarr"])
def test_scale_and_offset_stay_together(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_cube(scene(scale=0.5, offset=-0.25), path)
    back = open_cube(path)
    assert (back.scale, back.offset) == (0.5, -0.25)
    np.testing.assert_array_equal(back.spectrum(3, 4)[:2], ARRAY[3, 4, :2] * 0.5 - 0.25)
    if suffix in (".hdr", ".tif"):
        envi = suffix == ".hdr"
        data = path.with_suffix(".img") if envi else path
        with open_raster(data, driver="ENVI" if envi else "GTiff") as file:
            assert (set(file.scales), set(file.offsets)) == ({0.5}, {-0.25})


def test_what_is_in_the_way_is_not_replaced(tmp_path):
    for name in ("a.tif", "a.hdr", "a.zarr"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo").touch()
        with pytest.raises(ExportError, match=r"folder of this name|not a Zarr store"):
            write_cube(scene(), tmp_path / name)
        assert [p.name for p in (tmp_path / name).iterdir()] == ["photo"]
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "home") == [
        "a.hdr",
        "a.tif",
        "a.zarr",
    ]


def test_a_header_of_other_data_is_not_replaced(tmp_path):
    write_cube(scene(), tmp_path / "a.hdr")
    (tmp_path / "a.img").rename(tmp_path / "a.dat")
    before = (tmp_path / "a.hdr").read_bytes()
    for name in ("a.hdr", "a.img"):  # of which a.hdr would be found, before a.dat
        with pytest.raises(ExportError, match=r"a\.hdr is the header of a\.dat"):
            write_cube(open_cube(tmp_path / "a.dat"), tmp_path / name, Subset(rows=(0, 3)))
    assert (tmp_path / "a.hdr").read_bytes() == before
    assert not (tmp_path / "a.img").exists()


@pytest.mark.parametrize("name", ["b.img.hdr", "b.img"])
def test_a_header_named_after_its_data_is_kept_in_use(tmp_path, name):
    (tmp_path / "b.img.hdr").write_text("ENVI\n")
    written = write_cube(scene(), tmp_path / name)
    assert written == [tmp_path / "b.img.hdr", tmp_path / "b.img"]
    np.testing.assert_array_equal(open_cube(tmp_path / "b.img").read(), ARRAY)


@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".npy", ".mat", ".zarr"])
def test_a_file_is_written_onto_itself(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_cube(scene(), path)
    sidecar.edited(path, nodata=5.0)
    write_cube(open_cube(path), path, Subset(rows=(3, 20)))
    back = open_cube(path)
    np.testing.assert_array_equal(back.read(), ARRAY[3:20])
    assert back.nodata == (None if suffix == ".npy" else 5.0)
    assert not [p.name for p in tmp_path.iterdir() if p.name.endswith("hsi.json")]


def test_side_files_of_gdal_go_with_the_image(tmp_path):
    pole = CRS.from_proj4(
        "+proj=ob_tran +o_proj=longlat +o_lon_p=-162 +o_lat_p=39.25 +lon_0=180 "
        "+to_meter=0.0174532925199433"
    )
    rotated = scene(georeference=Georeference(GEOREFERENCE.transform, pole.to_wkt()))
    files = write_cube(rotated, tmp_path / "a.tif")
    assert [p.name for p in files] == ["a.tif", "a.tif.aux.xml"]
    with rasterio.open(tmp_path / "a.tif", driver="GTiff") as file:  # as other programs do
        assert file.crs == pole
    assert CRS.from_wkt(open_cube(tmp_path / "a.tif").georeference.crs_wkt) == pole
    write_cube(scene(), tmp_path / "a.tif")
    assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == ["a.tif"]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are Unix's")
@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".npy", ".mat"])
def test_a_disk_that_is_full_at_any_byte_leaves_the_old_file(tmp_path, suffix):
    import resource

    path = tmp_path / f"a{suffix}"
    write_cube(scene(), path)
    size = max(p.stat().st_size for p in tmp_path.glob("a.*"))
    names = sorted(p.name for p in tmp_path.iterdir())
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in range(64, size - 64, 509):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, old[1]))
        try:
            with pytest.raises(ExportError, match=r"could not be written.*free some space"):
                write_cube(scene(ARRAY - 1), path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
        np.testing.assert_array_equal(open_cube(path).read(), ARRAY)
        assert sorted(p.name for p in tmp_path.iterdir()) == names


def test_true_and_false_are_written_as_bytes(tmp_path):
    write_cube(scene(ARRAY > 0), tmp_path / "a.tif")
    np.testing.assert_array_equal(open_cube(tmp_path / "a.tif").read(), ARRAY > 0)


@pytest.mark.parametrize(("dtype", "nodata"), [("u2", -9999.0), ("f4", -1.7976931348623157e308)])
def test_a_nodata_value_that_the_type_does_not_have_is_left_out(tmp_path, dtype, nodata):
    write_cube(scene(abs(ARRAY).astype(dtype), nodata=nodata), tmp_path / "a.tif")
    assert open_cube(tmp_path / "a.tif").nodata is None


def test_a_store_that_a_killed_process_had_put_aside_comes_back(tmp_path):
    write_cube(scene(), tmp_path / "a.zarr")
    (tmp_path / "a.zarr").rename(tmp_path / ".a.zarr.999999999-0123abcd.old")
    (tmp_path / ".a.999999999-0123abcd.zarr").mkdir()
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        write_cube(scene(ARRAY + 1), tmp_path / "a.zarr", token=token)
    np.testing.assert_array_equal(open_cube(tmp_path / "a.zarr").read(), ARRAY)
    assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == ["a.zarr"]


def test_matlab_sees_the_cube(tmp_path):
    write_cube(scene(), tmp_path / "a.mat")
    np.testing.assert_array_equal(scipy.io.loadmat(tmp_path / "a.mat")["cube"], ARRAY)


def test_a_window_with_some_bands(tmp_path):
    subset = Subset(rows=(3, 17), columns=(5, 9), bands=(5, 0, 2))
    write_cube(scene(), tmp_path / "a.hdr", subset)
    back = open_cube(tmp_path / "a.hdr")
    np.testing.assert_array_equal(back.read(), ARRAY[3:17, 5:9][:, :, [5, 0, 2]])
    assert list(back.wavelengths) == [900, 400, 600]
    assert back.default_bands is None
    a, b, c, d, e, f = GEOREFERENCE.transform
    expected = (a, b, c + 5 * a + 3 * b, d, e, f + 5 * d + 3 * e)
    np.testing.assert_allclose(back.georeference.transform, expected, rtol=1e-12)
    with open_raster(tmp_path / "a.img", driver="ENVI") as file:
        np.testing.assert_allclose(tuple(file.transform)[:6], expected, rtol=1e-12)


@pytest.mark.real_data
def test_a_window_of_a_rotated_envi_scene_lies_right(tmp_path, data_dir):
    name = "ang20140912t192359_corr_v1c_img_2580-2590_540-550.hdr"
    cube = open_cube(data_dir / "envi" / name)
    write_cube(cube, tmp_path / "a.hdr", Subset(rows=(4, 9), columns=(2, 8), bands=(9, 30)))
    back = open_cube(tmp_path / "a.hdr")
    assert back.georeference.map_xy(0, 0) == pytest.approx(cube.georeference.map_xy(4, 2), abs=1e-6)
    with open_raster(tmp_path / "a.img", driver="ENVI") as file:
        corner = file.transform.c, file.transform.f
        assert corner == pytest.approx(cube.georeference.map_xy(4, 2), abs=1e-6)
        assert file.crs.to_epsg() == 32613
    assert len(back.metadata["correction factors"].split(",")) == 2


def test_resampled_bands(tmp_path):
    write_cube(scene(), tmp_path / "a.hdr", Subset(wavelengths=(450.0, 750.0, 900.0)))
    back = open_cube(tmp_path / "a.hdr")
    values = np.where(ARRAY == -100, np.nan, ARRAY.astype("f4"))
    np.testing.assert_allclose(back.read()[:, :, 0], (values[:, :, 0] + values[:, :, 1]) / 2)
    # 800 nm is marked bad, so that 750 nm lies between 700 and 900 nm
    expected = values[:, :, 3] + (values[:, :, 5] - values[:, :, 3]) / 4
    np.testing.assert_allclose(back.read()[:, :, 1], expected, rtol=1e-5)
    np.testing.assert_array_equal(back.read()[:, :, 2], values[:, :, 5])
    assert np.isnan(back.nodata)


def test_lists_of_the_old_bands_are_not_kept_for_the_new(tmp_path):
    lists = {"gains": "{1, 2, 3, 4, 5, 6}", "sensor": "x"}
    write_cube(
        scene(format_name="ENVI", metadata=lists),
        tmp_path / "a.hdr",
        Subset(wavelengths=(450.0, 750.0)),
    )
    assert open_cube(tmp_path / "a.hdr").metadata == {"sensor": "x"}


@pytest.mark.parametrize(
    ("subset", "message"),
    [
        (Subset(rows=(0, 31)), "rows 0 to 31 are not within 0 to 30"),
        (Subset(columns=(5, 5)), "columns 5 to 5"),
        (Subset(bands=(6,)), "Band numbers must be between 0 and 5"),
        (Subset(bands=()), "Band numbers must"),
        (Subset(wavelengths=(350.0,)), "reaches from 400 to 900 nm; 350 to 350 nm"),
        (Subset(wavelengths=(450.0, float("nan"))), "must be numbers"),
        (Subset(wavelengths=(450.0,), bands=(1,)), "either bands or wavelengths"),
    ],
)
def test_a_subset_outside_is_refused(subset, message):
    with pytest.raises(ExportError, match=message):
        subset_cube(scene(), subset)


def test_refusals_of_formats(tmp_path):
    with pytest.raises(ExportError, match=r"choose one of \.hdr"):
        write_cube(scene(), tmp_path / "a.doc")
    with pytest.raises(ExportError, match="not bsq, bil or bip"):
        write_cube(scene(), tmp_path / "a.hdr", interleave="bup")
    with pytest.raises(ExportError, match="no data type for int8"):
        write_cube(scene(ARRAY.astype("i1")), tmp_path / "a.hdr")


@pytest.mark.parametrize("name", ["a.hdr", "a.tif", "a.npy", "a.mat", "a.zarr"])
def test_a_cancel_leaves_the_old_file_and_no_rubbish(tmp_path, name):
    write_cube(scene(), tmp_path / name)
    token = CancelToken()

    class Port:
        def report(self, item):
            token.cancel()

    def again() -> None:
        write_cube(scene(ARRAY + 1), tmp_path / name, token=token, port=Port())
        token.check()

    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(TaskCancelledError):
        again()
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    if name != "a.mat":  # a MATLAB file is written in one piece, after its one report
        np.testing.assert_array_equal(open_cube(tmp_path / name).read(), ARRAY)


def test_class_probabilities_as_an_image(tmp_path):
    values = np.random.default_rng(0).dirichlet((1, 1, 1), (5, 4)).astype("f4")
    cube = probabilities_cube(values, ["a", "b, c", "d"], scene())
    write_cube(cube, tmp_path / "p.hdr", interleave="bsq")
    back = open_cube(tmp_path / "p.hdr")
    np.testing.assert_array_equal(back.read(), values)
    assert back.band_names == ("a", "b; c", "d")


@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".mat", ".npy", ".zarr"])
@pytest.mark.parametrize("shape", [(3, 64, 64), (64, 3, 64), (3, 40, 40), (40, 30, 1100)])
def test_axes_are_not_guessed_of_what_was_written_here(tmp_path, suffix, shape):
    array = np.arange(np.prod(shape), dtype="i4").reshape(shape)
    write_cube(scene(array), tmp_path / f"a{suffix}")
    back = open_cube(tmp_path / f"a{suffix}")
    if suffix == ".npy" and shape != (64, 3, 64):
        return  # an array alone does not say
    np.testing.assert_array_equal(back.read(), array)
    assert back.warnings == ()
    if suffix != ".npy":
        np.testing.assert_array_equal(back.wavelengths, scene(array).wavelengths)


def test_a_list_of_wavelengths_that_fits_two_axes_is_of_the_last(tmp_path):
    array = np.arange(10 * 64 * 64, dtype="u2").reshape(10, 64, 64)
    np.savez(tmp_path / "a.npz", data=array, wavelengths=400.0 + np.arange(64))
    np.testing.assert_array_equal(open_cube(tmp_path / "a.npz").read(), array)


def test_types_that_a_format_lacks_are_named(tmp_path):
    for suffix in (".mat", ".zarr"):
        with pytest.raises(ExportError, match="complex values"):
            write_cube(scene(ARRAY.astype("c8")), tmp_path / f"a{suffix}")
    with pytest.raises(ExportError, match="no type float16"):
        write_cube(scene(ARRAY.astype("f2")), tmp_path / "a.tif")
    with pytest.raises(ExportError, match="no data type for float16"):
        write_cube(scene(ARRAY.astype("f2")), tmp_path / "a.hdr")
    assert {path.name for path in tmp_path.iterdir()} == {"home"}


def test_thousands_of_bands_keep_their_wavelengths_in_geotiff(tmp_path):
    cube = scene(np.zeros((2, 3, 5000), "u1"), default_bands=None)
    write_cube(cube, tmp_path / "a.tif")
    back = open_cube(tmp_path / "a.tif")
    np.testing.assert_array_equal(back.wavelengths, cube.wavelengths)
    np.testing.assert_array_equal(back.fwhm, cube.fwhm)
    np.testing.assert_array_equal(back.good_bands, cube.good_bands)


def test_texts_are_not_cut_like_lists_of_bands_and_places_of_pixels_not_kept(tmp_path):
    texts = {
        "description": "{a scene, cut, by, hand, and, foot}",
        "geo points": "{1.5, 1.5, 50, 10, 19.5, 1.5}",
        "solar irradiance": "{1, 2, 3, 4, 5, 6}",
    }
    write_cube(scene(), tmp_path / "a.hdr")
    with (tmp_path / "a.hdr").open("a") as file:
        file.writelines(f"{key} = {value}\n" for key, value in texts.items())
    cube = open_cube(tmp_path / "a.hdr")
    part = subset_cube(cube, Subset(bands=(0, 2))).metadata
    assert part["description"] == texts["description"]
    assert part["geo points"] == texts["geo points"]
    assert "".join(part["solar irradiance"].split()) == "{1,3}"
    other = subset_cube(cube, Subset(wavelengths=(500.0, 600.0))).metadata
    assert (other["description"], other.get("solar irradiance")) == (texts["description"], None)
    assert "geo points" not in subset_cube(cube, Subset(rows=(2, 30))).metadata


def test_complex_values_are_resampled_whole(tmp_path):
    array = (ARRAY + 1j * ARRAY[::-1]).astype("c8")
    cube = scene(array, nodata=None, good_bands=np.ones(6, bool))
    write_cube(cube, tmp_path / "a.hdr", Subset(wavelengths=(550.0,)))
    wanted = (array[:, :, 1:2] + array[:, :, 2:3]) / 2
    np.testing.assert_allclose(open_cube(tmp_path / "a.hdr").read(), wanted)


def test_zarr_metadata_are_json_that_everybody_reads(tmp_path):
    nm = np.array([400.0, np.nan, 600, 700, 800, 900])
    write_cube(scene(wavelengths=nm, fwhm=nm / 40, nodata=np.nan), tmp_path / "a.zarr")

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    json.loads((tmp_path / "a.zarr" / "cube" / "zarr.json").read_text(), parse_constant=refuse)
    back = open_cube(tmp_path / "a.zarr")
    np.testing.assert_array_equal(back.wavelengths, nm)
    np.testing.assert_array_equal(back.fwhm, nm / 40)


@pytest.mark.parametrize("suffix", [".hdr", ".tif", ".mat", ".npy", ".zarr"])
def test_names_as_long_as_any_may_be(tmp_path, suffix):
    path = tmp_path / ("ü" * 120 + suffix)  # 240 bytes
    for value in (1, 2):
        write_cube(scene(ARRAY + value), path)
        np.testing.assert_array_equal(open_cube(path).read(), ARRAY + value)
    left = {p.suffix for p in tmp_path.iterdir()} - {""}
    assert left == ({".hdr", ".img"} if suffix == ".hdr" else {suffix})


def test_geotiff_has_its_wavelengths_where_gdal_looks(tmp_path):
    """GDAL 3.10 and later: domain IMAGERY of each band, in micrometres."""
    waves = np.array([400.02, 500.1, np.nan, 700.0, 1000.5, 2498.96])
    write_cube(scene(wavelengths=waves), tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif") as file:
        tags = [file.tags(band, ns="IMAGERY") for band in file.indexes]
    assert [t.get("CENTRAL_WAVELENGTH_UM") for t in tags] == [
        "0.40002", "0.5001", None, "0.7", "1.0005", "2.49896"
    ]  # fmt: skip
    assert {t["FWHM_UM"] for t in tags} == {"0.0075"}


def test_geotiff_without_wavelengths_has_no_tags_of_them(tmp_path):
    write_cube(scene(wavelengths=None, fwhm=None), tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif") as file:
        assert all("IMAGERY" not in file.tag_namespaces(band) for band in file.indexes)


def test_wavelengths_are_read_where_gdal_has_them(tmp_path):
    write_cube(scene(), tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif") as file:
        profile, values = file.profile, file.read()
        imagery = [file.tags(band, ns="IMAGERY") for band in file.indexes]
    with rasterio.open(tmp_path / "b.tif", "w", **profile) as file:
        file.write(values)
        for band, tags in enumerate(imagery, 1):
            file.update_tags(band, ns="IMAGERY", **tags)
    back = open_cube(tmp_path / "b.tif")
    np.testing.assert_allclose(back.wavelengths, scene().wavelengths, rtol=1e-12)
    np.testing.assert_allclose(back.fwhm, scene().fwhm, rtol=1e-12)

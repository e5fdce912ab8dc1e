"""The header doctor, its sidecar, and what `info` says."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.io import savemat

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.paths import data_folder
from hsi_viewer.io.files.raw_source import ORDERS
from hsi_viewer.io.header_doctor import diagnose as doctor
from hsi_viewer.io.info import cube_info, diagnosis
from hsi_viewer.io.opening import arrays_in, open_cube
from hsi_viewer.io.sidecars import location as sidecar_location
from hsi_viewer.io.sidecars import sidecar
from hsi_viewer.io.writers.cube_writer import write_cube

KEYS = [
    "format",
    "rows",
    "columns",
    "bands",
    "dtype",
    "interleave",
    "wavelength_nm",
    "wavelength_units_in_file",
    "good_bands",
    "nodata",
    "scale",
    "crs",
    "transform",
    "warnings",
]


@pytest.fixture(scope="module")
def scene():
    """A quarter of the sample scene, (70, 60, 90)."""
    return open_cube("sample:indian-pines").read(slice(0, 70), slice(0, 60), range(90))


@pytest.fixture(scope="module")
def small(scene):
    """A scene of few factors, (45, 35, 55): without a header all of them are tried."""
    return scene[:45, :35, :55]


def write(folder, data, **fields):
    merged = {
        "samples": 60,
        "lines": 70,
        "bands": 90,
        "data type": 12,
        "interleave": "bil",
        "byte order": 0,
    }
    merged |= {k.replace("_", " "): v for k, v in fields.items()}
    text = "ENVI\n" + "".join(f"{k} = {v}\n" for k, v in merged.items() if v is not None)
    (folder / "x.hdr").write_text(text)
    (folder / "x.img").write_bytes(data)
    return folder / "x.hdr"


def raw(scene, interleave="bil", dtype="<u2"):
    return np.ascontiguousarray(scene.transpose(ORDERS[interleave]), dtype).tobytes()


@pytest.mark.parametrize(
    ("data", "header"),
    [
        ({"interleave": "bsq"}, {}),
        ({"interleave": "bip"}, {}),
        ({"dtype": ">u2"}, {}),
        ({}, {"samples": 70, "lines": 60}),
        ({}, {"interleave": "bup"}),
        ({}, {"data_type": 4}),
        ({}, {"data_type": 99}),
        ({}, {"bands": 91}),
        ({}, {"lines": 100}),
        ({"dtype": "<f4"}, {}),
    ],
)
def test_the_true_reading_comes_first(tmp_path, scene, data, header):
    path = write(tmp_path, raw(scene, **data), **header)
    found = doctor.diagnose(path)
    best = found.readings[0].layout
    assert (best.rows, best.columns, best.bands) == (70, 60, 90)
    assert best.interleave == data.get("interleave", "bil")
    assert best.dtype == np.dtype(data.get("dtype", "<u2"))
    if data.get("interleave") != "bip":  # bip for bil is ranked right, but no case for an alarm
        assert "Likely readings" in diagnosis(path)
    before = path.read_bytes(), (tmp_path / "x.img").read_bytes()
    beside = doctor.accept(found, found.readings[0])
    assert beside.name == "x.img.hsi.json"
    for source in (path, tmp_path / "x.img"):
        np.testing.assert_array_equal(open_cube(source).read(), scene)
    assert (path.read_bytes(), (tmp_path / "x.img").read_bytes()) == before


def test_an_offset_is_found(tmp_path, scene):
    path = write(tmp_path, b"\x5a" * 517 + raw(scene))
    found = doctor.diagnose(path)
    assert found.found - found.expected == 517
    assert "too long" in found.problem
    assert found.readings[0].layout.offset == 517


@pytest.mark.parametrize(("interleave", "dtype"), [("bip", "<u2"), ("bil", ">u2"), ("bsq", "<f4")])
def test_a_file_without_a_header(tmp_path, small, interleave, dtype):
    (tmp_path / "lost.raw").write_bytes(raw(small, interleave, dtype))
    with pytest.raises(FormatError, match="cannot be opened as a hyperspectral cube"):
        open_cube(tmp_path / "lost.raw")
    found = doctor.diagnose(tmp_path / "lost.raw")
    assert "no header" in found.problem
    true = [
        r
        for r in found.readings
        if (r.layout.rows, r.layout.columns, r.layout.bands) == (45, 35, 55)
        and r.layout.interleave == interleave
    ]
    assert true
    doctor.accept(found, true[0])
    assert open_cube(tmp_path / "lost.raw").shape == (45, 35, 55)


def test_a_good_file_is_left_in_peace(tmp_path, scene):
    path = write(tmp_path, raw(scene))
    assert doctor.diagnose(path).problem == ""
    assert diagnosis(path) is None
    assert cube_info(path)["warnings"] == []


def test_the_doctor_keeps_away_from_other_formats(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((20, 20, 20)))
    (tmp_path / "a.txt").write_text(np.random.default_rng(0).bytes(6000).hex())
    for name in ("a.npy", "a.txt", "none"):
        assert diagnosis(tmp_path / name) is None
    assert diagnosis("sample:indian-pines") is None


def test_noise_is_reported(tmp_path):
    noise = np.random.default_rng(0).integers(0, 65535, (40, 40, 40), np.uint16)
    assert doctor.is_noise(HyperCube.from_array(noise))
    path = write(tmp_path, noise.tobytes(), samples=40, lines=40, bands=40)
    assert "noise" in cube_info(path)["warnings"][0]


def test_thumbnails_show_the_reading(tmp_path, scene):
    path = write(tmp_path, raw(scene, "bsq"))
    found = doctor.diagnose(path)
    small = doctor.thumbnail(found, found.readings[0], side=35)
    assert small.shape == (35, 30, 3)
    assert small.std() > 20
    last = doctor.thumbnail(found, found.readings[-1])
    assert last.dtype == np.uint8


def test_metadata_edits_are_kept_beside(tmp_path, scene):
    path = write(tmp_path, raw(scene), data_ignore_value=-1)
    good = [True] * 89 + [False]
    sidecar.edited(path, wavelengths_nm=list(range(400, 490)), good_bands=good)
    sidecar.edited(path, nodata=None, scale=1e-4, name="My field")
    cube = open_cube(path)
    assert cube.wavelengths[89] == 489
    assert cube.good_bands.sum() == 89
    assert (cube.nodata, cube.scale, cube.name) == (None, 1e-4, "My field")
    assert json.loads((tmp_path / "x.img.hsi.json").read_text())["schema_version"] == 1
    with pytest.raises(FormatError, match="scale"):
        sidecar.edited(path, scale=-1)
    assert open_cube(path).scale == 1e-4


def test_where_nothing_can_be_written_the_sidecar_lies_with_the_users_own_data(
    tmp_path, scene, monkeypatch
):
    path = tmp_path / "a.npy"
    np.save(path, scene)
    beside = tmp_path / "a.npy.hsi.json"
    beside.mkdir()  # no file can take its place
    written = sidecar.edited(path, nodata=5.0)
    assert written.parent == data_folder() / "sidecars"
    assert open_cube(path).nodata == 5.0
    monkeypatch.setattr(sidecar_location, "_known", None)  # as after a new start
    assert open_cube(path).nodata == 5.0
    np.save(path, scene[1:])  # another file in its place
    assert open_cube(path).nodata is None
    np.save(path, scene)
    beside.rmdir()
    assert sidecar.edited(path, scale=0.5) == beside
    assert not written.exists()
    cube = open_cube(path)
    assert (cube.nodata, cube.scale) == (5.0, 0.5)


def test_an_image_that_is_written_anew_loses_what_was_said_of_the_old_one(tmp_path, scene):
    path = tmp_path / "a.npy"
    np.save(path, scene)
    (tmp_path / "a.npy.hsi.json").mkdir()
    written = sidecar.edited(path, nodata=5.0)
    (tmp_path / "a.npy.hsi.json").rmdir()
    write_cube(HyperCube.from_array(scene), path)  # as large
    assert not written.exists()
    assert open_cube(path).nodata is None


def test_axes_and_array_of_a_container(tmp_path):
    array = np.arange(60).reshape(3, 4, 5)
    np.savez(tmp_path / "a.npz", one=array, two=array + 1)
    sidecar.edited(tmp_path / "a.npz", array="two", axes=("bands", "rows", "columns"))
    cube = open_cube(tmp_path / "a.npz")
    np.testing.assert_array_equal(cube.read(), (array + 1).transpose(1, 2, 0))
    one = open_cube(f"{tmp_path / 'a.npz'}:one")
    np.testing.assert_array_equal(one.read()[0, 0], array[:, 0, 0])


def test_axes_of_a_numpy_array_are_correctable(tmp_path):
    array = np.arange(60).reshape(3, 4, 5)
    for name, order in (("c.npy", "C"), ("f.npy", "F")):
        path = tmp_path / name
        np.save(path, np.asarray(array, order=order))
        assert [c.shape for c in arrays_in(path)] == [(3, 4, 5)]
        sidecar.edited(path, array="array", axes=("bands", "rows", "columns"))
        np.testing.assert_array_equal(open_cube(path).read(), array.transpose(1, 2, 0))
        sidecar.edited(path, axes=None)
        np.testing.assert_array_equal(open_cube(path).read(), array)


def test_a_file_of_one_array_is_asked_for_its_axes_too(tmp_path, scene):
    array = np.arange(60.0).reshape(3, 4, 5)
    savemat(tmp_path / "a.mat", {"cube": array, "small": 1})
    assert [(c.name, c.shape) for c in arrays_in(tmp_path / "a.mat")] == [("cube", (3, 4, 5))]
    with pytest.raises(FormatError, match="a single image"):
        arrays_in(write(tmp_path, raw(scene)))


def test_lists_of_a_sidecar_that_do_not_fit_are_left_out(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.arange(60).reshape(3, 4, 5))
    sidecar.edited(path, wavelengths_nm=[400, 500], scale=0.5)
    cube = open_cube(path)
    assert cube.wavelengths is None
    assert cube.scale == 0.5
    assert cube.warnings == (
        '"wavelengths_nm" in a.npy.hsi.json has 2 entries for 5 bands; it is not used.',
    )


def test_wavelengths_can_be_taken_away(tmp_path, scene):
    path = write(tmp_path, raw(scene), wavelength=f"{{{', '.join(map(str, range(400, 490)))}}}")
    assert open_cube(path).wavelengths is not None
    sidecar.edited(path, wavelengths_nm=None)
    assert open_cube(path).wavelengths is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"schema_version": 99}',
        '{"scale": 0}',
        '{"axes": ["rows", "rows", "bands"]}',
        '{"layout": {"rows": 1}}',
        '{"layout": {"rows": 9, "columns": 9, "bands": 9, "dtype": "int8", "interleave": "bil"}}',
        '{"layout": {"rows":99999,"columns":60,"bands":90,"dtype":"uint8","interleave":"bil"}}',
        '{"layout": {"rows": 1, "columns": 1, "bands": 1, "dtype": "object", "interleave": "bil"}}',
    ],
)
def test_a_bad_sidecar_is_named(tmp_path, scene, text):
    path = write(tmp_path, raw(scene))
    (tmp_path / "x.img.hsi.json").write_text(text)
    with pytest.raises(FormatError):
        open_cube(path)


@pytest.mark.real_data
class TestRealFiles:
    def test_an_unknown_interleave(self, data_dir):
        found = doctor.diagnose(data_dir / "envi/bad_interleave.hdr")
        best = found.readings[0].layout
        assert (best.rows, best.columns, best.bands) == (1, 1600, 978)
        # with one row, bil and bsq are the same bytes
        assert best.interleave in ("bil", "bsq")
        assert "interleave = bup" in found.text()

    def test_info_has_exactly_these_keys(self, data_dir):
        for name in ("envi/toy.hdr", "mat/muufl_v73.mat", "geotiff/neon_11x11x369_int16.tif"):
            info = cube_info(data_dir / name)
            assert list(info) == KEYS
            json.dumps(info, allow_nan=False)

    def test_info_of_an_envi_file(self, data_dir):
        info = cube_info(data_dir / "envi/berlin_um/envi.hdr")
        info["wavelength_nm"] = [round(v, 6) for v in info["wavelength_nm"]]
        assert info == {
            "format": "ENVI",
            "rows": 7,
            "columns": 10,
            "bands": 177,
            "dtype": "int16",
            "interleave": "bsq",
            "wavelength_nm": [460.0, 2409.0],
            "wavelength_units_in_file": "Micrometers",
            "good_bands": 177,
            "nodata": None,
            "scale": 1.0,
            "crs": "EPSG:32633",
            "transform": [30.0, 0.0, 384342.37, 0.0, -30.0, 5818392.35],
            "warnings": [],
        }
        assert cube_info(data_dir / "envi/toy.hdr")["crs"] == "EPSG:27700"


def test_what_no_json_can_hold_is_reported_as_text(tmp_path):
    (tmp_path / "x.hdr").write_text(
        "ENVI\nsamples = 4\nlines = 3\nbands = 1\ndata type = 1\n"
        "reflectance scale factor = 1e-310\ndata ignore value = nan\n"
        "map info = {UTM, 1, 1, 1e999, 5, 30, 30, 33, North, WGS-84}\n"
    )
    (tmp_path / "x.img").write_bytes(bytes(range(12)))
    facts = json.loads(json.dumps(cube_info(tmp_path / "x.hdr"), allow_nan=False))
    assert (facts["scale"], facts["nodata"]) == (1.0, "nan")
    assert any("1e-310" in warning for warning in facts["warnings"])


@pytest.mark.parametrize("interleave", ["bsq", "bil", "bip"])
def test_multiples_of_the_true_shape_come_after_it(tmp_path, small, interleave):
    """Every second band below the other makes a picture as smooth as the true one."""
    (tmp_path / "lost.raw").write_bytes(raw(small, interleave))
    first = doctor.diagnose(tmp_path / "lost.raw").readings[0].layout
    assert (first.rows, first.columns, first.bands) == (45, 35, 55)
    assert (first.interleave, first.dtype.name) == (interleave, "uint16")


@pytest.mark.parametrize("interleave", ["bsq", "bil", "bip"])
@pytest.mark.parametrize(
    ("before", "fields"),
    [
        (b"H" * 128, {}),
        (b"", {"header_offset": 128}),
        (b"", {"lines": 63}),
        (b"", {"bands": 87}),
    ],
)
def test_what_explains_every_byte_comes_first(tmp_path, scene, interleave, before, fields):
    path = write(tmp_path, before + raw(scene, interleave), interleave=interleave, **fields)
    first = doctor.diagnose(path).readings[0].layout
    assert (first.rows, first.columns, first.bands, first.offset) == (70, 60, 90, len(before))


@pytest.mark.parametrize(("true", "stated"), [("bil", "bsq"), ("bip", "bil"), ("bsq", "bip")])
def test_a_wrong_interleave_is_noticed(tmp_path, scene, true, stated):
    path = write(tmp_path, raw(scene, true), interleave=stated)
    found = doctor.diagnose(path)
    assert found.problem.startswith("Another reading looks more likely")
    assert found.readings[0].layout.interleave == true


def test_floats_read_as_integers_are_noticed(tmp_path, scene):
    path = write(tmp_path, raw(scene / 1e4, dtype="<f4"), **{"data_type": 3})
    found = doctor.diagnose(path)
    assert found.problem
    assert found.readings[0].layout.dtype == np.float32


def test_a_blank_picture_is_no_noise(tmp_path):
    path = write(tmp_path, bytes(70 * 60 * 90 * 2))
    assert cube_info(path)["warnings"] == []


@pytest.mark.real_data
def test_the_interleave_that_is_none(data_dir):
    report = diagnosis(data_dir / "envi/bad_interleave.hdr")
    assert "1. 1 x 1600 x 978 uint16 bil, little-endian, offset 0" in report


@pytest.mark.parametrize("value", [0.3, -9999.0, 0.0])
def test_of_an_even_scene_nothing_is_doubted(tmp_path, value):
    """Read as bytes it has three values or more, which would look like a picture."""
    even = np.full((60, 80, 10), value, np.float32)
    header = write(
        tmp_path, even.tobytes(), samples=80, lines=60, bands=10, data_type=4, interleave="bip"
    )
    assert doctor.diagnose(header).problem == ""


@pytest.mark.parametrize("name", ["x.img.gz", "x.img", "x"])
def test_of_compressed_values_nothing_is_doubted(tmp_path, scene, name):
    header = write(tmp_path, raw(scene))
    (tmp_path / "x.img").unlink()
    (tmp_path / name).write_bytes(gzip.compress(raw(scene), 1))
    assert diagnosis(header) is None
    with pytest.raises(FormatError, match=r"is compressed \(gzip\); unpack it"):
        doctor.diagnose(header)


def test_a_reading_that_was_chosen_is_listed_last_and_once(tmp_path, small):
    (tmp_path / "lost.raw").write_bytes(raw(small))
    found = doctor.diagnose(tmp_path / "lost.raw")
    known = found.readings[0].layout
    assert doctor.with_reading(found, known) is found
    other = replace(known, rows=known.rows - 1, offset=known.offset + 2)
    more = doctor.with_reading(found, other)
    assert more.readings[:-1] == found.readings
    assert (more.readings[-1].layout, more.readings[-1].changes) == (other, ("as chosen",))
    assert 0.5 < more.readings[-1].score < 0.7  # about as likely: one row less
    whole = replace(known, rows=known.rows, offset=known.offset + found.found - known.data_bytes)
    assert doctor.with_reading(found, replace(whole, offset=whole.offset + 1)) is found

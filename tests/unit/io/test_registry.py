"""The table of formats: its rows, and what packages outside add to it."""

from __future__ import annotations

import logging
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io import registry
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.files.identify import magic_of
from hsi_viewer.io.format import Format
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.libraries.spectral_library import library_filters, read_library
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.other_formats import OtherFormats
from hsi_viewer.io.regions.import_export import import_filters
from tests.unit.io.laboratory.scan_files import Bench, headwall
from tests.unit.io.products.dimap_files import band, write_product

ARRAY = np.arange(5 * 6 * 7, dtype="<i2").reshape(5, 6, 7)

# Keys that others may have stored; a row keeps its own for good.
NAMES = ["npy", "npz", "matlab-5", "matlab-7", "hdf5", "netcdf-3", "zarr", "enmap-desis",
         "beam-dimap", "hyperion", "laboratory", "image-folder", "raster", "envi", "erdas",
         "aviris", "matlab-4"]  # fmt: skip


def test_names_are_unique_and_stable():
    names = [row.name for row in registry.BUILT_IN]
    assert set(NAMES) <= set(names)
    assert len(set(names)) == len(names)


def write_tif(path):
    profile = {"height": 5, "width": 6, "count": 1, "dtype": "int16"}
    with open_raster(path, "w", driver="GTiff", **profile) as file:
        file.write(ARRAY[None, :, :, 0])


def write_hdf5(path, **options):
    with h5py.File(path, "w", **options) as file:
        file["cube"] = ARRAY


def write_matlab_7(path):
    write_hdf5(path, userblock_size=512)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def write_netcdf_3(path):
    with scipy.io.netcdf_file(path, "w") as file:
        for name, size in zip("yxb", ARRAY.shape, strict=True):
            file.createDimension(name, size)
        file.createVariable("cube", "i2", tuple("yxb"))[:] = ARRAY


def write_envi(path):
    path.with_suffix(".hdr").write_text(
        "ENVI\nsamples = 6\nlines = 5\nbands = 7\ndata type = 2\ninterleave = bip\nbyte order = 0\n"
    )
    data = path.with_suffix(".img") if path.suffix == ".hdr" else path
    data.write_bytes(ARRAY.tobytes())


def write_zarr(path):
    path.mkdir()
    (path / ".zgroup").write_text('{"zarr_format": 2}')


def write_enmap(path):
    write_tif(path.with_name(path.name.replace("METADATA.XML", "SPECTRAL_IMAGE.TIF")))
    path.write_text("<a/>")


def write_folder(path, name="b1.tif"):
    path.mkdir()
    write_tif(path / name)


def write_rfl(path):
    path.write_bytes(np.zeros((1, 614, 224), ">i2").tobytes())


def write_erdas(path):
    sizes = np.array([6, 5], "<i4").tobytes()
    head = b"HEAD74" + np.array([2, 7, 0, 0, 0], "<i2").tobytes() + sizes
    path.write_bytes(head.ljust(128, b"\0") + ARRAY.tobytes())


SAMPLES = {
    "npy": ("a.npy", lambda path: np.save(path, ARRAY)),
    "npz": ("a.npz", lambda path: np.savez(path, cube=ARRAY)),
    "matlab-5": ("a.mat", lambda path: scipy.io.savemat(path, {"cube": ARRAY})),
    "matlab-7": ("a.mat", write_matlab_7),
    "hdf5": ("a.h5", write_hdf5),
    "netcdf-3": ("a.nc", write_netcdf_3),
    "zarr": ("a.zarr", write_zarr),
    "enmap-desis": ("a-METADATA.XML", write_enmap),
    "beam-dimap": ("a.dim", lambda path: write_product(path, [band("b", ARRAY[:, :, 0])])),
    "hyperion": ("scene", lambda path: write_folder(path, "EO1H1_B008_L1T.tif")),
    "laboratory": ("scan", lambda path: headwall(path, Bench())),
    "image-folder": ("scene", write_folder),
    "raster": ("a.tif", write_tif),
    "envi": ("a.hdr", write_envi),
    "erdas": ("a.lan", write_erdas),
    "aviris": ("f970619t01p02_r02_sc01.a.rfl", write_rfl),
    "matlab-4": ("a.mat", lambda path: scipy.io.savemat(path, {"a": ARRAY[0]}, format="4")),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_each_format_is_recognised(tmp_path, name):
    file_name, write = SAMPLES[name]
    path = tmp_path / file_name
    write(path)
    row = registry.format_of(path, magic_of(path))
    assert row is not None
    assert row.name == name
    assert not row.patterns or row.has_name(path)
    if name not in ("zarr", "enmap-desis"):  # of which these samples are the outside alone
        assert open_cube(path).rows > 0


@pytest.mark.parametrize("suffix", [".img", ".dat", ".raw", ".bsq", ".bil", ".bip", ".flt"])
def test_every_suffix_of_raw_data_is_recognised(tmp_path, suffix):
    write_envi(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(open_cube(tmp_path / f"a{suffix}").read(), ARRAY)


def test_dialogs_and_the_refusal_follow_from_the_rows(tmp_path):
    patterns = {pattern for row in registry.BUILT_IN for pattern in row.patterns}
    offered = {pattern for _, listed in registry.cube_filters() for pattern in listed}
    assert offered == patterns | {"*"}
    assert registry.cube_filters()[0][0] == "ENVI and ESRI images"
    labels = {pattern for row in registry.BUILT_IN for pattern in row.label_patterns}
    assert labels <= {pattern for _, listed in import_filters() for pattern in listed}
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(FormatError) as refused:
        open_cube(tmp_path / "a.txt")
    for row in registry.BUILT_IN:
        assert row.title in str(refused.value)
    for pattern in patterns:
        assert pattern.lstrip("*").lower() in str(refused.value).lower()


# packages outside --------------------------------------------------------------------------------

PLUG_IN = '''
from pathlib import Path

import numpy as np

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.io.format import Format


def read(path, reading):
    if b"raise" in path.read_bytes():
        raise KeyError("sensor")
    if b"list" in path.read_bytes():
        return [1, 2]
    return HyperCube.from_array(np.full((2, 3, 4), 5), name=path.name, path=path)


def labels(path, reading):
    return LabelFile(np.full((2, 3), 2, np.uint16), names={2: reading.name or "grass"})


def library(path):
    return SpectralLibrary(("oak",), None, np.ones((1, 4)))


GOOD = Format("acme", "Acme scenes", ("*.acme",), lambda path, magic: magic.startswith(b"ACME")
              or path.suffix == ".acme", read, labels=labels, library=library)
TWICE = Format("envi", "Another ENVI", ("*.xyz",), lambda path, magic: True, read)
FAILING = Format("failing", "Failing", ("*.fail",), lambda path, magic: 1 / 0, read)
NOT_A_FORMAT = 5
'''  # fmt: skip


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install entry points of a package, and forget what was loaded before."""
    site = tmp_path / "site"

    def write(**points):
        about = site / "acme_formats-1.0.dist-info"
        about.mkdir(parents=True)
        (site / "acme_formats.py").write_text(PLUG_IN)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-formats\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (about / "entry_points.txt").write_text("\n".join(["[hsi_viewer.formats]", *lines]))
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(__import__("sys").modules, "acme_formats", raising=False)
        monkeypatch.setattr(registry, "_others", OtherFormats(NAMES))

    return write


def test_a_format_of_a_package_opens(tmp_path, install):
    install(acme="acme_formats:GOOD")
    path = tmp_path / "a.acme"
    path.write_bytes(b"ACME")
    cube = open_cube(path)
    assert cube.shape == (2, 3, 4)
    assert registry.problems() == ()
    assert ("Acme scenes", ("*.acme",)) in registry.cube_filters()
    assert "*.acme" in registry.label_patterns()
    assert "*.acme" in library_filters()[0][1]
    assert read_labels(path).names == {2: "grass"}
    assert read_labels(f"{path}:oak").names == {2: "oak"}
    assert read_library(path).names == ("oak",)


def test_its_sidecar_is_applied_as_to_any(tmp_path, install):
    install(acme="acme_formats:GOOD")
    path = tmp_path / "a.acme"
    path.write_bytes(b"ACME")
    (tmp_path / "a.acme.hsi.json").write_text('{"wavelengths_nm": [400, 500, 600, 700]}')
    assert list(open_cube(path).wavelengths) == [400, 500, 600, 700]


def test_a_format_that_is_hdf5_inside_goes_by_its_own_suffix(tmp_path, install):
    install(acme="acme_formats:GOOD")
    for name in ("a.acme", "a.h5"):
        write_hdf5(tmp_path / name)
    assert open_cube(tmp_path / "a.acme").shape == (2, 3, 4)
    assert open_cube(tmp_path / "a.h5").shape == ARRAY.shape


def test_broken_ones_are_warnings_with_their_names_and_told_once(tmp_path, install, caplog):
    install(acme="acme_formats:GOOD", gone="acme_formats:GONE", missing="no_such_module:ROW",
            twice="acme_formats:TWICE", other="acme_formats:NOT_A_FORMAT")  # fmt: skip
    path = tmp_path / "a.acme"
    path.write_bytes(b"ACME")
    with caplog.at_level(logging.WARNING):
        assert open_cube(path).shape == (2, 3, 4)
        problems = registry.problems()
    assert len(problems) == 4
    not_one = "other of acme-formats was left out: it isn't a Format"
    for word in ("gone of acme-formats", "missing of acme-formats", '"envi"', not_one):
        assert sum(word in sentence for sentence in problems) == 1
    assert [record.getMessage() for record in caplog.records] == list(problems)
    assert registry.problems() == ()


def test_one_that_fails_to_recognise_a_file_is_passed_over(tmp_path, install):
    install(failing="acme_formats:FAILING")
    (tmp_path / "a.fail").write_bytes(b"?")
    with pytest.raises(FormatError, match="cannot be opened as a hyperspectral cube"):
        open_cube(tmp_path / "a.fail")
    (problem,) = set(registry.problems())
    assert problem.startswith('The plug-in format "failing" failed on')
    write_tif(tmp_path / "a.tif")
    assert open_cube(tmp_path / "a.tif").bands == 1


@pytest.mark.parametrize(("content", "problem"), [(b"raise", "KeyError"), (b"list", "not a cube")])
def test_one_that_fails_to_read_is_an_error_that_names_it(tmp_path, install, content, problem):
    install(acme="acme_formats:GOOD")
    (tmp_path / "a.acme").write_bytes(b"ACME" + content)
    with pytest.raises(FormatError, match=f'plug-in format "acme".*{problem}'):
        open_cube(tmp_path / "a.acme")


def test_a_program_registers_a_format_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_others", OtherFormats(NAMES))
    row = Format(
        "acme",
        "Acme",
        ("*.acme",),
        lambda path, magic: magic == b"ACME",
        lambda path, reading: HyperCube.from_array(np.ones((1, 2, 4))),
    )
    registry.register(row)
    with pytest.raises(ValueError, match="already"):
        registry.register(row)
    (tmp_path / "a.acme").write_bytes(b"ACME")
    assert open_cube(tmp_path / "a.acme").bands == 4


def test_where_another_array_can_be_chosen_is_in_the_table():
    arrays = {name for row in registry.BUILT_IN for name in row.arrays}
    assert "NetCDF-3" in arrays
    assert all(registry.has_arrays(name) for name in arrays)
    assert not registry.has_arrays("GeoTIFF")
    assert not registry.has_arrays("")


@pytest.mark.parametrize(("name", "raw"), [("a.BSQ", True), ("a", True), ("a.txt", False)])
def test_names_of_raw_files_are_in_the_table(name, raw):
    assert registry.can_be_raw(Path(name)) is raw

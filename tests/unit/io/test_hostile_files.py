"""Files that are made to hang, to take all memory, or to reach elsewhere; and other formats."""

from __future__ import annotations

import gzip
import json
import os
import struct
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest
import rasterio
import scipy.io

from hsi_viewer.core.cube.blocks import sample_steps
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.byte_reader import GZIP, DeflatedReader, FileReader
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.labels.legend_file import read_legend
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.import_export import import_regions

ARRAY = np.arange(3 * 4 * 5, dtype="<u2").reshape(3, 4, 5)
UTM = rasterio.crs.CRS.from_epsg(32632).to_wkt()
SCENE = HyperCube.from_array(np.zeros((4, 5, 1), "u1"))
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")

# formats that are not read -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
        ("a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image"),
        ("a.pdf", b"%PDF-1.7\n", "a PDF document"),
        ("a.zip", b"PK\x03\x04" + bytes(26) + b"a.img", "a ZIP archive"),
        ("a.docx", b"PK\x03\x04" + bytes(26) + b"_rels/.rels", "a Microsoft Office document"),
        ("a.gpkg", b"SQLite format 3\0", "an SQLite database"),
        ("a.hdf", b"\x0e\x03\x13\x01", "an HDF4 file"),
        ("a.ntf", b"NITF02.10", "a NITF image"),
        ("a.grb", b"GRIB\0\0", "a GRIB file"),
        ("a.fits", b"SIMPLE  =                    T", "a FITS image"),
        ("a.nii", bytes(344) + b"n+1\0", "a NIfTI image"),
        ("a.dcm", bytes(128) + b"DICM", "a DICOM image"),
        ("a.gz", b"\x1f\x8b\x08", "a gzip archive"),
        ("a.tar", b"a.img".ljust(257, b"\0") + b"ustar", "a tar archive"),
        ("a.pkl", b"\x80\x04\x95\0\0", "a Python pickle"),
        ("a.vrt", b"<VRTDataset rasterXSize='1'>", "a virtual GDAL raster"),
        ("a.md", "Grüße".encode(), "a text"),
        ("a", b"ENVI\nsamples = 1\n", "an ENVI header; name it .hdr"),
    ],
)
def test_what_is_not_read_is_named_with_what_is(tmp_path, name, start, expected):
    (tmp_path / name).write_bytes(start + bytes(40) * ("text" not in expected))
    with pytest.raises(FormatError, match=f"it is {expected}.*Supported are ENVI"):
        open_cube(tmp_path / name)


def test_what_nobody_knows_is_refused_without_a_guess(tmp_path):
    (tmp_path / "a.xyz").write_bytes(bytes(range(256)))
    with pytest.raises(FormatError, match=r"hyperspectral cube\. Supported are ENVI"):
        open_cube(tmp_path / "a.xyz")


# pipes and devices -------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_pipes_and_devices_do_not_hang(tmp_path, kind):
    readers = {
        ".hdr": (open_cube, read_labels, read_library, read_legend),
        ".img": (read_library,),
        ".npy": (open_cube, read_labels) if kind == "pipe" else (),
        ".csv": (read_legend, read_library, lambda p: import_regions(p, SCENE)),
        ".qml": (read_legend,),
        ".xml": (lambda p: import_regions(p, SCENE),),
        ".geojson": (lambda p: import_regions(p, SCENE),),
        ".ilp": (lambda p: import_regions(p, SCENE),),
    }
    for suffix, functions in readers.items():
        path = tmp_path / f"a{suffix}"
        if kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero")
        for read in functions:
            with pytest.raises(FileError, match="is a pipe or a device"):
                read(path)


# dimensions that cannot be, and bombs ------------------------------------------------------------


def test_a_cube_larger_than_any_file_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("cube", (2**31, 2**31, 200), "u2", chunks=(64, 64, 1))
    with pytest.raises(FormatError, match=r"a\.h5: 2147483648 rows .* are impossibly large"):
        open_cube(tmp_path / "a.h5")


def test_a_list_of_too_many_bands_is_not_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("cube", (2, 2, 2**33), "u1", chunks=(1, 1, 64))
        file.create_dataset("wavelength", (2**33,), "f8", chunks=(64,))
    with pytest.raises(FormatError, match="impossibly large"):
        open_cube(tmp_path / "a.h5")


def test_a_long_list_of_coordinates_is_not_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("cube", (2**40, 2, 2), "u1", chunks=(64, 2, 2))
        file.create_dataset("y", (2**40,), "f8", chunks=(64,))
        file["x"] = [1.0, 2.0]
    assert open_cube(tmp_path / "a.h5").georeference is None


def test_chunks_without_a_size_are_refused(tmp_path):
    store = tmp_path / "a.zarr"
    store.mkdir()
    facts = {"zarr_format": 2, "shape": [6, 5, 4], "chunks": [0, 5, 4], "dtype": "<u2"}
    facts |= {"compressor": None, "fill_value": 0, "order": "C", "filters": None}
    (store / ".zarray").write_text(json.dumps(facts))
    with pytest.raises(FormatError, match="its chunks have no size"):
        open_cube(store)


def test_huge_chunks_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("cube", (40000, 40000, 2), "u1", chunks=(40000, 40000, 2))
    with pytest.raises(FormatError, match="chunks of 3200000000 bytes"):
        open_cube(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("shape", "chunks", "expected"),
    [
        ((2**40, 2**40, 8), (64, 64, 8), "17179869184 chunks"),
        ((2**20, 2**20, 1), (2**18, 2**18, 1), "68719476736 bytes"),
    ],
)
def test_zarr_of_too_many_or_too_large_chunks(tmp_path, shape, chunks, expected):
    zarr = pytest.importorskip("zarr")
    zarr.create_array(str(tmp_path / "a.zarr"), shape=shape, chunks=chunks, dtype="u1")
    with pytest.raises(FormatError, match=expected):
        open_cube(tmp_path / "a.zarr")


def test_a_short_list_in_a_huge_chunk_of_zarr(tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("cube", data=ARRAY)
    group.create_array("wavelength", shape=(5,), chunks=(2**34,), dtype="f8")
    with pytest.raises(FormatError, match="137438953472 bytes"):
        open_cube(tmp_path / "a.zarr")


def test_zarr_groups_that_link_to_themselves_end(tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("cube", data=ARRAY)
    for k in range(10):
        (tmp_path / "a.zarr" / f"link{k}").symlink_to(tmp_path / "a.zarr")
    with pytest.raises(FormatError, match="several arrays"):
        open_cube(tmp_path / "a.zarr")


def tiff_of(width, height, *, tile):
    """A TIFF that says its size and holds nothing."""
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (277, 3, 1),
    ]
    entries += [(322, 4, tile), (323, 4, tile), (324, 4, 0), (325, 4, 0)]
    packed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4)


def test_a_tiff_larger_than_any_file_is_refused(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff_of(2**31 - 1, 2**31 - 1, tile=256))
    with pytest.raises(FormatError, match=r"cannot be|damaged"):
        open_cube(tmp_path / "a.tif")
    with pytest.raises(FormatError, match=r"cannot be|damaged"):
        read_labels(tmp_path / "a.tif")


def test_a_tiff_of_huge_tiles_is_refused(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff_of(48_000, 48_000, tile=48_000))
    with pytest.raises(FormatError, match="blocks of 2304000000 bytes"):
        open_cube(tmp_path / "a.tif")


def test_the_first_picture_of_a_huge_tiff_takes_little_memory(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    options = {"tiled": True, "blockxsize": 512, "blockysize": 512, "SPARSE_OK": True}
    with open_raster(
        path, "w", driver="GTiff", width=200_000, height=200_000, count=3, dtype="uint16",
        BIGTIFF="YES", **options,
    ):  # fmt: skip
        pass
    cube = open_cube(path)
    dataset, largest = cube.source.dataset, []

    class Counted:
        def __getattr__(self, name):
            return getattr(dataset, name)

        def read(self, *args, **kwargs):
            part = np.zeros((3, int(kwargs["window"].height), int(kwargs["window"].width)), "u2")
            largest.append(part.nbytes)
            return part

    monkeypatch.setattr(cube.source, "dataset", Counted())
    rows, columns = sample_steps(cube)
    assert cube.read(rows, columns).shape[2] == 3
    assert max(largest) <= 64 << 20


def test_thinned_windows_of_a_tiff_are_the_same_values(tmp_path, monkeypatch):
    monkeypatch.setattr("hsi_viewer.io.rasters.raster_source.PIECE_BYTES", 4000)
    array = np.random.default_rng(0).integers(0, 9999, (150, 130, 3)).astype("u2")
    with open_raster(
        tmp_path / "a.tif", "w", driver="GTiff", width=130, height=150, count=3, dtype="uint16"
    ) as file:
        file.write(array.transpose(2, 0, 1))
    cube = open_cube(tmp_path / "a.tif")
    for rows in (slice(None), slice(3, 149, 2), slice(1, None, 70), slice(0, None, 149)):
        for columns in (slice(None), slice(5, 120, 7), slice(0, None, 64)):
            np.testing.assert_array_equal(cube.read(rows, columns), array[rows, columns])


@pytest.mark.parametrize(("block_rows", "expected"), [(150, 1), (10, 21)])
def test_a_block_is_unpacked_once_for_a_thinned_window(tmp_path, monkeypatch, block_rows, expected):
    monkeypatch.setattr("hsi_viewer.io.rasters.raster_source.PIECE_BYTES", 4000)
    options = {"count": 3, "dtype": "uint16", "compress": "deflate", "blockysize": block_rows}
    with open_raster(tmp_path / "a.tif", "w", driver="GTiff", width=130, height=150, **options):
        pass
    source = open_cube(tmp_path / "a.tif").source
    dataset, windows = source.dataset, []

    class Counted:
        def read(self, indexes, window):
            windows.append(window)
            return dataset.read(indexes, window=window)

    monkeypatch.setattr(source, "dataset", Counted())
    source.read(slice(0, 150, 2), slice(0, 130, 2), None)
    assert len(windows) == expected


def test_what_inflates_to_much_takes_little_memory(tmp_path):
    path, size = tmp_path / "a.gz", 64 << 20
    path.write_bytes(gzip.compress(bytes(size - 1) + b"x"))
    reader = DeflatedReader(FileReader(path), 0, path.stat().st_size, size, GZIP)
    last = bytearray(1)
    tracemalloc.start()
    reader.read_into(memoryview(last), size - 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (last, peak < 8 << 20) == (b"x", True)


def test_a_struct_of_no_fields_that_claims_to_have_many_elements(tmp_path):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"cube": ARRAY, "s": {"x": 1}})
    whole, width = path.read_bytes(), struct.pack("<II", 0x00040005, 2)
    at = whole.index(width)  # behind the sizes and the name
    sizes = whole.rindex(struct.pack("<IIII", 5, 8, 1, 1), 0, at)
    many = struct.pack("<ii", 2**31 - 1, 2**31 - 1)
    whole = whole[: sizes + 8] + many + whole[sizes + 16 :]
    path.write_bytes(whole.replace(width, struct.pack("<Ii", 0x00040005, -1)))
    np.testing.assert_array_equal(open_cube(path).read(), ARRAY)


def test_a_header_in_an_archive_that_says_it_has_4_gigabytes(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x02\0" + struct.pack("<I", 2**32 - 16) + b" " * 10**7)
    with pytest.raises(FormatError, match="got 65524"):
        open_cube(tmp_path / "a.npz")


@pytest.mark.parametrize("shape", [(2**17, 2**17), (2**20, 2**20)])
def test_label_maps_that_are_too_large_are_not_read(tmp_path, shape):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("labels", shape, "u1", chunks=(64, 64))
    with pytest.raises(FormatError, match="a label map has at most"):
        read_labels(tmp_path / "a.h5")


# files that change or vanish while they are open --------------------------------------------------


@pytest.mark.parametrize("chunks", [None, (1, 4, 5)])
def test_an_hdf5_file_that_shrinks(tmp_path, chunks):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("cube", data=np.ones((200, 4, 5)), chunks=chunks)
    cube = open_cube(path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(FileError, match="became shorter while it was open"):
        cube.read()


def test_a_zarr_store_that_vanishes_is_not_read_as_empty(tmp_path):
    zarr = pytest.importorskip("zarr")
    zarr.create_array(str(tmp_path / "a.zarr"), data=ARRAY)
    cube = open_cube(tmp_path / "a.zarr")
    (tmp_path / "a.zarr").rename(tmp_path / "gone")
    with pytest.raises(FileError, match="no longer exists"):
        cube.read()


def test_a_damaged_list_of_wavelengths_in_zarr(tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("cube", data=ARRAY)
    group.create_array("wavelength", data=np.arange(5.0) + 400)
    (tmp_path / "a.zarr" / "wavelength" / "c" / "0").write_bytes(b"rubbish")
    with pytest.raises(FileError, match="could not be read"):
        open_cube(tmp_path / "a.zarr")


def test_attributes_of_zarr_that_are_no_attributes(tmp_path):
    zarr = pytest.importorskip("zarr")
    array = zarr.create_array(str(tmp_path / "a.zarr"), data=ARRAY, zarr_format=2)
    array.attrs["wavelength"] = [[400], [410, 420]]
    assert open_cube(tmp_path / "a.zarr").wavelengths is None
    (tmp_path / "a.zarr" / ".zattrs").write_text("5")
    with pytest.raises(
        FormatError, match=r"attributes are not a JSON object|not " r"a readable Zarr store"
    ):
        open_cube(tmp_path / "a.zarr")


@pytest.mark.parametrize(
    "attributes",
    [
        {"offset": 10**400},
        {"transform": [10**400, 0, 0, 0, 1, 0]},
        {"GeoTransform": [None, 1, 0, 0, 0, 1]},
        {"crs_wkt": [[1], [2, 3]], "grid_mapping": {"a": 1}, "band_names": [["a"], []]},
        {"_ARRAY_DIMENSIONS": 5},
        {"scale_factor": 1e-310},
    ],
)
def test_odd_values_of_attributes_of_zarr(tmp_path, attributes):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    array = group.create_array("cube", data=ARRAY)
    array.attrs.update(attributes | {"crs_wkt": attributes.get("crs_wkt", UTM)})
    cube = open_cube(tmp_path / "a.zarr")
    np.testing.assert_array_equal(cube.read(), ARRAY)
    assert (cube.scale, cube.offset) == (1.0, 0.0)
    assert cube.georeference is None or cube.georeference.transform is None


@pytest.mark.parametrize("factor", [0.0, np.inf, 1e-310])
def test_scales_of_products_that_are_no_scales(tmp_path, factor):
    with h5py.File(tmp_path / "a.he5", "w") as file:
        file["HDFEOS/SWATHS/PRS_L1_HCO/Data Fields/VNIR_Cube"] = ARRAY
        file.attrs["List_Cw_Vnir"] = file.attrs["List_Fwhm_Vnir"] = np.arange(4) + 400.0
        file.attrs["ScaleFactor_Vnir"] = factor
    with pytest.raises(FormatError, match=r"a product of PRISMA .* is not a scale"):
        open_cube(tmp_path / "a.he5")


# tables and texts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ['id,name\n1,"' + "x" * 140_000, "id,name,red\n1,a," + "9" * 140_000]
)
def test_a_cell_without_an_end(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FormatError, match="not a readable table"):
        read_legend(tmp_path / "a.csv")
    with pytest.raises(FormatError, match="not a readable table"):
        import_regions(tmp_path / "a.csv", SCENE)


def test_a_colour_of_a_number_without_an_end(tmp_path):
    (tmp_path / "a.csv").write_text(f'id,name,colour\n1,a,"{"9" * 5000},1,1"\n')
    assert [c.name for c in read_legend(tmp_path / "a.csv")] == ["a"]


def test_a_legend_of_a_spreadsheet_in_utf_16(tmp_path):
    (tmp_path / "a.csv").write_text("id\tname\n1\tWald äöü\n", encoding="utf-16")
    assert [c.name for c in read_legend(tmp_path / "a.csv")] == ["Wald äöü"]


# permissions -------------------------------------------------------------------------------------


def test_folders_that_may_not_be_searched_or_listed(tmp_path, monkeypatch):
    """Root may read everything, so the refusals of the system are played."""
    np.save(tmp_path / "a.npy", ARRAY)
    (tmp_path / "a.csv").write_text("wavelength,a\n400,1\n410,2\n")

    def refused(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.iterdir", refused)
    assert read_library(tmp_path / "a.csv").spectra.shape == (1, 2)
    with pytest.raises(FileError, match="could not be listed: Permission denied"):
        open_cube(tmp_path)

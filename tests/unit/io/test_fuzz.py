"""Broken and hostile files end in typed errors, whatever they are."""

from __future__ import annotations

import warnings

import h5py
import numpy as np
import pytest
import scipy.io
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsi_viewer.core.errors import HsiError
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi import writer as envi_writer
from hsi_viewer.io.files.gdal import open_raster
from hsi_viewer.io.header_doctor import diagnose as doctor
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.opening import open_cube
from tests.unit.io.bounds import FUZZ_ROUNDS, MOST_BYTES, bounded
from tests.unit.io.products.dimap_files import band, write_product

# Cubes and label maps of more values are not read here.
MOST_VALUES = 10**7
ARRAY = np.arange(5 * 6 * 7, dtype="<u2").reshape(5, 6, 7)

KEYS = [
    "samples", "lines", "bands", "header offset", "data type", "interleave", "byte order",
    "file type", "wavelength", "wavelength units", "fwhm", "bbl", "data ignore value",
    "reflectance scale factor", "default bands", "map info", "projection info",
    "coordinate system string", "band names", "file compression", "class names", "classes",
    "class lookup", "major frame offsets", "description", "spectra names",
]  # fmt: skip
VALUES = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.floats().map(str),
    st.sampled_from(
        ["bsq", "BIL", "bip", "", "{", "}", "{}", "{,}", "{nan, inf}", "0", "1", "1e999"]
    ),
    st.text(max_size=40),
    st.lists(st.floats().map(str), max_size=8).map(lambda v: "{" + ",".join(v) + "}"),
    st.lists(st.text(max_size=8), max_size=8).map(lambda v: "{" + ",".join(v) + "}"),
    st.just("{UTM, 1, 1, 1e999, nan, 0, 30, 99, North, WGS-84}"),
    st.just("{UTM, 1, 1, 5, 5, 30, 30, 33, North, WGS-84, rotation=x}"),
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    fields=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12), junk=st.text(max_size=60)
)
def test_any_header_is_read_or_refused(tmp_path, fields, junk):
    good = {"samples": "6", "lines": "5", "bands": "7", "data type": "12", "interleave": "bsq"}
    text = "ENVI\n" + "".join(f"{k} = {v}\n" for k, v in {**good, **fields}.items()) + junk
    (tmp_path / "x.hdr").write_text(text, encoding="utf-8", errors="replace", newline="")
    (tmp_path / "x.img").write_bytes(ARRAY.tobytes())
    # the doctor takes its time: some of the headers
    doctors = (doctor.diagnose,) if len(fields) == 3 else ()
    check_typed((_exercise, read_labels, read_library, *doctors), tmp_path / "x.hdr")


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text):
    try:
        fields, _ = envi_header.parse_header("ENVI\n" + text, "x.hdr")
    except HsiError:
        return
    assert all(key == key.lower() for key in fields)


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    """Label maps that are read are no larger than cubes."""
    monkeypatch.setattr("hsi_viewer.io.labels.label_file.MAX_PIXELS", MOST_VALUES)


def test_a_large_allocation_is_noticed():
    with pytest.raises(AssertionError), bounded():
        np.ones(MOST_BYTES + (64 << 20), "u1")


def check_typed(readers, path) -> bool:
    """Run readers; an error must be one of ours and say something. Whether the first refused."""
    messages = []
    with bounded():
        for read in readers:
            try:
                read(path)
                messages.append(None)
            except HsiError as error:
                messages.append(str(error))
    assert all(message is None or message.strip() for message in messages)
    return messages[0] is not None


def _exercise(path) -> None:
    """Open and read as a user would."""
    cube = open_cube(path)
    if cube.rows * cube.columns * cube.bands < MOST_VALUES:
        cube.read(slice(0, 3), bands=[0])
        cube.spectrum(cube.rows - 1, cube.columns - 1)
        cube.read()


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> dict[str, bytes]:
    """One small file of each format, by name."""
    folder = tmp_path_factory.mktemp("good")
    np.save(folder / "a.npy", ARRAY)
    np.savez(folder / "a.npz", cube=ARRAY, wavelengths=np.arange(7))
    np.savez_compressed(folder / "b.npz", cube=ARRAY)
    scipy.io.savemat(folder / "a.mat", {"cube": ARRAY, "note": "text", "s": {"x": 1}})
    scipy.io.savemat(
        folder / "b.mat", {"Y": ARRAY.reshape(30, 7).T, "nRow": 5, "nCol": 6}, do_compression=True
    )
    scipy.io.savemat(
        folder / "c.mat", {"Y": ARRAY.reshape(30, 7).T, "nRow": 5, "nCol": 6}, format="4"
    )
    nested = np.empty((1, 2), object)
    nested[0, :] = ARRAY, {"cube": ARRAY}
    scipy.io.savemat(folder / "d.mat", {"list": nested, "s": {"inner": nested}})
    with scipy.io.netcdf_file(folder / "c.nc", "w") as file:
        for name, size in zip("yxb", ARRAY.shape, strict=True):
            file.createDimension(name, size)
        file.createVariable("cube", "i2", ("y", "x", "b"))[:] = ARRAY.astype("i2")
        file.variables["cube"].missing_value = 3
    with h5py.File(folder / "v.mat", "w", userblock_size=512) as file:
        kept = file.create_dataset("#refs#/a", data=ARRAY)
        file.create_dataset("list", (1, 1), h5py.ref_dtype)[0, 0] = kept.ref
        file["list"].attrs["MATLAB_class"] = np.bytes_("cell")
    with (folder / "v.mat").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("g/cube", data=ARRAY, chunks=(2, 3, 7), compression="gzip")
        file["g/wavelength"] = np.arange(7) + 400.0
    profile = {
        "driver": "GTiff",
        "height": 5,
        "width": 6,
        "count": 7,
        "dtype": "uint16",
        "crs": "EPSG:32633",
    }
    with open_raster(folder / "a.tif", "w", compress="deflate", **profile) as file:
        file.write(ARRAY.transpose(2, 0, 1))
    planes = ARRAY.transpose(2, 0, 1)
    tifffile.imwrite(folder / "j.tif", planes, imagej=True, truncate=True)
    names = [f"{400 + k} nm" for k in range(7)]
    tifffile.imwrite(folder / "o.tif", planes, ome=True, metadata={"Channel": {"Name": names}})
    with tifffile.TiffWriter(folder / "p.tif") as file:
        for plane in planes:
            file.write(plane, contiguous=False, metadata=None)
    head = (
        b"HEAD74" + np.array([2, 7, 0, 0, 0], "<i2").tobytes() + np.array([6, 5], "<i4").tobytes()
    )
    (folder / "a.lan").write_bytes(head.ljust(128, b"\0") + ARRAY.tobytes())
    from PIL import Image

    Image.fromarray(ARRAY[:, :, 0].astype("u1")).save(folder / "a.png")
    fields = envi_writer.class_fields({1: "a", 2: "b"}, {1: (1, 2, 3)}, 2)
    envi_writer.write_image(folder / "e.hdr", folder / "e.img", ARRAY[:, :, 0], fields, "class map")
    rows = [f"{nm},{nm / 2},{nm / 3}" for nm in range(400, 430)]
    (folder / "l.csv").write_text("wavelength (nm),a,b\n" + "\n".join(rows))
    (folder / "l.txt").write_text("Name: x\nX Units: nm\n\n" + "\n".join(rows).replace(",", " "))
    (folder / "s.hsi.json").write_text(
        '{"layout": {"rows": 5, "columns": 6, "bands": 7, "dtype": "uint16", "interleave": "bip"},'
        '"wavelengths_nm": [1, 2, 3, 4, 5, 6, 7], "scale": 0.5, "default_bands": [0, 1, 2]}'
    )
    bands = [band(f"b{k}", ARRAY[:, :, k], wavelength=400 + k) for k in range(3)]
    write_product(folder / "d.dim", bands)
    files = (path for path in folder.rglob("*.*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


NAMES = [
    "a.npy",
    "a.npz",
    "b.npz",
    "a.mat",
    "b.mat",
    "c.mat",
    "d.mat",
    "v.mat",
    "c.nc",
    "a.h5",
    "a.tif",
    "j.tif",
    "o.tif",
    "p.tif",
    "a.lan",
    "a.png",
    "d.dim",
    "e.hdr",
    "l.csv",
    "l.txt",
    "s.hsi.json",
]


@pytest.mark.parametrize("name", NAMES)
def test_mutated_files_end_in_typed_errors(tmp_path, samples, name):
    whole = samples[name]
    rng = np.random.default_rng(sum(name.encode()))
    bad = tmp_path / name
    if name == "e.hdr":
        (tmp_path / "e.img").write_bytes(ARRAY[:, :, 0].tobytes())
    if name == "d.dim":
        (tmp_path / "d.data").mkdir()
        for other in samples:
            if other.startswith("d.data"):
                (tmp_path / other).write_bytes(samples[other])
    opened = bad
    if name == "s.hsi.json":
        opened = tmp_path / "s"
        opened.write_bytes(ARRAY.tobytes())
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libraries may warn about what is broken
        for _ in range(FUZZ_ROUNDS):
            bad.write_bytes(mutated(whole, rng))
            refused += check_typed((_exercise, read_labels, read_library), opened)
    assert refused  # a mutation that is never noticed tests no reader


@pytest.mark.parametrize("version", [2, 3])
def test_mutated_zarr_ends_in_typed_errors(tmp_path, version):
    zarr = pytest.importorskip("zarr")
    folder = tmp_path / "a.zarr"
    group = zarr.open_group(str(folder), mode="w", zarr_format=version)
    group.create_array("cube", data=ARRAY, chunks=(3, 3, 7))
    group.create_array("wavelength", data=np.arange(7.0) + 400)
    files = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    rng = np.random.default_rng(version)
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(FUZZ_ROUNDS):
            path = list(files)[rng.integers(len(files))]
            path.write_bytes(mutated(files[path], rng))
            refused += check_typed((_exercise, read_labels), folder)
            path.write_bytes(files[path])
    assert refused


LENGTHS = (0, 1, 255, 2**15, 2**16 - 1, 2**28, 2**31 - 1, 2**31, 2**32 - 1, 2**62)


def mutated(whole: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes changed, a piece cut out, doubled, or the end cut off."""
    data = bytearray(whole)
    kind = rng.integers(8)
    if kind == 0:
        return bytes(data[: rng.integers(len(data))])
    if kind == 1:
        a, b = sorted(rng.integers(0, len(data), 2))
        return bytes(data[:a] + data[b:])
    if kind == 2:
        a = int(rng.integers(len(data)))
        return bytes(data[:a] + data[a : a + 64] + data[a:])
    if kind == 4:  # a length or an offset
        at, width = int(rng.integers(len(data))), int(rng.choice([2, 4, 8]))
        value = int(rng.choice(LENGTHS)) % (1 << 8 * width)
        data[at : at + width] = value.to_bytes(width, "little")
        return bytes(data)
    if kind == 5:  # two pieces exchanged
        a, b = sorted(int(k) for k in rng.integers(0, len(data), 2))
        data[a : a + 32], data[b : b + 32] = data[b : b + 32], data[a : a + 32]
        return bytes(data)
    # headers are at the beginning: change them more often
    reach = len(data) if kind == 3 else min(len(data), 512)
    for _ in range(int(rng.integers(1, 9))):
        at = int(rng.integers(reach))
        data[at] = int(rng.choice([0, 1, 127, 128, 255, rng.integers(256)]))
    return bytes(data)


@pytest.mark.parametrize(
    "name", ["x.npy", "x.npz", "x.mat", "x.h5", "x.tif", "x.png", "x.lan", "x.rfl", "x.hdr", "x"]
)
def test_random_bytes_behind_a_true_beginning(tmp_path, name):
    beginnings = [
        b"", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM",
        b"MATLAB 7.3 MAT-file", b"\x89HDF\r\n\x1a\n", b"II*\x00", b"\x89PNG\r\n\x1a\n", b"HEAD74",
        b"ENVI\n",
    ]  # fmt: skip
    rng = np.random.default_rng(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for start in beginnings:
            for length in (0, 1, 30, 1000):
                (tmp_path / name).write_bytes(start + rng.bytes(length))
                check_typed((_exercise,), tmp_path / name)

"""A header is used for the data that it may belong to, and a file is what its content says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.core.errors import FileError, FormatError, HsiError
from hsi_viewer.io.envi.pairing import exact_files
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.libraries.band_list import read_band_list
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.opening import open_cube

ROWS, COLUMNS, BANDS = 6, 7, 4
CUBE = np.arange(ROWS * COLUMNS * BANDS, dtype="<u2").reshape(BANDS, ROWS, COLUMNS)
POINTS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"class": "water " * 40},
            "geometry": {"type": "Point", "coordinates": [2.5, 3.5]},
        }
    ],
}
TEXTS = {
    ".geojson": json.dumps(POINTS),
    ".json": json.dumps(POINTS),
    ".csv": "row,column,class\n" + "1,2,3\n" * 99,
    ".qml": "<!DOCTYPE qgis>" + " " * 500,
    ".kml": "<?xml version='1.0'?><kml/>" + " " * 500,
    ".note": "remarks on the scene\n" * 40,
    ".dat": "1 1 2 2 3 3 0 0\n" * 30,
}


def header_text(bands=BANDS, extra="file type = ENVI Standard\n", offset=0):
    return (
        f"ENVI\nsamples = {COLUMNS}\nlines = {ROWS}\nbands = {bands}\nheader offset = {offset}\n"
        f"{extra}data type = {12 if bands > 1 else 1}\ninterleave = bsq\nbyte order = 0\n"
    )


def write(folder, stem="scene", suffix=".img", raw=None, **given):
    (folder / f"{stem}.hdr").write_text(header_text(**given))
    path = folder / (stem + suffix)
    path.write_bytes(CUBE.tobytes() if raw is None else raw)
    return path


def values(path):
    return open_cube(path).read()


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("suffix", TEXTS)
def test_a_text_beside_a_header_is_not_read_as_its_data(tmp_path, suffix, alone):
    data = write(tmp_path, bands=1, raw=bytes(range(1, ROWS * COLUMNS + 1)))
    other = tmp_path / f"scene{suffix}"
    other.write_text(TEXTS[suffix])
    if alone:
        data.unlink()
        with pytest.raises(FileError, match="is missing"):
            open_cube(tmp_path / "scene.hdr")
    else:
        np.testing.assert_array_equal(values(tmp_path / "scene.hdr").ravel(), np.arange(1, 43))
        assert read_labels(data).ids.max() == ROWS * COLUMNS
    with pytest.raises(HsiError):
        read_labels(other)
    with pytest.raises(HsiError):
        open_cube(other)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
@pytest.mark.parametrize("suffix", [".dat", ".raw", ".img", ".bsq", ".dat.hdr"])
@pytest.mark.parametrize("text", [TEXTS[".json"], TEXTS[".csv"], "Größe;Fläche;Wert\n" * 40])
def test_a_text_under_a_name_of_raw_data_is_not_the_data(tmp_path, suffix, text, encoding):
    (tmp_path / ("scene.dat.hdr" if suffix == ".dat.hdr" else "scene.hdr")).write_text(
        header_text(bands=1)
    )
    other = tmp_path / f"scene{suffix.removesuffix('.hdr')}"
    other.write_text(text, encoding=encoding)
    with pytest.raises(FormatError, match="does not contain readable labels"):
        read_labels(other)
    with pytest.raises(FormatError, match="cannot be opened as a hyperspectral cube"):
        open_cube(other)


def test_a_text_is_the_data_if_the_header_gives_its_very_size(tmp_path):
    raw = (b"ABC DEF\n" * 99)[: ROWS * COLUMNS]
    path = write(tmp_path, suffix=".dat", bands=1, raw=raw)
    for opened in (path, tmp_path / "scene.hdr"):
        np.testing.assert_array_equal(values(opened).ravel(), np.frombuffer(raw, "u1"))


@pytest.mark.parametrize("suffix", [".shp", ".dbf", ".gpkg", ".mat", ".npy", ".h5", ".tif", ".x"])
def test_a_binary_file_of_another_kind_is_not_read_as_the_data(tmp_path, suffix):
    write(tmp_path)
    other = tmp_path / f"scene{suffix}"
    other.write_bytes(b"\0\1\2\3" * 500)
    with pytest.raises(HsiError):
        open_cube(other)
    with pytest.raises(HsiError):
        read_labels(other)


def test_a_library_or_a_band_list_is_its_own_file_not_the_header_of_a_scene(tmp_path):
    listed = "file type = ENVI Standard\nwavelength units = Nanometers\n"
    write(tmp_path, extra=listed + "wavelength = {400, 500, 600, 700}\n")
    table = tmp_path / "scene.spectra"
    table.write_text("wavelength,grass\n" + "".join(f"{w},0.{w}\n" for w in (450, 550, 650)))
    assert read_library(table).names == ("grass",)
    np.testing.assert_array_equal(read_band_list(table)[0], [450, 550, 650])
    np.testing.assert_array_equal(read_band_list(tmp_path / "scene.img")[0], [400, 500, 600, 700])


def test_a_header_leads_only_to_data_of_its_own_name(tmp_path):
    (tmp_path / "scene1.hdr").write_text(header_text())
    (tmp_path / "scene.img").write_bytes(CUBE[::-1].tobytes())
    with pytest.raises(FileError, match="is missing"):
        open_cube(tmp_path / "scene1.hdr")
    with pytest.raises(FormatError):
        open_cube(tmp_path / "scene.img")
    (tmp_path / "scene1.img").write_bytes(CUBE.tobytes())
    np.testing.assert_array_equal(values(tmp_path / "scene1.hdr"), CUBE.transpose(1, 2, 0))
    with pytest.raises(FormatError):
        open_cube(tmp_path / "scene.img")


def test_of_two_data_files_the_header_belongs_to_the_one_that_fits(tmp_path):
    good = write(tmp_path, suffix=".raw")
    for suffix, raw in ((".img", b"\1\2" * 4000), (".dat", b"\1\2\3")):
        other = tmp_path / f"scene{suffix}"
        other.write_bytes(raw)
        with pytest.raises(FormatError):
            open_cube(other)
    np.testing.assert_array_equal(values(good), CUBE.transpose(1, 2, 0))
    np.testing.assert_array_equal(values(tmp_path / "scene.hdr"), CUBE.transpose(1, 2, 0))


MARKS = [
    b"II*\0", b"MM\0*", b"II+\0", b"\x89HDF\r\n\x1a\n", b"CDF\1", b"CDF\2", b"PK\3\4",
    b"\x89PNG\r\n\x1a\n",
    b"\x93NUMPY\1\0", b"MATLAB 5.0 MAT-file", b"MATLAB 7.3", b"EHFA_HEADER_TAG", b"HEAD74",
    b"HEADER",
    b"SQLite format 3", b"%PDF-", b"<?xml", b"\xff\xd8\xff", b"\x1f\x8b", b"\x0e\3\x13\1", b"NITF",
    b"SIMPLE  =", b"PCIDSK", b"BM", b"text and words ",
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".img", ".dat", "", ".data"])
@pytest.mark.parametrize("mark", MARKS)
def test_raw_values_that_spell_another_format(tmp_path, mark, suffix):
    raw = mark + CUBE.tobytes()[len(mark) :]
    path = write(tmp_path, suffix=suffix, raw=raw)
    expected = np.frombuffer(raw, "<u2").reshape(CUBE.shape).transpose(1, 2, 0)
    np.testing.assert_array_equal(values(path), expected)
    np.testing.assert_array_equal(values(tmp_path / "scene.hdr"), expected)


@pytest.mark.parametrize("at", [512, 1024, 2048])
def test_raw_values_that_spell_hdf5_where_it_may_stand(tmp_path, at):
    raw = bytearray(np.arange(30 * 40, dtype="<u2").tobytes())
    raw[at : at + 8] = b"\x89HDF\r\n\x1a\n"
    (tmp_path / "a.hdr").write_text(
        "ENVI\nsamples = 40\nlines = 30\nbands = 1\ndata type = 12\nbyte order = 0\n"
    )
    (tmp_path / "a.img").write_bytes(raw)
    expected = np.frombuffer(raw, "<u2").reshape(30, 40)
    np.testing.assert_array_equal(values(tmp_path / "a.img")[:, :, 0], expected)


@pytest.mark.parametrize("mark", [b"II*\0", b"CDF\1", b"PK\3\4"])
def test_a_longer_raw_file_that_spells_another_format(tmp_path, mark):
    path = write(tmp_path, raw=mark + CUBE.tobytes()[4:] + b"\0" * 100)
    cube = open_cube(path)
    assert cube.format_name == "ENVI"
    assert any("extra bytes are ignored" in warning for warning in cube.warnings)


@pytest.mark.parametrize("mark", [b"II*\0", b"\x93NUMPY\1\0", b"\x89HDF\r\n\x1a\n"])
def test_a_class_map_whose_first_pixels_spell_another_format(tmp_path, mark):
    raw = mark + bytes(ROWS * COLUMNS - len(mark))
    path = write(tmp_path, bands=1, raw=raw, extra="file type = ENVI Classification\n")
    np.testing.assert_array_equal(read_labels(path).ids.ravel(), np.frombuffer(raw, "u1"))


@pytest.mark.parametrize("label", [b"PCIDISK ", b"LBLSIZE=1024 FORMAT='HALF' "])
def test_raw_data_behind_a_label_of_text_are_data(tmp_path, label):
    """So what its header says of it is told, not that it is a text."""
    path = write(tmp_path, suffix=".dat", bands=1, raw=label.ljust(4096) + bytes(range(256)) * 8)
    header = tmp_path / "scene.hdr"
    header.write_text(header.read_text() + "file type = PCI\n")
    for opened in (path, header):
        with pytest.raises(FormatError, match="PCI"):
            open_cube(opened)


@pytest.mark.parametrize("second", [".dat", "", ".img.gz"])
def test_two_files_that_one_header_may_describe_are_reported(tmp_path, second):
    write(tmp_path)
    other = CUBE + 1 if second != ".img.gz" else CUBE[:1]
    (tmp_path / f"scene{second}").write_bytes(other.tobytes())
    cube = open_cube(tmp_path / "scene.hdr")
    said = [w for w in cube.warnings if "both have the size that scene.hdr gives" in w]
    assert len(said) == (second != ".img.gz")
    first = CUBE + 1 if second == "" else CUBE
    np.testing.assert_array_equal(cube.read(), first.transpose(1, 2, 0))
    by_name = tmp_path / ("scene.dat" if second == ".dat" else "scene.img")
    own = CUBE + 1 if second == ".dat" else CUBE
    np.testing.assert_array_equal(values(by_name), own.transpose(1, 2, 0))


@pytest.mark.parametrize("name", ["notes.txt", "scene.npy", "scene.img"])
def test_a_folder_of_many_files_is_listed_without_a_look_at_each(tmp_path, monkeypatch, name):
    """A look at each takes seconds where the folder is another computer's."""
    if name == "scene.img":
        write(tmp_path, "Scene")
        (tmp_path / "Scene.img").rename(tmp_path / name)
    else:
        (tmp_path / name).write_text("nothing\n")
    for k in range(200):
        (tmp_path / f"other {k}.img").touch()
    looks = []
    for function in ("stat", "lstat", "access"):
        real = getattr(os, function)
        counted = lambda *a, real=real, **k: (looks.append(a), real(*a, **k))[1]  # noqa: E731
        monkeypatch.setattr(os, function, counted)
    try:
        open_cube(tmp_path / name)
    except HsiError:
        assert name != "scene.img"
    assert len(looks) < 100


def test_links_that_lead_nowhere_beside_a_file_are_passed_over(tmp_path):
    write(tmp_path, "Scene")
    (tmp_path / "Scene.img").rename(tmp_path / "scene.img")
    for other in ("SCENE.HDR", "scene.HDR", "other.hdr"):
        (tmp_path / other).symlink_to(tmp_path / other)
    np.testing.assert_array_equal(values(tmp_path / "scene.img"), CUBE.transpose(1, 2, 0))


def test_data_of_a_header_by_its_exact_name_are_plain_before_packed(tmp_path):
    header = tmp_path / "a.hdr"
    for name in ("a.img.gz", "a.gz.img", "a.bip", "a.img", "a.bip.gz", "a.IMG.GZ", "b.img", "a"):
        (tmp_path / name).write_bytes(bytes(len(name)))
    (tmp_path / "a.dat").mkdir()
    wanted = ("a", "a.bip", "a.img", "a.bip.gz", "a.img.gz")
    found = list(exact_files(header, "bip"))
    assert found == [(str(tmp_path / name), len(name)) for name in wanted]
    assert [Path(path).name for path, _ in exact_files(header, "")][:2] == ["a", "a.img"]

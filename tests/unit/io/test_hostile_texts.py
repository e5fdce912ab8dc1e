"""What readers say of files whose names and values are long, or steer a terminal."""

from __future__ import annotations

import json
import unicodedata
import zipfile

import h5py
import numpy as np
import pytest
import scipy.io
import tifffile

from hsi_viewer.cli import main
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.text import MOST_MESSAGE, MOST_MESSAGES
from hsi_viewer.io.header_doctor.diagnose import Diagnosis, diagnose
from hsi_viewer.io.info import cube_info
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.labels.legend_file import read_legend
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.opening import arrays_in, open_cube
from hsi_viewer.io.regions.import_export import import_regions

ARRAY = np.arange(60, dtype="<u2").reshape(3, 4, 5)
SCENE = HyperCube.from_array(ARRAY)
NASTY = "\x1b[2J\x07\u202egnp\x9b" + "n" * 10_000
KEYS = (
    "samples", "lines", "bands", "data type", "interleave", "byte order", "file type", "wavelength",
    "wavelength units", "fwhm", "bbl", "data ignore value", "default bands", "map info",
    "coordinate system string", "projection info", "band names", "class names", "classes",
    "class lookup", "description", "spectra names", "header offset", "reflectance scale factor",
)  # fmt: skip
READERS = {
    "open_cube": open_cube,
    "read_labels": read_labels,
    "read_library": read_library,
    "read_legend": read_legend,
    "import_regions": lambda path: import_regions(path, SCENE),
    "arrays_in": arrays_in,
    "diagnose": diagnose,
    "cube_info": cube_info,
}


def header(folder, key, value) -> None:
    good = {"samples": 4, "lines": 3, "bands": 5, "data type": 12, "interleave": "bip"}
    fields = {**good, key: value}
    text = "ENVI\n" + "".join(f"{k} = {v}\n" for k, v in fields.items())
    (folder / "a.hdr").write_text(text, encoding="utf-8")
    (folder / "a.img").write_bytes(ARRAY.tobytes())


def files(folder) -> None:
    """One file of each kind with nasty names in it."""
    np.savez(folder / "several.npz", **{f"{NASTY}{k}": ARRAY for k in range(3)})
    with zipfile.ZipFile(folder / "broken.npz", "w") as file:
        file.writestr(f"{NASTY}.npy", b"\x93NUMPY\x01\0\xff\xff{" + NASTY.encode())
    short = {f"{NASTY[:12]}{k}": ARRAY for k in range(2)}
    scipy.io.savemat(folder / "four.mat", {"x": np.ones(3)}, format="4")
    scipy.io.savemat(folder / "plain.mat", {"aaaaaaaa": ARRAY, "bbbbbbbb": ARRAY})
    mat = (folder / "plain.mat").read_bytes()
    (folder / "five.mat").write_bytes(mat.replace(b"aaaaaaaa", b"\x1b[2J\x07\x00\xff\n"))
    with h5py.File(folder / "several.h5", "w") as file:
        for name, array in short.items():
            file[name.replace("\0", "")] = array
    with h5py.File(folder / "one.h5", "w") as file:
        file["cube"] = ARRAY
        file["cube"].attrs["units"] = NASTY
        file["cube"].attrs["wavelength"] = [NASTY[:60]] * 5
    with h5py.File(folder / "a.ilp", "w") as file:
        block = file.create_dataset("PixelClassification/LabelSets/l/b", data=ARRAY)
        block.attrs["blockSlice"] = NASTY
    tifffile.imwrite(folder / "a.tif", ARRAY[0], description="ImageJ=1\nx=" + "\x1b[2J" * 99)
    (folder / "a.csv").write_text(f"id,name\n1,{NASTY}\nx{NASTY},b\n", encoding="utf-8")
    (folder / "wide.csv").write_text(f"{NASTY},{NASTY}\n1,2\n", encoding="utf-8")
    (folder / "a.txt").write_text(f"; ENVI {NASTY}\n; ROI name: {NASTY}\n", encoding="utf-8")
    (folder / "a.xml").write_text(f"<RegionsOfInterest>{NASTY}", encoding="utf-8")
    (folder / "a.qml").write_text(f"<qgis>{NASTY}", encoding="utf-8")
    (folder / "a.geojson").write_text(json.dumps({"type": NASTY}), encoding="utf-8")


def parse_description(read, path) -> list[str]:
    """Every sentence that a reader has for the user."""
    try:
        found = read(path)
    except HsiError as error:
        return [str(error)]
    if isinstance(found, Diagnosis):
        return [found.problem or "", *(reading.summary for reading in found.readings)]
    if isinstance(found, dict):
        return [*found["warnings"]]
    return [*getattr(found, "warnings", ()), *getattr(found, "notes", ())]


def check(texts) -> None:
    for text in texts:
        assert len(text) <= MOST_MESSAGE, text[:200]
        steering = {c for c in text if unicodedata.category(c) in {"Cc", "Cs"} or c == "\u202e"}
        assert not steering, text[:200]


@pytest.mark.parametrize("key", KEYS)
def test_headers_with_nasty_values(tmp_path, key):
    heard = []
    for value in (NASTY, f"{{{NASTY}}}", "{" + ", ".join([NASTY[:40]] * 400) + "}", "9" * 10_000):
        header(tmp_path, key, value)
        heard += [
            t for read in READERS.values() for t in parse_description(read, tmp_path / "a.hdr")
        ]
    check(heard)
    assert heard  # at the least that it is no library


@pytest.mark.parametrize("reader", [name for name in READERS if name != "diagnose"])
def test_files_with_nasty_names(tmp_path, reader):
    files(tmp_path)
    heard = []
    for path in sorted(tmp_path.iterdir()):
        if path.is_file():
            heard += parse_description(READERS[reader], path)
    check(heard)
    assert len(heard) > 5


def test_a_nasty_name_of_a_file_that_is_missing(tmp_path):
    for read in READERS.values():
        check(parse_description(read, tmp_path / "a\x1b[2J\u202e\n.npy"))


def test_the_command_line_prints_no_control_characters(tmp_path, capsys):
    header(tmp_path, "wavelength units", NASTY)
    header_text = (tmp_path / "a.hdr").read_text(encoding="utf-8")
    (tmp_path / "a.hdr").write_text(
        f"{header_text}band names = {{{', '.join([NASTY[:9]] * 5)}}}\n", encoding="utf-8"
    )
    for options in ([], ["--json"]):
        assert main(["info", str(tmp_path / "a.hdr"), *options]) == 0
        for text in capsys.readouterr():
            assert not {c for c in text if unicodedata.category(c) == "Cc" and c != "\n"}


def test_notes_about_labels_are_bounded():
    long = tuple(f'"{NASTY}" and {k}' for k in range(100))
    ids = np.zeros((2, 2), np.uint16)
    for labels in (LabelFile(ids, notes=long), ImportedLabels(ids, notes=long)):
        check(labels.notes)
        assert len(labels.notes) == MOST_MESSAGES + 1

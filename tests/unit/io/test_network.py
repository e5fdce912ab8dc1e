"""No reader asks the network, runs a program or changes a file, of any suffix that is accepted."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from hsi_viewer.io.envi.pairing import DATA_SUFFIXES
from hsi_viewer.io.labels.legend_file import LEGEND_FILTERS
from hsi_viewer.io.libraries.spectral_library import library_filters
from hsi_viewer.io.regions.import_export import EXPORT_FILTERS, import_filters
from hsi_viewer.io.registry import cube_filters
from hsi_viewer.io.sidecars.location import SUFFIX as SIDECAR
from hsi_viewer.session.storage.project_file import SUFFIX as SESSION
from tests.unit.io import hostile_binaries as binaries
from tests.unit.io import hostile_files as hostile
from tests.unit.io.listening import listening

FILTERS = (
    *cube_filters(), *LEGEND_FILTERS, *import_filters(), *EXPORT_FILTERS, *library_filters(),
)  # fmt: skip
# Suffixes of others, which users drop on the window all the same.
OTHERS = (
    "", ".vrt", ".zip", ".kmz", ".gml", ".gpx", ".dxf", ".shz", ".sqlite", ".mbtiles", ".topojson",
    ".safetensors", ".pix", ".roi", ".prj", ".flt", ".asc", ".jp2", ".wms", ".svg", ".jpg",
)  # fmt: skip


def accepted() -> set[str]:
    """Every suffix that a dialog of the application offers, or that belongs to what it reads."""
    offered = {pattern.lstrip("*") for _, patterns in FILTERS for pattern in patterns}
    return {*offered, *DATA_SUFFIXES, SIDECAR, SESSION, ".json", ".qml", ".xml"}


def suffixes() -> list[str]:
    """Those, and some that no dialog offers."""
    return sorted(accepted() | {*OTHERS})


def of_kind(number: int, suffixes: Iterable[str]) -> list[str]:
    """The suffixes that a kind of content is given.

    Those of raw data are one list to every reader: each kind takes a third of them in turn.
    """
    return [s for k, s in enumerate(suffixes) if s not in DATA_SUFFIXES or (number + k) % 3 == 0]


def state_of(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_suffixes_are_those_of_the_dialogs():
    assert {".tif", ".gpkg", ".kml", ".ilp", ".sli", ".hsiproj", ".npz", ".h5"} <= {*suffixes()}


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    """All hostile contents under all suffixes, given to all readers in a process of their own."""
    root = tmp_path_factory.mktemp("hostile")
    folder, report = root / "files", root / "report.json"
    canaries = binaries.canaries(root / "canaries")
    with listening() as listener:
        write_all(folder, root, listener)
        write_binaries(folder, canaries, listener.address("zarr"))
        before = state_of(folder)
        script = Path(__file__).with_name("read_everything.py")
        command = [sys.executable, str(script), str(folder), str(report), str(listener.port)]
        command.append(str(canaries))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        yield json.loads(report.read_text()), before, state_of(folder), list(listener.asked)


def write_all(folder, root, listener):
    """A folder for each kind of content, with a file for each suffix."""
    folder.mkdir()
    victim = folder / "victim.txt"
    victim.write_text("a file of the user's\n")
    kinds = {
        **hostile.OF_ADDRESSES,
        "pipeline": lambda address: hostile.pipeline(root, victim),
        "raster pipeline": lambda address: hostile.raster_pipeline(root, victim),
        "link": lambda address: hostile.geojson(hostile.link(address)),
        "link of a geometry": lambda address: hostile.geojson(None, hostile.link(address)),
        "network link": lambda address: hostile.placemarks(
            f"<name>a</name><styleUrl>{address}#x</styleUrl>",
            inside=f"<NetworkLink><Link><href>{address}</href></Link></NetworkLink>",
        ),
    }
    for number, (kind, content) in enumerate(kinds.items()):
        for k, suffix in enumerate(of_kind(number, suffixes())):
            address = listener.address(f"{kind.replace(' ', '-')}{suffix or '-none'}")
            if (number + k) % 3 == 2:
                address = f"/vsicurl/{address}"
            # marks and spaces before the content, and suffixes in capitals
            before = ("", "", "\ufeff", " \n\t")[(number + k) % 4]
            name = f"{kind} {k}{suffix.upper() if (number + k) % 5 == 4 else suffix}"
            below = folder / kind
            below.mkdir(exist_ok=True)
            (below / name).write_text(before + content(address), encoding="utf-8")


def write_binaries(folder, secret, address):
    """What names the canaries or runs something: a folder for each kind, by what is accepted."""
    kinds = {
        **{kind: text.encode() for kind, text in binaries.texts(secret).items()},
        **binaries.binaries(secret, folder / "ran"),
    }
    for number, (kind, content) in enumerate(kinds.items()):
        (folder / kind).mkdir()
        for suffix in of_kind(number, sorted(accepted())):
            path = folder / kind / f"a{suffix}"
            path.write_bytes(content)
            for end, text in binaries.beside(secret).items() if kind == "side files" else ():
                path.with_name(path.name + end).write_text(text)
    binaries.write_zarr(folder, secret, address)


def test_no_reader_asks_the_network(whole_run):
    report, _, _, asked = whole_run
    assert report["outcomes"]["control by Python"] == 1
    assert report["outcomes"]["control by GDAL"] == 1
    assert asked, "the listener notices nothing"
    assert [line for line in asked if " /control/" not in line] == []
    assert report["tried"] == []


def test_no_reader_opens_another_file(whole_run):
    report, _, _, _ = whole_run
    assert [line for line in report["tried"] if "opened" in line] == []
    assert (report["outcomes"]["control of canaries"] > 0) == (sys.platform == "linux")


def test_no_reader_changes_a_file(whole_run):
    _, before, after, _ = whole_run
    assert after == before
    assert "victim.txt" in after


def test_every_hostile_file_is_refused_with_a_reason_or_read(whole_run):
    report, _, _, _ = whole_run
    assert report["failed"] == []
    counts = report["outcomes"]
    for reader in ("cube", "info", "labels", "regions", "library", "session", "model"):
        assert counts[f"{reader} refused"] > 0.8 * report["files"]
        assert counts[f"{reader} refused"] + counts.get(f"{reader} read", 0) == report["files"]

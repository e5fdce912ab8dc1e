"""Session files that unpack to more than their scene can need, or to other places."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.session.storage import project_file, project_members
from hsi_viewer.session.storage.cube_reference import CubeReference
from hsi_viewer.session.storage.project_file import (
    read_project_arrays,
    read_project_data,
    write_project,
)
from hsi_viewer.session.storage.session_data import SessionData
from hsi_viewer.session.storage.training_runs import MAPS, Run, read_map
from tests.unit.io.bounds import allocated_at_most
from tests.unit.io.files.test_archives import npy

SHAPE = (48, 50, 40)
DATA = SessionData(CubeReference("/somewhere/scene.npy", "scene", SHAPE, "ab"))
IDS = np.zeros(SHAPE[:2], np.uint16)
RUN = Run(1, "Run 1", "2026-01-01T00:00:00+00:00", class_ids=(1, 2))


@pytest.fixture
def session(tmp_path) -> Path:
    """A session file without runs."""
    write_project(tmp_path / "a.hsiproj", DATA, IDS, None, {})
    return tmp_path / "a.hsiproj"


def opened(path: Path) -> tuple[tuple[str, ...], Path]:
    """What is said of a session file, and the folder that its runs were put into."""
    runs = path.parent / "session" / "runs"
    problems = read_project_arrays(path, read_project_data(path), runs).problems
    return problems, runs


def written(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("name", ["run.json", MAPS, "model.safetensors", "model.json"])
def test_a_bomb_in_a_run_is_not_unpacked(session, name):
    with zipfile.ZipFile(session, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(f"runs/1/{name}", bytes(64 << 20))
        file.writestr("runs/2/run.json", "{}")
    problems, runs = opened(session)
    assert written(runs) == 2
    assert "parts of run 1 are lost" in problems[0]


def test_a_bomb_whose_size_is_not_told(session):
    """The list of contents says 50 bytes; not more than that is unpacked, and it isn't kept."""
    with zipfile.ZipFile(session, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(f"runs/1/{MAPS}", bytes(64 << 20))
    whole = session.read_bytes()
    size = (64 << 20).to_bytes(4, "little")
    session.write_bytes(whole.replace(size, (50).to_bytes(4, "little")))
    problems, runs = opened(session)
    assert written(runs) == 0
    assert "parts of run 1 are lost" in problems[0]


def test_a_bomb_without_a_list_of_contents(session):
    """The file is cut off, and its parts are found by their own headers."""
    with zipfile.ZipFile(session, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(f"runs/1/{MAPS}", bytes(64 << 20))
    whole = session.read_bytes()
    session.write_bytes(whole[: whole.index(b"PK\x01\x02")])
    problems, runs = opened(session)
    assert written(runs) == 0
    assert "parts of run 1 are lost" in problems[0]


def test_labels_that_unpack_to_more_than_the_scene(session):
    with zipfile.ZipFile(session, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("session.json", DATA.to_json())
        file.writestr("labels.npy", npy((24_000, 24_000), data=bytes(8 << 20)))
    contents = read_project_arrays(session, read_project_data(session), session.parent / "runs")
    assert contents.ids.shape == SHAPE[:2]
    assert "the labels are lost (labels.npy is too long)" in contents.problems[0]


def test_names_without_files_make_no_folders(session):
    session_data = json.loads(DATA.to_json())
    session_data["contents"] = [f"runs/{k}/{MAPS}" for k in range(1, 30_001)]
    with zipfile.ZipFile(session, "w") as file:
        file.writestr("session.json", json.dumps(session_data))
        file.writestr("labels.npy", npy(SHAPE[:2], data=IDS.tobytes()))
    problems, runs = opened(session)
    assert not runs.exists()
    assert "parts of run 1, 2, 3" in problems[0]
    assert "and 29980 more are lost" in problems[0]
    assert len(problems[0]) < 500


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice_is_lost(session):
    with zipfile.ZipFile(session, "a") as file:
        for text in ("{}", "{ }"):
            file.writestr("runs/1/run.json", text)
    problems, runs = opened(session)
    assert written(runs) == 0
    assert "parts of run 1 are lost" in problems[0]


@pytest.mark.parametrize(
    "name",
    [
        "../gone/run.json", "/runs/1/run.json", "runs/1/../../run.json", "runs/../run.json",
        "runs\\1\\run.json", "C:/run.json", "runs/1/CON", "runs/NUL/run.json", "runs/01/run.json",
        "runs/1/run.json:stream", "runs/1/run.json/", "runs/1/maps.npz ", "runs/-1/run.json",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_not_unpacked(session, name):
    with zipfile.ZipFile(session, "a") as file:
        file.writestr(zipfile.ZipInfo(name), "{}")
    before = {p for p in session.parent.rglob("*") if p.is_file()}
    opened(session)
    assert {p for p in session.parent.rglob("*") if p.is_file()} == before


def test_a_link_in_a_session_file_becomes_no_link(session):
    entry = zipfile.ZipInfo("runs/1/run.json")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(session, "a") as file:
        file.writestr(entry, "/etc/passwd")
    _, runs = opened(session)
    assert not (runs / "1" / "run.json").is_symlink()
    assert (runs / "1" / "run.json").read_text() == "/etc/passwd"


def test_runs_that_the_disk_has_no_room_for(session, monkeypatch):
    with zipfile.ZipFile(session, "a") as file:
        file.writestr("runs/1/run.json", bytes(1000))
    room = shutil.disk_usage(session)._replace(free=1999)
    monkeypatch.setattr(project_file.shutil, "disk_usage", lambda path: room)
    with pytest.raises(
        FileError, match=r"its runs take 1000 bytes when unpacked; .* Free some space"
    ):
        opened(session)
    assert not (session.parent / "session").exists()


def test_a_session_without_runs_opens_on_a_disk_that_is_nearly_full(session, monkeypatch):
    room = shutil.disk_usage(session)._replace(free=0)
    monkeypatch.setattr(project_file.shutil, "disk_usage", lambda path: room)
    _, runs = opened(session)
    assert not list(runs.glob("*"))


def test_a_session_file_of_too_many_entries(session, monkeypatch):
    monkeypatch.setattr(project_members, "opened_archive", _few(project_members.opened_archive))
    with pytest.raises(FormatError, match="not a session file, or too damaged"):
        read_project_data(_with_entries(session, 10))


def _few(opening):
    return lambda path: opening(path, 5)


def _with_entries(path: Path, count: int) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for k in range(count):
            file.writestr(f"x{k}", b"")
    # nor are they found one by one
    path.write_bytes(b"\0" + path.read_bytes())
    return path


@pytest.mark.parametrize("name", ["class_map", "confidence", "disagreement", "trained_on"])
def test_a_bomb_for_a_map_takes_no_memory(tmp_path, name):
    """The run's folder holds an array of 800 MB by its header; it is refused by its shape."""
    arrays = {n: npy(SHAPE[:2], "<f2", bytes(4800)) for n in ("confidence", "disagreement")}
    arrays |= {"class_map": npy(SHAPE[:2], "<u2", bytes(4800))}
    arrays |= {"trained_on": npy(SHAPE[:2], "|b1", bytes(2400))}
    arrays |= {name: npy((20_000, 20_000), "<u2", bytes(40 << 20))}
    (tmp_path / "1").mkdir()
    with zipfile.ZipFile(tmp_path / "1" / MAPS, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for key, value in arrays.items():
            file.writestr(f"{key}.npy", value)
    setting = """
        from pathlib import Path
        from hsi_viewer.core.errors import FormatError
        from hsi_viewer.session.storage.training_runs import Run, read_map
        run = Run(1, "Run 1", "2026-01-01", class_ids=(1, 2))
    """
    call = f"""
        try:
            read_map(Path({str(tmp_path)!r}), run, {SHAPE})
        except FormatError as error:
            print(error)
    """
    lines, most = allocated_at_most(setting, call)
    assert lines == ["The map of “Run 1” has a different size from the cube."]
    assert most < 8 << 20


def test_a_map_of_other_values_or_without_its_arrays(tmp_path):
    (tmp_path / "1").mkdir()
    good = {
        "class_map": IDS,
        "confidence": IDS.astype(np.float16),
        "trained_on": IDS.astype(bool),
    }
    np.savez_compressed(tmp_path / "1" / MAPS, **good, later=np.zeros(10**6))
    np.testing.assert_array_equal(read_map(tmp_path, RUN, SHAPE).prediction.class_map, IDS)
    for key in good:
        np.savez(tmp_path / "1" / MAPS, **{**good, key: IDS.astype("c8")})
        with pytest.raises(FormatError, match="a different size"):
            read_map(tmp_path, RUN, SHAPE)
        np.savez(tmp_path / "1" / MAPS, **{k: v for k, v in good.items() if k != key})
        with pytest.raises(FormatError, match="cannot be read"):
            read_map(tmp_path, RUN, SHAPE)

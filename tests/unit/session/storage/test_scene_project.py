"""Projects of several scenes: written, moved, and what isn't one."""

from __future__ import annotations

import json

import pytest

from hsi_viewer.core.errors import ExportError, FileError, FormatError, HsiError
from hsi_viewer.session.storage.scene_project import (
    FORMAT,
    MOST_BYTES,
    MOST_SCENES,
    is_scene_project,
    read_scene_project,
    write_scene_project,
)


@pytest.fixture
def project(tmp_path):
    """A project of two sessions that exist, one beside it and one in a folder above."""
    folder = tmp_path / "work" / "flights"
    folder.mkdir(parents=True)
    sessions = [folder / "north.hsiproj", tmp_path / "work" / "ünïcode.hsiproj"]
    for session in sessions:
        session.touch()
    path = folder / "valley.hsiscenes"
    write_scene_project(path, sessions)
    return path, sessions


def test_a_project_lists_what_was_saved(project):
    path, sessions = project
    assert is_scene_project(str(path))
    assert is_scene_project("VALLEY.HSISCENES")
    assert not is_scene_project("north.hsiproj")
    assert read_scene_project(path) == sessions


def test_a_folder_that_was_moved_is_found_by_its_own_paths(project, tmp_path):
    path, _sessions = project
    moved = (tmp_path / "work").rename(tmp_path / "elsewhere")
    found = read_scene_project(moved / "flights" / path.name)
    assert found == [moved / "flights" / "north.hsiproj", moved / "ünïcode.hsiproj"]


def test_a_project_that_was_moved_alone_finds_them_where_they_were(project, tmp_path):
    path, sessions = project
    assert read_scene_project(path.rename(tmp_path / path.name)) == sessions


def test_sessions_that_are_gone_are_listed_where_they_should_be(project):
    path, sessions = project
    sessions[0].unlink()
    assert read_scene_project(path) == sessions


def test_a_session_counts_once(project):
    path, sessions = project
    write_scene_project(path, [*sessions, *sessions])
    assert read_scene_project(path) == sessions


def test_what_cannot_be_written_leaves_the_old_one(project, monkeypatch):
    path, sessions = project
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space")))
    with pytest.raises(ExportError):
        write_scene_project(path, [])
    assert read_scene_project(path) == sessions


def with_scenes(scenes: object, version: int = 1) -> str:
    return json.dumps({"format": FORMAT, "version": version, "scenes": scenes})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "isn't a project of HSI Viewer"),
        ("[" * 100_000, "isn't a project of HSI Viewer"),
        ("[]", "isn't a project of HSI Viewer"),
        ('{"version": 1, "scenes": []}', "format: it is missing"),
        ('{"format": "Other", "version": 1}', "format"),
        ('{"format": "HSI Viewer project", "version": 0, "scenes": []}', "version"),
        ('{"format": "HSI Viewer project", "version": 1}', "scenes: it is missing"),
        (with_scenes([], 2), "saved by a newer version of HSI Viewer"),
        (with_scenes([{"relative": "a.hsiproj"}]), "scenes.0.session: it is missing"),
        (with_scenes([{"session": 3}]), "scenes.0.session"),
        (with_scenes([{"session": ""}]), "scenes.0.session"),
        (with_scenes([{"session": "a\0.hsiproj"}]), "scenes.0.session"),
        (with_scenes([{"session": "x" * 5000 + ".hsiproj"}]), "scenes.0.session"),
        (with_scenes([{"session": "a.hsiproj"}] * (MOST_SCENES + 1)), "at most 1000"),
        (with_scenes([{"session": "/etc/passwd"}]), "which isn't a session file"),
        (with_scenes("a.hsiproj"), "scenes: expected a list"),
    ],
)
def test_what_is_no_project_is_named_with_the_reason(tmp_path, text, told):
    path = tmp_path / "bad.hsiscenes"
    path.write_text(text)
    with pytest.raises(FormatError) as error:
        read_scene_project(path)
    assert str(path) in str(error.value)
    assert told in str(error.value)
    assert len(str(error.value)) < 700


def test_what_is_too_large_or_missing_is_not_read(tmp_path):
    path = tmp_path / "large.hsiscenes"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(FormatError, match="too large"):
        read_scene_project(path)
    with pytest.raises(FileError, match="does not exist"):
        read_scene_project(tmp_path / "gone.hsiscenes")
    with pytest.raises(HsiError):
        read_scene_project(tmp_path)

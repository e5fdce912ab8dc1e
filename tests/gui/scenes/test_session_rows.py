"""What the panel Scenes lists of session files: read once, and again only when a file changed."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.io.opening import open_cube
from hsi_viewer.session.storage.cube_reference import reference_to
from hsi_viewer.session.storage.project_file import write_project
from hsi_viewer.session.storage.session_data import SessionData
from hsi_viewer.ui.features.scenes import session_rows
from hsi_viewer.ui.features.scenes.session_rows import SessionRows


@pytest.fixture
def session(tmp_path):
    """A session file of a scene, and what writes so many labels of two classes into it."""
    np.save(tmp_path / "scene.npy", np.ones((20, 30, 4), np.float32))
    path = tmp_path / "scene.hsiproj"
    cube = open_cube(tmp_path / "scene.npy")
    classes = tuple(LabelClass(i, f"Class {i}", (9, 9, 9)) for i in (1, 2))

    def write(count: int) -> None:
        ids = np.zeros((20, 30), np.uint16)
        ids[:2, :count] = [[1], [2]]
        data = SessionData(reference_to(str(tmp_path / "scene.npy"), cube), classes)
        write_project(path, data, ids, None, {})

    write(5)
    return path, write


@pytest.fixture
def readings(monkeypatch) -> list[str]:
    read, names = session_rows.read_project_labels, []

    def noted(path):
        names.append(path.name)
        return read(path)

    monkeypatch.setattr(session_rows, "read_project_labels", noted)
    return names


def test_a_session_is_read_once_until_it_is_saved_again(session, readings):
    path, write = session
    rows, token = SessionRows(), CancelToken()
    for _ in range(3):
        (row,) = rows.of([path], token)
        assert (row.labels, row.classes, row.problem, row.missing) == (10, 2, "", "")
    assert readings == ["scene.hsiproj"]
    write(7)
    (row,) = rows.of([path], token)
    assert row.labels == 14
    assert len(readings) == 2


def test_a_scene_that_goes_or_comes_back_is_seen_without_reading(session, readings):
    path, _write = session
    rows, token = SessionRows(), CancelToken()
    scene = path.with_name("scene.npy")
    assert rows.of([path], token)[0].usable
    away = scene.rename(path.with_name("away.npy"))
    (row,) = rows.of([path], token)
    assert row.missing == str(scene)
    assert not row.usable
    away.rename(scene)
    assert rows.of([path], token)[0].usable
    assert len(readings) == 1


def test_what_is_gone_or_damaged_is_told_and_forgotten_once_it_is_mended(session, readings):
    path, write = session
    rows, token = SessionRows(), CancelToken()
    rows.of([path], token)
    path.write_bytes(b"nothing")
    assert "not a session file" in rows.of([path], token)[0].problem
    path.unlink()
    assert str(path) in rows.of([path], token)[0].problem
    write(3)
    assert rows.of([path], token)[0].labels == 6


def test_a_list_that_is_no_longer_wanted_reads_nothing(session, readings):
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        SessionRows().of([session[0]], token)
    assert readings == []

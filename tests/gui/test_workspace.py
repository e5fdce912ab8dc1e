"""Workspace.compute and perform: what is handed on, what is replaced, what is stale."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import replace

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.workspace import Workspace
from tests.patience import PATIENCE


def cube(name: str) -> HyperCube:
    return HyperCube.from_array(np.ones((3, 4, 5), np.float32), name=name)


class Held:
    """Work that ends when it is let go, with a result or an error."""

    def __init__(self, result: object) -> None:
        self.result, self.go, self.token = result, threading.Event(), None

    def __call__(self, token, port):
        self.token = token
        assert self.go.wait(PATIENCE)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class Desk:
    """A workspace with an open document, and what was handed on and told."""

    def __init__(self, qtbot) -> None:
        self.workspace = Workspace(Settings())
        self.qtbot, self.results, self.notices = qtbot, [], []
        self.workspace.noticed.connect(lambda text, level: self.notices.append((level, text)))
        self.workspace.open_document(Document(cube("first")))

    @property
    def document(self) -> Document:
        return self.workspace.document

    def finish(self, *held: Held) -> None:
        """Let work go and wait until each thread has left."""
        for work in held:
            work.go.set()
        tasks = self.workspace.tasks
        self.qtbot.waitUntil(lambda: not tasks._tasks)


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    yield desk
    assert desk.workspace.tasks.cancel_all() == ()


def test_a_result_is_handed_on(desk):
    held = Held(7)
    task = desk.workspace.compute("Counting", held, desk.results.append, cube=desk.document.cube)
    assert task.running
    assert task.title == "Counting"
    desk.finish(held)
    assert desk.results == [7]
    assert desk.notices == []


def test_the_latest_of_a_title_replaces_the_one_before(desk):
    first, second = Held(1), Held(2)
    task = desk.workspace.compute("Counting", first, desk.results.append)
    desk.workspace.compute("Counting", second, desk.results.append)
    assert not task.running
    desk.finish(first, second)
    assert desk.results == [2]


def test_a_key_replaces_across_titles_and_an_empty_one_never(desk):
    held = [Held(i) for i in range(4)]
    compute, take = desk.workspace.compute, desk.results.append
    compute("Map of A", held[0], take, key="map")
    compute("Map of B", held[1], take, key="map")
    compute("Pin", held[2], take, key="")
    compute("Pin", held[3], take, key="")
    desk.finish(*held)
    assert sorted(desk.results) == [1, 2, 3]


def test_what_is_written_under_one_title_is_written_in_the_order_it_was_asked_for(desk):
    """However late the first begins: the file has what was asked for last."""
    held, perform = [Held(i) for i in range(4)], desk.workspace.perform
    tasks = [perform("Saving a", h, desk.results.append, writes=True) for h in held[:3]]
    for work in held[1:]:
        work.go.set()
    perform("Saving b", held[3], desk.results.append, writes=True)
    desk.qtbot.waitUntil(lambda: desk.results == [3])
    assert held[1].token is held[2].token is None
    tasks[1].cancel()
    assert [t.title for t in desk.workspace.writing] == ["Saving a", "Saving a"]
    desk.finish(held[0])
    assert desk.results == [3, 0, 2]
    assert held[1].token is None  # cancelled before its turn: never begun


def test_what_is_performed_is_never_replaced_nor_stale(desk):
    held = [Held("a.npy"), Held("b.npy")]
    for work in held:
        desk.workspace.perform("Saving", work, desk.results.append)
    desk.workspace.open_document(Document(cube("second")))
    desk.finish(*held)
    assert sorted(desk.results) == ["a.npy", "b.npy"]


@pytest.mark.parametrize("outcome", [7, FormatError("The file is damaged.")])
def test_another_document_cancels_what_belongs_to_the_last(desk, outcome):
    of_cube, of_document = Held(outcome), Held(outcome)
    compute, take = desk.workspace.compute, desk.results.append
    tasks = [
        compute("Cube", of_cube, take, cube=desk.document.cube),
        compute("Document", of_document, take, document=desk.document),
    ]
    desk.workspace.open_document(Document(cube("second")))
    assert not any(t.running for t in tasks)
    desk.finish(of_cube, of_document)
    assert of_cube.token is None or of_cube.token.cancelled
    assert desk.results == []
    assert desk.notices == []


def test_other_metadata_cancel_what_belongs_to_the_cube_only(desk):
    of_cube, of_document = Held("cube"), Held("document")
    compute, take = desk.workspace.compute, desk.results.append
    compute("Cube", of_cube, take, cube=desk.document.cube)
    compute("Document", of_document, take, document=desk.document)
    desk.document.set_cube(replace(desk.document.cube, nodata=0.0))
    desk.finish(of_cube, of_document)
    assert desk.results == ["document"]


def test_work_on_a_cube_that_is_not_open_is_not_handed_on(desk):
    held = Held(7)
    desk.workspace.compute("Counting", held, desk.results.append, cube=cube("elsewhere"))
    desk.finish(held)
    assert desk.results == []


def test_an_error_is_reported_by_what_was_being_done(desk):
    held = [Held(FormatError("x.sli is damaged.")), Held(ValueError("seven")), Held(KeyError(1))]
    compute, take = desk.workspace.compute, desk.results.append
    compute("Reading x.sli", held[0], take, doing="Reading a library")
    desk.finish(held[0])
    compute("Counting 7", held[1], take, doing="Counting")
    desk.finish(held[1])
    compute("Adding", held[2], take)
    desk.finish(held[2])
    assert desk.notices[0] == ("error", "x.sli is damaged.")
    assert desk.notices[1][1].startswith("Counting failed unexpectedly (ValueError: seven).")
    assert desk.notices[2][1].startswith("Adding failed unexpectedly (KeyError: 1).")
    assert desk.results == []


def test_what_the_system_refuses_names_the_file(desk):
    refused = OSError(errno.EIO, os.strerror(errno.EIO), "/drive/a.img")
    desk.workspace.notify_error(refused, "Export")
    ((level, text),) = desk.notices
    assert level == "error"
    assert text.startswith("Export: /drive/a.img cannot be used: Input/output error. Check that")


def test_who_handles_an_error_gets_it_in_place_of_the_user(desk):
    error, errors = FormatError("x is damaged."), []
    held = Held(error)
    desk.workspace.compute("Reading", held, desk.results.append, on_failed=errors.append)
    desk.finish(held)
    assert errors == [error]
    assert desk.notices == []


def test_cancelling_a_key(desk):
    held, other = Held(1), Held(2)
    desk.workspace.compute("Counting", held, desk.results.append)
    desk.workspace.compute("Adding", other, desk.results.append)
    desk.workspace.cancel("Counting")
    desk.finish(held, other)
    assert desk.results == [2]


def test_ended_work_is_forgotten(desk):
    held = Held(1)
    desk.workspace.compute("Counting", held, desk.results.append, cube=desk.document.cube)
    desk.finish(held)
    assert desk.workspace._computations == []


def test_patient_work_begins_when_no_urgent_work_is_left(desk):
    first, second, patient = Held("picture"), Held("sharp picture"), Held("fill values")
    desk.workspace.perform("Opening", first, desk.results.append, urgent=True)
    waiting = desk.workspace.compute("Looking", patient, desk.results.append, patient=True)
    patient.go.set()
    desk.workspace.perform("Drawing", second, desk.results.append, urgent=True)
    with desk.qtbot.waitSignal(desk.workspace.tasks._rest.timeout):
        first.go.set()
    assert desk.results == ["picture"]
    assert patient.token is None
    assert waiting.running
    desk.finish(second)
    assert desk.results == ["picture", "sharp picture", "fill values"]


def test_patient_work_that_is_cancelled_while_it_waits_is_never_done(desk):
    urgent, patient = Held("picture"), Held("fill values")
    desk.workspace.perform("Opening", urgent, desk.results.append, urgent=True)
    desk.workspace.compute("Looking", patient, desk.results.append, patient=True).cancel()
    desk.finish(urgent)
    assert patient.token is None
    assert desk.results == ["picture"]

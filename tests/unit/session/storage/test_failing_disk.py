"""Whichever call to the disk fails, the old file is whole or the new one is."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.io.labels.class_map import export_prediction
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.session import new_session
from hsi_viewer.session.storage.journal_records import read_records
from hsi_viewer.session.storage.journal_replay import replay
from hsi_viewer.session.storage.project_file import read_project_arrays, read_project_data
from hsi_viewer.session.storage.session_data import session_data_from_json
from hsi_viewer.session.storage.session_folder import new_folder
from hsi_viewer.session.storage.training_runs import (
    KeptMap,
    Run,
    TrainingRuns,
    read_map,
    read_run,
    write_run,
)
from tests.faults import Disk, each_failure, only_safe_renames
from tests.patience import PATIENCE
from tests.unit.session.made import content_of, new_document, stroke

SHAPE = (6, 7)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "out"
    path.mkdir()
    return path


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "scene.npy"
    np.save(path, new_document().cube.read())
    return str(path)


class Tried:
    """An operation, and what it said when it failed."""

    def __init__(self, operation) -> None:
        self.operation, self.error = operation, None

    def __call__(self) -> None:
        self.error = None
        try:
            self.operation()
        except ExportError as error:
            self.error = str(error)

    def check_message(self, disk: Disk) -> None:
        """A failure that the operation did not get over is a sentence."""
        if self.error is not None:
            assert disk.failed
            assert "No space left" in self.error
            assert "Error" not in self.error


@pytest.mark.parametrize("for_good", [False, True])
def test_saving_a_session(scene, folder, for_good):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    path = folder / "a.hsiproj"
    stroke(document, 1, [0])
    write_run(session.training_runs.folder, Run(1, "One", ""), made_map(), None)
    session.training_runs.load()
    session.snapshot(session.data_with({}, {}, None)).write(path)
    session.snapshot(session.data_with({}, {}, None)).write(path)
    old = path.read_bytes()
    stroke(document, 2, [1])
    snapshot = session.snapshot(session.data_with({}, {}, None))
    tried = Tried(lambda: snapshot.write(path))

    def check(disk: Disk) -> None:
        tried.check_message(disk)
        session_data = read_project_data(path)
        contents = read_project_arrays(path, session_data, folder / "unpacked")
        assert contents.problems == ()
        new = contents.ids.ravel()[1] == 2
        assert new != (path.read_bytes() == old)
        if tried.error is None:
            assert new
        backup = path.with_name("a.hsiproj.bak")
        read_project_data(backup)
        names = {p.name for p in folder.iterdir()} - {"unpacked"}
        assert names == {path.name, backup.name}
        path.write_bytes(old)

    assert each_failure(folder, tried, check, for_good=for_good) > 5
    session.close()


@pytest.mark.parametrize("for_good", [False, True])
def test_keeping_notes_and_view(scene, for_good):
    session = new_session(Document(open_cube(scene)), scene)
    session.notes = "old"
    session_data = session.data_with({}, {}, None)
    session.keep_data(session_data)
    session.notes = "new"
    new_body = session.data_with({}, {}, None)
    tried = Tried(lambda: session.keep_data(new_body))
    before = {p.name for p in session.folder.path.iterdir()}

    def check(disk: Disk) -> None:
        tried.check_message(disk)
        notes = session_data_from_json(session.folder.data_file.read_bytes()).notes
        assert notes in ({"new"} if tried.error is None else {"old", "new"})
        assert {p.name for p in session.folder.path.iterdir()} == before
        session.keep_data(session_data)

    assert each_failure(session.folder.path, tried, check, for_good=for_good) >= 3
    session.extras_as_saved()
    session.close()


@pytest.mark.parametrize("for_good", [False, True])
def test_strokes_and_the_writing_again_of_a_journal(scene, for_good):
    """What failed is in the journal once the disk works again, and nothing else is missing."""
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    pixels = iter(range(10**6))

    def work() -> None:
        for _ in range(2):
            pixel = next(pixels)
            stroke(document, 1 + (pixel // 42) % 3, [pixel % 42])
        session.recorder.write_state()
        written()
        document.history.undo()
        written()

    def written() -> None:
        session.drain(PATIENCE)
        session.recorder.maintain()
        session.drain(PATIENCE)
        session.recorder.check_written()

    def check(disk: Disk) -> None:
        contents = read_records(session.folder.journal)
        again = Document(open_cube(scene))
        replay(contents.records, again, contents.gaps)  # what is there fits together
        if not session.recorder.problem and not disk.failed:
            assert not contents.damaged
        for _ in range(3):
            written()
        assert session.recorder.problem == ""
        contents = read_records(session.folder.journal)
        assert not contents.damaged
        again = Document(open_cube(scene))
        replay(contents.records, again)
        assert content_of(again) == content_of(document)
        document.restart(document.legend.classes, document.labels.snapshot().ids)  # as short again
        for _ in range(2):
            session.recorder.write_state()
            written()
        names = {p.name for p in session.folder.path.iterdir()}
        assert names == {"journal", "journal.tally", "lock", "lock.json", "session.json"}

    assert each_failure(session.folder.path, work, check, for_good=for_good) > 8
    document.abandon()
    session.close()


LEGEND = ClassLegend([LabelClass(1, "a", (1, 2, 3)), LabelClass(2, "b", (4, 5, 6))])


def made_prediction(value: int) -> Prediction:
    confidence = np.full(SHAPE, value / 4, np.float32)
    return Prediction(np.full(SHAPE, value, np.uint16), confidence, (1, 2))


def placed_cube() -> HyperCube:
    georeference = Georeference((10.0, 0.0, 4e5, 0.0, -10.0, 5e6))
    return HyperCube.from_array(np.ones((*SHAPE, 2)), georeference=georeference)


def made_map() -> KeptMap:
    return KeptMap(made_prediction(1), np.ones(SHAPE, bool))


EXPORTED = {
    "envi": "class_map.img",
    "npy": "class_map.npy",
    "png": "class_map.png",
    "mat": "class_map.mat",
    "tif": "class_map.tif",
    "confidence": "confidence.img",
}


@pytest.mark.parametrize("kind", EXPORTED)
def test_exporting_a_map(folder, kind):
    cube = placed_cube()
    export_prediction(made_prediction(1), LEGEND, cube, folder, formats=[kind])
    old = {p.name: p.read_bytes() for p in folder.iterdir()}
    tried = Tried(
        lambda: export_prediction(made_prediction(2), LEGEND, cube, folder, formats=[kind])
    )
    new: dict[str, bytes] = {}
    tried()
    new.update({p.name: p.read_bytes() for p in folder.iterdir()})
    assert new != old

    def put_back() -> None:
        for path in folder.iterdir():
            path.unlink()
        for name, data in old.items():
            (folder / name).write_bytes(data)

    put_back()

    def check(disk: Disk) -> None:
        tried.check_message(disk)
        if tried.error is not None:  # the file of the user's, not one beside it
            assert tried.error.startswith(f"{folder / EXPORTED[kind]} ")
        found = {p.name: p.read_bytes() for p in folder.iterdir()}
        assert found.keys() == old.keys()
        if kind in ("mat", "tif"):  # which hold the time of writing
            assert found == old or tried.error is None
        else:
            assert found == (new if tried.error is None else old)
        put_back()

    assert each_failure(folder, tried, check) >= 2


def test_a_run_is_kept_whole_or_not_at_all(folder):
    tried = Tried(lambda: write_run(folder, Run(1, "One", ""), made_map(), None))

    def check(disk: Disk) -> None:
        tried.check_message(disk)
        names = [p.name for p in folder.iterdir()]
        assert names == ([] if tried.error else ["1"])
        if not tried.error:
            read_map(folder, read_run(folder / "1"), (*SHAPE, 2))
            for path in (folder / "1").iterdir():
                path.unlink()
            (folder / "1").rmdir()

    assert each_failure(folder, tried, check) >= 5


def test_renaming_a_run_leaves_the_old_name_or_the_new_one(folder):
    write_run(folder, Run(1, "Old", ""), made_map(), None)
    training_runs = TrainingRuns(folder)
    training_runs.load()
    tried = Tried(lambda: training_runs.rename(1, "New"))

    def check(disk: Disk) -> None:
        tried.check_message(disk)
        assert (
            read_run(folder / "1").title
            == training_runs[1].title
            == ("Old" if tried.error else "New")
        )
        assert sorted(p.name for p in (folder / "1").iterdir()) == ["maps.npz", "run.json"]
        training_runs.rename(1, "Old")

    assert each_failure(folder, tried, check) >= 3


def test_labels_of_a_failed_export_can_still_be_read(folder):
    """One that was never there is not there afterwards."""
    cube = placed_cube()
    tried = Tried(
        lambda: export_prediction(made_prediction(2), LEGEND, cube, folder, formats=["envi"])
    )

    def check(disk: Disk) -> None:
        tried.check_message(disk)
        names = {p.name for p in folder.iterdir()}
        whole = {"class_map.hdr", "class_map.img", "class_map.qml"}
        assert names == (set() if tried.error else whole)
        if not tried.error:
            assert read_labels(folder / "class_map.hdr").ids.max() == 2
        for path in folder.iterdir():
            path.unlink()

    assert each_failure(folder, tried, check) >= 4


def test_a_journal_that_could_not_be_begun_is_reported_and_the_next_start_is_clean(scene, tmp_path):
    """Creating the folder of a session fails at each call; the scene opens all the same."""
    found = []

    def work() -> None:
        session = new_session(Document(open_cube(scene)), scene)
        found.append(session)

    def check(disk: Disk) -> None:
        session = found.pop()
        assert (session.recorder is None) == bool(session.problem)
        if disk.failed:
            assert "Error" not in session.problem
        session.close()
        assert not session.folder.path.exists()

    home = Path(tmp_path / "home")
    assert each_failure(home, work, check) >= 3


@pytest.mark.skipif(os.name == "nt", reason="the numbers of files of POSIX")
@pytest.mark.parametrize("links", [True, False])
def test_nothing_gets_its_name_before_it_is_on_the_disk(scene, folder, links, monkeypatch):
    if not links:
        monkeypatch.setattr("hsi_viewer.atomic.os.link", no_links)
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    path = folder / "a.hsiproj"
    with only_safe_renames(folder) as named:
        export_prediction(
            made_prediction(1), LEGEND, placed_cube(), folder, formats=["envi", "mat"]
        )
        write_run(folder, Run(7, "One", ""), made_map(), None)
        for _ in range(2):
            session.snapshot(session.data_with({}, {}, None)).write(path)
    assert {"class_map.img", "class_map.hdr", "class_map.mat", "7", "a.hsiproj"} <= {*named}
    with only_safe_renames(session.folder.path) as named:
        session.notes = "new"
        session.keep_data(session.data_with({}, {}, None))
        session.recorder.write_state()
        session.drain(PATIENCE)
    assert {"session.json", "journal"} <= {*named}
    with only_safe_renames(folder):
        (folder / "b").write_text("lost")
        with pytest.raises(AssertionError, match="not on the disk"):
            (folder / "b").replace(folder / "c")
    session.close()


def no_links(source, target):
    """As FAT and exFAT answer."""
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_drive_that_keeps_open_files_leaves_no_folder(monkeypatch):
    """NFS gives a file that is deleted while it is open another name until it is closed."""
    folder, _ = new_folder()
    hidden, rmtree, release = folder.path / ".nfs0001", shutil.rmtree, folder.release

    def keeping(path, **options) -> None:
        rmtree(path, **options)
        path.mkdir(exist_ok=True)
        hidden.touch()

    def closing() -> None:
        release()
        hidden.unlink(missing_ok=True)

    monkeypatch.setattr("hsi_viewer.session.storage.session_folder.shutil.rmtree", keeping)
    monkeypatch.setattr(folder, "release", closing)
    folder.remove()
    assert not folder.path.exists()


def test_the_harness_itself_fails_what_it_says(folder):
    path, seen = folder / "a.txt", []

    def work() -> None:
        try:
            with path.open("w") as file:
                file.write("whole")
                file.flush()
            path.replace(folder / "b.txt")
        except OSError as error:
            seen.append(error.errno)

    whats = []
    assert each_failure(folder, work, lambda disk: whats.extend(disk.failed)) == 4
    assert whats == ["write", "flush", "flush at the end", "replace"]
    assert json.dumps(seen) == "[28, 28, 28, 28]"

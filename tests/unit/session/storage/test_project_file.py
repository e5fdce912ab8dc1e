from __future__ import annotations

import errno
import json
import os
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.core.labels import label_map
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.io.opening import open_cube
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.recovering import recovered_session
from hsi_viewer.session.session import Session, new_session, opened_session
from hsi_viewer.session.storage.cube_reference import CubeReference, reference_to, sample_digest
from hsi_viewer.session.storage.lock_file import LockedError, holder_of
from hsi_viewer.session.storage.migrations import SCHEMA
from hsi_viewer.session.storage.project_file import (
    LABELS,
    _most_bytes,
    backup_of,
    is_project,
    lock_of,
    read_project_arrays,
    read_project_data,
    read_project_labels,
    write_project,
)
from hsi_viewer.session.storage.project_members import opened_members
from hsi_viewer.session.storage.recoverable_sessions import (
    bring_back,
    discard,
    discarded,
    others_on,
    recoverable_sessions,
)
from hsi_viewer.session.storage.session_data import SessionData, session_data_from_json
from hsi_viewer.session.storage.session_folder import SessionFolder
from hsi_viewer.session.storage.training_runs import FACTS, MAPS, Run
from tests.unit.session.made import COLUMNS, ROWS, carry_out, edit_lists, new_document

OLD = Path(__file__).parents[3] / "data" / "sessions"
REFERENCE = CubeReference("/somewhere/scene.npy", "scene", (ROWS, COLUMNS, 4), "ab")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
class_lists = st.lists(
    st.builds(
        LabelClass,
        st.integers(1, 65535),
        st.text(max_size=8),
        st.tuples(*[st.integers(0, 255)] * 3),
        visible=st.booleans(),
    ),
    unique_by=lambda c: c.id,
    max_size=5,
).map(tuple)
id_maps = st.lists(st.integers(0, 65535), min_size=ROWS * COLUMNS, max_size=ROWS * COLUMNS).map(
    lambda ids: np.array(ids, np.uint16).reshape(ROWS, COLUMNS)
)
bodies = st.builds(
    SessionData,
    st.just(REFERENCE),
    class_lists,
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=4), json_values, max_size=3),
    st.dictionaries(st.text(max_size=4), json_values, max_size=3),
    st.none() | st.integers(1, 9),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "work.hsiproj"


@pytest.fixture
def scene(tmp_path):
    file = tmp_path / "scene.npy"
    np.save(file, np.arange(ROWS * COLUMNS * 4).reshape(ROWS, COLUMNS, 4))
    return str(file)


def zeros():
    return np.zeros((ROWS, COLUMNS), np.uint16)


def written(path, runs=None, truth=None):
    ids = zeros()
    ids[1, 2] = 7
    session_data = SessionData(REFERENCE, (LabelClass(7, "Corn", (1, 2, 3)),), "noted")
    write_project(path, session_data, ids, truth, runs or {})
    return session_data, ids


def made_run(folder, number=1):
    run = folder / f"made{number}"
    run.mkdir()
    (run / FACTS).write_text("{}" + " " * 3000)
    (run / MAPS).write_bytes(os.urandom(5000))
    return {FACTS: run / FACTS, MAPS: run / MAPS}


# the file ------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(bodies, id_maps, st.none() | id_maps, st.none() | id_maps)
def test_what_is_written_is_read_again(tmp_path_factory, session_data, ids, truth, decisions):
    path = tmp_path_factory.mktemp("p") / "a.hsiproj"
    others = {} if decisions is None else {"decisions": decisions, "region": decisions}
    write_project(path, session_data, ids, truth, {}, others=others)
    again = read_project_data(path)
    same = replace(again.reference, relative="")
    assert structs.replace(again, contents=(), reference=same) == session_data
    contents = read_project_arrays(path, again, path.parent / "runs")
    assert contents.problems == ()
    np.testing.assert_array_equal(contents.ids, ids)
    if truth is None:
        assert contents.truth is None
    else:
        np.testing.assert_array_equal(contents.truth, truth)
    if decisions is None or not decisions.any():  # as in files of before there were any
        assert contents.others == {}
    else:
        assert sorted(contents.others) == ["decisions", "region"]
        for other in contents.others.values():
            np.testing.assert_array_equal(other, decisions)


def test_runs_are_files_inside(path, tmp_path):
    run = made_run(tmp_path)
    session_data, _ = written(path, {3: run})
    read_project_arrays(path, read_project_data(path), tmp_path / "runs")
    for name, file in run.items():
        assert (tmp_path / "runs" / "3" / name).read_bytes() == file.read_bytes()
    assert session_data.contents == ()


@pytest.mark.parametrize(
    ("name", "most"),
    [
        (f"runs/1/{MAPS}", 32 * 1024**2 + 16 * 3000 * 2000),
        ("runs/1/model.safetensors", 32 * 1024**2 + 16 * 1024 * 200),
        (f"runs/1/{FACTS}", 4 * 1024**2 + 256 * 200),
    ],
)
def test_what_a_file_of_a_run_can_need_grows_with_its_scene(name, most):
    assert _most_bytes(name, (3000, 2000, 200)) == most


def test_a_model_of_a_small_scene_may_be_large(path, tmp_path):
    run = made_run(tmp_path)
    for file in run.values():
        file.write_bytes(os.urandom(300_000))
    written(path, {3: run})
    contents = read_project_arrays(path, read_project_data(path), tmp_path / "runs")
    assert contents.problems == ()
    for name, file in run.items():
        assert (tmp_path / "runs" / "3" / name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("links", [True, False])
def test_the_file_of_the_time_before_is_kept(path, links, monkeypatch):
    if not links:  # as on many memory sticks
        monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError(1, "No links")))
    written(path)
    first = path.read_bytes()
    write_project(path, SessionData(REFERENCE, notes="second"), zeros(), None, {})
    assert backup_of(path).read_bytes() == first
    assert read_project_data(path).notes == "second"
    assert {*path.parent.glob(f"*{path.name}*")} == {path, backup_of(path)}


def test_labels_beyond_the_old_limit_of_zip_files_are_written(path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 64)  # instead of 2 GiB
    ids = np.random.default_rng(0).integers(0, 60_000, (ROWS, COLUMNS)).astype(np.uint16)
    write_project(path, SessionData(REFERENCE), ids, ids, {})
    monkeypatch.undo()
    with zipfile.ZipFile(path) as file:
        ends_at = file.start_dir
    for data in (path.read_bytes(), path.read_bytes()[:ends_at]):  # also without the list
        path.write_bytes(data)
        contents = read_project_arrays(path, read_project_data(path), path.with_name("runs"))
        assert contents.problems == ()
        np.testing.assert_array_equal(contents.ids, ids)
        np.testing.assert_array_equal(contents.truth, ids)


def test_a_failed_write_leaves_file_and_backup(path, tmp_path, monkeypatch):
    written(path)
    first = path.read_bytes()

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(ExportError, match="No space left"):
        written(path, {1: made_run(tmp_path)})
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.glob("*.hsiproj*")] == [path.name]


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))  # the file's length differs from run to run
def test_a_file_cut_anywhere_is_read_as_far_as_it_goes(tmp_path_factory, share):
    folder = tmp_path_factory.mktemp("cut")
    path, truth = folder / "cut.hsiproj", zeros() + 3
    session_data, ids = written(path, {1: made_run(folder)}, truth)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    try:
        again = read_project_data(path)
    except FileError:  # not even the description is whole
        return
    assert again.classes == session_data.classes
    contents = read_project_arrays(path, again, folder / "runs")
    text = " ".join(contents.problems)
    assert np.array_equal(contents.ids, ids) != ("the labels are lost" in text)
    assert (contents.truth is None) == ("the test pixels are lost" in text)
    whole_run = {p.name for p in (folder / "runs" / "1").glob("*")} == {FACTS, MAPS}
    assert whole_run != ("run 1" in text)


def test_a_damaged_member_is_named_and_the_rest_is_read(path):
    session_data, _ = written(path, truth=zeros() + 1)
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        at = file.getinfo("labels.npy").header_offset + 60
    raw[at] ^= 0xFF
    path.write_bytes(raw)
    again = read_project_data(path)
    contents = read_project_arrays(path, again, path.parent / "runs")
    assert "the labels are lost" in contents.problems[0]
    assert again.classes == session_data.classes
    assert contents.truth.max() == 1


def test_the_labels_of_a_session_file_are_read_without_its_runs(path, tmp_path):
    session_data, ids = written(path, {3: made_run(tmp_path)})
    again, found = read_project_labels(path)
    assert again.classes == session_data.classes
    np.testing.assert_array_equal(found, ids)
    whole = path.read_bytes()
    at = whole.find(b"labels.npy") + 40
    path.write_bytes(whole[:at] + bytes(8) + whole[at + 8 :])
    with pytest.raises(FormatError, match=r"work\.hsiproj is damaged: the labels are lost \("):
        read_project_labels(path)


def test_what_is_no_session_is_refused_and_the_backup_named(path):
    written(path)
    written(path)
    path.write_bytes(b"not a zip at all")
    with pytest.raises(FormatError, match=r"too damaged to read.*work.hsiproj.bak"):
        read_project_data(path)
    with pytest.raises(FileError, match="does not exist"):
        read_project_data(path.with_name("gone.hsiproj"))


def rewritten(path, **members):
    """Write a session file again with some of its members changed."""
    with zipfile.ZipFile(path) as file:
        old = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, data in {**old, **members}.items():
            file.writestr(name, data)


@pytest.mark.parametrize("key", ["shape", "contents"])
@pytest.mark.parametrize("value", [5, None, [1e400], [2**40, 2**40, 9], [{}], "x"])
def test_a_description_of_other_types(path, tmp_path, key, value):
    session_data, _ = written(path)
    values = json.loads(session_data.to_json())
    (values["cube"] if key == "shape" else values)[key] = value
    rewritten(path, **{"session.json": json.dumps(values)})
    if key == "shape":
        with pytest.raises(FormatError, match="description of the cube is damaged"):
            read_project_data(path)
    else:
        read_project_arrays(path, read_project_data(path), tmp_path / "runs")


@pytest.mark.parametrize("text", ["{'shape': (", "{'descr': '<u2", "{'shape': (1,", "é", "\0"])
def test_labels_whose_header_is_damaged_are_lost_and_named(path, tmp_path, text):
    written(path)
    head = text.encode("latin-1").ljust(118) + b"\n"
    rewritten(path, **{"labels.npy": b"\x93NUMPY\x01\0" + len(head).to_bytes(2, "little") + head})
    contents = read_project_arrays(path, read_project_data(path), tmp_path / "runs")
    assert "the labels are lost" in contents.problems[0]


@pytest.mark.parametrize(("at", "value"), [(8, 1), (8, 64), (10, 99), (6, 255)])
def test_members_that_are_encrypted_or_packed_in_another_way(path, at, value):
    """Flags, method and version of every entry of the directory are changed."""
    written(path)
    data = bytearray(path.read_bytes())
    start = data.find(b"PK\x01\x02")
    while start >= 0:
        data[start + at] |= value
        start = data.find(b"PK\x01\x02", start + 4)
    path.write_bytes(data)
    with pytest.raises(FormatError, match="too damaged to read"):
        read_project_data(path)


def test_without_a_list_of_contents_the_first_members_are_found(path, tmp_path, monkeypatch):
    written(path)
    with zipfile.ZipFile(path) as file:
        names = file.namelist()
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.find(b"PK\x01\x02")])
    expected = read_project_data(path)
    for most in range(names.index("session.json") + 1, len(names) + 1):
        monkeypatch.setattr("hsi_viewer.session.storage.project_members.MOST_ENTRIES", most)
        assert read_project_data(path) == expected


def test_a_list_of_contents_that_breaks_between_two_readings_is_reported(path, tmp_path):
    """The description was read, and then the drive went bad."""
    written(path)
    session_data, whole = read_project_data(path), path.read_bytes()
    start = whole.find(b"PK\x01\x02")
    chance, reported = np.random.default_rng(1), 0
    for _ in range(300):
        data = bytearray(whole)
        for at in chance.integers(start, len(data), 4):
            data[at] = chance.integers(256)
        path.write_bytes(data)
        try:
            reported += bool(read_project_arrays(path, session_data, tmp_path / "runs").problems)
        except FileError as error:
            reported += str(path) in str(error)
    assert reported > 0


def test_names_that_lead_elsewhere_are_not_followed(path, tmp_path):
    written(path)
    with zipfile.ZipFile(path, "a") as file:
        for name in ("runs/1/../../evil", "runs/../x/run.json", "/etc/evil", "runs/1/evil.py"):
            file.writestr(name, "evil")
    read_project_arrays(path, read_project_data(path), tmp_path / "runs")
    assert not list(tmp_path.rglob("evil*"))
    assert not (tmp_path / "runs").exists()


# versions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(1, SCHEMA + 1))
def test_files_of_every_version_open(version, tmp_path):
    path = OLD / f"v{version}.hsiproj"
    with zipfile.ZipFile(path) as file:
        assert json.loads(file.read("session.json"))["schema"] == version
    session_data = read_project_data(path)
    assert [(c.id, c.name) for c in session_data.classes] == [(1, "Corn"), (4, "Woods")]
    assert session_data.view["bands"] == [3, 2, 1]
    assert session_data.view["contrast"]["percent"] == [5, 95]
    assert session_data.view["zoom"] == [1, 1, 4, 3]
    assert session_data.notes == ("" if version == 1 else "As far as the river")
    contents = read_project_arrays(path, session_data, tmp_path)
    assert contents.problems == ()
    assert np.bincount(contents.ids.ravel()).tolist() == [38, 3, 0, 0, 1]


def test_what_features_kept_under_the_names_of_their_classes_is_found_by_its_key(path):
    written(path)
    with zipfile.ZipFile(path) as file:
        values = json.loads(file.read("session.json"))
    values["schema"] = 2
    values["features"] = {"PictureFeature": {"speed": 3}, "SomebodysOwn": {"a": 1}}
    session_data = session_data_from_json(json.dumps(values))
    assert session_data.features == {"picture": {"speed": 3}, "SomebodysOwn": {"a": 1}}


def test_a_newer_file_is_refused_politely(path):
    written(path)
    with zipfile.ZipFile(path) as file:
        values = json.loads(file.read("session.json"))
    values["schema"] = SCHEMA + 1
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("session.json", json.dumps(values))
    with pytest.raises(FormatError, match=r"newer HSI Viewer.*Update.*unchanged"):
        read_project_data(path)


@pytest.mark.parametrize("text", ["[]", "{}", "{", '{"format": "hsi-viewer session"}'])
def test_a_body_that_is_none_is_refused(text):
    with pytest.raises(FormatError):
        session_data_from_json(text)


# cubes ---------------------------------------------------------------------------------------


def test_a_cube_is_found_beside_its_session_first(tmp_path, scene):
    reference = reference_to(scene, open_cube(scene))
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    assert reference.found(moved) == scene
    np.save(moved / "scene.npy", np.zeros((2, 2, 2)))
    assert reference.found(moved) == str(moved / "scene.npy")
    relative = replace(reference, relative=reference.relative_to(moved))
    Path(moved / "scene.npy").unlink()
    assert Path(relative.found(moved)).resolve() == Path(scene)
    Path(scene).unlink()
    assert relative.found(moved) is None
    assert CubeReference("sample:x", "x", (1, 1, 1)).found(moved) == "sample:x"


def test_another_cube_is_reported_from_the_one_that_was_labelled(scene):
    cube = open_cube(scene)
    reference = reference_to(scene, cube, sample_digest(cube))
    assert reference.doubt(cube) is None
    other = HyperCube.from_array(cube.read() + 1)
    assert "differ from those" in reference.doubt(other)
    assert reference.disabled_reason(other) is None
    smaller = HyperCube.from_array(cube.read()[:3])
    assert "3 x 7" in reference.disabled_reason(smaller)


# sessions ------------------------------------------------------------------------------------


def opened(scene):
    document = Document(open_cube(scene))
    return document, new_session(document, scene)


@settings(max_examples=15, deadline=None)
@given(edit_lists)
def test_a_session_saved_and_opened_is_the_same(tmp_path_factory, edits):
    folder = tmp_path_factory.mktemp("s")
    cube = new_document().cube
    np.save(folder / "scene.npy", cube.read())
    document, session = opened(str(folder / "scene.npy"))
    for edit in edits:
        carry_out(document, edit)
    session.notes = "noted"
    path = folder / "a.hsiproj"
    snapshot = session.snapshot(session.data_with({}, {}, None))
    assert set(snapshot.others) == set(document.maps) - {label_map.LABELS}
    snapshot.write(path)
    session.mark_saved(snapshot)
    assert not session.modified
    assert not document.modified
    session.close()
    again = Document(open_cube(folder / "scene.npy"))
    reopened = opened_session(again, path, read_project_data(path), str(folder / "scene.npy"))
    np.testing.assert_array_equal(again.labels.ids, document.labels.ids)
    assert again.legend.classes == document.legend.classes
    assert (again.truth is None) == (document.truth is None)
    if document.truth is not None:
        np.testing.assert_array_equal(again.truth, document.truth)
    assert reopened.notes == "noted"
    assert not reopened.modified
    assert reopened.warnings == ()
    reopened.close()
    assert recoverable_sessions() == ()


def crash(session: Session) -> None:
    """What a kill does: nothing is closed, and the process is gone."""
    session.recorder.journal.close()
    session.folder._lock._lock.release()  # as the system does, whatever the words beside it say


def test_what_a_crash_leaves_is_found_and_taken_up(scene):
    document, session = opened(scene)
    document.add_class("Corn")
    session.notes = "half done"
    session.keep_data(session.data_with({"zoom": None}, {}, None))
    crash(session)
    (leftover,) = recoverable_sessions()
    assert leftover.strokes == 1
    assert leftover.reference == session.reference
    again = Document(open_cube(scene))
    recovered = recovered_session(again, leftover, scene)
    assert [c.name for c in again.legend] == ["Corn"]
    assert again.modified
    assert recovered.notes == "half done"
    assert recoverable_sessions() == ()  # it is in use now
    again.history.undo()
    again.add_class("Oats")
    crash(recovered)
    assert recoverable_sessions()[0].strokes == 3
    third = Document(open_cube(scene))
    recovered_session(third, recoverable_sessions()[0], scene).close()
    assert [c.name for c in third.legend] == ["Oats"]
    assert len(recoverable_sessions()) == 1  # closed without being saved: it stays


def test_nothing_is_left_of_what_was_saved_or_never_done(scene):
    for end in (
        lambda _d: None,
        lambda d: (d.add_class(), d.mark_saved()),
        lambda d: (d.add_class(), d.history.undo()),
    ):
        document, session = opened(scene)
        end(document)
        folder = session.folder.path
        session.close()
        assert not folder.exists()
    assert discarded() == ()
    document, session = opened(scene)
    document.add_class()
    document.abandon()
    document.add_class()  # wanted again
    session.close()
    assert len(recoverable_sessions()) == 1


def test_what_was_given_up_is_discarded_and_can_be_brought_back(scene):
    for name in ("Corn", "Oats"):
        document, session = opened(scene)
        document.add_class(name)
        session.notes = name
        session.keep_data(session.data_with({}, {}, None))
        document.abandon()
        session.close()
        assert not session.folder.path.exists()
    assert recoverable_sessions() == ()
    later, earlier = discarded()
    assert (later.strokes, later.reference) == (1, session.reference)
    bring_back(earlier.path)
    (leftover,) = recoverable_sessions()
    again = Document(open_cube(scene))
    recovered = recovered_session(again, leftover, scene)
    assert [c.name for c in again.legend] == ["Corn"]
    assert recovered.notes == "Corn"
    assert again.modified
    recovered.close()


def test_notes_and_runs_that_were_given_up_are_discarded_too(scene):
    document, session = opened(scene)
    session.notes = "half done"
    document.abandon()
    session.close()
    assert len(discarded()) == 1


def test_what_cannot_be_discarded_stays_as_unsaved_work(scene, monkeypatch):
    document, session = opened(scene)
    document.add_class()
    document.abandon()
    monkeypatch.setattr(SessionFolder, "move", refused)
    with pytest.raises(OSError, match="No space"):
        session.close()
    assert len(recoverable_sessions()) == 1
    assert discarded() == ()


def refused(*_args) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_discarded_work_can_be_brought_back(scene):
    document, session = opened(scene)
    document.add_class()
    crash(session)
    (leftover,) = recoverable_sessions()
    put_away = discard(leftover)
    assert recoverable_sessions() == ()
    bring_back(put_away)
    assert recoverable_sessions() == (leftover,)


def test_recovery_on_another_cube_is_refused(scene, tmp_path):
    document, session = opened(scene)
    document.add_class()
    crash(session)
    other = Document(HyperCube.from_array(np.zeros((2, 3, 4))))
    with pytest.raises(FileError, match="Choose the cube"):
        recovered_session(other, recoverable_sessions()[0], scene)
    assert len(recoverable_sessions()) == 1


def test_the_second_program_on_a_session_file_reads_only_until_it_takes_over(scene, tmp_path):
    _, first = opened(scene)
    path = tmp_path / "a.hsiproj"
    first.snapshot(first.data_with({}, {}, None)).write(path)
    first.take_project(path)
    document = Document(open_cube(scene))
    second = opened_session(document, path, read_project_data(path), scene)
    assert second.read_only
    second.leave_project()
    assert not second.read_only
    assert second.project is None
    second.open_read_only(path)
    with pytest.raises(LockedError, match="process"):
        second.take_project(path)
    second.take_project(path, take_over=True)
    assert first.taken_over
    assert not second.taken_over
    first.close()
    assert lock_of(path).exists()  # it is the second one's
    second.close()
    assert not lock_of(path).exists()


def test_a_session_file_behind_a_link_is_written_and_locked_as_itself(scene, tmp_path):
    _, session = opened(scene)
    far, link = tmp_path / "far" / "b.hsiproj", tmp_path / "a.hsiproj"
    far.parent.mkdir()
    link.symlink_to(far)
    for _ in range(2):
        session.snapshot(session.data_with({}, {}, None)).write(link)
    assert link.is_symlink()
    assert read_project_data(far).reference.shape == read_project_data(link).reference.shape
    assert backup_of(far).exists()
    session.take_project(link)
    assert lock_of(link) == lock_of(far)
    assert holder_of(lock_of(far)) is not None
    session.close()


def test_the_same_cube_in_another_program_is_reported(scene):
    _, first = opened(scene)
    _, second = opened(scene)
    holders = others_on(second.reference, second.folder.path)
    assert [h.pid for h in holders] == [os.getpid()]
    first.close()
    assert others_on(second.reference, second.folder.path) == ()
    second.close()


def test_without_a_data_folder_the_temporary_one_is_taken(scene, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HSI_VIEWER_DATA", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    document, session = opened(scene)
    assert "file" in session.problem
    assert session.recorder is not None
    document.add_class()
    crash(session)
    assert len(recoverable_sessions()) == 1
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    document, session = opened(scene)
    assert session.recorder is None
    assert session.problem
    document.add_class()
    session.close()


def test_a_journal_that_was_made_short_is_found_as_well(scene):
    document, session = opened(scene)
    document.add_class("Corn")
    session.recorder.write_state()
    session.recorder.check_written()
    crash(session)
    (leftover,) = recoverable_sessions()
    assert leftover.reference == session.reference
    again = Document(open_cube(scene))
    recovered_session(again, leftover, scene).close()
    assert [c.name for c in again.legend] == ["Corn"]


def test_a_file_without_its_list_of_contents_gives_back_everything(path, tmp_path):
    session_data, ids = written(path, {1: made_run(tmp_path)}, zeros() + 3)
    with zipfile.ZipFile(path) as file:
        ends_at = file.start_dir
    path.write_bytes(path.read_bytes()[:ends_at])
    again = read_project_data(path)
    assert (again.classes, again.notes) == (session_data.classes, "noted")
    contents = read_project_arrays(path, again, tmp_path / "runs")
    assert contents.problems == ()
    np.testing.assert_array_equal(contents.ids, ids)
    np.testing.assert_array_equal(contents.truth, zeros() + 3)
    assert {p.name for p in (tmp_path / "runs" / "1").iterdir()} == {FACTS, MAPS}


@pytest.mark.parametrize("cut", [0, 1])
def test_of_a_file_that_was_cut_only_members_that_are_there_to_their_end_are_found(path, cut):
    with zipfile.ZipFile(path, "w") as file:
        for name in ("a", "b", "c"):
            file.writestr(name, name * 50)
        ends = [info.header_offset for info in file.infolist()[1:]] + [file.start_dir]
    whole = path.read_bytes()
    for count, end in enumerate(ends, start=1):
        path.write_bytes(whole[: end - cut])
        if count - cut:
            with opened_members(path) as members:
                assert members.names == ["a", "b", "c"][: count - cut]
                assert members.read("a", 50) == b"a" * 50
        else:
            with pytest.raises(zipfile.BadZipFile), opened_members(path):
                pass


@pytest.mark.parametrize("error", [None, OSError])
def test_a_session_file_is_let_go_of_after_reading(path, error):
    written(path)
    with suppress(OSError), opened_members(path) as members:
        if error is not None:
            raise error
    with pytest.raises(ValueError, match="closed"):
        members.read(LABELS, 10**6)


def test_notes_are_unsaved_work_and_every_change_of_them_is_reported(scene):
    session = new_session(Document(open_cube(scene)), scene)
    received = []
    session.changed.connect(lambda: received.append(session.notes))
    assert not session.extras_modified
    session.notes = "first"
    session.notes = "first"
    session.notes = "second"
    assert received == ["first", "second"]
    assert session.extras_modified
    assert session.modified
    assert session.folder.unsaved.exists()
    assert session.extras_words == ("notes",)
    session.extras_as_saved()
    assert not session.modified
    assert not session.folder.unsaved.exists()
    for words in ("reference points", "spectra", "spectra"):
        session.note_extra(words)
    assert session.extras_words == ("notes", "reference points", "spectra")
    assert session.folder.unsaved.exists()
    assert received == ["first", "second"] + 3 * ["second"]
    session.close()


def test_taking_a_file_and_saving_to_it_are_reported(scene, path):
    document, session = opened(scene)
    received = []
    session.changed.connect(lambda: received.append((session.project, session.modified)))
    assert session.take_project(path) == ""
    document.add_class()
    snapshot = session.snapshot(session.data_with({}, {}, None))
    session.mark_saved(snapshot)
    assert received == [(path, False), (path, False)]
    session.notes = "after the snapshot"
    session.mark_saved(snapshot)
    assert session.modified
    assert session.folder.unsaved.exists()
    session.close()


def test_only_the_map_of_a_run_that_is_kept_is_shown_again(scene):
    session = new_session(Document(open_cube(scene)), scene)
    assert session.data_with({"zoom": 2}, {"layers": {}}, 3).shown_run is None
    session.training_runs.enter(Run(3, "Run 3", "2026-11-22T23:00:00+00:00"))
    session.notes = "noted"
    assert session.extras_words == ("1 class map", "notes")
    data = session.data_with({"zoom": 2}, {"layers": {}}, 3)
    assert (data.shown_run, data.view, data.features) == (3, {"zoom": 2}, {"layers": {}})
    assert data.reference == session.reference
    session.close()


@pytest.mark.parametrize(
    ("source", "answer"),
    [("a.hsiproj", True), ("A.HSIPROJ", True), ("a.hsiproj.bak", False), ("hsiproj", False)],
)
def test_a_session_file_is_known_by_its_suffix(source, answer):
    assert is_project(source) == answer


def test_what_an_interrupted_writing_left_is_in_nobodys_way(path):
    written(path)
    first = path.read_bytes()
    (path.parent / f".{path.name}.bak.new").write_bytes(b"half")
    session_data = SessionData(REFERENCE, (), "other")
    write_project(path, session_data, zeros(), None, {})
    assert backup_of(path).read_bytes() == first
    assert sorted(p.name for p in path.parent.iterdir() if p.is_file()) == sorted(
        [path.name, backup_of(path).name]
    )

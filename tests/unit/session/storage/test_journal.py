from __future__ import annotations

import errno
import os
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.labels.decisions import Decision
from hsi_viewer.core.labels.history import History, Step
from hsi_viewer.session.storage import journal as journal_module
from hsi_viewer.session.storage.journal import AT_ONCE, Journal, replace_journal
from hsi_viewer.session.storage.journal_numbering import Numbering, is_done, numbering_after
from hsi_viewer.session.storage.journal_recorder import Recorder
from hsi_viewer.session.storage.journal_records import (
    MAGIC,
    Gap,
    Kind,
    Record,
    encode,
    encoded_parts,
    read_records,
)
from hsi_viewer.session.storage.journal_replay import replay
from hsi_viewer.session.storage.stroke_records import state_of, state_records
from tests.unit.session.made import (
    carry_out,
    content_of,
    edit_lists,
    new_document,
    pixel_lists,
    stroke,
)

few = settings(max_examples=30)  # each writes files; in all they take four seconds


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


def recorded(path, document=None, **options):
    document = document or new_document()
    return document, Recorder(document, Journal(path, **options))


def replayed(path):
    document = new_document()
    contents = read_records(path)
    replay(contents.records, document, contents.gaps)
    return document


# properties ----------------------------------------------------------------------------------


@few
@given(edit_lists)
def test_all_undone_is_the_start_and_all_redone_the_end(edits):
    document = new_document()
    start = content_of(document)
    document.history = History(max_steps=100)
    for edit in edits:
        carry_out(document, edit)
    document.history.go_to(10**6)
    end = content_of(document)
    while document.history.undo_title is not None:
        document.history.undo()
    assert content_of(document)[:2] == start[:2]
    document.history.go_to(10**6)
    assert content_of(document) == end


@few
@given(edit_lists)
def test_a_replayed_journal_gives_labels_classes_history_and_truth(tmp_path_factory, edits):
    path = tmp_path_factory.mktemp("j") / "journal"
    document, recorder = recorded(path, sync=False)
    for edit in edits:
        carry_out(document, edit)
    recorder.close()
    again = replayed(path)
    assert content_of(again) == content_of(document)
    again.history.go_to(0)
    document.history.go_to(0)
    assert content_of(again) == content_of(document)


@few
@given(edit_lists, edit_lists)
def test_a_compacted_journal_gives_the_same_and_goes_on(tmp_path_factory, first, second):
    path = tmp_path_factory.mktemp("j") / "journal"
    document, recorder = recorded(path, sync=False)
    for edit in first:
        carry_out(document, edit)
    recorder.write_state()
    for edit in second:
        carry_out(document, edit)
    recorder.close()
    assert content_of(replayed(path)) == content_of(document)


@few
@given(pixel_lists, st.data())
def test_a_torn_end_stays_in_its_file_and_what_stands_before_it_is_read(
    tmp_path_factory, pixels, data
):
    path = tmp_path_factory.mktemp("j") / "journal"
    document, recorder = recorded(path, sync=False)
    document.add_class()
    before, length = content_of(document), recorder.journal.length
    stroke(document, 1, pixels)
    recorder.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(length, len(whole) - 1))])
    contents = read_records(path)
    assert contents.length == length
    assert contents.damaged  # also where it was cut between two records
    again = replayed(path)
    assert content_of(again) == before
    truncated = path.read_bytes()
    with pytest.raises(FileError, match="damaged"):  # it is not shortened
        Journal(path)
    assert path.read_bytes() == truncated
    replace_journal(path, contents.records)  # another file takes its place
    numbering = numbering_after(contents.records)
    recorder = Recorder(again, Journal(path, sync=False), numbering=numbering)
    stroke(again, 1, pixels)
    recorder.close()
    assert path.read_bytes() == whole


@few
@given(st.data())
def test_a_changed_byte_never_passes(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("j") / "journal"
    document, recorder = recorded(path, sync=False)
    ends = [recorder.journal.length]
    for pixel in range(4):
        stroke(document, pixel + 1, [pixel])
        ends.append(recorder.journal.length)
    recorder.close()
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(len(MAGIC), len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    hit = sum(end <= at for end in ends[1:])
    wanted = [0 if pixel == hit else pixel + 1 for pixel in range(4)]
    assert replayed(path).labels.ids.ravel()[:4].tolist() == wanted


# examples ------------------------------------------------------------------------------------


def test_a_stroke_is_in_the_file_when_it_ends_and_on_the_disk_before_the_next(path, monkeypatch):
    flushed = []
    sync = journal_module._sync_data
    document, recorder = recorded(path)

    def spy(handle):
        sync(handle)
        flushed.append(path.stat().st_size)

    monkeypatch.setattr(journal_module, "_sync_data", spy)
    for pixel in range(5):
        stroke(document, 1, [pixel])
        size = path.stat().st_size
        assert content_of(replayed(path)) == content_of(document)
        document.history.start_stroke()
        assert flushed[-1] == size
    assert len(flushed) == 5
    recorder.close()


def test_the_system_is_told_to_write_each_stroke_to_the_disk(path, monkeypatch):
    document, recorder = recorded(path)
    told = []
    monkeypatch.setattr(os, "fdatasync", told.append, raising=False)
    for number in range(1, 4):
        stroke(document, 1, [number])
        recorder.check_written()
        document.history.start_stroke()  # waits for it
        assert len(told) == number
    recorder.close()


def test_a_whole_map_is_written_by_the_journals_thread_and_waited_for(path):
    document = new_document(700, 700)
    recorder = Recorder(document, Journal(path))
    ids = np.random.default_rng(0).integers(0, 5, (700, 700)).astype(np.uint16)
    document.load_labels(ids)
    assert document.history.steps[0].nbytes > AT_ONCE
    document.history.start_stroke()
    again = new_document(700, 700)
    replay(read_records(path).records, again)
    np.testing.assert_array_equal(again.labels.ids, ids)
    recorder.close()


def test_saved_work_is_known_as_saved(path):
    document, recorder = recorded(path)
    document.add_class()
    assert replayed(path).modified
    document.mark_saved()
    document.mark_saved()  # notes, say; the journal knows already
    assert [r.kind for r in read_records(path).records].count(Kind.SAVED) == 1
    assert not replayed(path).modified
    document.add_class()
    assert replayed(path).modified
    document.history.undo()
    assert not replayed(path).modified
    recorder.close()


def test_work_that_is_saved_again_after_a_step_was_undone_is_known_as_saved(path):
    document, recorder = recorded(path)
    document.add_class()
    document.mark_saved()
    for move in (document.history.undo, document.history.redo):
        move()
        assert replayed(path).modified
        document.mark_saved()
        assert read_records(path).records[-1].kind is Kind.SAVED
        assert not replayed(path).modified
    recorder.close()


def test_steps_beyond_the_limit_are_forgotten_but_their_effect_stays(path):
    document = new_document()
    document.history = History(max_steps=3)
    _, recorder = recorded(path, document)
    for pixel in range(8):
        stroke(document, 1, [pixel])
    document.history.undo()
    recorder.write_state()
    recorder.close()
    again = replayed(path)
    assert content_of(again) == content_of(document)
    assert len(again.history.steps) == 3


def test_marks_of_records_count_them_and_name_the_steps_that_are_done():
    numbering = Numbering()
    assert numbering.other() == {"n": 1, "g": 0}
    assert numbering.step() == {"n": 2, "g": 1, "done": [[1, 1]]}
    assert numbering.step()["done"] == [[1, 2]]
    assert numbering.step()["done"] == [[1, 3]]
    assert numbering.move(-2) == {"n": 5, "g": 4, "done": [[1, 1]]}
    assert numbering.move(1)["done"] == [[1, 2]]
    assert numbering.step()["done"] == [[1, 2], [4, 4]]
    assert numbering.step()["done"] == [[1, 2], [4, 5]]
    assert numbering.move(5)["done"] == [[1, 2], [4, 5]]  # nothing is left to be redone
    assert numbering.move(-3)["done"] == [[1, 1]]
    assert numbering.move(-9)["done"] == []
    assert numbering.state() == {"n": 1, "g": 0, "s": 1}
    assert numbering.step() == {"n": 2, "g": 1, "s": 1, "done": [[1, 1]]}


def test_marks_name_the_newest_ranges_of_steps():
    numbering = Numbering()
    for _ in range(12):  # each second step is undone for ever
        numbering.step()
        numbering.step()
        done = numbering.move(-1)["done"]
    assert done == [[k, k] for k in range(9, 25, 2)]
    assert is_done(9, done)
    assert not is_done(10, done)
    assert is_done(3, done)  # older than the list, and believed
    assert not is_done(3, done[1:])


def test_strokes_that_the_first_version_did_not_count_are_counted_on(path):
    document, recorder = recorded(path)
    for pixel in range(6):
        stroke(document, 1, [pixel])
    for _ in range(4):
        document.history.undo()
    recorder.close()
    records = read_records(path).records
    steps, moves = ([r for r in records if r.kind is kind] for kind in (Kind.STEP, Kind.MOVE))
    marks = {"n", "g", "s", "done"}
    old = [
        Record(r.kind, {k: v for k, v in r.facts.items() if k not in marks}, r.arrays)
        for r in steps[:3]
    ]
    assert numbering_after([*old, *steps[3:]]).step()["done"] == [[1, 7]]
    again = new_document()  # the fifth stroke to the third undo are missing
    replay([*old, steps[3], moves[-1]], again, [Gap(4, 100, 200)])
    assert np.flatnonzero(again.labels.ids).tolist() == [0, 1]


@pytest.mark.parametrize(("undone", "pixels"), [(1, [0]), (2, [0])])
def test_a_journal_of_the_first_version_undoes_no_stroke_before_the_damage(path, undone, pixels):
    document, recorder = recorded(path)
    for pixel in range(3):
        stroke(document, 1, [pixel])  # the second is lost
    recorder.close()
    steps = [
        Record(
            r.kind, {k: v for k, v in r.facts.items() if k not in {"n", "g", "s", "done"}}, r.arrays
        )
        for r in read_records(path).records
        if r.kind is Kind.STEP
    ]
    again = new_document()
    move = Record(Kind.MOVE, {"steps": -undone})
    replayed = replay([steps[0], steps[2], move], again, [Gap(1, 100, 200)])
    assert np.flatnonzero(again.labels.ids).tolist() == pixels
    doubts = [d for d in replayed.doubts if d == "Strokes that were undone may have reappeared."]
    assert len(doubts) == undone - 1


def test_what_another_version_notes_of_classes_is_passed_over(path):
    document, recorder = recorded(path)
    document.add_class()
    document.show_class(1, False)
    recorder.close()
    with path.open("ab") as file:
        file.write(
            encode(Record(Kind.FLAGS, {"flags": {"new": [1], "locked": [1], "visible": []}}))
        )
    known = replayed(path).legend[1]
    assert known.locked
    assert known.visible


def test_hidden_classes_stay_hidden(path):
    document, recorder = recorded(path)
    document.add_class()
    document.show_class(1, False)
    assert not replayed(path).legend[1].visible
    recorder.write_state()
    recorder.close()
    assert not replayed(path).legend[1].visible


class Unheard:
    """An edit that the journal does not know."""

    nbytes = 1

    def __init__(self, document):
        self.document = document

    def redo(self):
        self.document.labels.apply(self.document.labels.edit_for(np.array([3]), 9))

    def undo(self):
        self.document.labels.apply(self.document.labels.edit_for(np.array([3]), 0))


def test_a_stroke_that_cannot_be_recorded_leaves_its_effect(path):
    document, recorder = recorded(path)
    stroke(document, 1, [0])
    document.history.do("Unheard", Unheard(document))
    stroke(document, 2, [1])
    recorder.close()
    again = replayed(path)
    np.testing.assert_array_equal(again.labels.ids, document.labels.ids)


def test_a_full_disk_is_reported_and_all_is_written_when_there_is_room(path, monkeypatch):
    document, recorder = recorded(path)
    received = []
    recorder.status_changed.connect(received.append)
    stroke(document, 1, [0])

    def full(_self, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def full_too(_self, _make):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_write", full)
        patch.setattr(Journal, "_replace", full_too)
        stroke(document, 2, [1])
        stroke(document, 3, [2])
        recorder.maintain()
        assert len(received) == 1
        assert "No space left" in received[0]
        assert document.labels.total == 3
        recorder.check_written()
    recorder.maintain()
    recorder.check_written()
    recorder.maintain()
    assert received[1:] == [""]
    assert content_of(replayed(path)) == content_of(document)
    stroke(document, 4, [3])
    recorder.close()
    assert content_of(replayed(path)) == content_of(document)


def test_half_a_record_on_a_full_disk_is_cut_off(path):
    journal = Journal(path, sync=False)
    journal.append(lambda: Record(Kind.FACTS, {"a": 1}))
    whole = path.read_bytes()
    real = journal._file

    class Full:
        def write(self, data):
            if len(data) <= 5:
                raise OSError(errno.ENOSPC, "full")
            return real.write(data[:5])

        def __getattr__(self, name):
            return getattr(real, name)

    journal._file = Full()
    with pytest.raises(FileError, match="full"):
        journal.append(lambda: Record(Kind.FACTS, {"b": 2}))
    assert path.read_bytes() == whole
    with pytest.raises(FileError, match="full"):
        journal.append(lambda: Record(Kind.FACTS, {"c": 3}))
    journal.close()


def test_long_journals_are_made_short_while_nothing_is_drawn(path, monkeypatch):
    monkeypatch.setattr("hsi_viewer.session.storage.journal_recorder.COMPACT_FROM", 2000)
    document, recorder = recorded(path, sync=False)
    document.history = History(max_steps=5)
    recorder.close()
    path.unlink()
    recorder = Recorder(document, Journal(path, sync=False))
    for pixel in range(42):
        stroke(document, 1 + pixel % 3, [pixel])
    long = recorder.journal.length
    recorder.check_written()
    recorder.maintain()
    recorder.check_written()
    recorder.maintain()
    assert recorder.journal.length < long / 3
    recorder.close()
    assert content_of(replayed(path)) == content_of(document)


def test_what_is_no_journal_is_refused(path):
    path.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(FormatError, match="not a journal"):
        read_records(path)


def test_a_record_that_does_not_fit_is_refused():
    document = new_document()
    far = Record(
        Kind.STEP,
        {"title": "far", "edits": [{"of": "labels"}]},
        {"gaps0": np.array([10**6], np.uint32), "after0": np.array([1], np.uint16)},
    )
    with pytest.raises(FormatError, match="does not match"):
        replay([far], document)
    with pytest.raises(FormatError, match="does not match"):
        replay([*state_records(state_of(new_document(3, 3)))], document)


def test_an_array_that_unpacks_to_more_than_it_says_is_not_taken(path):
    record = encode(Record(Kind.STATE, {"classes": []}, {"ids": np.zeros(400, np.uint16)}))
    lied = record.replace(b"[400]", b"[401]")[12:]
    path.write_bytes(
        MAGIC + len(lied).to_bytes(8, "little") + zlib.crc32(lied).to_bytes(4, "little") + lied
    )
    assert read_records(path).records == ()


def test_a_step_without_edits_is_no_harm(path):
    document, recorder = recorded(path)
    document.history.push(Step("nothing", ()))
    recorder.close()
    assert content_of(replayed(path)) == content_of(document)


@few
@given(
    st.lists(st.integers(0, 900).map(lambda n: np.arange(n) % 7), max_size=3),
    st.sampled_from(["<u2", "<u4", "<i8", "|b1"]),
)
def test_the_parts_of_a_record_are_the_record(tmp_path_factory, arrays, dtype):
    named = {f"a{k}": a.astype(dtype) for k, a in enumerate(arrays)}
    record = Record(Kind.STEP, {"title": "x"}, named)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hsi_viewer.session.storage.journal_records.PACKED", 100)
        parts = encoded_parts(record)
    path = tmp_path_factory.mktemp("parts") / "journal"
    path.write_bytes(MAGIC + b"".join(parts))
    contents = read_records(path)
    (read,) = contents.records
    assert not contents.damaged
    assert (read.kind, read.facts) == (Kind.STEP, {"title": "x"})
    assert list(read.arrays) == list(named)
    for name, array in named.items():
        assert read.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(read.arrays[name], array)


def test_a_large_record_is_not_copied_into_one_piece(path):
    """That would keep all other threads waiting."""
    ids = np.random.default_rng(0).integers(0, 60_000, (1500, 1500)).astype("<u2")
    record = Record(Kind.STATE, {"classes": []}, {"ids": ids})
    parts = encoded_parts(record)
    assert sum(map(len, parts)) > 3 << 20
    assert max(map(len, parts)) < 3 << 20
    journal = Journal(path, sync=False)
    journal.append(lambda: record, ids.nbytes)
    journal.close()
    assert path.read_bytes() == MAGIC + b"".join(parts)
    assert journal.length == path.stat().st_size


def held_below(folder: Path) -> list[Path]:
    """The files in a folder that this process holds open."""
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of the listing itself
            found.append(handle.readlink())
    return [file for file in found if file.is_relative_to(folder)]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="it lists what is held open")
def test_a_closed_journal_holds_no_file(path, monkeypatch):
    journal = Journal(path)
    journal.append(lambda: Record(Kind.SAVED, {"n": 1}))
    journal.check_written()
    assert {file.name for file in held_below(path.parent)} == {"journal", "journal.tally"}
    journal.close()
    assert held_below(path.parent) == []

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Journal, "_write", full)
    with pytest.raises(FileError, match="No space left"):
        Journal(path.with_name("another"))
    assert held_below(path.parent) == []


@pytest.mark.parametrize("written", [0, 1, len(MAGIC) - 1])
def test_a_journal_that_was_made_and_no_more_is_begun_again(tmp_path, written):
    path = tmp_path / "journal"
    path.write_bytes(MAGIC[:written])
    journal = Journal(path)
    journal.append(lambda: Record(Kind.SAVED, {"n": 1, "g": 0}))
    journal.close()
    assert path.read_bytes().startswith(MAGIC)
    assert [record.kind for record in read_records(path).records] == [Kind.SAVED]


def test_a_folder_that_has_gone_is_not_made_again_for_a_journal(tmp_path):
    """Nobody holds such a folder, so that two programs could write into it."""
    with pytest.raises(FileError, match="the journal cannot be opened"):
        Journal(tmp_path / "gone" / "journal")
    assert not (tmp_path / "gone").exists()


def test_a_state_has_labels_once_and_every_other_map_that_was_changed():
    document = new_document()
    assert state_of(document).others == {}
    assert state_of(document).saved
    stroke(document, 1, [0])
    document.decide(np.array([3]), Decision.KEPT)
    document.region.set_inside(document.history, "Use a part", np.eye(6, 7, dtype=bool))
    document.region.set_inside(document.history, "Use all", None)
    state = state_of(document)
    assert set(state.others) == {document.decisions.name, document.region.pixels.name}
    assert state.others[document.decisions.name].ids.ravel()[3] == Decision.KEPT
    assert (state.ids.ravel()[0], state.done, state.saved) == (1, 4, False)


def test_work_that_is_recovered_and_saved_at_once_is_known_as_saved(path):
    document = new_document()
    stroke(document, 1, [0])
    _, recorder = recorded(path, document)
    document.mark_saved()
    recorder.close()
    assert [r.kind for r in read_records(path).records] == [Kind.SAVED]


def test_work_that_was_saved_before_is_not_saved_again(path):
    document, recorder = recorded(path)
    document.mark_saved()
    recorder.close()
    assert read_records(path).records == ()


def test_a_recorder_that_is_closed_hears_nothing_more(path):
    document, recorder = recorded(path)
    stroke(document, 1, [0])
    recorder.close()
    kept, told = path.read_bytes(), []
    recorder.status_changed.connect(told.append)
    stroke(document, 1, [1])
    document.history.undo()
    document.set_truth(np.ones(document.labels.shape, np.uint16), (1,))
    document.show_class(1, visible=False)
    document.mark_saved()
    assert (told, recorder.problem, path.read_bytes()) == ([], "", kept)

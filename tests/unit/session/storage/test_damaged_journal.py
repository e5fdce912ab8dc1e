"""A damaged journal loses the records that are hit and no others, and never tells wrong labels."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.core.labels.label_map import LabelMap
from hsi_viewer.io.opening import open_cube
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.recovering import recovered_session
from hsi_viewer.session.session import Session, new_session
from hsi_viewer.session.storage import journal as journal_module
from hsi_viewer.session.storage.journal_damage import USUAL, Losses, losses
from hsi_viewer.session.storage.journal_records import (
    MAGIC,
    PREFIX,
    Contents,
    Gap,
    Kind,
    Record,
    encode,
    read_records,
)
from hsi_viewer.session.storage.journal_replay import replay
from hsi_viewer.session.storage.journal_tally import tally_path
from hsi_viewer.session.storage.recoverable_sessions import journal_contents, recoverable_sessions
from hsi_viewer.session.storage.session_folder import keep_aside, sessions_folder
from tests.patience import PATIENCE
from tests.unit.session.made import carry_out, content_of, new_document, stroke

STROKES = (Kind.STEP, Kind.MOVE)
OLD = Path(__file__).parents[3] / "data" / "sessions" / "v1.journal"
TIMES = int(os.environ.get("HSI_DAMAGE_ROUNDS", "2"))


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(journal_module, "_sync_data", lambda _handle: None)


@pytest.fixture
def scene(tmp_path):
    path = tmp_path / "scene.npy"
    np.save(path, new_document(20, 30).cube.read())
    return str(path)


def let_die(session: Session) -> None:
    """What a kill does: nothing is closed, and the system gives the lock back."""
    session.recorder.journal.close()
    session.folder._lock._lock.release()


def random_edit(document: Document, chance: np.random.Generator) -> tuple:
    what = chance.choice(
        ["stroke", "add", "rename", "undo", "redo", "jump", "remove", "load"],
        p=[0.55, 0.1, 0.05, 0.12, 0.08, 0.05, 0.03, 0.02],
    )
    known = [0, *(c.id for c in document.legend)]
    numbers = {
        "stroke": (int(chance.choice(known)), chance.integers(0, 600, 5).tolist()),
        "add": ("",),
        "rename": (int(chance.integers(1, 6)), f"Name {chance.integers(100)}"),
        "jump": (int(chance.integers(0, 30)),),
        "remove": (int(chance.integers(1, 6)),),
        "load": (chance.integers(0, 4, (20, 30)).astype(np.uint16),),
    }
    return (str(what), *numbers.get(str(what), ()))


def worked(scene: str, chance: np.random.Generator, edits: int = 60) -> tuple[Document, Path]:
    """A session folder as a killed program leaves it after some work."""
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    document.load_labels(chance.integers(0, 3, (20, 30)).astype(np.uint16))
    if chance.random() < 0.5:  # then the journal begins with a state
        session.recorder.write_state()
        session.recorder.check_written()
    for number in range(edits):
        carry_out(document, random_edit(document, chance))
        if number == edits // 2:
            document.mark_saved()
    let_die(session)
    return document, session.folder.path


class Whole:
    """A journal before it is damaged: its records with their places, and what they lead to."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        self.records = read_records(path).records
        self.spans, at = [], len(MAGIC)
        for record in self.records:
            self.spans.append((at, at + len(encode(record))))
            at = self.spans[-1][1]
        assert at == len(self.data)

    def hit(self, damaged: bytes) -> list[bool]:
        """Which records are not in the damaged data as they were."""
        return [damaged[a:b] != self.data[a:b] for a, b in self.spans]

    def expected(self, hit: list[bool]) -> np.ndarray:
        """Labels by the steps that are left of those that the whole journal has done.

        The history is followed with every record; a step that is hit has its place in it and no
        effect. What stands behind the last stroke that is left is not known to anybody.
        """
        done, undone = [], []
        base, final = np.zeros(600, np.uint16), []
        for record, lost in zip(self.records, hit, strict=True):
            match record.kind:
                case Kind.STATE if not lost:
                    base = record.arrays["ids"].ravel().copy()
                case Kind.STEP:
                    done.append(None if lost else record)
                    undone.clear()
                case Kind.MOVE:
                    count = record.facts["steps"]
                    back, forth = (done, undone) if count < 0 else (undone, done)
                    forth.extend(back.pop() for _ in range(abs(count)))
            if not lost:
                final = list(done)
        for record in filter(None, final):
            for gaps in [name for name in record.arrays if name.startswith("gaps")]:
                base[np.cumsum(record.arrays[gaps])] = record.arrays[gaps.replace("gaps", "after")]
        return base


def flipped(data: bytes, offsets: list[int], chance: np.random.Generator) -> bytes:
    raw = bytearray(data)
    for at in offsets:
        raw[at] ^= 1 << int(chance.integers(8))
    return bytes(raw)


def in_records(whole: Whole, first: int, last: int, chance: np.random.Generator) -> int:
    """A place in the prefixes of records, from one byte of it to another."""
    record = int(chance.integers(len(whole.spans)))
    return whole.spans[record][0] + int(chance.integers(first, last))


DAMAGES = {
    "magic": lambda w, c: flipped(w.data, [int(c.integers(8))], c),
    "facts": lambda w, c: flipped(w.data, [int(c.integers(*w.spans[0]))], c),
    "beginning": lambda w, c: flipped(w.data, [int(c.integers(8, 400))], c),
    "middle": lambda w, c: flipped(w.data, [int(c.integers(400, len(w.data) - 300))], c),
    "end": lambda w, c: flipped(w.data, [int(c.integers(len(w.data) - 200, len(w.data)))], c),
    "length": lambda w, c: flipped(w.data, [in_records(w, 0, 8, c)], c),
    "checksum": lambda w, c: flipped(w.data, [in_records(w, 8, 12, c)], c),
    "kind": lambda w, c: flipped(w.data, [in_records(w, 12, 13, c)], c),
    "json": lambda w, c: flipped(w.data, [in_records(w, 13, 40, c)], c),
    "several": lambda w, c: flipped(w.data, c.integers(0, len(w.data), 6).tolist(), c),
    "page": lambda w, c: zeroed(w.data, int(c.integers(len(w.data) // 4096 + 1)) * 4096, 4096),
    "sector": lambda w, c: zeroed(w.data, int(c.integers(len(w.data) // 512 + 1)) * 512, 512),
    "truncated": lambda w, c: w.data[: int(c.integers(len(w.data)))],
    "between two": lambda w, c: w.data[: w.spans[int(c.integers(len(w.spans)))][0]],
    "garbage": lambda w, c: w.data + c.bytes(int(c.integers(1, 5000))),
    "inserted": lambda w, c: inserted(w, c),
}


def zeroed(data: bytes, at: int, size: int) -> bytes:
    return data[:at] + bytes(min(size, len(data) - at)) + data[at + size :]


def inserted(whole: Whole, chance: np.random.Generator) -> bytes:
    at = whole.spans[int(chance.integers(len(whole.spans)))][0]
    return whole.data[:at] + b'{"' + chance.bytes(70) + whole.data[at:]


@pytest.mark.parametrize("kind", DAMAGES)
def test_what_is_left_on_both_sides_is_recovered_and_the_loss_is_counted(scene, kind):
    chance = np.random.default_rng(list(DAMAGES).index(kind))
    for _ in range(TIMES):
        _, folder = worked(scene, chance)
        whole = Whole(folder / "journal")
        damaged = DAMAGES[kind](whole, chance)
        (folder / "journal").write_bytes(damaged)
        hit = [False] * len(whole.records) if kind == "inserted" else whole.hit(damaged)
        left = sum(r.kind in STROKES for r, h in zip(whole.records, hit, strict=True) if not h)

        (leftover,) = recoverable_sessions()
        assert (folder / "journal").read_bytes() == damaged
        assert leftover.strokes == left
        assert leftover.reference is not None
        assert (leftover.losses is None) == (damaged == whole.data)
        document = Document(open_cube(scene))
        session = recovered_session(document, leftover, scene)
        assert document.labels.ids.ravel().tolist() == whole.expected(hit).tolist()
        assert document.modified
        assert set(document.labels.present()) <= {c.id for c in document.legend}
        if leftover.losses is not None:
            assert f"{left} stroke" in session.warnings[0]
            assert leftover.losses.words() in session.warnings[0]
            (kept,) = (sessions_folder() / ".damaged").iterdir()
            assert str(kept) in session.warnings[0]
            assert kept.read_bytes() == damaged
            if leftover.losses.exact:
                assert leftover.losses.strokes == sum(
                    r.kind in STROKES for r, h in zip(whole.records, hit, strict=True) if h
                )
            kept.unlink()
        assert not read_records(session.folder.journal).damaged
        stroke(document, 1, [5])  # and work goes on
        let_die(session)
        again = Document(open_cube(scene))
        replay(read_records(session.folder.journal).records, again)
        assert content_of(again) == content_of(document)
        shutil.rmtree(session.folder.path)


def test_flips_in_the_middle_are_counted_exactly(scene):
    chance = np.random.default_rng(7)
    _, folder = worked(scene, chance)
    whole = Whole(folder / "journal")
    for _ in range(40):
        damaged = flipped(whole.data, [int(chance.integers(400, len(whole.data) * 3 // 4))], chance)
        (folder / "journal").write_bytes(damaged)
        (leftover,) = recoverable_sessions()
        assert leftover.losses.exact
        hit = [r.kind for r, h in zip(whole.records, whole.hit(damaged), strict=True) if h]
        assert leftover.losses.strokes == sum(k in STROKES for k in hit)
        assert leftover.losses.strokes + leftover.losses.others == len(hit)


def test_a_journal_that_ends_with_a_save_is_kept_if_any_part_of_it_is_damaged(scene):
    chance = np.random.default_rng(3)
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    for pixel in range(30):
        stroke(document, 1, [pixel])
    document.mark_saved()
    let_die(session)
    path = session.folder.journal
    whole = path.read_bytes()
    for at in chance.integers(0, len(whole), 60).tolist():
        path.write_bytes(flipped(whole, [at], chance))
        assert len(recoverable_sessions()) == 1
    path.write_bytes(b"")
    (leftover,) = recoverable_sessions()
    assert leftover.losses == Losses(30, 1)  # the save is the other one
    tally_path(path).unlink()
    assert len(recoverable_sessions()) == 0  # it was made, and nothing written yet


def test_of_a_journal_cut_between_any_two_records_all_that_is_missing_is_counted(scene):
    _, folder = worked(scene, np.random.default_rng(5), edits=12)
    whole = Whole(folder / "journal")
    kinds = [r.kind for r in whole.records]
    for count, (start, _) in enumerate(whole.spans):
        (folder / "journal").write_bytes(whole.data[:start])
        (leftover,) = recoverable_sessions()
        lost = kinds[count:]
        assert leftover.losses.exact
        assert leftover.losses.strokes == sum(k in STROKES for k in lost)
        others = [k for k in lost if k not in (*STROKES, Kind.FACTS, Kind.STATE)]
        assert leftover.losses.others == len(others)
        assert leftover.losses.start == (Kind.STATE in lost)
    (folder / "journal").write_bytes(whole.data)
    assert recoverable_sessions()[0].losses is None


def test_a_tally_that_is_behind_damaged_or_of_another_journal_reports_nothing(scene):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    journal, tally = session.folder.journal, tally_path(session.folder.journal)
    stroke(document, 1, [0])
    session.drain(PATIENCE)
    behind = tally.read_bytes()
    for pixel in range(1, 5):
        stroke(document, 1, [pixel])
    session.drain(PATIENCE)
    ahead = tally.read_bytes()
    document.restart(document.legend.classes, document.labels.snapshot().ids)
    session.recorder.write_state()  # shorter than before
    session.drain(PATIENCE)
    let_die(session)
    cut = journal.read_bytes()
    for of_old in (behind, ahead, b"", bytes(len(ahead)), ahead[:-1], ahead + b"x"):
        tally.write_bytes(of_old)
        assert recoverable_sessions()[0].losses is None
    assert journal.read_bytes() == cut


def test_a_journal_that_goes_on_is_counted_on(scene):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    stroke(document, 1, [0])
    let_die(session)
    tally_path(session.folder.journal).unlink()
    recovered = recovered_session(Document(open_cube(scene)), recoverable_sessions()[0], scene)
    path = recovered.folder.journal
    at = path.stat().st_size
    stroke(recovered.document, 2, [1])
    recovered.document.set_truth(recovered.document.labels.snapshot().ids)
    let_die(recovered)
    path.write_bytes(path.read_bytes()[:at])
    (leftover,) = recoverable_sessions()
    assert leftover.losses == Losses(1, 1)
    assert leftover.losses.words() == "1 stroke is missing, and 1 other change."


def test_work_on_a_scene_that_nothing_names_is_offered_all_the_same(scene):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    for pixel in range(40):
        stroke(document, 2, [pixel])
    session.folder.data_file.unlink()
    let_die(session)
    data = session.folder.journal.read_bytes()
    session.folder.journal.write_bytes(zeroed(data, 0, 512))
    (leftover,) = recoverable_sessions()
    assert leftover.reference is None
    again = Document(open_cube(scene))
    recovered = recovered_session(again, leftover, scene)
    assert again.labels.total == leftover.strokes == 40 - leftover.losses.strokes
    let_die(recovered)
    assert recoverable_sessions()[0].reference.source == scene


def test_of_a_journal_of_which_nothing_is_left_notes_and_runs_are(scene):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    stroke(document, 1, [3])
    session.notes = "Wet spring"
    session.keep_data(session.data_with({}, {}, None))
    let_die(session)
    size = session.folder.journal.stat().st_size
    session.folder.journal.write_bytes(bytes(size))
    (leftover,) = recoverable_sessions()
    assert leftover.strokes == 0
    recovered = recovered_session(Document(open_cube(scene)), leftover, scene)
    assert recovered.notes == "Wet spring"
    assert "0 strokes recovered" in recovered.warnings[0]
    assert (sessions_folder() / ".damaged").exists()
    let_die(recovered)


def test_notes_that_cannot_be_read_are_kept_aside_and_the_labels_recovered(scene):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    stroke(document, 1, [3])
    session.folder.data_file.write_text('{"format": ')
    let_die(session)
    again = Document(open_cube(scene))
    recovered = recovered_session(again, recoverable_sessions()[0], scene)
    assert again.labels.total == 1
    (kept,) = (sessions_folder() / ".damaged").iterdir()
    assert kept.read_text() == '{"format": '
    assert str(kept) in recovered.warnings[0]
    let_die(recovered)


@pytest.mark.parametrize(
    ("strokes", "gap", "lost"),
    [
        (4, Gap(4, 400, 1000), 6),  # of 100 bytes each
        (4, Gap(4, 400, 410), 1),
        (4, Gap(4, 400, 1000, cut=True), 1),  # one that was being written
        (0, Gap(0, 8, 8 + 3 * USUAL), 3),
    ],
)
def test_strokes_that_nothing_counts_are_estimated_by_their_size(strokes, gap, lost):
    records = (Record(Kind.STEP, {}),) * strokes
    found = losses(Contents(records, (gap,), 100 * strokes))
    assert found == Losses(lost, exact=False)
    assert losses(Contents(records, (gap, gap), 100 * strokes)).strokes == 2 * lost


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        (Losses(), "No stroke is missing."),
        (Losses(1), "1 stroke is missing."),
        (Losses(1200), "1,200 strokes are missing."),
        (Losses(1, exact=False), "About 1 stroke may be missing."),
        (Losses(0, 1), "No stroke is missing, and 1 other change."),
        (
            Losses(2, 3, start=True),
            "2 strokes are missing, and 3 other changes. The labels from before the first of these"
            " strokes are missing, too.",
        ),
    ],
)
def test_losses_are_told_with_their_figures(lost, words):
    assert lost.words() == words


@pytest.mark.parametrize("links", [True, False])
def test_what_is_kept_aside_takes_the_place_of_nothing(links, tmp_path, monkeypatch):
    if not links:  # as on many memory sticks
        monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError(1, "No links")))
    path = tmp_path / "s1" / "journal"
    path.parent.mkdir()
    for text in ("first", "second", "third"):
        path.unlink(missing_ok=True)
        path.write_text(text)
        assert keep_aside(path).read_text() == path.read_text() == text
    kept = {p.name: p.read_text() for p in (tmp_path / ".damaged").iterdir()}
    names = ("s1-journal", "s1-journal-2", "s1-journal-3")
    assert kept == dict(zip(names, ("first", "second", "third"), strict=True))


def test_a_damaged_journal_that_cannot_be_kept_aside_is_left_alone(scene, monkeypatch):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    for pixel in range(5):
        stroke(document, 1, [pixel])
    let_die(session)
    path = session.folder.journal
    damaged = bytearray(path.read_bytes())
    damaged[-300] ^= 1
    path.write_bytes(damaged)

    def full(*_paths):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.link", full)
        patch.setattr("shutil.copyfile", full)
        again = Document(open_cube(scene))
        recovered = recovered_session(again, recoverable_sessions()[0], scene)
    assert again.labels.total == 4
    assert "No space left" in recovered.problem
    again.mark_saved()
    recovered.close()
    assert path.read_bytes() == bytes(damaged)


def test_only_the_loss_of_a_state_is_a_loss_of_what_came_before_the_strokes(scene):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    stroke(document, 1, [0])
    session.recorder.write_state()
    session.drain(PATIENCE)
    for pixel in range(1, 9):
        stroke(document, 1, [pixel])
    let_die(session)
    path = session.folder.journal
    whole = Whole(path)
    for number, (start, end) in enumerate(whole.spans[:-1]):
        path.write_bytes(zeroed(whole.data, start, end - start))
        lost = recoverable_sessions()[0].losses
        assert lost.start == (whole.records[number].kind is Kind.STATE)
        assert lost.exact


@pytest.mark.parametrize("rest", [*range(1, 16), 100])
def test_the_first_part_of_a_record_is_told_from_other_bytes(tmp_path, rest):
    path = tmp_path / "journal"
    first, second = encode(Record(Kind.FACTS, {})), encode(Record(Kind.SAVED, {"x": "y" * 200}))
    path.write_bytes(MAGIC + first + second[:rest])
    (gap,) = read_records(path).gaps
    assert gap.cut
    assert losses(read_records(path)) == Losses(1, exact=False)
    path.write_bytes(MAGIC + first + bytes(rest))
    (gap,) = read_records(path).gaps
    assert gap.cut == (rest < PREFIX.size)  # of so few bytes nothing can be told
    path.write_bytes(MAGIC + first + b"\xff" * rest)
    (gap,) = read_records(path).gaps
    assert gap.cut == (rest < PREFIX.size)


# what the records say of steps and classes ------------------------------------------------------


def replayed_without(document: Document, lost: set[int], edit) -> tuple[Document, tuple[str, ...]]:
    """Record edits, lose some of the strokes, and replay what is left."""
    from hsi_viewer.session.storage.journal_recorder import Recorder

    path = Path(document.path)
    recorder = Recorder(document, journal_module.Journal(path))
    edit(document)
    recorder.close()
    whole, data, stroke_number = Whole(path), bytearray(path.read_bytes()), 0
    for record, (start, _) in zip(whole.records, whole.spans, strict=True):
        stroke_number += record.kind in STROKES
        if record.kind in STROKES and stroke_number in lost:
            data[start + PREFIX.size] ^= 0x40
    path.write_bytes(data)
    contents = read_records(path)
    again = new_document()
    return again, replay(contents.records, again, contents.gaps).doubts


@pytest.fixture
def document(tmp_path):
    made = new_document()
    made.path = tmp_path / "journal"
    return made


def labels(document: Document, count: int = 6) -> list[int]:
    return document.labels.ids.ravel()[:count].tolist()


def test_undo_of_a_lost_stroke_undoes_no_other(document):
    def edit(d):
        stroke(d, 1, [0])
        stroke(d, 1, [1])  # lost
        d.history.undo()
        stroke(d, 1, [2])

    again, _ = replayed_without(document, {2}, edit)
    assert labels(again, 3) == labels(document, 3) == [1, 0, 1]


@pytest.mark.parametrize(
    ("position", "expected"), [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [1, 0, 0]), (3, [1, 0, 1])]
)
def test_a_jump_right_behind_a_lost_stroke_counts_that_stroke(document, position, expected):
    def edit(d):
        for pixel in range(3):
            stroke(d, 1, [pixel])  # the second is lost
        d.history.go_to(position)

    again, _ = replayed_without(document, {2}, edit)
    assert labels(again, 3) == expected


def test_undo_right_behind_a_lost_stroke_undoes_no_other(document):
    def edit(d):
        stroke(d, 1, [0])
        stroke(d, 1, [1])  # lost
        d.history.undo()

    again, _ = replayed_without(document, {2}, edit)
    assert labels(again, 2) == [1, 0]


def test_a_lost_undo_is_known_by_what_follows(document):
    def edit(d):
        for pixel in range(4):
            stroke(d, 1, [pixel])
        d.history.go_to(2)  # lost
        stroke(d, 2, [4])  # lost
        stroke(d, 2, [5])

    again, _ = replayed_without(document, {5, 6}, edit)
    assert labels(again) == [1, 1, 0, 0, 0, 2]
    again.history.undo()
    again.history.undo()
    assert labels(again) == [1, 0, 0, 0, 0, 0]


def test_a_class_that_was_added_in_the_gap_has_its_name_and_colour(document):
    def edit(d):
        d.add_class("Corn")
        d.add_class("Woods")  # lost
        d.recolour_class(2, (9, 8, 7))  # lost
        stroke(d, 2, [0])

    again, _ = replayed_without(document, {2, 3}, edit)
    assert [(c.id, c.name) for c in again.legend] == [(1, "Corn"), (2, "Woods")]
    assert again.legend[2].colour == (9, 8, 7)
    again.history.go_to(0)
    again.history.go_to(9)
    assert labels(again, 1) == [2]
    assert 2 in again.legend


def test_a_class_that_became_another_is_reported(document):
    def edit(d):
        d.add_class("Corn")
        stroke(d, 1, [0])
        d.rename_class(1, "Maize")  # lost
        stroke(d, 1, [1])

    again, doubts = replayed_without(document, {3}, edit)
    assert again.legend[1].name == "Maize"
    assert doubts == ("Class 1 was “Corn” before the damage and “Maize” after it.",)


def test_labels_of_a_class_whose_removal_was_lost_are_reported(document):
    def edit(d):
        d.add_class("Corn")
        d.add_class("Woods")
        stroke(d, 2, [0])
        d.remove_class(2)  # lost
        d.rename_class(1, "Maize")

    again, doubts = replayed_without(document, {4}, edit)
    assert {c.name for c in again.legend} == {"Maize", "Woods"}
    assert labels(again, 1) == [2]
    assert doubts == ("“Woods” has labels that may have been removed or merged.",)


def test_a_save_behind_a_gap_does_not_make_the_rest_saved(document):
    def edit(d):
        stroke(d, 1, [0])
        stroke(d, 1, [1])
        d.mark_saved()

    again, _ = replayed_without(document, {1}, edit)
    assert again.modified
    again.history.undo()
    assert again.modified


# versions ---------------------------------------------------------------------------------------


def newer(number: int, kind: int = 99) -> bytes:
    """A record that a newer version wrote."""
    return encode(Record(kind, {"n": number, "mood": "good"}))


def test_records_of_a_newer_version_are_passed_over_and_kept(scene):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    stroke(document, 1, [0])
    let_die(session)
    path = session.folder.journal
    path.write_bytes(path.read_bytes() + newer(2))
    (leftover,) = recoverable_sessions()
    assert leftover.losses is None
    again = Document(open_cube(scene))
    recovered = recovered_session(again, leftover, scene)
    assert again.labels.total == 1
    assert "newer HSI Viewer" in recovered.warnings[-1]
    stroke(again, 2, [1])
    assert newer(2) in path.read_bytes()
    recovered.recorder.write_state()
    recovered.recorder.check_written()
    assert newer(2) in path.read_bytes()
    let_die(recovered)
    third = Document(open_cube(scene))
    replayed = replay(read_records(path).records, third)
    assert [r.kind for r in replayed.passed] == [99]
    assert third.labels.total == 2


def test_a_newer_record_behind_a_save_keeps_the_folder(scene):
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    stroke(document, 1, [0])
    document.mark_saved()
    let_die(session)
    path = session.folder.journal
    path.write_bytes(path.read_bytes() + newer(3))
    assert len(recoverable_sessions()) == 1


def test_a_stroke_that_only_a_newer_version_understands_is_reported(tmp_path):
    path = tmp_path / "journal"
    record = Record(Kind.STEP, {"title": "Region", "edits": [{"of": "regions"}]})
    path.write_bytes(MAGIC + encode(record))
    document = new_document()
    replayed = replay(read_records(path).records, document)
    assert "newer HSI Viewer" in replayed.doubts[0]
    assert [s.title for s in document.history.steps] == ["Region"]


def test_a_journal_of_the_first_version_is_read(tmp_path):
    contents = read_records(OLD)
    assert not contents.damaged
    document = new_document()
    replay(contents.records, document)
    assert np.flatnonzero(document.labels.ids).tolist() == [0, 1, 2, 10, 11, 21, 30]
    assert [c.name for c in document.legend] == ["Corn", "Woods"]
    assert not document.legend[2].visible
    assert len(document.history.steps) == 6
    assert document.truth.all()


def test_a_damaged_journal_of_the_first_version_undoes_nothing_before_the_damage(tmp_path):
    path, whole = tmp_path / "journal", OLD.read_bytes()
    labelled = {0: 1, 1: 1, 2: 1, 10: 2, 11: 2, 20: 1, 21: 2, 30: 1}
    for at in range(len(MAGIC), len(whole), 7):
        path.write_bytes(flipped(whole, [at], np.random.default_rng(at)))
        contents = journal_contents(path)
        document = new_document()
        replay(contents.records, document, contents.gaps)
        ids = document.labels.ids.ravel()
        for pixel in np.flatnonzero(ids).tolist():
            assert labelled[pixel] == ids[pixel]
        assert set(document.labels.present()) <= {c.id for c in document.legend}
        assert document.labels.total >= 4
        assert document.modified


def test_counts_of_labels_agree_with_the_map_after_all_of_this(document):
    def edit(d):
        for pixel in range(6):
            stroke(d, 1 + pixel % 2, [pixel])

    again, _ = replayed_without(document, {2, 5}, edit)
    fresh = LabelMap(*again.labels.shape)
    fresh.apply(fresh.edit_to(again.labels.ids))
    assert again.labels.total == fresh.total == 4


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        (Losses(), "No stroke is missing."),
        (Losses(1), "1 stroke is missing."),
        (Losses(2), "2 strokes are missing."),
        (Losses(0, 1), "No stroke is missing, and 1 other change."),
        (Losses(3, 2), "3 strokes are missing, and 2 other changes."),
        (Losses(1, exact=False), "About 1 stroke may be missing."),
        (
            Losses(2, start=True),
            "2 strokes are missing. The labels from before the first of these strokes are missing, "
            "too.",
        ),
    ],
)
def test_what_is_missing_is_said_in_plain_words(lost, expected):
    assert lost.words() == expected

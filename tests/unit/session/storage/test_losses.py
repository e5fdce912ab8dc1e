"""What a damaged journal says of its losses, and how its records are numbered."""

from __future__ import annotations

import pytest

from hsi_viewer.core.errors import FormatError
from hsi_viewer.session.storage.journal_damage import Losses, losses
from hsi_viewer.session.storage.journal_numbering import Numbering, is_done, numbering_after
from hsi_viewer.session.storage.journal_records import Contents, Gap, Kind, Record
from hsi_viewer.session.storage.migrations import SCHEMA, migrated


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        (Losses(), "No stroke is missing."),
        (Losses(1), "1 stroke is missing."),
        (Losses(2), "2 strokes are missing."),
        (Losses(1, exact=False), "About 1 stroke may be missing."),
        (Losses(1500, 1), "1,500 strokes are missing, and 1 other change."),
        (Losses(0, 3), "No stroke is missing, and 3 other changes."),
        (
            Losses(2, start=True),
            "2 strokes are missing. The labels from before the first of these strokes are missing, "
            "too.",
        ),
    ],
)
def test_losses_in_words(lost, words):
    assert lost.words() == words


def numbered() -> list[Record]:
    """A state, three strokes, an undo, a save and another stroke, each with its number."""
    numbering = Numbering()
    return [
        Record(Kind.STATE, numbering.state()),
        *(Record(Kind.STEP, numbering.step()) for _ in range(3)),
        Record(Kind.MOVE, {"steps": -1, **numbering.move(-1)}),
        Record(Kind.SAVED, numbering.other()),
        Record(Kind.STEP, numbering.step()),
    ]


@pytest.mark.parametrize(
    ("missing", "lost"),
    [
        ([1], Losses(1)),
        ([2, 3], Losses(2)),
        ([4], Losses(1)),
        ([5], Losses(0, 1)),
        ([3, 4, 5], Losses(2, 1)),
        ([0], Losses(0, 0, True, True)),
        ([0, 1, 2], Losses(2, 0, True, True)),
    ],
)
def test_what_is_missing_between_two_records_is_counted(missing, lost):
    records = [r for i, r in enumerate(numbered()) if i not in missing]
    gap = Gap(missing[0], 100, 200)
    assert losses(Contents(tuple(records), (gap,), 100)) == lost
    assert losses(Contents(tuple(records), (gap, gap), 100)) == lost  # one hole of two parts


@pytest.mark.parametrize(
    ("gap", "strokes"),
    [
        (Gap(6, 600, 1000), 4),
        (Gap(6, 600, 601), 1),
        (Gap(6, 600, 1000, cut=True), 1),
    ],
)
def test_what_nothing_counts_is_estimated_by_the_mean_stroke(gap, strokes):
    """Six records with five strokes are 500 bytes: 100 each."""
    records = [r for r in numbered() if r.kind is not Kind.SAVED]
    assert sum(r.kind in (Kind.STEP, Kind.MOVE) for r in records) == 5
    assert losses(Contents(tuple(records), (gap,), 500)) == Losses(strokes, exact=False)
    bare = losses(Contents((), (Gap(0, 0, 520),), 0))
    assert bare == Losses(2, exact=False)


def test_marks_count_records_and_strokes_and_list_what_is_done():
    first, one, two, three, undone, saved, other = (r.facts for r in numbered())
    assert first == {"n": 1, "g": 0, "s": 1}
    assert one == {"n": 2, "g": 1, "s": 1, "done": [[1, 1]]}
    assert three == {"n": 4, "g": 3, "s": 1, "done": [[1, 3]]}
    assert undone == {"steps": -1, "n": 5, "g": 4, "s": 1, "done": [[1, 2]]}
    assert saved == {"n": 6, "g": 4, "s": 1}
    assert other == {"n": 7, "g": 5, "s": 1, "done": [[1, 2], [4, 4]]}
    assert two["done"] == [[1, 2]]
    assert Numbering().other() == {"n": 1, "g": 0}


def test_undo_and_redo_move_the_ends_of_what_is_done():
    numbering = Numbering()
    for _ in range(3):
        numbering.step()
    assert numbering.move(-9)["done"] == []
    assert numbering.move(1)["done"] == [[1, 1]]
    assert numbering.move(9)["done"] == [[1, 3]]
    numbering.move(-2)
    assert numbering.step()["done"] == [[1, 1], [4, 4]]
    assert numbering.move(1)["done"] == [[1, 1], [4, 4]]  # nothing is left to be redone
    for _ in range(9):
        numbering.step()
        numbering.move(-1)
        last = numbering.step()
    assert len(last["done"]) == 8
    assert last["done"][-1][1] == numbering.steps


def test_a_numbering_goes_on_after_the_records_of_a_journal():
    records = [Record(Kind.FACTS), *numbered()]
    found = numbering_after(records)
    assert (found.records, found.strokes, found.steps, found.after_state) == (7, 5, 4, True)
    assert found.step()["done"] == [[1, 2], [4, 5]]


@pytest.mark.parametrize(
    ("number", "done"), [(1, True), (3, True), (4, False), (5, True), (6, False)]
)
def test_whether_a_step_is_done(number, done):
    assert is_done(number, [(1, 3), (5, 5)]) == done
    full = [(10 * k, 10 * k + 1) for k in range(1, 9)]
    assert is_done(9, full)  # below a full list it is believed
    assert not is_done(9, full[:7])
    assert not is_done(12, full)


def test_session_files_of_the_first_version_are_brought_to_this_one():
    old = {"schema": 1, "percent": 2.0, "zoom": 3, "name": "a"}
    assert migrated(old) == {
        "schema": SCHEMA,
        "name": "a",
        "view": {"zoom": 3, "contrast": {"kind": "percentile", "percent": 2.0}},
        "runs": [],
        "shown_run": None,
        "notes": "",
        "features": {},
    }
    assert migrated({"schema": 1})["view"] == {}
    second = {"schema": 2, "features": {"NotesFeature": 1, "Mine": 2}}
    assert migrated(second) == {"schema": 3, "features": {"notes": 1, "Mine": 2}}
    assert migrated({"schema": 2, "features": 7})["features"] == 7
    assert migrated({"schema": 3, "features": {"NotesFeature": 1}})["features"] == {
        "NotesFeature": 1
    }
    for wrong in ({}, {"schema": 0}, {"schema": True}, {"schema": "3"}, {"schema": 3.0}):
        with pytest.raises(FormatError, match="format version is missing"):
            migrated(wrong)
    with pytest.raises(FormatError, match=r"of version 4; this one reads up to 3\)"):
        migrated({"schema": 4})

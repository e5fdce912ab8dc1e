"""What an answer of the guide covers, and answers in step with undo and redo."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.labels.history import History
from hsi_viewer.ui.features.guidance.answered_places import Answer, AnsweredPlaces, covered
from hsi_viewer.ui.features.guidance.place_finder import Place


def place(row, column, pixels) -> Place:
    return Place(row, column, np.array(pixels, np.int64).reshape(-1, 2), (1, 2), np.zeros(3))


BLOCK = [(r, c) for r in range(4, 9) for c in range(10, 15)]


def test_the_core_is_what_lies_inside_the_border():
    inner = {r * 40 + c for r in (5, 6, 7) for c in (11, 12, 13)}
    assert set(covered(place(6, 12, BLOCK), "core", 40).tolist()) == inner
    assert covered(place(6, 12, BLOCK), "pixel", 40).tolist() == [6 * 40 + 12]
    assert covered(place(6, 12, BLOCK), "segment", 40).size == 25


def test_at_the_border_the_core_is_the_pixel_alone():
    assert covered(place(4, 12, BLOCK), "core", 40).tolist() == [4 * 40 + 12]
    assert covered(place(2, 2, []), "core", 40).tolist() == [2 * 40 + 2]


def test_a_part_beyond_a_narrow_neck_is_not_in_the_core():
    neck = [(6, c) for c in range(15, 20)]
    other = [(r, c) for r in range(4, 9) for c in range(20, 25)]
    found = covered(place(6, 12, [*BLOCK, *neck, *other]), "core", 40)
    assert {p % 40 for p in found.tolist()} <= set(range(11, 16))


@settings(max_examples=30)
@given(data=st.data())
def test_an_answer_covers_its_pixel_and_nothing_outside_the_segment(data):
    pixels = data.draw(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 9)), min_size=1))
    at = data.draw(st.sampled_from(sorted(pixels)))
    flat = {r * 10 + c for r, c in pixels}
    sizes = []
    for area in ("pixel", "core", "segment"):
        found = covered(place(*at, sorted(pixels)), area, 10)
        assert at[0] * 10 + at[1] in found
        assert set(found.tolist()) <= flat
        assert (np.diff(found) > 0).all()
        sizes.append(found.size)
    assert sizes == sorted(sizes)


def test_answers_follow_undo_and_redo():
    history, answers = History(), AnsweredPlaces()
    places = [place(0, n, []) for n in range(3)]
    for one in places:
        history.do("label")
        answers.add(Answer(history.position, one, "label"))
    history.go_to(1)
    assert answers.follow(history) is places[1]  # the earliest of those undone
    assert [a.place for a in answers.done] == places[:1]
    history.redo()
    assert answers.follow(history) is None
    assert [a.place for a in answers.done] == places[:2]
    history.do("paint")  # what was undone is gone for good
    assert answers.follow(history) is None
    history.undo()
    assert answers.follow(history) is None
    assert [a.place for a in answers.done] == places[:2]
    assert answers.sentence == "2 answers: 2 labelled"


def test_answers_that_the_history_forgot_still_count():
    history, answers = History(max_steps=2), AnsweredPlaces()
    for n in range(5):
        history.do("label")
        answers.add(Answer(history.position, place(0, n, []), "skip"))
    history.undo()
    assert answers.follow(history).column == 4
    assert len(answers.done) == 4
    assert answers.sentence == "4 answers: 4 skipped"

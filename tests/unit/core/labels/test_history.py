"""History: steps there and back, what is dropped, and where one stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.labels.history import History, LabelChange, LegendChange, Step
from hsi_viewer.core.labels.label_map import LabelMap


@dataclass
class Append:
    """Puts a number at the end of a list, and takes it away."""

    numbers: list[int]
    number: int
    nbytes: int = 1

    def redo(self) -> None:
        self.numbers.append(self.number)

    def undo(self) -> None:
        assert self.numbers.pop() == self.number


@given(st.lists(st.sampled_from(["do", "undo", "redo"]), max_size=40))
def test_history_against_two_plain_lists(moves):
    history, numbers = History(), []
    done, undone = [], []
    for i, move in enumerate(moves):
        if move == "do":
            history.do(str(i), Append(numbers, i))
            done.append(i)
            undone.clear()
        elif move == "undo":
            history.undo()
            if done:
                undone.append(done.pop())
        else:
            history.redo()
            if undone:
                done.append(undone.pop())
        assert numbers == done
        assert history.undo_title == (str(done[-1]) if done else None)
        assert history.redo_title == (str(undone[-1]) if undone else None)


def test_the_edits_of_a_step_are_undone_in_reverse():
    history, numbers = History(), []
    history.do("two", Append(numbers, 1), Append(numbers, 2))
    assert numbers == [1, 2]
    history.undo()
    assert numbers == []
    history.redo()
    assert numbers == [1, 2]


def test_a_step_that_was_pushed_is_not_carried_out_again():
    history, numbers = History(), [1]
    history.push(Step("painted", (Append(numbers, 1),)))
    assert numbers == [1]
    history.undo()
    assert numbers == []


def test_every_move_is_reported_and_only_moves():
    history, received = History(), []
    history.changed.connect(lambda: received.append(history.undo_title))
    history.undo()
    history.redo()
    assert received == []
    history.do("a")
    history.undo()
    history.redo()
    assert received == ["a", None, "a"]


def test_beyond_the_greatest_number_the_oldest_steps_are_dropped():
    history, numbers = History(max_steps=3), []
    for i in range(5):
        assert history.forgot == (i > 3)
        history.do(str(i), Append(numbers, i))
    for _ in range(9):
        history.undo()
    assert numbers == [0, 1]
    assert history.forgot
    history.clear()
    assert not history.forgot


def test_beyond_the_memory_the_oldest_steps_are_dropped_but_never_the_last():
    history, numbers = History(max_bytes=10), []
    for i, nbytes in enumerate([4, 4, 4, 4, 50]):
        history.do(str(i), Append(numbers, i, nbytes))
        if i == 3:
            history.undo()
            history.redo()
    for _ in range(9):
        history.undo()
    assert numbers == [0, 1, 2, 3]


def test_undone_steps_do_not_count_as_memory_after_new_ones():
    history, numbers = History(max_bytes=10), []
    for i in range(30):
        history.do("a", Append(numbers, 0, 4))
        history.undo()
        history.do(str(i), Append(numbers, i, 0))
    for _ in range(99):
        history.undo()
    assert numbers == []


def test_a_position_comes_again_with_its_state_and_not_otherwise():
    history = History()
    start = history.position
    history.do("a")
    a = history.position
    history.do("b")
    assert len({id(p) for p in (start, a, history.position)}) == 3
    history.undo()
    assert history.position is a
    history.undo()
    assert history.position is start
    history.do("a")
    assert history.position is not a


def test_the_position_before_all_kept_steps_is_the_last_that_was_dropped():
    history = History(max_steps=1)
    start = history.position
    history.do("a")
    a = history.position
    history.do("b")
    history.undo()
    assert history.position is a
    assert history.position is not start


def test_undo_of_a_rename_leaves_a_hidden_class_hidden():
    legend = ClassLegend([LabelClass(1, "a", (0, 0, 0))])
    history = History()
    history.do("Rename", LegendChange(legend, legend.classes, legend.with_replaced(1, name="b")))
    legend.classes = legend.with_replaced(1, visible=False)
    history.undo()
    assert legend[1] == LabelClass(1, "a", (0, 0, 0), visible=False)
    history.redo()
    assert legend[1] == LabelClass(1, "b", (0, 0, 0), visible=False)


def test_a_jump_gives_what_single_steps_give_and_is_reported_once():
    labels, history, legend = LabelMap(20, 30), History(), ClassLegend()
    chance = np.random.default_rng(0)
    for number in range(500):
        pixels = np.unique(chance.integers(0, 600, 5))
        edits = [LabelChange(labels, labels.edit_for(pixels, 1 + number % 4))]
        if number % 50 == 0:
            after = legend.with_added()
            edits.append(LegendChange(legend, legend.classes, after))
        history.do(str(number), *edits)
    states = {}
    for count in (500, 333, 120, 0):
        while history.count > count:
            history.undo()
        states[count] = (labels.snapshot().ids, legend.classes)
    received, moves = [], []
    labels.changed.connect(lambda *box: received.append(box))
    history.moved.connect(moves.append)
    for count in (333, 120, 500, 0, 120):
        history.go_to(count)
        np.testing.assert_array_equal(labels.ids, states[count][0])
        assert legend.classes == states[count][1]
    assert len(received) == 5
    assert moves == [333, -213, 380, -500, 120]
    assert history.count == 120
    assert len(history.steps) == 500

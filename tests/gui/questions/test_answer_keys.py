"""Keys of answers: which class digits come to, and which keys are left to commands."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.ui.questions.answer_keys import AnswerKeys, action_of, digit_of
from hsi_viewer.ui.questions.key_filter import AnswerKeyFilter

PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL, KEYPAD = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.KeypadModifier


def typed(keys: str, count: int) -> list[int]:
    """Numbers of classes that keys come to; "+" is Enter."""
    entry = AnswerKeys()
    found = [entry.confirm(count) if key == "+" else entry.digit(key, count) for key in keys]
    return [n for n in found if n is not None]


@settings(max_examples=30)
@given(count=st.integers(1, 130), data=st.data())
def test_each_class_has_a_number_that_can_be_typed(count, data):
    wanted = data.draw(st.lists(st.integers(1, count), max_size=5))
    keys = ""
    for number in wanted:
        keys += str(number)
        keys += "+" if typed(str(number), count) == [] else ""
    assert typed(keys, count) == wanted


@pytest.mark.parametrize(
    ("keys", "count", "expected"),
    [
        ("2", 2, [2]),
        ("2", 16, [2]),
        ("1", 16, []),
        ("1+", 16, [1]),
        ("16", 16, [16]),
        ("17", 16, []),
        ("0", 9, []),
        ("03", 16, [3]),
        ("40", 40, [40]),
        ("412", 40, []),
        ("+", 40, []),
        ("9", 2, []),
        ("00", 12, []),
    ],
)
def test_digits_of_two_keys(keys, count, expected):
    assert typed(keys, count) == expected


def event(key, held=PLAIN, text=""):
    return QKeyEvent(QEvent.Type.KeyPress, key, held, text)


def test_keys_with_ctrl_are_left_to_the_commands():
    assert action_of(event(Qt.Key.Key_S)) == "skip"
    assert action_of(event(Qt.Key.Key_S, CTRL)) is None
    assert action_of(event(Qt.Key.Key_Enter, KEYPAD)) == "next"
    assert action_of(event(Qt.Key.Key_B)) is None
    assert digit_of(event(Qt.Key.Key_3, PLAIN, "3")) == "3"
    assert digit_of(event(Qt.Key.Key_3, KEYPAD, "3")) == "3"
    assert digit_of(event(Qt.Key.Key_QuoteDbl, SHIFT, "3")) == "3"  # a French keyboard
    assert digit_of(event(Qt.Key.Key_3, CTRL, "3")) == ""
    assert digit_of(event(Qt.Key.Key_Space, PLAIN, " ")) == ""
    assert digit_of(event(Qt.Key.Key_Shift, SHIFT, "")) == ""


@pytest.fixture
def asked(qapp):
    """A filter of keys for eleven classes with the ids 10 to 20, and what it has said."""
    legend = ClassLegend(tuple(LabelClass(i, f"Class {i}", (0, 0, i)) for i in range(10, 21)))
    workspace = SimpleNamespace(document=SimpleNamespace(legend=legend))
    parent, told, on = QObject(), [], [True]
    keys = AnswerKeyFilter(workspace, lambda: on[0], parent, ("next", "skip", "erase", "leave"))
    keys.chosen.connect(lambda class_id: told.append(class_id))
    keys.pressed.connect(lambda action: told.append(action))
    keys.typed.connect(lambda: told.append(f"waits for {keys.waiting!r}"))
    keys.unknown.connect(lambda number: told.append(f"no class {number}"))

    def press(key: Qt.Key, text: str = "", *, repeated: bool = False) -> bool:
        pressed = QKeyEvent(QEvent.Type.KeyPress, key, PLAIN, text, repeated)
        return keys.eventFilter(parent, pressed)

    return SimpleNamespace(press=press, told=told, keys=keys, on=on, parent=parent)


def test_digits_and_actions_are_answers(asked):
    for digit in "21":
        assert asked.press(Qt.Key(ord(digit)), digit)
    assert asked.told == [11, "waits for '1'"]
    assert asked.press(Qt.Key.Key_Return)
    asked.press(Qt.Key.Key_1, "1")
    asked.press(Qt.Key.Key_Escape)  # drops the digit, and nothing else
    asked.press(Qt.Key.Key_Escape)
    assert asked.told[2:] == [10, "waits for '1'", "waits for ''", "leave"]
    asked.press(Qt.Key.Key_1, "1")
    asked.press(Qt.Key.Key_S)  # another answer drops it, too
    assert asked.told[-1] == "skip"
    assert asked.keys.waiting == ""


def test_numbers_of_no_class_are_told(asked):
    for digit in "0013":
        asked.press(Qt.Key(ord(digit)), digit)
    assert asked.told == [
        "waits for '0'",
        "waits for ''",
        "no class 0",
        "waits for '1'",
        "waits for ''",
        "no class 13",
    ]
    asked.press(Qt.Key.Key_0, "0")
    asked.press(Qt.Key.Key_Return)
    assert asked.told[-1] == "no class 0"
    asked.press(Qt.Key.Key_2, "2")
    asked.press(Qt.Key.Key_1, "1")
    asked.press(Qt.Key.Key_Escape)  # a digit that is dropped isn't a number
    assert asked.told[-3:] == [11, "waits for '1'", "waits for ''"]


def test_other_keys_and_times_are_left_alone(asked):
    assert not asked.press(Qt.Key.Key_N)  # a key of the guide, which isn't used here
    assert asked.press(Qt.Key.Key_S, repeated=True)  # taken, but no second answer
    shortcut = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_S, PLAIN)
    shortcut.ignore()
    assert asked.keys.eventFilter(asked.parent, shortcut)
    assert shortcut.isAccepted()
    asked.on[0] = False
    assert not asked.press(Qt.Key.Key_S)
    assert asked.told == []

"""One way to check what comes from a file: right values, wrong ones, and what is said of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
from msgspec import Meta

from hsi_viewer.core.validation import Finite, InvalidError, checked, or_else, parsed


@dataclass(frozen=True)
class Point:
    at: tuple[Annotated[int, Meta(ge=0)], int]
    name: str
    weight: Finite = 1.0
    shown: bool = True


def test_json_becomes_a_value_and_what_is_unknown_is_passed_over():
    assert parsed(Point, '{"at": [1, 2], "name": "a", "of_the_future": 3}') == Point((1, 2), "a")
    assert checked(Point, {"at": [1, 2], "name": "a"}) == Point((1, 2), "a")


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"at": [1, 2]}, "name"),
        ({"at": [1], "name": "a"}, "at"),
        ({"at": [1, True], "name": "a"}, "at.1"),
        ({"at": [1, "2"], "name": "a"}, "at.1"),
        ({"at": [-1, 2], "name": "a"}, "at.0"),
        ({"at": [1, 2.5], "name": "a"}, "at.1"),
        ({"at": [1, 2], "name": 7}, "name"),
        ({"at": [1, 2], "name": "a", "weight": float("nan")}, "weight"),
        ({"at": [1, 2], "name": "a", "weight": float("-inf")}, "weight"),
        ({"at": [1, 2], "name": "a", "weight": "1"}, "weight"),
        ({"at": [1, 2], "name": "a", "shown": 1}, "shown"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(values, where):
    with pytest.raises(InvalidError, match=rf"^{where}: "):
        checked(Point, values)


@pytest.mark.parametrize("value", [None, [], 3, "x"])
def test_what_is_no_object_at_all_is_refused(value):
    with pytest.raises(InvalidError):
        checked(Point, value)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff\xfe", '{"at": [1e999, 2]}'])
def test_what_isnt_json_is_refused(text):
    with pytest.raises(InvalidError):
        parsed(Point, text)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Point, {"at": [1, 2]}, "name: it is missing"),
        (dict[str, Point], {"a": {"at": [1, 2]}}, "name: it is missing"),
        (
            list[Point],
            [{"at": [-1, 2], "name": "a"}],
            "0.at.0: expected a whole number of at least 0",
        ),
        (list[Point], [3], "0: expected an object, got a whole number"),
        (tuple[int, int], "12", "expected a list, got a text"),
        (bool | None, 1.5, "expected true or false or nothing, got a number"),
        (dict[int, str], {"x": "a"}, "expected a whole number, got a text"),
        (tuple[Finite, ...], [1.0, float("nan")], "1: expected a finite number"),
        (Finite, float("inf"), "expected a finite number"),
    ],
)
def test_what_is_wrong_is_said_in_words(kind, value, text):
    with pytest.raises(InvalidError) as refusal:
        checked(kind, value)
    assert str(refusal.value) == text


def test_a_value_that_may_be_wrong_becomes_the_default():
    assert or_else(bool, "maybe", True) is True
    assert or_else(bool, False, True) is False
    assert or_else(list[int], [1, "2"], None) is None


def test_keys_of_json_are_texts_whatever_they_mean():
    assert parsed(dict[int, str], '{"3": "a"}') == {3: "a"}


def test_strictness_is_a_choice_for_what_people_write_by_hand():
    assert parsed(float, '"1.5"', strict=False) == 1.5
    with pytest.raises(InvalidError):
        parsed(float, '"1.5"')


def test_file_names_that_are_not_utf_8_are_texts():
    assert checked(str, "caf\udce9") == "caf\udce9"
    with pytest.raises(InvalidError):  # no field has such a name
        checked(Point, {"at": [1, 2], "name": "a", "caf\udce9": 1})


def test_a_whole_number_is_a_real_one():
    assert checked(float, 3) == 3.0

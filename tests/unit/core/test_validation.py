"""One way to check what comes from a file: right values, wrong ones, and what is said of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
from pydantic import Field

from hsi_viewer.core.validation import (
    Finite,
    Flag,
    InvalidError,
    Real,
    Text,
    Whole,
    checked,
    or_else,
    parsed,
)


@dataclass(frozen=True)
class Point:
    at: tuple[Annotated[Whole, Field(ge=0)], Whole]
    name: Text
    weight: Finite = 1.0
    shown: Annotated[Flag, or_else(True)] = True


def test_json_becomes_a_value_and_what_is_unknown_is_passed_over():
    assert parsed(Point, '{"at": [1, 2], "name": "a", "of_the_future": 3}') == Point((1, 2), "a")
    assert checked(Point, {"at": [1, 2], "name": "a"}) == Point((1, 2), "a")


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"at": [1, 2]}, "name"),
        ({"at": [1], "name": "a"}, "at.1"),
        ({"at": [1, True], "name": "a"}, "at.1"),
        ({"at": [1, "2"], "name": "a"}, "at.1"),
        ({"at": [-1, 2], "name": "a"}, "at.0"),
        ({"at": [1, 2.5], "name": "a"}, "at.1"),
        ({"at": [1, 2], "name": 7}, "name"),
        ({"at": [1, 2], "name": "a", "weight": float("nan")}, "weight"),
        ({"at": [1, 2], "name": "a", "weight": "1"}, "weight"),
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


def test_a_value_that_may_be_wrong_becomes_the_default_alone():
    found = checked(Point, {"at": [1, 2], "name": "a", "shown": "maybe"})
    assert found == Point((1, 2), "a", shown=True)
    assert not checked(Point, {"at": [1, 2], "name": "a", "shown": False}).shown


def test_strictness_is_a_choice_for_what_people_write_by_hand():
    assert parsed(float, '"1.5"', strict=False) == 1.5
    with pytest.raises(InvalidError):
        parsed(float, '"1.5"')
    with pytest.raises(InvalidError):
        checked(tuple[int, int], [1, 2], strict=True)


def test_file_names_that_are_not_utf_8_are_texts():
    assert checked(Text, "caf\udce9") == "caf\udce9"


def test_a_whole_number_is_a_real_one():
    assert checked(Real, 3) == 3.0

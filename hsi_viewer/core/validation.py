"""One way to check what comes from a file: settings, sidecars, sessions, runs, models.

A type describes what is expected, ranges by `Annotated[int, Meta(ge=1)]`; msgspec compares.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated, Any, TypeVar

from msgspec import Meta, ValidationError, convert

T = TypeVar("T")
D = TypeVar("D")

LARGEST = sys.float_info.max
Finite = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]

_PLACE = re.compile(r" - at (`key` in )?`\$(.*)`$")
_PARTS = re.compile(r"\[(\d+)\]")
_TYPES = re.compile(r"`([a-z |]+)`")
_NAMES = {
    "object": "an object",
    "array": "a list",
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
}
_LIMITS = {">= ": "of at least ", "<= ": "of at most ", "> ": "above ", "< ": "below "}


class InvalidError(ValueError):
    """What was read isn't what it should be; the text is "where: what is wrong"."""


def parsed(kind: type[T], text: str | bytes, *, strict: bool = True) -> T:
    """A value of a type from JSON text.

    Parameters
    ----------
    kind : the type: a dataclass or anything else that msgspec understands.
    text : JSON.
    strict : whether numbers must be numbers, and not texts that hold some.

    Raises
    ------
    InvalidError
        if the text isn't JSON, or of another type.
    """
    return checked(kind, json_values(text), strict=strict)


def json_values(text: str | bytes) -> Any:
    """JSON values of a text whose types `checked` compares.

    Names of files that aren't valid UTF-8 are kept, as lone surrogates.

    Raises
    ------
    InvalidError
        if the text isn't JSON, is nested too deeply, or holds a number that is too long.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError(str(error)) from error


def checked(kind: type[T], value: object, *, strict: bool = True) -> T:
    """A value of a type from JSON values, where tuples are lists and every key is a text.

    Raises
    ------
    InvalidError
        if it is of another type.
    """
    try:
        return convert(value, kind, strict=strict, str_keys=True)
    except ValidationError as error:
        raise InvalidError(_reason(error)) from error
    except (UnicodeEncodeError, RecursionError) as error:
        raise InvalidError(str(error)) from error


def or_else(kind: type[T], value: object, default: D) -> T | D:
    """A value of a type from JSON values, or the default in the place of one that isn't valid."""
    try:
        return checked(kind, value)
    except InvalidError:
        return default


def _reason(error: ValidationError) -> str:
    """The text of an error, with its place first, and in words."""
    text = str(error)
    place = _PLACE.search(text)
    what = text[: place.start()] if place else text
    what = _TYPES.sub(lambda found: _named(found[1]), what)
    for sign, words in _LIMITS.items():
        what = what.replace(sign, words)
    where = _PARTS.sub(r".\1", place[2].replace("[...]", "")).strip(".") if place else ""
    if what.startswith("Object missing required field"):
        missing = what.rpartition(" ")[2].strip("`")
        return f"{'.'.join(filter(None, (where, missing)))}: it is missing"
    for bound in (f"of at most {LARGEST!r}", f"of at least {-LARGEST!r}"):
        what = what.replace(f"a number {bound}", "a finite number")
    what = what.replace("Invalid enum value", "Unknown value")
    what = what[:1].lower() + what[1:]
    return f"{where}: {what}" if where else what


def _named(types: str) -> str:
    return " or ".join(_NAMES.get(name, name) for name in types.split(" | "))

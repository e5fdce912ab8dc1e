"""Classes as JSON values and back; fields that this version does not know are passed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.labels.classes import Colour, LandClass


def classes_to_json(classes: Iterable[LandClass]) -> list[dict[str, Any]]:
    """One object a class, in order."""
    return [asdict(c) for c in classes]


def classes_from_json(values: object) -> tuple[LandClass, ...]:
    """Classes from their objects.

    Raises
    ------
    FormatError
        if an id, a name or a colour is missing or no such thing, or an id comes twice.
    """
    if not isinstance(values, list):
        raise FormatError("The classes are not a list.")
    classes = tuple(_class_of(v) for v in values)
    if len({c.id for c in classes}) != len(classes):
        raise FormatError("Two classes have the same id.")
    return classes


def _class_of(value: object) -> LandClass:
    if not isinstance(value, Mapping):
        raise FormatError("A class is not an object.")
    class_id, name = value.get("id"), value.get("name")
    if type(class_id) is not int or not isinstance(name, str):
        raise FormatError(f"A class needs an id and a name: {value!r:.80}")
    try:
        return LandClass(class_id, name, _colour_of(value.get("colour")), **_known_extras(value))
    except ValueError as error:
        raise FormatError(str(error)) from error


def _colour_of(value: object) -> Colour:
    if (
        isinstance(value, list | tuple)
        and len(value) == 3
        and all(type(v) is int and 0 <= v <= 255 for v in value)
    ):
        return value[0], value[1], value[2]
    raise FormatError(f"A colour must be three numbers in 0..255, not {value!r:.40}")


def class_from_parts(class_id: object, name: object, colour: object) -> LandClass:
    """A class from its id, name and colour; errors as of `classes_from_json`."""
    return _class_of({"id": class_id, "name": name, "colour": colour})


def _known_extras(value: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with a default whose values are of the default's type."""
    return {
        f.name: value[f.name]
        for f in fields(LandClass)
        if f.default is not MISSING
        and f.name in value
        and isinstance(value[f.name], type(f.default))
    }

"""Classes as JSON values and back; fields that this version doesn't know are ignored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.validation import Flag, Text, Whole, checked, or_else

Level = Annotated[Whole, Field(ge=0, le=255)]  # of a colour


@dataclass(frozen=True)
class StoredClass:
    """A `LabelClass` as it is read; how it is handled is a matter of taste, so never refused."""

    id: Whole
    name: Text
    colour: tuple[Level, Level, Level]
    visible: Annotated[Flag, or_else(True)] = True
    locked: Annotated[Flag, or_else(False)] = False


def classes_to_json(classes: Iterable[LabelClass]) -> list[dict[str, Any]]:
    """One object a class, in order."""
    return [asdict(c) for c in classes]


def classes_from_json(values: object) -> tuple[LabelClass, ...]:
    """Classes from their objects.

    Raises
    ------
    FormatError
        if an id, a name or a colour is missing or not valid, or an id occurs twice.
    """
    try:
        stored = checked(list[StoredClass], values)
        classes = tuple(LabelClass(**vars(c)) for c in stored)
    except ValueError as error:
        raise FormatError(f"The classes are damaged: {error}.") from error
    if len({c.id for c in classes}) != len(classes):
        raise FormatError("Two classes have the same id.")
    return classes


def class_from_parts(class_id: object, name: object, colour: object) -> LabelClass:
    """A class from its id, name and colour; errors as in `classes_from_json`."""
    return classes_from_json([{"id": class_id, "name": name, "colour": colour}])[0]

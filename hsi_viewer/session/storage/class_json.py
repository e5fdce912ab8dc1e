"""Classes as JSON values and back; fields that this version doesn't know are ignored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

from msgspec import Meta, Struct

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.validation import checked, or_else

Level = Annotated[int, Meta(ge=0, le=255)]  # of a colour


class StoredClass(Struct, frozen=True):
    """A `LabelClass` as it is read; how it is handled is a matter of taste, so never refused."""

    id: int
    name: str
    colour: tuple[Level, Level, Level]
    visible: Any = True
    locked: Any = False

    @property
    def label_class(self) -> LabelClass:
        """The class; a ValueError if it can't be one."""
        visible, locked = or_else(bool, self.visible, True), or_else(bool, self.locked, False)
        return LabelClass(self.id, self.name, self.colour, visible, locked)


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
        classes = tuple(c.label_class for c in checked(list[StoredClass], values))
    except ValueError as error:
        raise FormatError(f"The classes are damaged: {error}.") from error
    if len({c.id for c in classes}) != len(classes):
        raise FormatError("Two classes have the same id.")
    return classes


def class_from_parts(class_id: object, name: object, colour: object) -> LabelClass:
    """A class from its id, name and colour; errors as in `classes_from_json`."""
    return classes_from_json([{"id": class_id, "name": name, "colour": colour}])[0]

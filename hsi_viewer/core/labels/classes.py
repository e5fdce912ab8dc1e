"""ClassLegend: the classes a user labels, with ids that never change by themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from hsi_viewer.core.colours import PALETTE as PALETTE
from hsi_viewer.core.colours import Colour as Colour
from hsi_viewer.core.text import class_name

UNCLASSIFIED = 0
UNCLASSIFIED_NAME = "Unclassified"
MAX_CLASS_ID = 65535


def palette_colour(index: int) -> Colour:
    """Colour of the index-th class; after the palette ends, its colours return darker."""
    base = PALETTE[index % len(PALETTE)]
    shade = 0.75 ** (index // len(PALETTE))
    return round(base[0] * shade), round(base[1] * shade), round(base[2] * shade)


def free_colours(taken: Collection[Colour] = ()) -> Iterator[Colour]:
    """Palette colours that are not taken, without end; late ones may be taken or come again."""
    for index in count():
        colour = palette_colour(index)
        if colour not in taken or index >= 8 * len(PALETTE):
            yield colour


@dataclass(frozen=True)
class LabelClass:
    """One class: an id that stays, a name in one line and a colour (0..255 RGB).

    Labels of a locked class are not overwritten by tools.
    """

    id: int
    name: str
    colour: Colour
    visible: bool = True
    locked: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.id <= MAX_CLASS_ID:
            raise ValueError(f"A class id must be in 1..{MAX_CLASS_ID}, not {self.id}")
        object.__setattr__(self, "name", class_name(self.name))


class ClassLegend:
    """The ordered classes of a document.

    Its whole state is `classes`, an immutable tuple, so that undo is the old tuple again.
    `changed` is emitted after every change.
    """

    changed = Signal()

    def __init__(self, classes: Iterable[LabelClass] = ()) -> None:
        self._classes: tuple[LabelClass, ...] = ()
        self._by_id: dict[int, LabelClass] = {}  # of up to 65,535
        self.classes = tuple(classes)

    @property
    def classes(self) -> tuple[LabelClass, ...]:
        """All classes in the user's order."""
        return self._classes

    @classes.setter
    def classes(self, value: tuple[LabelClass, ...]) -> None:
        by_id = {c.id: c for c in value}
        if len(by_id) != len(value):
            raise ValueError("Two classes have the same id")
        if value != self._classes:
            self._classes, self._by_id = value, by_id
            self.changed.emit()

    def __iter__(self) -> Iterator[LabelClass]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    def __contains__(self, class_id: int) -> bool:
        return class_id in self._by_id

    def __getitem__(self, class_id: int) -> LabelClass:
        return self._by_id[class_id]

    def name_of(self, class_id: int) -> str:
        """Name of a class; also for 0 and for ids that the legend does not hold."""
        if class_id == UNCLASSIFIED:
            return UNCLASSIFIED_NAME
        return self[class_id].name if class_id in self else f"Class {class_id}"

    def next_id(self, reserved: Collection[int] = ()) -> int:
        """The lowest id that no class has.

        Parameters
        ----------
        reserved : ids that are in use elsewhere, such as in a class map.
        """
        taken = {c.id for c in self._classes}.union(reserved)
        free = (i for i in range(1, MAX_CLASS_ID + 1) if i not in taken)
        own = {c.id for c in self._classes}
        return next(free, None) or next(i for i in count(1) if i not in own)

    def with_added(
        self, name: str = "", colour: Colour | None = None, reserved: Collection[int] = ()
    ) -> tuple[LabelClass, ...]:
        """The classes and one more, with `next_id`."""
        class_id = self.next_id(reserved)
        if colour is None:
            colour = next(free_colours({c.colour for c in self._classes}))
        return (*self._classes, LabelClass(class_id, name or f"Class {class_id}", colour))

    def with_replaced(self, class_id: int, **changes: object) -> tuple[LabelClass, ...]:
        """The classes with fields of one of them changed."""
        return tuple(
            replace(c, **changes) if c.id == class_id else c  # type: ignore[arg-type]
            for c in self._classes
        )

    def with_moved(self, class_id: int, index: int) -> tuple[LabelClass, ...]:
        """The classes with one of them at another place of the list, 0 the first."""
        others = self.without(class_id)
        index = min(max(index, 0), len(others))
        return (*others[:index], self[class_id], *others[index:])

    def without(self, class_id: int) -> tuple[LabelClass, ...]:
        """The classes but one; the others keep their ids."""
        return tuple(c for c in self._classes if c.id != class_id)

    def colour_table(self, hidden: Iterable[int] = ()) -> NDArray[np.uint8]:
        """Look-up table (65536, 4) RGBA by class id; 0, hidden and unknown ids transparent."""
        table, hidden = np.zeros((MAX_CLASS_ID + 1, 4), np.uint8), set(hidden)
        for c in self._classes:
            if c.id not in hidden and c.visible:
                table[c.id] = (*c.colour, 255)
        return table


def legend_for(
    ids: Iterable[int],
    names: Mapping[int, str] | None = None,
    taken: Collection[Colour] = (),
) -> ClassLegend:
    """A legend for the ids of a label map (0 left out), in ascending order.

    Parameters
    ----------
    ids : class ids.
    names : known names by id; others become "Class n".
    taken : colours of other classes, which are not given again.
    """
    names = names or {}
    present = sorted({int(i) for i in ids} - {UNCLASSIFIED})
    return ClassLegend(
        LabelClass(i, names.get(i, f"Class {i}"), colour)
        for i, colour in zip(present, free_colours(taken), strict=False)
    )

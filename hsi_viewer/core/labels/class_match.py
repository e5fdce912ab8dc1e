"""Matches the classes of a file with those of a legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.labels.classes import UNCLASSIFIED, ClassLegend, LabelClass, free_colours
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.text import class_name

MOST_SHOWN = 6  # classes in a sentence


def matched_ids(
    ids: Iterable[int], names: Mapping[int, str], legend: ClassLegend
) -> dict[int, int]:
    """Ids of a file by ids of a legend: by name where both have one, else by number.

    A class of the file that has a name which the legend does not know, and a number that the
    legend gives to another name, gets a number of its own. "CORN" is "Corn" unless the file or the
    legend has both.

    Parameters
    ----------
    ids : present in the file; 0 is left out.
    names : of the file's classes, as far as it gives them.
    """
    wanted = sorted({int(i) for i in ids} - {UNCLASSIFIED})
    named = _by_name({i: class_name(names[i]) for i in wanted if names.get(i)}, legend)
    taken = {c.id for c in legend} | set(wanted)
    free = max(taken, default=0) + 1
    found: dict[int, int] = {}
    for i in wanted:
        nameless = i not in legend or not names.get(i) or legend[i].name == f"Class {i}"
        if i in named:
            found[i] = named[i]
        elif nameless and i not in named.values():
            found[i] = i
        else:
            found[i], free = free, free + 1
    return found


def matched_by_number(
    labels: str, names: Mapping[int, str], legend: ClassLegend, numbers: Mapping[int, int]
) -> list[str]:
    """A sentence about classes that either side alone names, so that only their numbers match.

    A file that gives names alone is numbered in the order of its rows.

    Parameters
    ----------
    labels : name of the file.
    names : of its classes.
    legend, numbers : as of `matched_ids`.
    """
    pairs = {
        i: (names.get(i) or f"Class {i}", legend.name_of(new))
        for i, new in numbers.items()
        if new in legend
    }
    one_sided = [
        f"{i} is {ours if theirs == f'Class {i}' else theirs}"
        for i, (theirs, ours) in pairs.items()
        if (theirs == f"Class {i}") != (ours == f"Class {numbers[i]}")
    ]
    if not one_sided:
        return []
    shown = ", ".join(one_sided[:MOST_SHOWN]) + ", ..." * (len(one_sided) > MOST_SHOWN)
    return [
        f"{labels}: its classes were matched by number with those of the other labels, because "
        f"only one side gives names: {shown}. Check that this is right."
    ]


def _by_name(names: Mapping[int, str], legend: ClassLegend) -> dict[int, int]:
    """Ids of a legend for names; capitals count only where names differ in nothing else."""
    exact = {c.name: c.id for c in reversed(legend.classes)}
    alike: dict[str, set[str]] = {}
    for name in {*names.values(), *exact}:
        alike.setdefault(name.casefold(), set()).add(name)
    found: dict[int, int] = {}
    for i, name in names.items():
        others = alike[name.casefold()] - {name}
        spelled = name if name in exact or len(others) != 1 else others.pop()
        if spelled in exact and (spelled == name or spelled not in names.values()):
            found[i] = exact[spelled]
    return found


def renumbered(ids: NDArray[np.uint16], numbers: Mapping[int, int]) -> NDArray[np.uint16]:
    """The same labels under other numbers."""
    if all(old == new for old, new in numbers.items()):
        return ids
    table = np.arange(65536, dtype=np.uint16)
    for old, new in numbers.items():
        table[old] = new
    return table[ids]


def renumbered_prediction(prediction: Prediction, numbers: Mapping[int, int]) -> Prediction:
    """The same map under other ids."""
    return replace(
        prediction,
        class_map=renumbered(prediction.class_map, numbers),
        class_ids=tuple(numbers.get(i, i) for i in prediction.class_ids),
    )


def joined_classes(
    present: ClassLegend, more: Iterable[LabelClass], numbers: Mapping[int, int]
) -> tuple[LabelClass, ...]:
    """The classes of a legend and those of another that it lacks, which keep their names.

    Parameters
    ----------
    present : stays as it is.
    more : classes that are added under their new ids, each in its colour if that is free.
    numbers : of them, as of `matched_ids`.
    """
    joined = list(present)
    for each in more:
        class_id = numbers.get(each.id, each.id)
        if any(c.id == class_id for c in joined):
            continue
        taken = {c.colour for c in joined}
        colour = each.colour if each.colour not in taken else next(free_colours(taken))
        joined.append(LabelClass(class_id, each.name, colour))
    return tuple(joined)

"""Names of imported classes: what is spelled alike is one class."""

from __future__ import annotations

from msgspec.structs import replace

from hsi_viewer.core.labels.class_ids import present_ids
from hsi_viewer.core.labels.class_match import renumbered
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.text import class_name

MOST_NAMED = 5


def plainly_named(labels: ImportedLabels) -> ImportedLabels:
    """Labels with their names in one form; a note says which differ in nothing but capitals."""
    names = {i: class_name(name) for i, name in labels.names.items()}
    alike: dict[str, dict[str, None]] = {}
    for i in present_ids(labels.ids):
        if name := names.get(i):
            alike.setdefault(name.casefold(), {})[name] = None
    twice = [" and ".join(f'"{name}"' for name in each) for each in alike.values() if len(each) > 1]
    notes = [
        f"{each} differ only in capital letters and are separate classes; if they are one, merge "
        "them or spell them alike in the file."
        for each in twice[:MOST_NAMED]
    ]
    return replace(labels, names=names, notes=(*labels.notes, *notes))


def with_one_id_a_name(labels: ImportedLabels) -> ImportedLabels:
    """Labels in which several numbers of one name are the lowest of them, with a note."""
    numbers: dict[str, list[int]] = {}
    for i in sorted(labels.names):
        numbers.setdefault(labels.names[i], []).append(i)
    several = {name: ids for name, ids in numbers.items() if name and len(ids) > 1}
    if not several:
        return labels
    one = {i: ids[0] for ids in several.values() for i in ids}
    notes = [
        f'Several numbers are named "{name}" ({", ".join(map(str, ids[:MOST_NAMED]))}); they '
        "became one class."
        for name, ids in list(several.items())[:MOST_NAMED]
    ]
    return replace(
        labels,
        ids=renumbered(labels.ids, one),
        names={i: name for i, name in labels.names.items() if one.get(i, i) == i},
        colours={i: colour for i, colour in labels.colours.items() if one.get(i, i) == i},
        notes=(*labels.notes, *notes),
    )

"""Values of a label map that stand for no class: what the file names so, and what looks so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.labels.class_ids import count_ids, present_ids
from hsi_viewer.core.labels.class_match import renumbered
from hsi_viewer.core.labels.classes import MAX_CLASS_ID
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.text import percent

# Names of what is in no class, in small letters without spaces and marks.
NO_CLASS = frozenset((
    "unclassified", "notclassified", "unlabelled", "unlabeled", "notlabelled", "notlabeled",
    "nolabel", "nodata", "nodatavalue", "masked", "maskedpixels",
))  # fmt: skip
# The same of 0; of another value they may be meant as a class.
NO_CLASS_OF_ZERO = NO_CLASS | {"", "background", "none", "0"}
# The highest values of types, which programs write where there is nothing.
HIGHEST = (127, 255, 32767, 65535)
EDGE = 0.9  # of the pixels at the border that background fills


def is_unlabelled(name: str, *, zero: bool = False) -> bool:
    """Whether the name of a value, or of 0, says that its pixels are in no class."""
    plain = re.sub(r"[\W_]+", "", name).casefold()
    return plain in (NO_CLASS_OF_ZERO if zero else NO_CLASS)


def without_unlabelled(labels: LabelFile) -> LabelFile:
    """A label map without the values that its file names as unlabelled; notes say which.

    "Background" is one where it takes the place of 0. What only looks so stays, with a note.
    """
    counts = count_ids(labels.ids)
    background = not (counts[0] or labels.zero)
    gone = [
        i
        for i, name in labels.names.items()
        if is_unlabelled(name) or (background and name.strip().casefold() == "background")
    ]
    notes = _sentences(labels.names, gone, counts)
    # "Class 0" has a colour in the file, but no name
    if counts[0] and not (labels.zero == "Class 0" or is_unlabelled(labels.zero, zero=True)):
        notes.append(
            f'0 is named "{labels.zero}", but 0 is always unlabelled: {counts[0]:,} pixels. To use '
            "them as a class, give it another number in the file."
        )
    ids = renumbered(labels.ids, dict.fromkeys(gone, 0))
    likely = _likely_background(ids, labels.names)
    if likely is not None:
        share = percent(counts[likely] / ids.size)
        notes.append(
            f"{likely} looks like background, not like a class ({share} of the "
            "pixels). If so, remove that class, or set these pixels to 0 in the file."
        )
        notes += doubtful_zero(ids, likely)
    return replace(
        labels,
        ids=ids,
        names={i: name for i, name in labels.names.items() if i not in gone},
        colours={i: colour for i, colour in labels.colours.items() if i not in gone},
        notes=(*labels.notes, *notes),
    )


def without_no_class(labels: ImportedLabels) -> ImportedLabels:
    """The same of labels that are on the grid of a scene, such as shapes and tables."""
    gone = [i for i, name in labels.names.items() if is_unlabelled(name)]
    if not gone:
        return labels
    return replace(
        labels,
        ids=renumbered(labels.ids, dict.fromkeys(gone, 0)),
        names={i: name for i, name in labels.names.items() if i not in gone},
        colours={i: colour for i, colour in labels.colours.items() if i not in gone},
        notes=(*labels.notes, *_sentences(labels.names, gone, count_ids(labels.ids))),
    )


def doubtful_zero(values: NDArray[Any], nodata: float | None) -> tuple[str, ...]:
    """A note where another value than 0 is unlabelled, of more pixels: 0 may be the first class.

    Parameters
    ----------
    values : as they are in the file.
    nodata : the value that it declares as unlabelled, if any.
    """
    lowest = values.min(initial=0) if values.dtype.kind in "if" else 0
    other = nodata if nodata is not None and 0 < nodata <= MAX_CLASS_ID else lowest
    zeros = np.count_nonzero(values == 0) if other == -1 or other > 0 else 0
    if not zeros or np.count_nonzero(values == other) <= zeros:
        return ()
    return (
        f"{other:g} and 0 both count as unlabelled; 0 has {zeros:,} pixels. If 0 is a class here, "
        "add 1 to the values of all classes in the file.",
    )


def _sentences(names: Mapping[int, str], gone: list[int], counts: NDArray[np.int64]) -> list[str]:
    held = [i for i in gone if i < counts.size and counts[i]]
    return [f'"{names[i]}" ({i}) counts as unlabelled: {counts[i]:,} pixels.' for i in held]


def _likely_background(ids: NDArray[np.uint16], names: Mapping[int, str]) -> int | None:
    """A value without a name that is far above all others, or that frames the classes."""
    present = present_ids(ids)
    if len(present) < 3:
        return None  # a mask, or nothing to compare with
    if present[-1] in HIGHEST and present[-1] not in names and present[-2] <= present[-1] // 2:
        return present[-1]
    edge = np.concatenate((ids[0], ids[-1], ids[1:-1, 0], ids[1:-1, -1]))
    most = int(np.bincount(edge).argmax())
    frames = most not in names and np.count_nonzero(edge == most) >= EDGE * edge.size
    return most if frames and ids.all() else None

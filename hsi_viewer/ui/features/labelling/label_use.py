"""What loading labels from a file changes in a document, computed in a worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.class_ids import checked_ids, count_ids, present_ids
from hsi_viewer.core.labels.class_match import matched_by_number, matched_ids, renumbered
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.on_data import labels_on_data
from hsi_viewer.core.labels.placement import Placement, PlacementNeededError
from hsi_viewer.core.labels.sampling import Draw, Split, split_of
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import Base, LabelLoad, plan_load

Purpose = Draw | Literal["labels", "add", "test"]
# A class map of a spectral library lists hundreds of classes, of which few are in a scene.
MOST_LISTED = 64


class Import(Struct, frozen=True, eq=False):
    """A request to import labels."""

    document: Document
    source: str
    purpose: Purpose
    placement: Placement | None = None


class Imported(Struct, frozen=True, eq=False):
    """Result of an import: labels, or the question of which array they are or how to place them."""

    request: Import
    labels: ImportedLabels | PlacementNeededError | ChoiceNeededError
    use: LabelUse | None = None
    previews: Mapping[Placement, NDArray[np.uint8]] = field(default_factory=dict)


class LabelUse(Struct, frozen=True, eq=False):
    """Effect of loading labels from a file.

    Attributes
    ----------
    load : the labels and classes that take the place of others, or None.
    truth, truth_ids : ground truth to be scored, or None, and the class ids in it.
    scored : how many of its pixels.
    added : how many more pixels have a label then.
    split : training and test pixels, where they were drawn.
    empty : how many pixels of the ground truth were left out, because the scene has no data there.
    doubts : sentences about classes that were matched by their numbers alone.
    """

    load: LabelLoad | None
    truth: NDArray[np.uint16] | None = None
    truth_ids: tuple[int, ...] = ()
    scored: int = 0
    added: int = 0
    split: Split | None = None
    empty: int = 0
    doubts: tuple[str, ...] = ()


def use_of(request: Import, labels: ImportedLabels, base: Base, token: CancelToken) -> LabelUse:
    """Compute in a worker what loading labels changes in a document.

    Raises
    ------
    LabelError
        if they do not fit the cube, or nothing can be drawn from them.
    """
    kept, numbers = _matched(request, labels, base)
    use = _use(request, labels, base, token, kept, numbers)
    legend = ClassLegend(kept)
    own = {i: numbers[i] for i in np.flatnonzero(count_ids(labels.ids)).tolist() if i}
    # What is loaded already has the ids of the list.
    told = matched_by_number(labels.name, labels.names, legend, own) if request.source else ()
    return replace(use, doubts=tuple(told))


def _matched(
    request: Import, labels: ImportedLabels, base: Base
) -> tuple[tuple[LabelClass, ...], dict[int, int]]:
    """Classes of the document that stay, and the ids that those of the labels get."""
    present = np.flatnonzero(count_ids(labels.ids)).tolist()
    listed = labels.names if len(labels.names) <= MOST_LISTED else {}
    replaces = request.purpose == "labels" or isinstance(request.purpose, Draw)
    kept = staying(base, labels.names.values()) if replaces else base.classes
    return kept, matched_ids({*present, *listed}, labels.names, ClassLegend(kept))


def _use(
    request: Import,
    labels: ImportedLabels,
    base: Base,
    token: CancelToken,
    kept: tuple[LabelClass, ...],
    numbers: Mapping[int, int],
) -> LabelUse:
    document, purpose = request.document, request.purpose
    ids = renumbered(labels.ids, numbers)
    names = {numbers[i]: n for i, n in labels.names.items() if i in numbers}
    colours = {numbers[i]: c for i, c in labels.colours.items() if i in numbers}
    if purpose == "test":
        truth = checked_ids(ids, document.labels.shape)
        return LabelUse(None, truth, present_ids(truth))
    if isinstance(purpose, Draw):
        given = checked_ids(ids, document.labels.shape)
        ids = labels_on_data(given, document.cube, token)
        if given.any() and not ids.any():
            raise LabelError("The scene has no data at any labelled pixel of the ground truth.")
        split = split_of(ids, purpose)
        load = plan_load(document, base, split.training, names, colours, f"Draw {purpose}", kept)
        test = split.test
        scored = int(np.count_nonzero(test))
        empty = int(np.count_nonzero(given)) - int(np.count_nonzero(ids))
        return LabelUse(load, test, present_ids(test), scored, split=split, empty=empty)
    if purpose == "add":
        here = base.labels.ids
        ids = np.where(here > 0, here, ids)
        load = plan_load(document, base, ids, names, colours, "Add labels from a file")
        added = int(np.count_nonzero(ids)) - int(np.count_nonzero(here))
        return LabelUse(load, added=added)
    return LabelUse(plan_load(document, base, ids, names, colours, kept=kept))


def staying(base: Base, names: Collection[str]) -> tuple[LabelClass, ...]:
    """Classes that stay when a file with these names replaces all labels.

    A class that loses all its labels, and isn't in the file, would stay empty and keep the file's
    class of its number from having it. One without labels was made on purpose.
    """
    if not names:
        return base.classes
    named = {name.casefold() for name in names}
    labelled = {*present_ids(base.labels.ids)}
    return tuple(c for c in base.classes if c.id not in labelled or c.name.casefold() in named)

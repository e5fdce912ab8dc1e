"""The cross-validation of a run, kept beside its map."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.evidence import Evidence, HeldOut, RunEvidence
from hsi_viewer.io.arrays.numpy_file import ARCHIVE_ERRORS, NpzFile
from hsi_viewer.io.files.archive import opened_archive

EVIDENCE = "evidence.npz"
KINDS = ("separated", "random")
WHOLE = ("pixels", "targets", "groups", "folds")
MOST_BYTES = 1 << 28  # of the answers in memory; of more, the map alone is kept
MOST_REACH = 1 << 20


def write_evidence(folder: Path, found: RunEvidence) -> None:
    """Write the evidence of a run into its folder, all of it or nothing; called in a worker.

    Of so many labels that it would be huge, nothing is kept, nor of a run that is deleted.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {
        "labels": found.labels,
        "class_ids": np.asarray(found.class_ids, np.int64),
        "reach": np.asarray([found.reach, found.evidence.reach], np.int64),
        "refined": np.asarray([found.evidence.walker != "none"]),
    }
    for kind in KINDS:
        held: HeldOut | None = getattr(found.evidence, kind)
        if held is not None:
            arrays |= {f"{kind}.{name}": getattr(held, name) for name in WHOLE}
            arrays[f"{kind}.probabilities"] = held.probabilities
    if _answers(arrays) > MOST_BYTES or not folder.is_dir():
        return
    with replacing(folder / EVIDENCE) as (beside,), beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
        os.fsync(file.fileno())


def read_evidence(folder: Path, shape: tuple[int, int]) -> RunEvidence | None:
    """The evidence of a run, None where it has none; called in a worker.

    Parameters
    ----------
    shape : rows and columns of the scene.

    Raises
    ------
    FormatError
        if it is damaged or of another scene.
    """
    path = folder / EVIDENCE
    if not path.is_file():
        return None
    what = f"The accuracy of run {folder.name} cannot be read"
    try:
        sizes = NpzFile(path).arrays
        if sizes["labels"].shape != shape or _answers(sizes) > MOST_BYTES:
            raise ValueError("it is of another scene")
        with opened_archive(path) as archive:
            arrays = {name: _array(archive, f"{name}.npy") for name in sizes}
        return _evidence(arrays, shape)
    except (FormatError, *ARCHIVE_ERRORS) as error:
        raise FormatError(f"{what}: {error}") from error


def _answers(arrays: Mapping[str, Any]) -> int:
    """Bytes of all arrays but the labels."""
    sizes = (
        (a.shape, np.dtype(a.dtype).itemsize) for name, a in arrays.items() if name != "labels"
    )
    return sum(math.prod(shape) * size for shape, size in sizes)


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(name) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def _evidence(arrays: dict[str, NDArray[Any]], shape: tuple[int, int]) -> RunEvidence:
    """Checked: a figure must not come of numbers that cannot be."""
    labels, ids = arrays["labels"], arrays["class_ids"]
    if labels.shape != shape or labels.dtype != np.uint16:
        raise ValueError("it is of another scene")
    if ids.ndim != 1 or not ids.size or (np.diff(ids) <= 0).any() or not 0 < ids[0] <= ids[-1]:
        raise ValueError("its classes cannot be")
    reach, inner = (int(r) for r in arrays["reach"])
    if not (0 <= reach <= MOST_REACH and 0 <= inner <= MOST_REACH):
        raise ValueError("its reach cannot be")
    held = {kind: _held_out(arrays, kind, ids.size, labels.size) for kind in KINDS}
    walker = "full" if bool(arrays["refined"][0]) else "none"
    class_ids = tuple(int(i) for i in ids)
    return RunEvidence(Evidence((), walker, inner, **held), labels, class_ids, reach)


def _held_out(
    arrays: dict[str, NDArray[Any]], kind: str, classes: int, count: int
) -> HeldOut | None:
    if f"{kind}.pixels" not in arrays:
        return None
    pixels, targets, groups, folds = (arrays[f"{kind}.{name}"] for name in WHOLE)
    answers = arrays[f"{kind}.probabilities"]
    size = pixels.size
    whole = (pixels, targets, groups, folds)
    if any(a.shape != (size,) or a.dtype != np.int64 for a in whole) or not size:
        raise ValueError(f"its {kind} answers don't belong together")
    if answers.shape != (size, classes) or answers.dtype != np.float32:
        raise ValueError(f"its {kind} answers don't belong together")
    if any(a.min() < 0 for a in whole) or pixels.max() >= count or targets.max() >= classes:
        raise ValueError(f"its {kind} answers are of labels that cannot be")
    if np.unique(pixels).size < size or not np.isfinite(answers).all():
        raise ValueError(f"its {kind} answers are of labels that cannot be")
    return HeldOut(pixels, targets, groups, folds, answers)

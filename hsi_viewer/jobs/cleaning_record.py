"""What a class map was cleaned by, in a file beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.core.validation import InvalidError, checked, json_values

ENDING = ".cleaning.json"


@dataclass(frozen=True)
class CleaningRecord:
    """How a map was made of another.

    Attributes
    ----------
    source : name of the map that was cleaned.
    source_sha256, map_sha256 : `ids_digest` of it, and of the cleaned map that the record is of.
    text : the steps in words.
    steps : all steps, with those that the source had before.
    """

    source: str
    source_sha256: str
    map_sha256: str
    text: str
    steps: tuple[Cleaning, ...]


def record_file(path: Path) -> Path:
    """The record beside a map."""
    return path.with_suffix(ENDING)


def ids_digest(ids: NDArray[np.uint16]) -> str:
    """SHA-256 of the size and the ids of a map, the same for any file format."""
    digest = hashlib.sha256(f"{ids.shape[0]} {ids.shape[1]} ".encode())
    digest.update(np.ascontiguousarray(ids, "<u2").data)
    return digest.hexdigest()


def write_record(path: Path, record: CleaningRecord) -> None:
    """Write the record of a map.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    with replacing(path) as (new,):
        new.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")


def steps_of(paths: Sequence[Path], ids: NDArray[np.uint16]) -> tuple[Cleaning, ...]:
    """What was done before to a map: by the record beside it, if that is of these ids.

    Parameters
    ----------
    paths : files of the map.
    ids : (rows, columns) of it.
    """
    for path in paths:
        try:
            found = checked(CleaningRecord, json_values(record_file(path).read_bytes()))
        except (OSError, InvalidError):
            continue
        if found.map_sha256 == ids_digest(ids):
            return found.steps
    return ()

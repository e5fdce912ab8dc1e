"""TrainingRuns: every finished training with its model and its map, kept on the disk."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray
from psygnal import Signal

from hsi_viewer.atomic import replacing
from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.core.labels.classes import MAX_CLASS_ID
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.training import EpochReport
from hsi_viewer.core.validation import Finite, InvalidError, parsed
from hsi_viewer.io.arrays.numpy_file import ARCHIVE_ERRORS, NpzFile
from hsi_viewer.io.files.archive import opened_archive
from hsi_viewer.session.storage.cube_reference import MAX_PIXELS
from hsi_viewer.session.storage.run_evidence import EVIDENCE

FACTS, MAPS, MODEL = "run.json", "maps.npz", ("model.safetensors", "model.json")
MADE_FROM = "made from run"  # in the settings of a map that was made of another run's
APPLIED = "applied model"  # in the settings of a map of a model that was not trained here
UNCLASSIFIED = "unclassified"  # in the settings of a map whose doubtful pixels have no class
MEMBERS = (FACTS, MAPS, *MODEL, EVIDENCE)
# The arrays of a map and what their values may be.
REALS = ("float16", "float32", "float64")
MAP_DTYPES = {
    "class_map": ("uint16",),
    "confidence": REALS,
    "disagreement": REALS,
    "trained_on": ("bool", "uint8"),
    "inside": ("bool",),  # of the region of interest
    "bands": ("bool",),  # that were chosen, (1, bands)
}
NUMBER = re.compile(r"[1-9]\d{0,8}")
MOST_FACTS = 2**20  # bytes
LONGEST = 1e9  # s that a training can have taken


@dataclass(frozen=True)
class Run:
    """Facts about one training run; its maps and its model are in files.

    Attributes
    ----------
    id : from 1, in the order of time.
    title : the user may change it.
    time : when it ended, ISO 8601, UTC.
    seconds : that it took.
    config : the settings, seed included.
    source : what made the map.
    labelled : number of training pixels.
    class_ids : of the map's probabilities.
    accuracy : "overall", "low", "high", "average", "kappa", "total" on the test pixels of that
        moment, or None.
    live : whether it followed a stroke; the next such run takes its place.
    honest : "overall", "low", "high", "average", "kappa", "total" on separate places, by
        cross-validation of its labels; None where it wasn't measured.
    training : loss and accuracy of the exits while it was trained, in order.
    """

    id: int
    title: str
    time: str
    seconds: Annotated[float, Meta(ge=0, le=LONGEST)] = 0.0
    config: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    labelled: Annotated[int, Meta(ge=0, le=MAX_PIXELS)] = 0
    class_ids: tuple[Annotated[int, Meta(ge=0, le=MAX_CLASS_ID)], ...] = ()
    accuracy: Mapping[str, Finite] | None = None
    live: bool = False
    honest: Mapping[str, Finite] | None = None
    training: tuple[EpochReport, ...] = ()

    @property
    def applied(self) -> str | None:
        """The model that the map came from, as it was named; None if it was trained here."""
        found = self.config.get(APPLIED)
        return None if found is None else str(found)


class KeptMap(Struct, frozen=True):
    """The map of a run: `prediction` without probabilities, and where its model saw labels."""

    prediction: Prediction
    trained_on: NDArray[np.bool_]


def accuracy_facts(report: AccuracyReport | None) -> dict[str, float] | None:
    """The figures of a report that a run keeps."""
    if report is None:
        return None
    overall = report.overall
    facts = {
        "overall": overall.value,
        "low": overall.low,
        "high": overall.high,
        "average": report.average,
        "kappa": report.kappa,
        "total": report.total,
    }
    return {name: value for name, value in facts.items() if not math.isnan(value)}


class TrainingRuns:
    """The runs of a session, oldest first; maps are read when they are asked for.

    `changed` is emitted when a run came, went or was renamed.

    Parameters
    ----------
    folder : a folder "1", "2", ... a run.
    """

    changed = Signal()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runs: dict[int, Run] = {}
        self._next = 1

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, oldest first."""
        return tuple(self._runs[i] for i in sorted(self._runs))

    def __getitem__(self, run_id: int) -> Run:
        return self._runs[run_id]

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._runs

    def new_id(self) -> int:
        """The number of the next run: one that nothing on the disk has, damaged runs included."""
        while os.path.lexists(self.folder / str(self._next)):
            self._next += 1
        self._next += 1
        return self._next - 1

    def load(self) -> list[str]:
        """Take the runs that the folder holds; a sentence for each that is damaged."""
        problems = []
        found = [p for p in self.folder.glob("[0-9]*") if NUMBER.fullmatch(p.name)]
        for path in sorted(found, key=lambda p: int(p.name)):
            self._next = int(path.name) + 1
            try:
                run = read_run(path)
                self._runs[run.id] = run
            except FileError as error:
                problems.append(str(error))
        self.changed.emit()
        return problems

    def enter(self, run: Run) -> None:
        """Note a run whose files are written; of runs that follow strokes the last one stays."""
        last = self.runs[-1] if self._runs else None
        self._runs[run.id] = run
        if run.live and last is not None and last.live:
            self._drop(last.id)
        self.changed.emit()

    def rename(self, run_id: int, title: str) -> None:
        """Give a run another title.

        Raises
        ------
        ExportError
            if it cannot be written.
        """
        self._change(run_id, replace(self._runs[run_id], title=title))
        self.changed.emit()

    def measure(self, run_id: int, honest: Mapping[str, float] | None) -> None:
        """Note the honest figures of a run, as `accuracy_facts` gives them.

        That leaves nothing unsaved: they follow from the run, and may come after it was saved.

        Raises
        ------
        ExportError
            if they cannot be written.
        """
        self._change(run_id, replace(self._runs[run_id], honest=honest))

    def _change(self, run_id: int, run: Run) -> None:
        _write_facts(self.folder / str(run_id), run)
        self._runs[run_id] = run

    def remove(self, run_id: int) -> None:
        """Delete a run with its map and its model."""
        self._drop(run_id)
        self.changed.emit()

    def _drop(self, run_id: int) -> None:
        del self._runs[run_id]
        shutil.rmtree(self.folder / str(run_id), ignore_errors=True)

    def files(self, run_id: int) -> dict[str, Path]:
        """The files of a run by their name."""
        folder = self.folder / str(run_id)
        return {name: folder / name for name in MEMBERS if (folder / name).is_file()}


# files -----------------------------------------------------------------------------------------


def write_run(
    folder: Path, run: Run, kept: KeptMap, save_model: Callable[[Path], object] | None
) -> Run:
    """Write a run below a folder, all of it or nothing; called in a worker.

    Confidence and disagreement are kept as float16, to three digits.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    beside = folder / f".new-{uuid.uuid4().hex}"
    prediction = kept.prediction
    arrays: dict[str, NDArray[Any]] = {
        "class_map": prediction.class_map,
        "confidence": prediction.confidence.astype(np.float16),
        "trained_on": kept.trained_on,
    }
    if prediction.region is not None:
        arrays |= _region_arrays(prediction.region)
    if prediction.disagreement is not None:
        arrays["disagreement"] = prediction.disagreement.astype(np.float16)
    try:
        beside.mkdir(parents=True)
        np.savez_compressed(beside / MAPS, allow_pickle=False, **arrays)
        if save_model is not None:
            save_model(beside)
        _write_facts(beside, run)
        for path in beside.iterdir():
            _flush(path)
        beside.replace(folder / str(run.id))
    except OSError as error:
        raise ExportError(f"{run.title} could not be kept: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return run


def read_run(folder: Path) -> Run:
    """The facts of a run.

    Raises
    ------
    FileError
        if they are missing or damaged.
    """
    what = f"The details of run {folder.name} are damaged"
    try:
        with (folder / FACTS).open("rb") as file:
            text = file.read(MOST_FACTS + 1)
        if len(text) > MOST_FACTS:
            raise FormatError(f"{what}: {FACTS} is larger than {MOST_FACTS >> 20} MB.")
        run = parsed(Run, text)
    except OSError as error:
        raise FormatError(f"{what}: {FACTS}: {error.strerror or error}.") from error
    except InvalidError as error:
        raise FormatError(f"{what}: {FACTS}: {error}.") from error
    if str(run.id) != folder.name:
        raise FormatError(f"{what}: {FACTS}: it describes another run.")
    return run


def read_map(folder: Path, run: Run, shape: tuple[int, ...]) -> KeptMap:
    """The map of a run of a scene (rows, columns, bands); called in a worker.

    Raises
    ------
    FileError
        if it is missing, damaged or not of this size.
    """
    try:
        arrays = _maps_of(folder / str(run.id) / MAPS, run, shape[:2], shape[2])
        class_map, confidence = arrays["class_map"], arrays["confidence"].astype(np.float32)
        disagreement = arrays.get("disagreement")
        trained_on = arrays["trained_on"].astype(bool)
    except ARCHIVE_ERRORS as error:
        raise FormatError(f"The map of “{run.title}” cannot be read: {error}.") from error
    prediction = Prediction(
        class_map,
        confidence,
        run.class_ids,
        disagreement=None if disagreement is None else disagreement.astype(np.float32),
        source=run.source,
        unclassified=str(run.config.get(UNCLASSIFIED, "")),
        region=_region_of(arrays),
    )
    return KeptMap(prediction, trained_on)


def _region_arrays(region: RegionOfInterest) -> dict[str, NDArray[Any]]:
    bands = None if region.bands is None else region.bands[None]
    given = {"inside": region.inside, "bands": bands}
    return {name: array for name, array in given.items() if array is not None}


def _region_of(arrays: Mapping[str, NDArray[Any]]) -> RegionOfInterest | None:
    bands = arrays.get("bands")
    found = RegionOfInterest(arrays.get("inside"), None if bands is None else bands[0])
    return found or None


def _maps_of(path: Path, run: Run, shape: tuple[int, ...], bands: int) -> dict[str, NDArray[Any]]:
    """The arrays of a map by name; what isn't of the size of the scene is not unpacked."""
    try:
        file = NpzFile(path)
    except FileError as error:
        raise FormatError(f"The map of “{run.title}” cannot be read: {error}") from error
    found = {name: file.arrays[name] for name in MAP_DTYPES if name in file.arrays}
    for name, array in found.items():
        size = (1, bands) if name == "bands" else shape
        if array.shape != size or array.dtype not in MAP_DTYPES[name]:
            raise FormatError(f"The map of “{run.title}” has a different size from the cube.")
    with opened_archive(path) as archive:  # which compares checksums
        return {name: _array(archive, f"{name}.npy") for name in found}


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(name) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def _write_facts(folder: Path, run: Run) -> None:
    with replacing(folder / FACTS) as (beside,):
        beside.write_text(json.dumps(asdict(run), indent=1), encoding="utf-8")


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())

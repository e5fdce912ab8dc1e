"""What a command left in its output folder, as a run that a report can be made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct, structs

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.assessment.sample_assessment import SampleAssessment
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.cube.region import labels_inside
from hsi_viewer.core.errors import FileError, FormatError, LabelError
from hsi_viewer.core.inputs import region_of
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.cleaned_prediction import cleaned_prediction
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Note, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import Device, EpochReport, Refine
from hsi_viewer.core.validation import InvalidError, checked, json_values
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.io.files.text_file import text_of
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.jobs.cleaning_record import record_file, steps_of
from hsi_viewer.jobs.job_labels import imported, of_test_pixels, to_be_scored
from hsi_viewer.jobs.mapped_run import Ids, MappedRun, settings_of, was_trained_on
from hsi_viewer.jobs.noting import Noting
from hsi_viewer.jobs.report.trained import TrainedRecord
from hsi_viewer.learning.classifiers import load_model

Record = TypeVar("Record")
RECORD = "report.json"
MAPS = (
    "class_map.hdr",
    "class_map.npy",
    "class_map.tif",
    "class_map.mat",
    "class_map.cog.tif",
    "class_map.zarr",
)
MOST_BYTES = 1 << 26
DRAWN = re.compile(r"(\d+) per class from (.+)", re.DOTALL)  # as `demo` names its labels


class RunSettings(Struct, frozen=True):
    """What report.json gives about the settings that model.json does not have."""

    refine: Refine = "auto"
    placement: Placement | None = None


class RunClass(Struct, frozen=True):
    """A class as report.json lists it."""

    id: int
    name: str
    colour: tuple[int, int, int]


class RunRegion(Struct, frozen=True):
    """What of the scene was used, as report.json gives it: files, and bands as written."""

    region: str | None = None
    mask: str | None = None
    bands: str | None = None


class RunRecord(Struct, frozen=True):
    """The part of report.json that a report needs; labels of `classify`, a model of `apply`."""

    cube: str
    classes: tuple[RunClass, ...]
    seed: int = 0
    labels: str | None = None
    model: str | None = None
    refined: bool = False
    test: str | None = None
    settings: RunSettings = RunSettings()
    region: RunRegion = RunRegion()
    training: tuple[EpochReport, ...] = ()
    warnings: tuple[str, ...] = ()


class KeptMap(Struct, frozen=True, eq=False):
    """The map of an output folder, or one that was cleaned from it.

    Attributes
    ----------
    path, ids : the file, and its classes (rows, columns).
    steps : how it was cleaned.
    """

    path: Path
    ids: Ids
    steps: tuple[Cleaning, ...]


@dataclass(frozen=True)
class RunFolder(Noting):
    """An output folder of `classify` or `apply`, and where what it read is now.

    Attributes
    ----------
    folder : the output folder.
    cube, labels, test : sources that are to be read in place of those that were named then.
    device : where the network maps the scene again.
    map : a map that was cleaned from that of the folder, to be reported on in its place.
    reference, strata : labelled reference points, and the map that they were drawn from, if it is
        another one.
    token, port : cancel and progress; the port takes each `Note` once.
    warnings : what was noted so far.
    """

    folder: Path
    cube: str | None = None
    labels: str | None = None
    test: str | None = None
    device: Device = "auto"
    map: str | None = None
    reference: Path | None = None
    strata: str | None = None
    token: CancelToken = field(default_factory=CancelToken)
    port: ProgressPort = field(default_factory=SilentPort)
    warnings: list[str] = field(default_factory=list)

    def record(self) -> RunRecord:
        """What report.json says.

        Raises
        ------
        FileError, FormatError
            if it is missing, damaged, or not of a map.
        """
        found, path = self._checked(RunRecord), self.folder / RECORD
        if found.labels is None and found.model is None:
            raise FormatError(
                f"{path} is not the record of a run: it names no labels and no model."
            )
        if found.labels is None and self.labels is not None:
            raise LabelError(
                f"{self.folder} was written by apply: its model was trained elsewhere, so leave "
                "out --labels."
            )
        return found

    def trained(self) -> TrainedRecord | None:
        """What report.json of `train` says; None of another one. Errors as of `record`."""
        return self._checked(TrainedRecord) if "scenes" in self._known() else None

    def scenes(self) -> list[str]:
        """Sources of the scenes that were trained on, as far as a record names them."""
        try:
            trained = self.trained()
            return [self.record().cube] if trained is None else [s.cube for s in trained.scenes]
        except (FileError, FormatError):
            return []

    def _checked(self, kind: type[Record]) -> Record:
        try:
            return checked(kind, self._known())
        except InvalidError as error:
            text = f"{self.folder / RECORD} is not the record of a run: {error}."
            raise FormatError(text) from error

    def _known(self) -> Mapping[str, Any]:
        path = self.folder / RECORD
        if not path.exists():
            raise FileError(
                f"{self.folder} contains no {RECORD}; name the folder of a map that classify or "
                "apply has written, or of a model that train has."
            )
        try:
            known = json_values(text_of(path, MOST_BYTES))
        except InvalidError as error:
            raise FormatError(f"{path} is not the record of a run: {error}.") from error
        return known if isinstance(known, Mapping) else {}

    def mapped_run(self) -> MappedRun:
        """The run of `classify`: its model maps the scene again, for files keep no probabilities.

        Raises
        ------
        HsiError
            if a file is missing, or has changed since.
        """
        from hsi_viewer.io.opening import open_cube
        from hsi_viewer.learning.model_description import check_model

        record = self.record()
        check_model(self.folder)
        for text in record.warnings:
            self.report(Note(text))
        source = self.found(record.cube, self.cube, "--cube")
        cube = examined(self.used_of(real_valued(open_cube(source, self.token)), record.region))
        legend = ClassLegend(LabelClass(c.id, c.name, c.colour) for c in record.classes)
        labels_source, labels, drawn = self._labels(record, cube)
        test_source, test = self.test_pixels(record, cube, legend, labels)
        kept = self._own_map(cube)
        sample = None if kept is None else self.sample(kept.ids, cube, legend)
        self.report(Progress("Loading the learning engine"))
        from hsi_viewer.learning.predictor import move_to_device

        model = load_model(self.folder)
        self._compare(model, cube, source, labels, labels_source)
        config = replace(settings_of(model, record.seed), device=self.device)
        move_to_device(model, self.device)
        refine: Refine = record.settings.refine if config.refine else "none"
        prediction = model.predict(cube, labels=labels, refine=refine, token=self.token, port=self)
        steps: tuple[Cleaning, ...] = ()
        if kept is None:
            sample = self.sample(prediction.class_map, cube, legend)
        else:
            prediction, steps = self._as_kept(prediction, cube, kept), kept.steps
        return MappedRun(
            source=record.cube if self.cube is None else self.cube,
            cube=cube,
            labels_source=labels_source,
            labels=labels,
            model=model,
            config=config,
            refine=refine,
            sample=sample,
            prediction=prediction,
            steps=steps,
            classes=legend.classes,
            test_source=test_source,
            test=test if drawn is None else drawn,
            epochs=record.training,
            warnings=tuple(self.warnings),
        )

    def used_of(self, cube: HyperCube, used: RunRegion) -> HyperCube:
        """The region of interest and the chosen bands of a scene, as they were."""
        region, mask = (
            None if named is None else self.found(named, None, "")
            for named in (used.region, used.mask)
        )
        return region_of(cube, region, mask, used.bands).of(cube)

    def sample(
        self, class_map: Ids, cube: HyperCube, legend: ClassLegend
    ) -> SampleAssessment | None:
        """What the reference points say about the map."""
        if self.reference is None:
            return None
        from hsi_viewer.jobs.after_map import read_map
        from hsi_viewer.jobs.sampling import assess_points, points_for

        drawn_from = None if self.strata is None else read_map(self.strata).ids
        given = points_for(self.reference, legend, Grid.of_cube(cube), class_map, drawn_from)
        return assess_points(given, class_map, cube)

    def found(self, named: str, given: str | None, option: str) -> str:
        """A source that exists: as it is given, or was named, also beside the folder."""
        if given is not None or named.startswith(("sample:", "scene:")):
            return named if given is None else given
        for base in (Path(), self.folder.absolute().parent, self.folder.absolute()):
            if split_source(str(base / named))[0].exists():
                return str(base / named)
        raise FileError(
            f"{named}, which {self.folder} was made from, is not there; "
            + (f"name where it is now with {option}." if option else "put it back.")
        )

    def _labels(self, record: RunRecord, cube: HyperCube) -> tuple[str, Ids, Ids | None]:
        """Source and ids of the training labels, and test pixels that were drawn with them."""
        drawn = DRAWN.fullmatch(record.labels or "")
        if drawn is not None and self.labels is None:
            truth = self._import(drawn[2], None, "--labels", cube, record)
            training, test = draw_per_class(truth.ids, int(drawn[1]), record.seed)
            return record.labels or "", training, test
        labels = self._import(record.labels or "", self.labels, "--labels", cube, record)
        return self.labels or record.labels or "", labels.ids, None

    def test_pixels(
        self, record: RunRecord, cube: HyperCube, legend: ClassLegend, labels: Ids
    ) -> tuple[str | None, Ids | None]:
        """Source and ids of the test pixels; None without any."""
        if record.test is None and self.test is None:
            return None, None
        read = self._import(record.test or "", self.test, "--test", cube, record)
        scored = to_be_scored(of_test_pixels(read), legend, labels)
        return self.test or record.test, scored.ids

    def _import(
        self, named: str, given: str | None, option: str, cube: HyperCube, record: RunRecord
    ) -> ImportedLabels:
        labels = imported(self.found(named, given, option), cube, record.settings.placement)
        return structs.replace(labels, ids=labels_inside(labels.ids, cube)[0])

    def _compare(
        self, model: Model, cube: HyperCube, source: str, labels: Ids, labels_source: str
    ) -> None:
        """Refuse labels or a scene that the model was not trained on."""
        from hsi_viewer.learning.model_state import scene_digest

        if not was_trained_on(model, labels):
            raise LabelError(
                f"{labels_source} has changed since {self.folder} was made; name the labels of "
                "then with --labels, or train again."
            )
        known = getattr(model, "scene_digest", "")
        bands = getattr(model, "bands", cube.bands)
        if cube.bands != bands or (known and scene_digest(cube) != known):
            raise FormatError(
                f"{source} is not the scene that {self.folder} was made from; name it with --cube."
            )

    def map_file(self) -> Path | None:
        """The map: the one that is given, or the first of the folder that can be read."""
        own = (self.folder / name for name in MAPS if (self.folder / name).exists())
        return next(own, None) if self.map is None else Path(self.map)

    def kept_map(self, path: Path) -> tuple[Ids, tuple[Cleaning, ...]]:
        """The ids of a map, and how it was cleaned.

        Raises
        ------
        HsiError
            if it cannot be read, or is another map of which that isn't known.
        """
        from hsi_viewer.io.labels.label_file import read_labels

        kept = read_labels(path).ids
        steps = steps_of([path], kept)
        if self.map is not None and not steps:
            raise LabelError(
                f"{path} has no record of cleaning beside it ({record_file(path).name}), or has "
                "changed since; leave out --map to report on the map of the run."
            )
        return kept, steps

    def _own_map(self, cube: HyperCube) -> KeptMap | None:
        """The map of the file, before the model maps the scene; None without one.

        Raises
        ------
        HsiError
            as `kept_map`, or if it has another size than the scene.
        """
        path = self.map_file()
        if path is None:
            return None
        ids, steps = self.kept_map(path)
        if ids.shape != (cube.rows, cube.columns):
            raise FormatError(f"{path} has another size than the scene of {self.folder}.")
        return KeptMap(path, ids, steps)

    def _as_kept(self, prediction: Prediction, cube: HyperCube, kept: KeptMap) -> Prediction:
        """The map of the file, where it differs from that of the model."""
        area = pixel_area(cube.georeference, cube.rows, cube.columns)
        for step in kept.steps:
            ids = cleaned(prediction.class_map, step, area, self.token)
            prediction = cleaned_prediction(prediction, step, ids)
        changed = int(np.count_nonzero(kept.ids != prediction.class_map))
        if not changed:
            return prediction
        self.report(
            Note(
                f"{kept.path.name} differs from what its model maps in {changed:,} of "
                f"{kept.ids.size:,} pixels: it was changed since, or made on another machine. The "
                "report shows the file's classes, and the model's confidence."
            )
        )
        return structs.replace(prediction, class_map=kept.ids)

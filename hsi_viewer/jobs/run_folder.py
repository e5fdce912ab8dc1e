"""What `classify` left in its output folder, as a run that a report can be made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

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
from hsi_viewer.jobs.cleaning_record import record_file, steps_of
from hsi_viewer.jobs.job_labels import imported, of_test_pixels, to_be_scored
from hsi_viewer.jobs.mapped_run import Ids, MappedRun, settings_of, was_trained_on
from hsi_viewer.jobs.noting import Noting

RECORD = "report.json"
MAPS = ("class_map.hdr", "class_map.npy", "class_map.tif", "class_map.mat")
MOST_BYTES = 1 << 26
DRAWN = re.compile(r"(\d+) per class from (.+)", re.DOTALL)  # as `demo` names its labels


@dataclass(frozen=True)
class RunSettings:
    """What report.json gives about the settings that model.json does not have."""

    refine: Refine = "auto"
    placement: Placement | None = None


@dataclass(frozen=True)
class RunClass:
    """A class as report.json lists it."""

    id: int
    name: str
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class RunRegion:
    """What of the scene was used, as report.json gives it: files, and bands as written."""

    region: str | None = None
    mask: str | None = None
    bands: str | None = None


@dataclass(frozen=True)
class RunRecord:
    """The part of report.json that a report needs."""

    cube: str
    classes: tuple[RunClass, ...]
    seed: int = 0
    labels: str | None = None
    test: str | None = None
    settings: RunSettings = field(default_factory=RunSettings)
    region: RunRegion = field(default_factory=RunRegion)
    training: tuple[EpochReport, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunFolder(Noting):
    """An output folder of `classify`, and where what it read is now.

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
            if it is missing, damaged, or not of `classify`.
        """
        from hsi_viewer.io.files.text_file import text_of

        path = self.folder / RECORD
        if not path.exists():
            raise FileError(
                f"{self.folder} contains no {RECORD}; name the output folder of classify."
            )
        try:
            known = json_values(text_of(path, MOST_BYTES))
            found = checked(RunRecord, known if isinstance(known, Mapping) else {})
        except InvalidError as error:
            raise FormatError(f"{path} is not the record of a run: {error}.") from error
        if found.labels is None:
            raise FormatError(
                f"{self.folder} was written by apply, so it has no training labels to report on; "
                "name the output folder of classify."
            )
        return found

    def mapped_run(self) -> MappedRun:
        """The run: its model maps the scene again, because files keep no probabilities.

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
        source = self._found(record.cube, self.cube, "--cube")
        cube = examined(self._used_of(real_valued(open_cube(source, self.token)), record.region))
        legend = ClassLegend(LabelClass(c.id, c.name, c.colour) for c in record.classes)
        labels_source, labels, drawn = self._labels(record, cube)
        test_source, test = self._test(record, cube, legend, labels)
        self.report(Progress("Loading the learning engine"))
        from hsi_viewer.learning.classifiers import load_model
        from hsi_viewer.learning.predictor import move_to_device

        model = load_model(self.folder)
        self._compare(model, cube, source, labels, labels_source)
        config = replace(settings_of(model, record.seed), device=self.device)
        move_to_device(model, self.device)
        refine: Refine = record.settings.refine if config.refine else "none"
        prediction = model.predict(cube, labels=labels, refine=refine, token=self.token, port=self)
        prediction, steps = self._as_kept(prediction, cube)
        return MappedRun(
            source=record.cube if self.cube is None else self.cube,
            cube=cube,
            labels_source=labels_source,
            labels=labels,
            model=model,
            config=config,
            refine=refine,
            sample=self._sample(prediction, cube, legend),
            prediction=prediction,
            steps=steps,
            classes=legend.classes,
            test_source=test_source,
            test=test if drawn is None else drawn,
            epochs=record.training,
            warnings=tuple(self.warnings),
        )

    def _used_of(self, cube: HyperCube, used: RunRegion) -> HyperCube:
        """The region of interest and the chosen bands of a scene, as they were."""
        region, mask = (
            None if named is None else self._found(named, None, "")
            for named in (used.region, used.mask)
        )
        return region_of(cube, region, mask, used.bands).of(cube)

    def _sample(
        self, mapped: Prediction, cube: HyperCube, legend: ClassLegend
    ) -> SampleAssessment | None:
        """What the reference points say about the map."""
        if self.reference is None:
            return None
        from hsi_viewer.io.labels.label_file import read_labels
        from hsi_viewer.io.regions.grid import Grid
        from hsi_viewer.jobs.sampling import assess_points, points_for

        drawn_from = None if self.strata is None else read_labels(self.strata).ids
        given = points_for(self.reference, legend, Grid.of_cube(cube), mapped.class_map, drawn_from)
        return assess_points(given, mapped.class_map, cube)

    def _found(self, named: str, given: str | None, option: str) -> str:
        """A source that exists: as it is given, or was named, also beside the folder."""
        from hsi_viewer.io.files.identify import split_source

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

    def _test(
        self, record: RunRecord, cube: HyperCube, legend: ClassLegend, labels: Ids
    ) -> tuple[str | None, Ids | None]:
        if record.test is None and self.test is None:
            return None, None
        read = self._import(record.test or "", self.test, "--test", cube, record)
        scored = to_be_scored(of_test_pixels(read), legend, labels)
        return self.test or record.test, scored.ids

    def _import(
        self, named: str, given: str | None, option: str, cube: HyperCube, record: RunRecord
    ) -> ImportedLabels:
        labels = imported(self._found(named, given, option), cube, record.settings.placement)
        return replace(labels, ids=labels_inside(labels.ids, cube)[0])

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

    def _as_kept(
        self, prediction: Prediction, cube: HyperCube
    ) -> tuple[Prediction, tuple[Cleaning, ...]]:
        """The map of the file, where it differs from that of the model, and how it was cleaned."""
        from hsi_viewer.io.labels.label_file import read_labels

        own = (self.folder / n for n in MAPS if (self.folder / n).exists())
        path = next(own, None) if self.map is None else Path(self.map)
        if path is None:
            return prediction, ()
        kept = read_labels(path).ids
        steps = steps_of([path], kept)
        if self.map is not None and not steps:
            raise LabelError(
                f"{path} has no record of cleaning beside it ({record_file(path).name}), or has "
                "changed since; leave out --map to report on the map of the run."
            )
        area = pixel_area(cube.georeference, cube.rows, cube.columns)
        for step in steps:
            ids = cleaned(prediction.class_map, step, area, self.token)
            prediction = cleaned_prediction(prediction, step, ids)
        if kept.shape != prediction.class_map.shape:
            raise FormatError(f"{path} has a different size from the scene; train again.")
        changed = int(np.count_nonzero(kept != prediction.class_map))
        if changed:
            self.report(
                Note(
                    f"{path.name} differs from what its model maps in {changed:,} of {kept.size:,} "
                    "pixels: it was changed since, or made on another machine. The report shows "
                    "the file's classes, and the model's confidence."
                )
            )
            return replace(prediction, class_map=kept), steps
        return prediction, steps

"""The whole job without a window: read, train, map, export, report."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.accuracy import AccuracyReport, score
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.imported_labels import ImportedLabels, Placement, PlacementNeededError
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Note, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.jobs.job_folder import check_no_model, check_sources, output_folder
from hsi_viewer.learning.classifiers import DEFAULT, classifier, fit, load_model

FORMATS = ("envi", "npy", "png", "tif")
LEARNING_STEPS = ("features", "train", "predict", "refine")
PACKAGES = ("hsi-viewer", "numpy", "scipy", "torch", "scikit-learn")


@dataclass(frozen=True)
class Job:
    """What a job is told and whom it reports to.

    Attributes
    ----------
    output : folder of the results; made if it is not there.
    config : settings of the training; `refine` also holds for applying a model.
    token, port : cancel and progress; the port takes each `Note` as it comes up.
    placement : how labels of another grid are laid on the cube; None finds out.
    classifier : name of the one to train.
    overwrite : whether the map that came with a model may be replaced by that of another cube.
    warnings : what was noted so far, for the report.
    """

    output: Path
    config: TrainingConfig = field(default_factory=TrainingConfig)
    token: CancelToken = field(default_factory=CancelToken)
    port: ProgressPort = field(default_factory=SilentPort)
    placement: Placement | None = None
    classifier: str = DEFAULT
    overwrite: bool = False
    warnings: list[str] = field(default_factory=list)

    def report(self, item: object) -> None:
        """Pass on what a step reports, and keep what it notes; the same is noted once."""
        if isinstance(item, Note):
            if item.text in self.warnings:
                return
            self.warnings.append(item.text)
        self.port.report(item)

    def say(self, message: str) -> None:
        """Report a step that has no fraction, unless the job was cancelled."""
        self.token.check()
        self.port.report(Progress(message))


@dataclass(frozen=True)
class JobResult:
    """What a job leaves.

    Attributes
    ----------
    report : what report.json holds.
    prediction : the map that was written.
    accuracy : of the test pixels, where there were some.
    """

    report: dict[str, Any]
    prediction: Prediction
    accuracy: AccuracyReport | None = None


class Stopwatch:
    """Seconds by the name of the step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start = time.perf_counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start

    def total(self) -> float:
        """Seconds since this was made."""
        return time.perf_counter() - self._start


def classify(cube_source: str, labels_source: str, job: Job) -> JobResult:
    """Train on a cube and its labels, map the scene and write everything to the output folder.

    Raises
    ------
    HsiError
        if a file cannot be read, labels do not fit, or the folder cannot be written; before
        anything slow.
    """
    watch = Stopwatch()
    with watch.step("read"):
        cube = _open(cube_source, job)
        labels = _labels(labels_source, cube, job)
    _note_warnings(cube, labels, job)
    result = _train_and_write(cube, labels, labels.ids, None, job, watch)
    return _reported(result, {"cube": cube_source, "labels": labels_source}, job)


def demonstrate(cube_source: str, truth_source: str, per_class: int, job: Job) -> JobResult:
    """Do the job with training pixels drawn from a ground truth, whose rest scores the map.

    Raises
    ------
    HsiError
        as `classify`.
    """
    watch = Stopwatch()
    with watch.step("read"):
        cube = _open(cube_source, job)
        truth = _labels(truth_source, cube, job)
        training, test = draw_per_class(truth.ids, per_class, job.config.seed)
    _note_warnings(cube, truth, job)
    result = _train_and_write(cube, truth, training, test, job, watch)
    drawn = f"{per_class} a class from {truth_source}"
    return _reported(result, {"cube": cube_source, "labels": drawn}, job)


def apply_model(model_path: Path, cube_source: str, job: Job) -> JobResult:
    """Map a cube with a model that `classify` has written.

    Raises
    ------
    HsiError
        if a file cannot be read, the model does not fit the cube, or the folder cannot be
        written.
    """
    from hsi_viewer.learning.model_description import check_model

    check_model(model_path)
    if not job.overwrite:
        check_no_model(job.output, model_path)
    watch = Stopwatch()
    with watch.step("read"):
        cube = _open(cube_source, job)
    _note_warnings(cube, None, job)
    with output_folder(job.output):
        job.say("Loading the learning engine")
        model = load_model(model_path)
        prediction = model.predict(cube, refine=job.config.refine, token=job.token, port=job)
        if model.warning:
            job.report(Note(model.warning))
        legend = ClassLegend(model.legend)
        settings: TrainingConfig | None = getattr(model, "config", None)  # a plug-in may have none
        with watch.step("export"):
            files = _export(prediction, legend, cube, job)
    report = {
        "classes": _class_records(legend, None),
        "classifier": model.name,
        **({"seed": settings.seed} if settings is not None else {}),
        "seconds": _seconds(model, watch),
        "files": sorted(p.name for p in files),
        "versions": _versions(),
    }
    sources = {"cube": cube_source, "model": str(model_path)}
    return _reported(JobResult(report, prediction), sources, job)


def _open(source: str, job: Job) -> HyperCube:
    """Open a cube; in silence, so that an error about it stands alone in a log."""
    from hsi_viewer.io.opening import open_cube

    cube = examined(real_valued(open_cube(source, job.token)))
    if cube.path is not None:
        check_sources(job.output, [cube.path])
    return cube


def _labels(source: str, cube: HyperCube, job: Job) -> ImportedLabels:
    """Labels as the window imports them, of two classes at least."""
    from hsi_viewer.io.files.identify import split_source
    from hsi_viewer.io.regions.import_export import import_regions

    try:
        labels = import_regions(source, cube, job.placement)
    except PlacementNeededError as needed:
        ways = " or ".join(f"--placement {option}" for option in needed.options)
        raise LabelError(f"{needed} Say {ways}.") from needed
    check_sources(job.output, [split_source(source)[0]])
    present = np.unique(labels.ids[labels.ids > 0])
    if present.size == 0:
        raise LabelError(f"{labels.name}: no pixel is labelled; label at least two classes.")
    if present.size == 1:
        raise LabelError(
            f"{labels.name}: all labelled pixels belong to one class (id {present[0]}); "
            "label at least two classes."
        )
    return labels


def _note_warnings(cube: HyperCube, labels: ImportedLabels | None, job: Job) -> None:
    """Note what is odd about the sources, once both are read."""
    from hsi_viewer.io.info import cube_warnings

    for text in (*cube_warnings(cube), *(labels.notes if labels else ())):
        job.report(Note(text))


def _train_and_write(
    cube: HyperCube,
    labels: ImportedLabels,
    training: NDArray[np.uint16],
    test: NDArray[np.uint16] | None,
    job: Job,
    watch: Stopwatch,
) -> JobResult:
    from hsi_viewer.io.labels.label_file import legend_of

    row = classifier(job.classifier)
    legend = legend_of(labels, np.unique(labels.ids), cube.class_names)
    with output_folder(job.output):
        job.say("Loading the learning engine")
        model = fit(
            cube,
            training,
            job.config,
            classifier=job.classifier,
            legend=legend,
            token=job.token,
            port=job,
        )
        if model.warning:
            job.report(Note(model.warning))
        prediction = model.predict(
            cube, labels=training, refine=job.config.refine, token=job.token, port=job
        )
        with watch.step("export"):
            files = _export(prediction, legend, cube, job)
            files += model.save(job.output)
    report = {
        "classes": _class_records(legend, training),
        "train_pixels": int(np.count_nonzero(training)),
        "classifier": job.classifier,
        "seed": job.config.seed,
        **({"preset": job.config.preset} if "preset" in row.settings else {}),
        "seconds": _seconds(model, watch),
        "files": sorted(p.name for p in files),
        "versions": _versions(),
    }
    accuracy = None if test is None else score(prediction.class_map, test)
    if accuracy is not None:
        report["accuracy"] = _accuracy_record(accuracy)
    return JobResult(report, prediction, accuracy)


def _export(prediction: Prediction, legend: ClassLegend, cube: HyperCube, job: Job) -> list[Path]:
    from hsi_viewer.io.labels.class_map import export_prediction, write_confidence

    job.say("Writing the results")
    written = export_prediction(prediction, legend, cube, job.output, formats=FORMATS)
    return [*written.values(), *write_confidence(prediction, cube, job.output).values()]


def _reported(result: JobResult, sources: dict[str, str], job: Job) -> JobResult:
    """Write report.json, which names the sources and itself too."""
    from hsi_viewer.atomic import replacing

    files = sorted([*result.report["files"], "report.json"])
    report = {**sources, **result.report, "warnings": job.warnings, "files": files}
    text = json.dumps(report, indent=2, allow_nan=False) + "\n"
    with replacing(job.output / "report.json") as (beside,):
        beside.write_text(text, encoding="utf-8")
    return replace(result, report=report)


def _class_records(
    legend: ClassLegend, training: NDArray[np.uint16] | None
) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for c in legend:
        record: dict[str, Any] = {"id": c.id, "name": c.name, "colour": list(c.colour)}
        if training is not None:
            record["train_pixels"] = int(np.count_nonzero(training == c.id))
        records.append(record)
    return records


def _accuracy_record(accuracy: AccuracyReport) -> dict[str, Any]:
    return {
        "test_pixels": accuracy.total,
        "overall": round(accuracy.overall.value, 6),
        "average": round(accuracy.average, 6),
        "kappa": round(accuracy.kappa, 6),
    }


def _seconds(model: Model, watch: Stopwatch) -> dict[str, float]:
    steps = {name: model.seconds.get(name, 0.0) for name in LEARNING_STEPS}
    seconds = {"read": watch.seconds["read"], **steps, "export": watch.seconds["export"]}
    return {name: round(s, 3) for name, s in {**seconds, "total": watch.total()}.items()}


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}

"""The whole job without a window: read, train, map, export, report."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.atomic import replacing
from hsi_viewer.core.assessment.accuracy import AccuracyReport, score
from hsi_viewer.core.assessment.areas import ClassArea, strip_areas
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.cube.region import RegionOfInterest, region_record
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import Note
from hsi_viewer.core.training import Refine, TrainingConfig
from hsi_viewer.io.info import cube_warnings
from hsi_viewer.io.labels.class_map import export_prediction
from hsi_viewer.io.labels.label_file import legend_of
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.source_files import SourceFiles, mixed
from hsi_viewer.jobs import make_report
from hsi_viewer.jobs.accuracy_record import accuracy_record
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.job_folder import (
    check_no_results,
    check_sources,
    earlier_maps,
    output_folder,
)
from hsi_viewer.jobs.job_labels import (
    read_test_labels,
    to_be_scored,
    training_labels,
    unmapped_notes,
)
from hsi_viewer.jobs.mapped_run import MappedRun
from hsi_viewer.learning.classifiers import classifier, fit
from hsi_viewer.learning.labels_with_data import labels_with_data

FORMATS = ("envi", "confidence", "npy", "png", "tif")
LEARNING_STEPS = ("features", "train", "predict", "refine")
PACKAGES = ("hsi-viewer", "numpy", "scipy", "torch", "scikit-learn")


class JobResult(Struct, frozen=True):
    """Result of a job.

    Attributes
    ----------
    report : what report.json holds.
    prediction : the map that was written; None where an earlier call had done everything.
    accuracy : of the test pixels, where there were some.
    """

    report: dict[str, Any]
    prediction: Prediction | None = None
    accuracy: AccuracyReport | None = None


class Scene(Struct, frozen=True):
    """A scene with the labels that it is mapped by, and the sources of both.

    Attributes
    ----------
    source, cube : the scene.
    labels_source, labels, legend : training labels (rows, columns), and their classes.
    test_source, test : test pixels in the same way, or None.
    """

    source: str
    cube: HyperCube
    labels_source: str
    labels: NDArray[np.uint16]
    legend: ClassLegend
    test_source: str | None = None
    test: NDArray[np.uint16] | None = None

    @property
    def sources(self) -> dict[str, str]:
        """The sources, as report.json names them."""
        return {"cube": self.source, "labels": self.labels_source}

    def mapped(self, model: Model, prediction: Prediction, job: Job) -> MappedRun:
        """The scene with its map."""
        return MappedRun(
            source=self.source,
            cube=self.cube,
            labels_source=self.labels_source,
            labels=self.labels,
            model=model,
            config=job.config,
            refine=_strength(job),
            prediction=prediction,
            classes=self.legend.classes,
            test_source=self.test_source,
            test=self.test,
            epochs=tuple(job.epochs),
            warnings=tuple(job.warnings),
        )


class Stopwatch:
    """Seconds by the name of the step.

    Parameters
    ----------
    before : seconds that were spent before this was made.
    """

    def __init__(self, before: float = 0.0) -> None:
        self.seconds: dict[str, float] = {}
        self._start = time.perf_counter() - before

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
    watch, test = Stopwatch(), None
    with watch.step("read"):
        cube = opened(cube_source, job)
        labels = training_labels(labels_source, cube, job)
        legend = legend_of(labels, np.unique(labels.ids), cube.class_names)
        if job.test is not None:
            test = to_be_scored(read_test_labels(job.test, cube, job), legend, labels.ids)
        check_folder(job, cube_source, labels_source, *([job.test] if job.test else []))
    note_warnings(cube, (labels, test), job)
    note_region(cube, job)
    ids = None if test is None else test.ids
    scene = Scene(cube_source, cube, labels_source, labels.ids, legend, job.test, ids)
    return _train_and_write(scene, job, watch)


def demonstrate(cube_source: str, truth_source: str, per_class: int, job: Job) -> JobResult:
    """Do the job with training pixels drawn from a ground truth, whose rest scores the map.

    Raises
    ------
    HsiError
        as `classify`.
    """
    watch = Stopwatch()
    with watch.step("read"):
        cube = opened(cube_source, job)
        truth = training_labels(truth_source, cube, job)
        training, test = draw_per_class(truth.ids, per_class, job.config.seed)
        legend = legend_of(truth, np.unique(truth.ids), cube.class_names)
        check_folder(job)
    note_warnings(cube, (truth,), job)
    drawn = f"{per_class} per class from {truth_source}"
    scene = Scene(cube_source, cube, drawn, training, legend, truth_source, test)
    return _train_and_write(scene, job, watch)


def write_map(
    model: Model,
    prediction: Prediction,
    cube: HyperCube,
    job: Job,
    watch: Stopwatch,
    sources: dict[str, str],
    test: NDArray[np.uint16] | None = None,
) -> JobResult:
    """Write the map that a model has made of a cube, and the report.

    Parameters
    ----------
    watch : that timed "read", and the steps of the model where it does not time them itself.
    sources : what was read, for the report.
    test : (rows, columns) ids that score the map; None for none.

    Raises
    ------
    ExportError
        if the folder cannot be written.
    """
    legend = ClassLegend(model.legend)
    with watch.step("export"):
        files = _export(prediction, legend, cube, job)
    settings: TrainingConfig | None = getattr(model, "config", None)  # a plug-in may have none
    report = {
        "classes": _class_records(legend, None, prediction, cube),
        "classifier": model.name,
        **({"seed": settings.seed} if settings is not None else {}),
        "refined": prediction.source.endswith("refined"),
        **voices_of(model),
        **region_of_report(cube, job),
        "seconds": _seconds(model.seconds | watch.seconds, watch),
        "files": sorted(p.name for p in files),
        "versions": versions(),
    }
    return _reported(_scored(report, prediction, test, job), sources, job)


def opened(source: str, job: Job) -> HyperCube:
    """Open a cube; silently, so that an error about it is alone in a log."""
    cube = examined(job.used_of(real_valued(open_cube(source, job.token))))
    if cube.path is not None:
        check_sources(job.output, [cube.path])
    job.files.append(SourceFiles(cube.path))
    return cube


def check_folder(job: Job, *sources: str) -> None:
    """Refuse a folder that holds results, unless they may be replaced."""
    if not job.overwrite:
        check_no_results(job.output)
    make_report.check_beside(job, sources)


def note_warnings(cube: HyperCube, labels: tuple[ImportedLabels | None, ...], job: Job) -> None:
    """Note what is odd about the sources, once all are read."""
    notes = [text for each in labels if each is not None for text in each.notes]
    for text in (*cube_warnings(cube), *notes):
        job.report(Note(text))


def note_region(cube: HyperCube, job: Job) -> None:
    """Note what is used of a scene, unless it is all of it."""
    sentence = RegionOfInterest(cube.inside, cube.chosen).sentence(cube)
    if sentence:
        job.report(Note(f"Region of interest: {sentence}."))


def region_of_report(cube: HyperCube, job: Job) -> dict[str, Any]:
    """The same for report.json."""
    record = region_record(cube)
    return {} if record is None else {"region": {**job.region_sources, **record}}


def _train_and_write(scene: Scene, job: Job, watch: Stopwatch) -> JobResult:
    with output_folder(job.output):
        job.announce("Loading the learning engine")
        from hsi_viewer.learning.predictor import choose_device

        choose_device(job.config.device)
        model = fit(
            scene.cube,
            scene.labels,
            job.config,
            classifier=job.classifier,
            legend=scene.legend,
            token=job.token,
            port=job,
        )
        if model.warning:
            job.report(Note(model.warning))
        prediction = model.predict(
            scene.cube, labels=scene.labels, refine=job.refinement, token=job.token, port=job
        )
        with watch.step("export"):
            files = _export(prediction, scene.legend, scene.cube, job)
            files += model.save(job.output)

        record = _record(scene, model, prediction, files, job, watch)
        # Before what is beside it: a disk that is full by then must not cost the map its record.
        result = _reported(_scored(record, prediction, scene.test, job), scene.sources, job)
        beside = make_report.write_beside(scene.mapped(model, prediction, job), job)
    if not beside:
        return result
    names = [*result.report["files"], *(_inside(job.output, path) for path in beside)]
    report = result.report | {"files": names, "seconds": _seconds(model.seconds, watch)}
    return replace(result, report=write_report(report, job))


def _record(
    scene: Scene,
    model: Model,
    prediction: Prediction,
    files: list[Path],
    job: Job,
    watch: Stopwatch,
) -> dict[str, Any]:
    row = classifier(job.classifier)
    labels = labels_with_data(model, scene.cube, scene.labels, job.token)
    return {
        "classes": _class_records(scene.legend, labels, prediction, scene.cube),
        "train_pixels": int(np.count_nonzero(labels)),
        "classifier": job.classifier,
        "seed": job.config.seed,
        **({"preset": job.config.preset} if "preset" in row.settings else {}),
        "refined": prediction.source.endswith("refined"),
        **voices_of(model),
        "settings": {"refine": _strength(job), "placement": job.placement},
        **region_of_report(scene.cube, job),
        "training": [{**asdict(e), "exit_accuracy": list(e.exit_accuracy)} for e in job.epochs],
        "seconds": _seconds(model.seconds, watch),
        "files": sorted(_inside(job.output, p) for p in files),
        "versions": versions(),
    }


def _inside(folder: Path, path: Path) -> str:
    """The name of a file in a folder; the whole path of one that is elsewhere."""
    within = path.is_relative_to(folder)
    return path.relative_to(folder).as_posix() if within else str(path.absolute())


def _strength(job: Job) -> Refine:
    """Strength of the refinement that was asked for, in a word."""
    return "none" if job.refinement is False else job.refinement


def voices_of(model: Model) -> dict[str, Any]:
    """What was heard for the map of the training scene, if the model tells."""
    evidence: Evidence | None = getattr(model, "evidence", None)
    if evidence is None:
        return {}
    weights = {voice.name: round(voice.weight, 4) for voice in evidence.voices}
    return {"voices": weights, "walker": evidence.walker, "evidence": evidence.sentence}


def _scored(
    report: dict[str, Any], prediction: Prediction, test: NDArray[np.uint16] | None, job: Job
) -> JobResult:
    """A result with the accuracy of the test pixels, where there are some."""
    if test is None:
        return JobResult(report, prediction)
    mapped = np.asarray(prediction.class_map)
    accuracy = score(mapped, test)
    for text in unmapped_notes(mapped, test):
        job.report(Note(text))
    return JobResult({**report, "accuracy": accuracy_record(accuracy)}, prediction, accuracy)


def _export(prediction: Prediction, legend: ClassLegend, cube: HyperCube, job: Job) -> list[Path]:
    job.announce("Writing the results")
    formats = FORMATS if job.formats is None else job.formats
    written = export_prediction(prediction, legend, cube, job.output, formats=formats)
    earlier = earlier_maps(job.output, list(written))
    if earlier:
        job.report(Note(f"From an earlier run and not of this map: {', '.join(earlier)}."))
    return list(written.values())


def _reported(result: JobResult, sources: dict[str, str], job: Job) -> JobResult:
    """Write report.json, which names the sources too."""
    sources |= {"test": job.test} if job.test is not None else {}
    return replace(result, report=write_report({**sources, **result.report}, job))


def write_report(report: dict[str, Any], job: Job) -> dict[str, Any]:
    """Write report.json, with warnings and the names of all files; returns what it holds."""
    if text := mixed(*job.files):
        job.report(Note(text))
    files = sorted({*report["files"], "report.json"})
    report = {**report, "warnings": job.warnings, "files": files}
    text = json.dumps(report, indent=2, allow_nan=False) + "\n"
    with replacing(job.output / "report.json") as (beside,):
        beside.write_text(text, encoding="utf-8")
    return report


def _class_records(
    legend: ClassLegend,
    training: NDArray[np.uint16] | None,
    prediction: Prediction,
    cube: HyperCube,
) -> list[dict[str, Any]]:
    """Each class with what the map gives to it; square metres where the scene has a place."""
    whole = pixel_area(cube.georeference, cube.rows, cube.columns)
    areas = {a.class_id: a for a in strip_areas(prediction.class_map, whole)}
    records: list[dict[str, Any]] = []
    for c in legend:
        record: dict[str, Any] = {"id": c.id, "name": c.name, "colour": list(c.colour)}
        if training is not None:
            record["train_pixels"] = int(np.count_nonzero(training == c.id))
        area = areas.get(c.id, ClassArea(c.id, 0, None if whole is None else 0.0, 0.0))
        record["map_pixels"] = area.pixels
        metres = area.square_metres
        record["map_area_m2"] = None if metres is None else round(metres, 2)
        records.append(record)
    return records


def _seconds(known: dict[str, float], watch: Stopwatch) -> dict[str, float]:
    steps = {name: known.get(name, 0.0) for name in LEARNING_STEPS}
    seconds = {"read": watch.seconds["read"], **steps, "export": watch.seconds["export"]}
    return {name: round(s, 3) for name, s in {**seconds, "total": watch.total()}.items()}


@cache
def versions() -> dict[str, str]:
    """Of Python and of the packages that make a map; read once, since each is in a file."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}

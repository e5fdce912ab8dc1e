"""What `apply` left in its output folder, as a run that a report can be made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.paths import real_path
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import Note, Progress, SilentPort
from hsi_viewer.jobs.mapped_run import Ids, MappedRun, settings_of
from hsi_viewer.jobs.run_folder import MAPS, RunFolder, RunRecord
from hsi_viewer.learning.classifiers import load_model

Box = tuple[int, int, int, int]
CONFIDENCE = ("confidence.hdr", "confidence.tif", "confidence.cog.tif", "class_map.zarr")
OWN_SCENE = (
    "The model was trained on this very scene, so that its test pixels may be pixels that it has "
    "learnt; they are not scored. For its accuracy, report on the folder that classify has written."
)
IN_STORE = "confidence"  # name of the array


class AppliedMap(Struct, frozen=True, eq=False):
    """A map that `apply` has written, read again.

    Attributes
    ----------
    prediction : the map.
    model_path, model : what made it.
    warnings : what was noted of it then, and now.
    """

    prediction: Prediction
    model_path: Path
    model: Model
    warnings: tuple[str, ...]


def read_applied(folder: Path) -> AppliedMap:
    """The map in an output folder of `apply`; the scene isn't read.

    Raises
    ------
    HsiError
        if a file is missing, or the map or its model cannot be read.
    """
    from hsi_viewer.learning.model_description import check_model

    run = RunFolder(folder, port=SilentPort())
    record = run.record()
    path = _map_file(run)
    model_path = Path(run.found(record.model or "its model", None, ""))
    check_model(model_path)
    for text in record.warnings:
        run.report(Note(text))
    model = load_model(model_path)
    prediction = _prediction(run, run.kept_map(path)[0], record, model)
    return AppliedMap(prediction, model_path, model, tuple(run.warnings))


def laid_in(prediction: Prediction, shape: tuple[int, int], part: Box | None) -> Prediction:
    """The map of a part of a scene as a map of all of it, without a class elsewhere.

    Parameters
    ----------
    shape : rows and columns of the scene.
    part : first row and column of the map and those behind its last; None of the whole scene.

    Raises
    ------
    FormatError
        if the map is not of that part.
    """
    top, left, bottom, right = part or (0, 0, *shape)
    inside = 0 <= top < bottom <= shape[0] and 0 <= left < right <= shape[1]
    if not inside or prediction.class_map.shape != (bottom - top, right - left):
        rows, columns = prediction.class_map.shape
        raise FormatError(
            f"The map is of {rows} x {columns} pixels, which isn't that part of a scene of "
            f"{shape[0]} x {shape[1]}; apply the model again."
        )
    if prediction.class_map.shape == shape:
        return prediction
    ids, sure = np.zeros(shape, np.uint16), np.zeros(shape, np.float32)
    ids[top:bottom, left:right] = prediction.class_map
    sure[top:bottom, left:right] = prediction.confidence
    return replace(prediction, class_map=ids, confidence=sure)


def applied_run(run: RunFolder, record: RunRecord, named_model: str) -> MappedRun:
    """A run of `apply`: its map is read, and what its model was trained on isn't known.

    Raises
    ------
    HsiError
        if a file is missing, or the map cannot be read or has another size than the scene.
    """
    from hsi_viewer.io.opening import open_cube
    from hsi_viewer.learning.model_description import check_model

    path = _map_file(run)
    source = run.found(record.cube, run.cube, "--cube")
    model_path = Path(run.found(named_model, None, ""))
    check_model(model_path)
    for text in record.warnings:
        run.report(Note(text))
    cube = examined(run.used_of(real_valued(open_cube(source, run.token)), record.region))
    kept, steps = run.kept_map(path)
    if kept.shape != (cube.rows, cube.columns):
        raise FormatError(
            f"{path} has a different size from {source}; name the scene of the map with --cube."
        )
    legend = ClassLegend(LabelClass(c.id, c.name, c.colour) for c in record.classes)
    labels = np.zeros(kept.shape, np.uint16)
    test_source, test = run.test_pixels(record, cube, legend, labels)
    sample = run.sample(kept, cube, legend)
    run.report(Progress("Loading the learning engine"))

    model = load_model(model_path)
    if test is not None and is_own_scene(model, model_path, cube, source):
        run.report(Note(OWN_SCENE))
        test_source, test = None, None
    prediction = _prediction(run, kept, record, model)
    return MappedRun(
        source=record.cube if run.cube is None else run.cube,
        cube=cube,
        labels_source=applied_source(named_model),
        labels=labels,
        model=model,
        config=settings_of(model, record.seed),
        refine="auto" if record.refined else "none",
        sample=sample,
        prediction=prediction,
        steps=steps,
        classes=legend.classes,
        test_source=test_source,
        test=test,
        warnings=tuple(run.warnings),
    )


def _map_file(run: RunFolder) -> Path:
    path = run.map_file()
    if path is None:
        raise FileError(
            f"{run.folder} contains no map that can be read ({', '.join(MAPS)}); apply the model "
            "again, with another --format."
        )
    return path


def _prediction(run: RunFolder, kept: Ids, record: RunRecord, model: Model) -> Prediction:
    ids = tuple(c.id for c in record.classes)
    refined = ", refined" if record.refined else ""
    return Prediction(kept, _confidence(run, kept), ids, source=f"{model.name}{refined}")


def applied_source(named_model: str) -> str:
    """Where the labels of a map of `apply` came from, in words."""
    return f"not known here: the model {named_model} was applied"


def is_own_scene(model: Model, model_path: Path, cube: HyperCube, source: str) -> bool:
    """Whether a model was trained on this very scene, by its digest or the record beside it."""
    from hsi_viewer.learning.model_state import scene_digest

    known = getattr(model, "scene_digest", "")
    if known and scene_digest(cube) == known:
        return True
    beside = RunFolder(model_path if model_path.is_dir() else model_path.parent)
    return str(real_path(Path(source))) in {str(real_path(Path(s))) for s in beside.scenes()}


def _confidence(run: RunFolder, kept: Ids) -> NDArray[np.float32]:
    """The confidence of a map as it was written, 0 where it has no class; NaN if it wasn't."""
    from hsi_viewer.io.opening import open_cube

    for path in (run.folder / name for name in CONFIDENCE):
        if path.exists():
            source = f"{path}:{IN_STORE}" if path.suffix == ".zarr" else str(path)
            found = open_cube(source).read()[:, :, 0].astype(np.float32)
            if found.shape == kept.shape:
                return np.where(kept > 0, np.nan_to_num(found), np.float32(0))
    run.report(Note("The confidence of this map wasn't written, so nothing is said about it."))
    return np.full(kept.shape, np.nan, np.float32)

"""What `apply` left in its output folder, as a run that a report can be made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.paths import real_path
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import Note, Progress
from hsi_viewer.jobs.mapped_run import Ids, MappedRun, settings_of
from hsi_viewer.jobs.run_folder import MAPS, RunFolder, RunRecord
from hsi_viewer.learning.classifiers import load_model

CONFIDENCE = ("confidence.hdr", "confidence.tif", "confidence.cog.tif", "class_map.zarr")
OWN_SCENE = (
    "The model was trained on this very scene, so that its test pixels may be pixels that it has "
    "learnt; they are not scored. For its accuracy, report on the folder that classify has written."
)
IN_STORE = "confidence"  # name of the array


def applied_run(run: RunFolder, record: RunRecord, named_model: str) -> MappedRun:
    """A run of `apply`: its map is read, and what its model was trained on isn't known.

    Raises
    ------
    HsiError
        if a file is missing, or the map cannot be read or has another size than the scene.
    """
    from hsi_viewer.io.opening import open_cube
    from hsi_viewer.learning.model_description import check_model

    path = run.map_file()
    if path is None:
        raise FileError(
            f"{run.folder} contains no map that can be read ({', '.join(MAPS)}); apply the model "
            "again, with another --format."
        )
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
    run.report(Progress("Loading the learning engine"))

    model = load_model(model_path)
    if test is not None and is_own_scene(model, model_path, cube, source):
        run.report(Note(OWN_SCENE))
        test_source, test = None, None
    ids = tuple(c.id for c in legend)
    refined = ", refined" if record.refined else ""
    prediction = Prediction(kept, _confidence(run, kept), ids, source=f"{model.name}{refined}")
    return MappedRun(
        source=record.cube if run.cube is None else run.cube,
        cube=cube,
        labels_source=applied_source(named_model),
        labels=labels,
        model=model,
        config=settings_of(model, record.seed),
        refine="auto" if record.refined else "none",
        sample=run.sample(prediction, cube, legend),
        prediction=prediction,
        steps=steps,
        classes=legend.classes,
        test_source=test_source,
        test=test,
        warnings=tuple(run.warnings),
    )


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

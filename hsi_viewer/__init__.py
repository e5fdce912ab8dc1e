"""HSI Viewer: classify hyperspectral images from a few labelled pixels.

The Python interface::

    import hsi_viewer
    cube = hsi_viewer.open_cube("scene.hdr")
    labels = hsi_viewer.read_labels("labels.gpkg", cube)
    model = hsi_viewer.fit(cube, labels)  # SDHSI-Net; or classifier="lda", "svm"
    prediction = model.predict(cube, labels=labels)  # class_map, confidence, probabilities
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hsi_viewer.core import readers

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hsi_viewer.api import (
        explain,
        export_prediction,
        fit,
        load_model,
        read_labels,
        region_of_interest,
    )
    from hsi_viewer.core.assessment.accuracy import AccuracyReport, score
    from hsi_viewer.core.classifier import Classifier, Model
    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.core.cube.georeference import Georeference
    from hsi_viewer.core.cube.region import RegionOfInterest
    from hsi_viewer.core.errors import (
        ExportError,
        FileError,
        FormatError,
        HsiError,
        LabelError,
        ModelError,
        SettingError,
        TooLargeError,
        TrainingError,
    )
    from hsi_viewer.core.explanation import Explanation
    from hsi_viewer.core.labels.imported_labels import ImportedLabels
    from hsi_viewer.core.labels.label_file import LabelFile
    from hsi_viewer.core.labels.placement import PlacementNeededError
    from hsi_viewer.core.labels.sampling import draw_per_class
    from hsi_viewer.core.prediction import Prediction
    from hsi_viewer.core.progress import (
        CallbackPort,
        CancelToken,
        Note,
        Progress,
        ProgressPort,
        TaskCancelledError,
    )
    from hsi_viewer.core.training import EpochReport, TrainingConfig
    from hsi_viewer.estimator import SdhsiClassifier
    from hsi_viewer.io.files.reading import ChoiceNeededError
    from hsi_viewer.io.watched_cube import open_cube
    from hsi_viewer.learning.classifiers import classifiers
    from hsi_viewer.learning.guidance.check_labels import SuspiciousLabel, check_labels
    from hsi_viewer.learning.guidance.proposals import Suggestion
    from hsi_viewer.learning.guidance.suggest import suggest
    from hsi_viewer.learning.model import TrainedModel

__version__ = "0.1.0"
__all__ = [
    "AccuracyReport",
    "CallbackPort",
    "CancelToken",
    "ChoiceNeededError",
    "Classifier",
    "EpochReport",
    "Explanation",
    "ExportError",
    "FileError",
    "FormatError",
    "Georeference",
    "HsiError",
    "HyperCube",
    "ImportedLabels",
    "LabelError",
    "LabelFile",
    "Model",
    "ModelError",
    "Note",
    "PlacementNeededError",
    "Prediction",
    "Progress",
    "ProgressPort",
    "RegionOfInterest",
    "SdhsiClassifier",
    "SettingError",
    "Suggestion",
    "SuspiciousLabel",
    "TaskCancelledError",
    "TooLargeError",
    "TrainedModel",
    "TrainingConfig",
    "TrainingError",
    "__version__",
    "check_labels",
    "classifiers",
    "draw_per_class",
    "explain",
    "export_prediction",
    "fit",
    "load_model",
    "open_cube",
    "read_labels",
    "region_of_interest",
    "score",
    "suggest",
]

_MODULES = {
    "api": (
        *("explain", "export_prediction", "fit", "load_model", "read_labels"),
        "region_of_interest",
    ),
    "core.assessment.accuracy": ("AccuracyReport", "score"),
    "core.classifier": ("Classifier", "Model"),
    "core.cube.cube": ("HyperCube",),
    "core.cube.region": ("RegionOfInterest",),
    "core.cube.georeference": ("Georeference",),
    "core.explanation": ("Explanation",),
    "core.errors": (
        *("ExportError", "FileError", "FormatError", "HsiError", "LabelError", "ModelError"),
        *("SettingError", "TooLargeError", "TrainingError"),
    ),
    "core.labels.imported_labels": ("ImportedLabels",),
    "core.labels.placement": ("PlacementNeededError",),
    "core.labels.sampling": ("draw_per_class",),
    "core.prediction": ("Prediction",),
    "core.progress": (
        *("CallbackPort", "CancelToken", "Note", "Progress", "ProgressPort"),
        "TaskCancelledError",
    ),
    "core.training": ("EpochReport", "TrainingConfig"),
    "estimator": ("SdhsiClassifier",),
    "io.files.reading": ("ChoiceNeededError",),
    "core.labels.label_file": ("LabelFile",),
    "io.watched_cube": ("open_cube",),
    "learning.classifiers": ("classifiers",),
    "learning.guidance.check_labels": ("SuspiciousLabel", "check_labels"),
    "learning.guidance.proposals": ("Suggestion",),
    "learning.guidance.suggest": ("suggest",),
    "learning.model": ("TrainedModel",),
}
_LAZY = {name: f"hsi_viewer.{module}" for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    # torch takes seconds to import, so nothing is imported before it is asked for.
    if name not in _LAZY:
        raise AttributeError(f"module 'hsi_viewer' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _open_cube(source: str | Path) -> HyperCube:
    from hsi_viewer.io.watched_cube import open_cube

    return open_cube(source)


def _import_labels(source: str | Path, cube: HyperCube) -> ImportedLabels:
    from hsi_viewer.io.regions.import_export import import_regions

    return import_regions(source, cube)


def _read_mask(source: str | Path, cube: HyperCube) -> NDArray[np.bool_]:
    from hsi_viewer.io.regions.region_file import read_mask

    return read_mask(source, cube)


readers.provide(_open_cube, _import_labels, _read_mask)

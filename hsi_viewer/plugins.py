"""What plug-ins import: formats, classifiers and panels of packages outside.

This module is stable where the rest of the package is not: a name of `__all__` is neither removed
nor changed in meaning without a higher `VERSION`. docs/plugins.md explains how to write a plug-in.

Names are imported when they are first used, so that a format needs neither Qt nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hsi_viewer.core.classifier import Classifier, Model
    from hsi_viewer.core.cube.cube import ArraySource, CubeSource, HyperCube
    from hsi_viewer.core.cube.georeference import Georeference
    from hsi_viewer.core.errors import (
        ExportError,
        FileError,
        FormatError,
        HsiError,
        LabelError,
        ModelError,
        TrainingError,
    )
    from hsi_viewer.core.labels.label_file import LabelFile
    from hsi_viewer.core.prediction import Prediction
    from hsi_viewer.core.progress import (
        CancelToken,
        Note,
        Progress,
        ProgressPort,
        TaskCancelledError,
    )
    from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
    from hsi_viewer.core.training import TrainingConfig
    from hsi_viewer.io.files.reading import ArrayChoice, ChoiceNeededError, Reading
    from hsi_viewer.io.format import Format
    from hsi_viewer.learning.pixel_kind import PixelKind, Scorer
    from hsi_viewer.learning.pixel_model import fit_pixel_model, load_pixel_model
    from hsi_viewer.ui.commands.table import Command
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.docking import Panel
    from hsi_viewer.ui.features.feature import Feature

VERSION = 1

_HOMES = {
    "ArrayChoice": "hsi_viewer.io.files.reading",
    "ArraySource": "hsi_viewer.core.cube.cube",
    "CancelToken": "hsi_viewer.core.progress",
    "ChoiceNeededError": "hsi_viewer.io.files.reading",
    "Classifier": "hsi_viewer.core.classifier",
    "Command": "hsi_viewer.ui.commands.table",
    "Context": "hsi_viewer.ui.context",
    "CubeSource": "hsi_viewer.core.cube.cube",
    "ExportError": "hsi_viewer.core.errors",
    "Feature": "hsi_viewer.ui.features.feature",
    "FileError": "hsi_viewer.core.errors",
    "Format": "hsi_viewer.io.format",
    "FormatError": "hsi_viewer.core.errors",
    "Georeference": "hsi_viewer.core.cube.georeference",
    "HsiError": "hsi_viewer.core.errors",
    "HyperCube": "hsi_viewer.core.cube.cube",
    "LabelError": "hsi_viewer.core.errors",
    "LabelFile": "hsi_viewer.core.labels.label_file",
    "Model": "hsi_viewer.core.classifier",
    "ModelError": "hsi_viewer.core.errors",
    "Note": "hsi_viewer.core.progress",
    "Panel": "hsi_viewer.ui.docking",
    "PixelKind": "hsi_viewer.learning.pixel_kind",
    "Prediction": "hsi_viewer.core.prediction",
    "Progress": "hsi_viewer.core.progress",
    "ProgressPort": "hsi_viewer.core.progress",
    "Reading": "hsi_viewer.io.files.reading",
    "Scorer": "hsi_viewer.learning.pixel_kind",
    "SpectralLibrary": "hsi_viewer.core.spectra.spectral_library",
    "TaskCancelledError": "hsi_viewer.core.progress",
    "TrainingConfig": "hsi_viewer.core.training",
    "TrainingError": "hsi_viewer.core.errors",
    "fit_pixel_model": "hsi_viewer.learning.pixel_model",
    "load_pixel_model": "hsi_viewer.learning.pixel_model",
}

__all__ = [
    "VERSION",
    "ArrayChoice",
    "ArraySource",
    "CancelToken",
    "ChoiceNeededError",
    "Classifier",
    "Command",
    "Context",
    "CubeSource",
    "ExportError",
    "Feature",
    "FileError",
    "Format",
    "FormatError",
    "Georeference",
    "HsiError",
    "HyperCube",
    "LabelError",
    "LabelFile",
    "Model",
    "ModelError",
    "Note",
    "Panel",
    "PixelKind",
    "Prediction",
    "Progress",
    "ProgressPort",
    "Reading",
    "Scorer",
    "SpectralLibrary",
    "TaskCancelledError",
    "TrainingConfig",
    "TrainingError",
    "fit_pixel_model",
    "load_pixel_model",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hsi_viewer.plugins' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

"""The classifiers: one file and one row of the registry each."""

from hsi_viewer.learning.classifiers.registry import (
    DEFAULT,
    classifier,
    classifiers,
    fit,
    installed,
    load_model,
    nearest,
    problems,
)

__all__ = [
    "DEFAULT",
    "classifier",
    "classifiers",
    "fit",
    "installed",
    "load_model",
    "nearest",
    "problems",
]

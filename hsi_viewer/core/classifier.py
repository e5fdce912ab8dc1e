"""What a classifier is: one row that says how models are trained, and what a model can do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from hsi_viewer.core.inputs import CubeLike, LabelsLike
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.training import Refine
from hsi_viewer.core.viewed import Viewed

SETTINGS = ("preset", "distillation", "seed", "device", "refine", "voices")


class Model(Protocol):
    """A trained model of any classifier."""

    @property
    def name(self) -> str:
        """Key of the classifier that made it."""

    @property
    def class_ids(self) -> tuple[int, ...]:
        """Ids in the order of the probabilities, ascending."""

    @property
    def legend(self) -> tuple[LabelClass, ...]:
        """The classes as they were called when trained."""

    @property
    def seconds(self) -> dict[str, float]:
        """Time of each step: "features", "train", "predict", "refine", as far as measured."""

    @property
    def warning(self) -> str | None:
        """What the user should know about the training; None for nothing."""

    def predict(
        self,
        cube: CubeLike,
        *,
        labels: LabelsLike | None = None,
        refine: Refine = True,
        token: CancelToken | None = None,
        port: ProgressPort | None = None,
    ) -> Prediction:
        """Map a cube.

        Parameters
        ----------
        cube : the training scene or another: a cube, an array or a path; `core.inputs.as_cube`
            makes a cube of any.
        labels : (rows, columns) class ids known on this cube, 0 for none, or a path of labels.
        refine : whether and how strongly the map is made smooth along the image, where the model
            can do that: True is "auto", as the model has it, False is "none".

        Raises
        ------
        ModelError
            if the cube's bands cannot be matched with the model's.
        TaskCancelledError
            if the token was cancelled.
        """

    def save(self, target: str | Path) -> list[Path]:
        """Write the model as the pair model.json and model.safetensors in a folder.

        Raises
        ------
        ExportError
            if the files cannot be written.
        """


class Classifier(Struct, frozen=True):
    """One row of the table of classifiers.

    Attributes
    ----------
    name : stable key, in model files and on the command line: lower-case letters, digits, "-".
    title : for people.
    fit : (cube, labels, config, *, legend, token, port) -> Model. Labels are (rows, columns) class
        ids, 0 for none. Called in a worker thread: it checks the token, reports `Progress`, and
        raises `LabelError` or `TrainingError`.
    load : (target) -> Model, from the folder of a model or either of its files.
    settings : names of the fields of `TrainingConfig` that make a difference, of `SETTINGS`.
    warm_start : whether `fit` takes `warm_start=model`, to continue after labels changed.
    early_maps : whether `fit` takes `viewed=Viewed`, to paint first what is on the screen.
    """

    name: str
    title: str
    fit: Callable[..., Model]
    load: Callable[[str | Path], Model]
    settings: tuple[str, ...] = ("seed", "refine")
    warm_start: bool = False
    early_maps: bool = False

    def options(self, model: Model | None, viewed: Viewed | None = None) -> dict[str, Any]:
        """Further arguments of `fit`, as far as it takes them: where it continues and paints."""
        options = {"warm_start": model} if self.warm_start else {}
        return {**options, "viewed": viewed} if self.early_maps and viewed else options

"""ApplyFeature: the open scene mapped with a model that was trained on another one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.labels.class_match import joined_classes, matched_ids, renumbered_prediction
from hsi_viewer.core.labels.history import Edit, LegendChange
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import (
    CallbackPort,
    CancelToken,
    Note,
    Progress,
    ProgressPort,
    UnlikeSpectra,
)
from hsi_viewer.core.training import Standardise
from hsi_viewer.learning.classifiers import classifier, load_model
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.map_change import MadeMap, MapChange, ShownMap
from hsi_viewer.session.storage.training_runs import APPLIED
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.training.torch_preload import import_trainer
from hsi_viewer.ui.saving import folder_link, saving_folder
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.jobs.applied_run import Box
    from hsi_viewer.ui.context import Context

STANDARDISED: dict[Standardise, str] = {"training": "the training", "scene": "this"}
KEY, DOING = "apply", "Applying the model"
FILTER = "Models (model.json *.json *.safetensors);;All files (*)"


class Applied(Struct, frozen=True, eq=False):
    """What a model made of the open scene.

    Attributes
    ----------
    path : of the model.
    model : itself.
    prediction : its map, in its own class ids.
    notes : what it noted, in order.
    standardise : see `TrainedModel.predict`.
    folder : that its map was read from; None where it was just made.
    """

    path: Path
    model: Model
    prediction: Prediction
    notes: tuple[Note, ...]
    standardise: Standardise
    folder: Path | None = None


class ApplyFeature(Feature):
    """Asks for a model and shows its map as one step that can be undone."""

    key = "apply-model"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._folder = ""
        context.applying = self

    def commands(self) -> list[Command]:
        """Applying, in the menu Map."""
        return [
            Command(
                "map.apply",
                "Apply a &model to this scene…",
                "&Map",
                self.choose,
                (),
                "brain",
                self.has_scene,
                lambda: "Open a scene first.",
            )
        ]

    @Slot()
    def choose(self) -> None:
        """Ask for a model and apply it."""
        start = self._folder or str(saving_folder(self.workspace))
        path, _ = QFileDialog.getOpenFileName(self.window, "Apply a model", start, FILTER)
        if path:
            self._folder = str(Path(path).parent)
            self.apply(Path(path))

    def apply(self, path: Path, standardise: Standardise = "training") -> None:
        """Map the open scene in the background."""
        document = self.workspace.document
        if document is None:
            return
        region = document.region.now
        cube, device = document.used_cube, self.workspace.settings.device

        def work(token: CancelToken, port: ProgressPort) -> Applied:
            from hsi_viewer.learning.model_description import check_model
            from hsi_viewer.learning.predictor import move_to_device

            notes: list[Note] = []

            def hear(item: object) -> None:
                if isinstance(item, Note):
                    notes.append(item)
                else:
                    port.report(item)

            port.report(Progress("Reading the model"))
            check_model(path)
            import_trainer(token, port)
            model = load_model(path)
            move_to_device(model, device)
            options: dict[str, Any] = (
                {} if standardise == "training" else {"standardise": standardise}
            )
            made = model.predict(cube, token=token, port=CallbackPort(hear), **options)
            if model.warning:
                notes.append(Note(model.warning))
            made = replace(made, region=region)
            return Applied(path, model, made, tuple(notes), standardise)

        self.workspace.compute(
            f"Applying {model_name(path)}",
            work,
            partial(self._on_applied, document),
            document=document,
            cube=document.cube,
            key=KEY,
            doing=DOING,
        )

    def show_written(
        self, folder: Path, part: Box | None = None, standardise: Standardise = "training"
    ) -> None:
        """Show the map of the open scene that `apply` has written into a folder.

        Parameters
        ----------
        part : of the scene that was mapped: first row and column, and those behind the last.
        standardise : how its model was applied.
        """
        document = self.workspace.document
        if document is None:
            return
        shape = (document.cube.rows, document.cube.columns)

        def work(token: CancelToken, port: ProgressPort) -> Applied:
            from hsi_viewer.jobs.applied_run import laid_in, read_applied

            port.report(Progress("Reading the map"))
            import_trainer(token, port)
            found = read_applied(folder)
            made = laid_in(found.prediction, shape, part)
            notes = tuple(Note(text) for text in found.warnings)
            return Applied(found.model_path, found.model, made, notes, standardise, folder)

        self.workspace.compute(
            f"Reading the map in {folder.name}",
            work,
            partial(self._on_applied, document),
            document=document,
            key=KEY,
            doing="Reading the map",
        )

    def _on_applied(self, document: Document, made: Applied) -> None:
        """Show the map, with the classes of the model among those of the scene."""
        known = document.truth_legend  # also classes that only test pixels have
        listed = {c.id: c for c in made.model.legend}
        ids = [*listed, *(i for i in made.prediction.class_ids if i not in listed)]
        numbers = matched_ids(ids, {i: c.name for i, c in listed.items()}, known)
        wanted = set(numbers.values())
        before = document.legend
        joined = joined_classes(known, made.model.legend, numbers)
        classes = tuple(c for c in joined if c.id in before or c.id in wanted)
        prediction = renumbered_prediction(made.prediction, numbers)
        edits: list[Edit] = []
        added = len(classes) - len(before)
        if classes != before.classes:
            edits.append(LegendChange(before, before.classes, classes))
        name = model_name(made.path)
        if made.folder is not None:
            name = f"map in {made.folder.name}"
        edits.append(self._map_change(document, made, prediction, name))
        untouched = made.folder is not None and not document.modified
        document.history.do(f"{'Apply' if made.folder is None else 'Show the'} {name}", *edits)
        if untouched:  # map and classes are in the folder
            document.mark_saved()
        self.context.viewing.show_map(True)
        self._tell(made, added, name)

    def _map_change(
        self, document: Document, made: Applied, prediction: Prediction, name: str
    ) -> MapChange:
        nothing = np.zeros(document.labels.shape, bool)
        shown = self.context.sessions.known_run
        before = ShownMap(document.prediction, document.trained_on, shown)
        config = {
            "classifier": made.model.name,
            APPLIED: str(made.path),
            "standardised by": f"{STANDARDISED[made.standardise]} scene",
            "notes": [note.text for note in made.notes],
        }
        seconds = sum(made.model.seconds.get(step, 0.0) for step in ("predict", "refine"))
        record = MadeMap(
            f"{classifier(made.model.name).title}, {name}",
            prediction,
            nothing,
            config,
            seconds,
            made.model.save,
            written=made.folder is not None,
        )
        run = self.context.runs.keep_map(record)
        after = ShownMap(prediction, nothing, run)
        return MapChange(document, before, after, lambda m: self.context.runs.note_shown(m.run))

    def _tell(self, made: Applied, added: int, name: str) -> None:
        joined = {0: "", 1: " One class was added."}.get(added, f" {added} classes were added.")
        if made.folder is None:
            self.workspace.notify(f"Applied {name} to this scene.{joined}", "success")
        else:
            told = f"The class map is the one in {made.folder}, made by the model {made.path}."
            link = folder_link(made.folder)
            self.workspace.notify(f"{told}{joined}", "success", link)
        again = Choice("Standardise by this scene", partial(self.apply, made.path, "scene"))
        for note in made.notes:
            unlike = isinstance(note, UnlikeSpectra) and made.standardise == "training"
            self.workspace.notify(note.text, "warning", *([again] if unlike else []))


def model_name(path: Path) -> str:
    """A model as people call it: by its folder, unless the file has a name of its own."""
    return path.parent.name if path.stem == "model" and path.parent.name else path.stem

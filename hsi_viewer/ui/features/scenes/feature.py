"""ScenesFeature: the sessions of several scenes, and a model that is trained on all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import FileError, HsiError, LabelError, SettingError
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.progress import CancelToken, Note, ProgressPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.session.storage.project_file import SUFFIX, read_project_labels
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.features.scenes.scene_project import SceneProject
from hsi_viewer.ui.features.scenes.session_rows import SessionRows
from hsi_viewer.ui.saving import folder_link
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.scene_row import SceneRow

if TYPE_CHECKING:
    from hsi_viewer.jobs.job import Job
    from hsi_viewer.jobs.train import LabelledScene
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.task_thread import Task
    from hsi_viewer.ui.widgets.scenes_panel import ScenesPanel

LISTING, TRAINING = "Listing the scenes", "Training on all scenes"
RUNNING = f"{TRAINING} is running"
NONE = "Add the sessions of scenes in the panel Scenes first."
FEW = "Add the sessions of two scenes in the panel Scenes first."


class ScenesFeature(PanelFeature["ScenesPanel"]):
    """Lists session files; one is open at a time, and all can be trained on."""

    key, title, icon, beside = "scenes", "Scenes", "image-multiple-outline", "training"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._rows = SessionRows()
        self._task: Task | None = None  # that trains
        context.sessions.changed.connect(self.refresh)
        self.project = SceneProject(context, self._paths, self._keep, self.open)

    def make_panel(self) -> ScenesPanel:
        """The panel, connected."""
        from hsi_viewer.ui.widgets.scenes_panel import ScenesPanel

        panel = ScenesPanel()
        panel.add_requested.connect(self.add)
        panel.open_requested.connect(self._open)
        panel.remove_requested.connect(self._remove)
        panel.train_requested.connect(self.train)
        panel.project_open_requested.connect(self.project.choose)
        panel.project_save_requested.connect(self.project.save)
        panel.shown.connect(self.refresh)
        return panel

    def commands(self) -> list[Command]:
        """File › Scenes, and Train › On all scenes."""
        return [
            Command(
                "file.scenes", "Scenes of a &project", "&File", self.open, (), "image-multiple"
            ),
            Command(
                "project.open",
                "Open a project of scenes…",
                "&File",
                self.project.choose,
                (),
                "folder-multiple-outline",
            ),
            Command(
                "project.save",
                "Save the project of scenes…",
                "&File",
                self.project.save,
                (),
                "content-save-outline",
                lambda: bool(self._paths()),
                lambda: NONE,
            ),
            Command(
                "train.scenes",
                "Train on &all scenes…",
                "&Train",
                self.train,
                (),
                "play-box-multiple-outline",
                lambda: len(self._paths()) > 1 and self.runs_on() is None,
                lambda: f"{RUNNING}." if self.runs_on() else FEW,
            ),
        ]

    def runs_on(self) -> str | None:
        """What closing the window would stop."""
        return TRAINING if self._task is not None and self._task.running else None

    def _paths(self) -> list[Path]:
        return [Path(path) for path in self.workspace.settings.scenes]

    @Slot()
    def refresh(self) -> None:
        """Look at the sessions again, if the list is in view."""
        if not (self.is_made and self.panel.isVisible()):
            return
        paths = self._paths()

        def work(token: CancelToken, _port: ProgressPort) -> list[SceneRow]:
            return self._rows.of(paths, token)

        self.workspace.compute(LISTING, work, self._on_rows, quiet=True)

    def _on_rows(self, rows: list[SceneRow]) -> None:
        session = self.context.sessions.session
        self.panel.show_scenes(rows, None if session is None else session.project)
        self.panel.show_project(self.project.path, changed=self.project.changed)

    @Slot()
    def add(self) -> None:
        """Ask for session files, and list them."""
        names, _ = QFileDialog.getOpenFileNames(
            self.window,
            "Add the sessions of scenes",
            self.workspace.settings.last_folder,
            f"HSI Viewer session (*{SUFFIX})",
        )
        self._keep([*self._paths(), *map(Path, names)])

    def _keep(self, paths: list[Path]) -> None:
        self.workspace.settings.scenes = list(dict.fromkeys(str(p.absolute()) for p in paths))
        self.workspace.state_changed.emit()
        self.refresh()

    @Slot(object)
    def _open(self, path: Path) -> None:
        self.context.opening.open(str(path))

    @Slot(object)
    def _remove(self, path: Path) -> None:
        """Take a session off the list; its file stays."""
        self._keep([p for p in self._paths() if p != path])

    @Slot()
    def train(self) -> None:
        """Ask where the model is to be kept, and train on all scenes in the background."""
        if self.runs_on() is not None:
            self.workspace.notify(
                f"{RUNNING} already: wait for it, or cancel it.",
                "info",
                Choice("Cancel the training", self._cancel),
            )
            return
        session = self.context.sessions.session
        if session is not None and session.modified and session.project in self._paths():
            self.workspace.notify(
                f"{session.project.name} has changes that aren't saved, and training on all scenes "
                "uses what is saved. Save it, then train.",
                "warning",
                self.context.commands.choice("file.save"),
            )
            return
        folder = QFileDialog.getExistingDirectory(
            self.window, "An empty folder for the model", self.workspace.settings.last_folder
        )
        if folder:
            self.train_into(Path(folder))

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def train_into(self, folder: Path) -> None:
        """Train on all scenes in the background; what was saved of each session counts."""
        paths, settings = self._paths(), self.workspace.settings
        config = TrainingConfig(device=settings.device)
        classifier = settings.classifier

        def work(token: CancelToken, port: ProgressPort) -> dict[str, Any]:
            from hsi_viewer.jobs.job import Job
            from hsi_viewer.jobs.train import train_on

            job = Job(folder, config, token, port, classifier=classifier)
            return train_on(_usable(paths, job), job)

        def done(report: dict[str, Any]) -> None:
            self._on_trained(report, folder)

        self._task = self.workspace.perform(TRAINING, work, done)

    def _on_trained(self, report: dict[str, Any], folder: Path) -> None:
        text = f"One model of {len(report['scenes'])} scenes is in {folder}. "
        found = report["held_out"]
        if found is None:
            text += "No scene could be held out, so its accuracy on other scenes is unknown."
        else:
            each = ", ".join(f"{s['scene']} {100 * s['overall']:.0f} %" for s in found["scenes"])
            text += (
                f"Of the labelled pixels of held-out scenes, models of the other scenes get "
                f"{100 * found['overall']:.0f} % right ({each})."
            )
        self.workspace.notify(text, "success", folder_link(folder / "model.json"))
        for warning in report["warnings"]:
            self.workspace.notify(warning, "warning")
        if self.is_made:
            self.panel.show_result(text)


def _usable(paths: list[Path], job: Job) -> list[LabelledScene]:
    """The scenes and labels of session files; the others are noted with the reason.

    Raises
    ------
    SettingError
        if fewer than two are left.
    """
    scenes, left_out = [], []
    for path in paths:
        try:
            scenes.append(_scene_of(path, job))
        except HsiError as error:
            left_out.append(str(error))
    if len(scenes) < 2:
        raise SettingError(" ".join(["At least two labelled scenes are needed.", *left_out]))
    for reason in left_out:
        job.report(Note(f"Left out: {reason}"))
    return scenes


def _scene_of(path: Path, job: Job) -> LabelledScene:
    """The scene and the labels of a session file.

    Raises
    ------
    HsiError
        if it has no labels, the session or its cube cannot be read, or is another one by now.
    """
    from hsi_viewer.io.opening import open_cube
    from hsi_viewer.jobs.train import LabelledScene

    data, ids = read_project_labels(path)
    if not ids.any():
        raise LabelError(f"{path} has no labels.")
    source = data.reference.found(path.parent)
    if source is None:
        raise FileError(
            f"{path}: its cube {data.reference.source} is neither there nor beside the session; "
            "open the session and find it."
        )
    cube = examined(real_valued(open_cube(source, job.token)))
    if (why := data.reference.disabled_reason(cube)) is not None:
        raise FileError(f"{path}: {why}")
    if (doubt := data.reference.doubt(cube)) is not None:
        job.report(Note(doubt))
    names = {c.id: c.name for c in data.classes}
    colours = {c.id: c.colour for c in data.classes}
    labels = ImportedLabels(ids, names, colours, name=path.name)
    return LabelledScene(cube, labels, source, str(path))

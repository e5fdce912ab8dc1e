"""ManyScenesFeature: the model of the open scene, or a saved one, applied to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot

from hsi_viewer.core.progress import CancelToken, Note, Progress, ProgressPort
from hsi_viewer.learning.classifiers import classifiers
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.many_scenes.apply_dialog import ApplyDialog
from hsi_viewer.ui.saving import folder_link, saving_folder

if TYPE_CHECKING:
    from hsi_viewer.core.classifier import Model
    from hsi_viewer.jobs.batch.run import BatchResult
    from hsi_viewer.jobs.batch.scenes import Scene
    from hsi_viewer.jobs.batch.summary import SceneResult
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.opened_cube import OpenedCube
    from hsi_viewer.ui.task_thread import Task

TITLE = "Applying the model to files"
MAPS, MODEL = "maps", "model"  # folder that is suggested, and of the model among what is kept


class ManyScenesFeature(Feature):
    """Map › Apply to files."""

    key = "many-scenes"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._dialog: ApplyDialog | None = None
        self._task: Task | None = None
        self._applied: tuple[str, str] | None = None  # title and folder of the model of the batch
        self._source = ""  # of the open scene, as it was named
        self._wanted: SceneResult | None = None  # whose scene is being opened
        self.workspace.state_changed.connect(self._show_model)
        context.opening.opened.connect(self._on_opened)

    def commands(self) -> list[Command]:
        """One command of the menu Map."""
        return [
            Command(
                "map.files", "Apply to &files…", "&Map", self.show, (), "image-multiple-outline"
            )
        ]

    @property
    def _model(self) -> Model | None:
        document = self.workspace.document
        known = document.results.model if document is not None else None
        return None if known is None else known.model

    @Slot()
    def show(self) -> None:
        """Show the dialog; one at a time."""
        if self._dialog is None:
            self._dialog = ApplyDialog(self.window, saving_folder(self.workspace) / MAPS)
            self._dialog.start_requested.connect(self.start)
            self._dialog.cancel_requested.connect(self.cancel)
            self._dialog.open_requested.connect(self._open)
        self._show_model()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()  # so that its keys are its own

    @Slot()
    def _show_model(self) -> None:
        """Offer the model of the open scene as it is now."""
        model = self._model
        if self._dialog is not None and self._task is None:
            self._dialog.show_model("" if model is None else f"Of the open scene: {_named(model)}")

    def runs_on(self) -> str | None:
        """What closing the window would stop."""
        return TITLE if self._task is not None else None

    def close(self) -> None:
        """The dialog goes with the window."""
        if self._dialog is not None:
            self._dialog.hide()

    @Slot(object, object)
    def _open(self, scene: Scene, result: SceneResult | None) -> None:
        """Open a scene, and show its map once it is there."""
        if result is not None and result is self._wanted:
            return  # the second click of a double click
        if result is not None and scene.whole_source == _whole(self._source):
            self._show_map(result)
            return
        self._wanted = result
        self.context.opening.open(scene.source)

    @Slot(object)
    def _on_opened(self, opened: OpenedCube) -> None:
        self._source = opened.source
        wanted, self._wanted = self._wanted, None
        if wanted is not None and wanted.scene.whole_source == _whole(opened.source):
            self._show_map(wanted)

    def _show_map(self, result: SceneResult) -> None:
        if result.manifest is None:
            return
        rows, columns = result.scene.rows, result.scene.columns
        part = None
        if rows is not None and columns is not None:
            part = (rows[0], columns[0], rows[1], columns[1])
        by = result.manifest.options.get("standardise", "training")
        self.context.applying.show_written(result.folder, part, by)

    # a batch ---------------------------------------------------------------------------------

    @Slot()
    def start(self) -> None:
        """Apply the model to every scene of the list."""
        dialog = self._dialog
        if dialog is None or self._task is not None:
            return
        path, model = dialog.model.currentData(), self._model
        if path is None and model is None:
            self.workspace.notify("The scene whose model this was is closed; choose a model.")
            return
        output = Path(dialog.folder.text().strip()).expanduser()
        self._applied = self._kept_model(output) if path is None else None
        scenes, processes = list(dialog.scenes), dialog.processes.value()
        by_scene = dialog.by_scene.isChecked()

        def work(token: CancelToken, port: ProgressPort) -> BatchResult:
            from hsi_viewer.jobs.apply import options_of
            from hsi_viewer.jobs.batch.run import KEPT, BatchJob, run_batch
            from hsi_viewer.jobs.job import Job
            from hsi_viewer.jobs.job_folder import output_folder

            where = output / KEPT / MODEL if path is None else Path(path)
            with output_folder(output):
                if path is None and model is not None:
                    model.save(where)
                options = options_of(Job(output, standardise="scene" if by_scene else "training"))
                return run_batch(
                    BatchJob(
                        where,
                        scenes,
                        output,
                        options,
                        workers=processes,
                        resume=True,
                        token=token,
                        port=port,
                    )
                )

        self._task = self.workspace.tasks.start(TITLE, work)
        self._task.reported.connect(self._on_report)
        self._task.succeeded.connect(self._on_done)
        self._task.failed.connect(self._on_failed)
        self._task.ended.connect(self._on_ended)
        dialog.show_running(running=True)

    def _kept_model(self, output: Path) -> tuple[str, str] | None:
        """Title and folder of the open scene's model, as a batch keeps it among its results."""
        from hsi_viewer.jobs.batch.run import KEPT

        model, document = self._model, self.workspace.document
        if model is None or document is None:
            return None
        return f"Of {document.cube.name}: {_named(model)}", str(output / KEPT / MODEL)

    @Slot()
    def cancel(self) -> None:
        """Stop; what is finished stays."""
        if self._task is not None:
            self._task.cancel()

    @Slot(object)
    def _on_report(self, item: object) -> None:
        from hsi_viewer.jobs.batch.summary import SceneResult

        dialog = self._dialog
        if dialog is None:
            return
        if isinstance(item, Progress):
            dialog.show_progress(item)
        elif isinstance(item, SceneResult):
            dialog.show_result(item.number, item)
        elif isinstance(item, Note) and not item.text.startswith("Stopped"):
            self.workspace.notify(item.text, "warning")

    @Slot(object)
    def _on_done(self, result: Any) -> None:
        failed = len(result.failed)
        done = len(result.scenes) - failed
        text = f"{done} of {len(result.scenes)} scenes mapped; the table is {result.summary}."
        level = "warning" if failed else "success"
        self.workspace.notify(text, level, folder_link(result.summary))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.workspace.notify_error(error, "Applying the model")

    @Slot()
    def _on_ended(self) -> None:
        self._task = None
        if self._dialog is not None:
            self._dialog.show_running(running=False)
            if self._applied is not None and Path(self._applied[1]).is_dir():
                self._dialog.keep_model(*self._applied)
        self._show_model()


def _whole(source: str) -> str:
    """A source by its whole path, as `Scene.whole_source`."""
    from hsi_viewer.jobs.batch.scenes import Scene

    return Scene(source).whole_source


def _named(model: Model) -> str:
    """Name of a model's classifier and number of its classes."""
    title = next((c.title for c in classifiers() if c.name == model.name), model.name)
    return f"{title}, {len(model.class_ids)} classes"

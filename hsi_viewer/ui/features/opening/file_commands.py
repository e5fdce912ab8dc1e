"""Commands of the menus File and Edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command

if TYPE_CHECKING:
    from hsi_viewer.ui.main_window import MainWindow

FILE, EDIT = "&File", "&Edit"


def file_commands(w: MainWindow) -> list[Command]:
    """Menu File."""

    def has_cube() -> bool:
        return w.workspace.document is not None

    def has_map() -> bool:
        return w.workspace.document is not None and w.workspace.document.prediction is not None

    return [
        Command(
            "file.open",
            "&Open…",
            FILE,
            w.opening.choose,
            ("Ctrl+O",),
            "folder-open-outline",
            toolbar=True,
        ),
        Command(
            "file.folder",
            "Open a &folder…",
            FILE,
            w.opening.choose_folder,
            ("Ctrl+Shift+O",),
            "folder-multiple-outline",
        ),
        Command(
            "file.sample",
            "Open the &sample scene",
            FILE,
            w.opening.open_sample,
            (),
            "image-multiple-outline",
        ),
        Command(
            "session.open",
            "Open a se&ssion…",
            FILE,
            w.projects.choose,
            (),
            "folder-star-outline",
        ),
        Command(
            "file.save",
            "&Save",
            FILE,
            w.projects.save,
            ("Ctrl+S",),
            "content-save-outline",
            has_cube,
            toolbar=True,
            separated=True,
        ),
        Command(
            "session.save_as",
            "Save session &as…",
            FILE,
            w.projects.save_as,
            ("Ctrl+Shift+S",),
            "content-save-all-outline",
            has_cube,
        ),
        Command(
            "file.save_as",
            "Save &labels as…",
            FILE,
            w.labelling.files.save_as,
            (),
            "content-save-edit-outline",
            has_cube,
        ),
        Command(
            "file.export",
            "&Export class map…",
            FILE,
            w.exporting.choose,
            ("Ctrl+E",),
            "export-variant",
            has_map,
            lambda: "Train first: there is no class map yet.",
            toolbar=True,
            separated=True,
        ),
        Command(
            "file.metadata",
            "Edit &metadata…",
            FILE,
            w.metadata.edit,
            (),
            "table-edit",
            has_cube,
            separated=True,
        ),
        Command(
            "file.doctor",
            "Header &doctor…",
            FILE,
            w.repairing.open_doctor,
            (),
            "stethoscope",
            lambda: w.repairing.can_examine,
            lambda: "For raw files, and for arrays in MATLAB, NumPy, HDF5 and Zarr files.",
        ),
        Command("file.quit", "&Quit", FILE, w.close, ("Ctrl+Q",), "exit-to-app", separated=True),
    ]


def edit_commands(w: MainWindow) -> list[Command]:
    """Menu Edit."""

    def undo_title() -> str | None:
        return w.workspace.document.history.undo_title if w.workspace.document else None

    def redo_title() -> str | None:
        return w.workspace.document.history.redo_title if w.workspace.document else None

    return [
        Command(
            "edit.undo",
            "&Undo",
            EDIT,
            w.undo,
            ("Ctrl+Z",),
            "undo",
            lambda: undo_title() is not None,
            toolbar=True,
            separated=True,
        ),
        Command(
            "edit.redo",
            "&Redo",
            EDIT,
            w.redo,
            ("Ctrl+Y", "Ctrl+Shift+Z"),
            "redo",
            lambda: redo_title() is not None,
            toolbar=True,
        ),
        Command(
            "edit.cancel",
            "&Cancel what is drawn or run",
            EDIT,
            w.cancel_current,
            ("Escape",),
            "cancel",
        ),
    ]

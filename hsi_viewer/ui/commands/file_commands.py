"""Commands of the menus File, Edit and Help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command

if TYPE_CHECKING:
    from hsi_viewer.ui.main_window import MainWindow

FILE, EDIT, HELP = "&File", "&Edit", "&Help"


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
            "file.save",
            "&Save labels",
            FILE,
            w.labelling.save,
            ("Ctrl+S",),
            "content-save-outline",
            has_cube,
            toolbar=True,
        ),
        Command(
            "file.save_as",
            "Save labels &as…",
            FILE,
            w.labelling.save_as,
            ("Ctrl+Shift+S",),
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
            "file.spectra",
            "Save &pinned spectra…",
            FILE,
            w.exporting.choose_spectra,
            (),
            "chart-bell-curve-cumulative",
            lambda: w.viewing.pins > 0,
            lambda: "Click pixels with the navigate tool to pin their spectra.",
        ),
        Command(
            "file.metadata",
            "Edit &metadata…",
            FILE,
            w.repairing.edit_metadata,
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
            lambda: "For ENVI and raw files.",
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
        Command(
            "edit.palette",
            "&Find a command…",
            EDIT,
            w.open_palette,
            ("Ctrl+Shift+P",),
            "magnify",
            separated=True,
        ),
    ]


def help_commands(w: MainWindow) -> list[Command]:
    """Menu Help."""
    return [
        Command(
            "help.start", "&First steps", HELP, w.open_first_steps, ("F1",), "help-circle-outline"
        ),
        Command(
            "help.keys",
            "&Keyboard shortcuts",
            HELP,
            w.open_shortcuts,
            ("Ctrl+F1",),
            "keyboard-outline",
        ),
        Command(
            "help.scene",
            "About this &scene",
            HELP,
            w.open_about_scene,
            (),
            "information-outline",
            lambda: w.workspace.document is not None,
            separated=True,
        ),
        Command("help.about", "&About HSI Viewer", HELP, w.open_about, (), "information-variant"),
    ]

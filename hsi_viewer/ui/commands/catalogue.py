"""The commands of the main window: the one table of words, keys, icons and conditions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command

if TYPE_CHECKING:
    from hsi_viewer.ui.controllers.labelling import ToolName
    from hsi_viewer.ui.main_window import MainWindow
    from hsi_viewer.ui.theme import ThemeChoice

FILE, EDIT, VIEW, LABELS, TRAIN, HELP = "&File", "&Edit", "&View", "&Labels", "&Train", "&Help"


TOOLS: tuple[tuple[ToolName, str, str, str], ...] = (
    ("navigate", "&Navigate", "N", "cursor-move"),
    ("brush", "&Brush", "B", "brush"),
    ("eraser", "&Eraser", "E", "eraser"),
)
THEMES: tuple[ThemeChoice, ...] = ("system", "light", "dark")


def main_commands(window: MainWindow) -> list[Command]:
    """Every command, in the order of menus and tool bar."""
    return [
        *_file(window),
        *_edit(window),
        *_labels(window),
        *_train(window),
        *_view(window),
        *_help(window),
    ]


def _file(w: MainWindow) -> list[Command]:
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


def _edit(w: MainWindow) -> list[Command]:
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


def _labels(w: MainWindow) -> list[Command]:
    def has_cube() -> bool:
        return w.workspace.document is not None

    label = w.labelling
    tools = [_tool(w, *row) for row in TOOLS]
    digits = [
        Command(
            f"class.{n + 1}",
            f"Choose class {n + 1}",
            "",
            partial(label.choose_nth_class, n),
            (str((n + 1) % 10),),
            "",
            has_cube,
        )
        for n in range(10)
    ]
    return [
        *tools,
        Command(
            "brush.smaller",
            "Smaller brush",
            LABELS,
            lambda: label.set_brush_size(label.brush_size - 2),
            ("[",),
            "minus",
            has_cube,
        ),
        Command(
            "brush.larger",
            "Larger brush",
            LABELS,
            lambda: label.set_brush_size(label.brush_size + 2),
            ("]",),
            "plus",
            has_cube,
        ),
        Command(
            "class.add",
            "&Add a class",
            LABELS,
            label.add_class,
            ("A",),
            "tag-plus-outline",
            has_cube,
            separated=True,
        ),
        Command(
            "labels.load",
            "&Load labels…",
            LABELS,
            label.choose_labels,
            (),
            "label-multiple-outline",
            has_cube,
            separated=True,
        ),
        Command(
            "labels.draw",
            "&Training pixels from a ground truth…",
            LABELS,
            label.choose_ground_truth,
            ("Ctrl+G",),
            "dice-multiple-outline",
            has_cube,
        ),
        Command(
            "labels.test",
            "Load test &pixels…",
            LABELS,
            label.choose_test_pixels,
            (),
            "target",
            has_cube,
        ),
        *digits,
    ]


def _tool(w: MainWindow, name: ToolName, title: str, key: str, icon: str) -> Command:
    return Command(
        f"tool.{name}",
        title,
        LABELS,
        partial(w.choose_tool, name),
        (key,),
        icon,
        lambda: w.workspace.document is not None,
        checked=lambda: w.labelling.tool == name,
        toolbar=True,
        text=True,
        separated=name == "navigate",
    )


def _train(w: MainWindow) -> list[Command]:
    def trainable() -> bool:
        document = w.workspace.document
        return document is not None and not w.training.running and not document.why_not_trainable()

    def why_not() -> str | None:
        document = w.workspace.document
        return document.why_not_trainable() if document else "Open a cube first."

    return [
        Command(
            "train.start",
            "&Train",
            TRAIN,
            w.training.train_with_panel,
            ("Ctrl+T",),
            "play-circle-outline",
            trainable,
            why_not,
            toolbar=True,
            text=True,
            separated=True,
        ),
        Command(
            "train.live",
            "&Live: train on after each stroke",
            TRAIN,
            w.training.set_live,
            ("L",),
            "flash-outline",
            lambda: w.workspace.document is not None,
            checked=lambda: w.training.live,
        ),
        Command(
            "train.cancel",
            "&Cancel training",
            TRAIN,
            w.training.cancel,
            (),
            "stop-circle-outline",
            lambda: w.training.running,
        ),
    ]


def _view(w: MainWindow) -> list[Command]:
    def has_cube() -> bool:
        return w.workspace.document is not None

    view = w.viewing

    def picked(name: str, key: str, rows: int, columns: int) -> Command:
        return Command(
            f"pick.{name}",
            f"Picked pixel {name}",
            "",
            lambda: view.move_picked(rows, columns),
            (key,),
            "",
            has_cube,
        )

    return [
        Command(
            "view.fit",
            "&Fit the scene",
            VIEW,
            w.canvas.fit,
            ("Home",),
            "fit-to-screen-outline",
            has_cube,
            toolbar=True,
            separated=True,
        ),
        Command(
            "view.in",
            "Zoom &in",
            VIEW,
            lambda: w.canvas.zoom(1.5),
            ("Ctrl++", "Ctrl+="),
            "magnify-plus-outline",
            has_cube,
        ),
        Command(
            "view.out",
            "Zoom &out",
            VIEW,
            lambda: w.canvas.zoom(1 / 1.5),
            ("Ctrl+-",),
            "magnify-minus-outline",
            has_cube,
        ),
        Command(
            "view.map",
            "Class &map",
            VIEW,
            view.show_map,
            ("P",),
            "layers-outline",
            has_cube,
            checked=lambda: view.map_shown,
            toolbar=True,
            separated=True,
        ),
        Command(
            "view.uncertainty",
            "&Uncertainty",
            VIEW,
            view.show_uncertainty,
            ("U",),
            "help-rhombus-outline",
            lambda: (
                w.workspace.document is not None and w.workspace.document.prediction is not None
            ),
            lambda: "Train first: there is no class map yet.",
            checked=lambda: view.uncertainty_shown,
            toolbar=True,
        ),
        Command(
            "view.labels",
            "&Labels",
            VIEW,
            view.show_labels,
            ("Shift+L",),
            "label-outline",
            has_cube,
            checked=lambda: view.labels_shown,
        ),
        Command(
            "view.image",
            "&Image only",
            VIEW,
            view.show_image_only,
            ("I",),
            "image-outline",
            has_cube,
            checked=lambda: not view.map_shown and not view.labels_shown,
        ),
        Command(
            "view.pins",
            "&Clear pinned spectra",
            VIEW,
            view.clear_pins,
            (),
            "pin-off-outline",
            lambda: view.pins > 0,
        ),
        picked("up", "Ctrl+Up", -1, 0),
        picked("down", "Ctrl+Down", 1, 0),
        picked("left", "Ctrl+Left", 0, -1),
        picked("right", "Ctrl+Right", 0, 1),
        *(_theme(w, name) for name in THEMES),
        Command(
            "view.reset",
            "&Reset the layout",
            VIEW,
            w.reset_layout,
            (),
            "dock-window",
            separated=True,
        ),
    ]


def _theme(w: MainWindow, name: ThemeChoice) -> Command:
    return Command(
        f"theme.{name}",
        f"{name.title()} theme",
        VIEW,
        partial(w.set_theme, name),
        checked=lambda: w.workspace.settings.theme == name,
        separated=name == "system",
    )


def _help(w: MainWindow) -> list[Command]:
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

"""Commands of the menus Labels and Train."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.tools.catalogue import TOOLS, ToolSpec

if TYPE_CHECKING:
    from hsi_viewer.ui.main_window import MainWindow

LABELS, TRAIN = "&Labels", "&Train"


def label_commands(w: MainWindow) -> list[Command]:
    """Menu Labels, and the keys that choose classes."""

    def has_cube() -> bool:
        return w.workspace.document is not None

    label = w.labelling
    tools = [_tool(w, spec) for spec in TOOLS]
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
            "Smaller brush or tolerance",
            LABELS,
            lambda: label.toolbox.resize(-1),
            ("[",),
            "minus",
            has_cube,
        ),
        Command(
            "brush.larger",
            "Larger brush or tolerance",
            LABELS,
            lambda: label.toolbox.resize(1),
            ("]",),
            "plus",
            has_cube,
        ),
        Command(
            "labels.here",
            "Label the picked pi&xel",
            LABELS,
            lambda: label.toolbox.label_pixel(w.viewing.picked),
            (".",),
            "map-marker-check-outline",
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
            "&Import labels or regions…",
            LABELS,
            label.files.choose_labels,
            (),
            "label-multiple-outline",
            has_cube,
            separated=True,
        ),
        Command(
            "labels.export",
            "E&xport labels as regions…",
            LABELS,
            label.files.choose_export,
            (),
            "vector-square",
            lambda: w.workspace.document is not None and w.workspace.document.labels.total > 0,
            lambda: "Label some pixels first.",
        ),
        Command(
            "labels.draw",
            "&Training pixels from a ground truth…",
            LABELS,
            label.files.choose_ground_truth,
            ("Ctrl+G",),
            "dice-multiple-outline",
            has_cube,
        ),
        Command(
            "labels.test",
            "Load ground truth for s&coring…",
            LABELS,
            label.files.choose_test_pixels,
            (),
            "target",
            has_cube,
        ),
        *digits,
    ]


def _tool(w: MainWindow, spec: ToolSpec) -> Command:
    return Command(
        f"tool.{spec.name}",
        spec.title,
        LABELS,
        partial(w.choose_tool, spec.name),
        (spec.key,),
        spec.icon,
        lambda: w.workspace.document is not None,
        checked=lambda: w.labelling.tool == spec.name,
    )


def train_commands(w: MainWindow) -> list[Command]:
    """Menu Train."""

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

"""Commands of the menu Labels, and the keys of tools and classes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.tools.catalogue import TOOLS, ToolSpec

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.labelling.labelling import LabelController
    from hsi_viewer.ui.workspace import Workspace

LABELS = "&Labels"


def label_commands(workspace: Workspace, label: LabelController, context: Context) -> list[Command]:
    """Menu Labels, and the keys that choose classes."""

    def has_cube() -> bool:
        return workspace.document is not None

    def has_classes(number: int) -> bool:
        return workspace.document is not None and len(workspace.document.legend) >= number

    def no_class(number: int) -> str:
        return f"The list has fewer than {number} classes." if has_cube() else ""

    tools = [_tool(workspace, label, context, spec) for spec in TOOLS]
    digits = [
        Command(
            f"class.{n + 1}",
            f"Choose class {n + 1}",
            "",
            partial(label.choose_nth_class, n),
            (str((n + 1) % 10),),
            "",
            partial(has_classes, n + 1),
            partial(no_class, n + 1),
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
            lambda: label.toolbox.label_pixel(context.viewing.picked),
            (".",),
            "map-marker-check-outline",
            has_cube,
        ),
        Command(
            "file.save_as",
            "Save &labels as…",
            "&File",
            label.files.save_as,
            (),
            "content-save-edit-outline",
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
        ),
        Command(
            "labels.load",
            "&Import labels or regions…",
            LABELS,
            label.files.choose_labels,
            (),
            "label-multiple-outline",
            has_cube,
        ),
        Command(
            "labels.export",
            "E&xport labels as regions…",
            LABELS,
            label.files.choose_export,
            (),
            "vector-square",
            lambda: workspace.document is not None and workspace.document.labels.total > 0,
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


def _tool(
    workspace: Workspace, label: LabelController, context: Context, spec: ToolSpec
) -> Command:
    def choose(_checked: bool = True) -> None:
        label.use_tool(spec.name)
        context.canvas.setFocus()

    return Command(
        f"tool.{spec.name}",
        spec.title,
        LABELS,
        choose,
        (spec.key,),
        spec.icon,
        lambda: workspace.document is not None,
        checked=lambda: label.tool == spec.name and label.toolbox.guest is None,
    )

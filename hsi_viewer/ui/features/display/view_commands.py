"""Commands of the menu View."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import NO_MAP
from hsi_viewer.ui.features.display.document_layers import MapStyle

if TYPE_CHECKING:
    from hsi_viewer.ui.features.display.viewing import ViewController
    from hsi_viewer.ui.scene.image_canvas import ImageCanvas
    from hsi_viewer.ui.workspace import Workspace

VIEW = "&View"
STYLES: tuple[tuple[MapStyle, str], ...] = (
    ("grey", "Map over a &grey image"),
    ("solid", "&Solid map"),
    ("outlines", "Map as &outlines"),
)


def view_commands(workspace: Workspace, view: ViewController, canvas: ImageCanvas) -> list[Command]:
    """Menu View, and the keys that move the picked pixel."""

    def has_cube() -> bool:
        return workspace.document is not None

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

    def has_map() -> bool:
        return workspace.document is not None and workspace.document.prediction is not None

    def style(key: MapStyle, title: str) -> Command:
        return Command(
            f"view.style.{key}",
            title,
            VIEW,
            lambda _on: view.set_map_style(key),
            (),
            "",
            has_cube,
            checked=lambda: view.map_style == key,
        )

    return [
        Command(
            "view.fit",
            "&Fit the scene",
            VIEW,
            canvas.fit,
            ("Home",),
            "fit-to-screen-outline",
            has_cube,
            toolbar=True,
        ),
        Command(
            "view.in",
            "Zoom &in",
            VIEW,
            lambda: canvas.zoom(1.5),
            ("Ctrl++", "Ctrl+="),
            "magnify-plus-outline",
            has_cube,
        ),
        Command(
            "view.out",
            "Zoom &out",
            VIEW,
            lambda: canvas.zoom(1 / 1.5),
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
            has_map,
            lambda: NO_MAP if has_cube() else None,
            checked=lambda: has_map() and view.map_shown,
            toolbar=True,
        ),
        Command(
            "view.uncertainty",
            "&Uncertainty",
            VIEW,
            view.show_uncertainty,
            ("U",),
            "help-rhombus-outline",
            has_map,
            lambda: NO_MAP if has_cube() else None,
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
        *(style(*entry) for entry in STYLES),
        Command(
            "view.style",
            "Ne&xt style of the map",
            VIEW,
            view.next_map_style,
            ("O",),
            "circle-half-full",
            has_cube,
        ),
        picked("up", "Ctrl+Up", -1, 0),
        picked("down", "Ctrl+Down", 1, 0),
        picked("left", "Ctrl+Left", 0, -1),
        picked("right", "Ctrl+Right", 0, 1),
    ]

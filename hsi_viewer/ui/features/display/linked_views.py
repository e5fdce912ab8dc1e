"""LinkedViewsFeature: two or four views of one scene, and the overview in the corner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.scene.mini_map import MiniMap
from hsi_viewer.ui.scene.scene_grid import SceneGrid
from hsi_viewer.ui.theme import current_theme

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.scene.tiles import TileStore


class LinkedViewsFeature(Feature):
    """Puts further views beside the canvas."""

    key = "linked-views"

    def __init__(self, context: Context, tiles: TileStore) -> None:
        super().__init__(context)
        self.grid: SceneGrid | None = None
        self.tiles = tiles
        self.mini_map = MiniMap(context.canvas, tiles)
        self._map_wanted = True

    @property
    def number(self) -> int:
        """Number of views."""
        return len(self.grid.views) if self.grid is not None else 1

    def overlays(self) -> list[QWidget]:
        """The overview in the corner."""
        return [self.mini_map]

    def commands(self) -> list[Command]:
        """Commands for the number of views, and for the overview."""
        return [
            self._views(1, "&One view", "Alt+1", "square-outline"),
            self._views(2, "T&wo linked views", "Alt+2", "view-split-vertical"),
            self._views(4, "Fou&r linked views", "Alt+4", "view-grid-outline"),
            Command(
                "view.overview",
                "O&verview in the corner",
                "&View",
                self.show_map,
                (),
                "map-search-outline",
                checked=lambda: self._map_wanted,
            ),
        ]

    def _views(self, number: int, title: str, key: str, icon: str) -> Command:
        return Command(
            f"view.views{number}",
            title,
            "&View",
            lambda _on: self.show_views(number),
            (key,),
            icon,
            self.has_scene,
            lambda: "Open a scene first.",
            checked=lambda: self.number == number,
        )

    def show_views(self, number: int) -> None:
        """Show 1, 2 or 4 views."""
        if self.grid is None and number > 1:
            self.grid = self._make_grid()
        if self.grid is not None:
            self.grid.set_number(number)
            self.refresh_theme()
        self.workspace.state_changed.emit()

    def show_map(self, wanted: bool) -> None:
        """Show the overview whenever the view is zoomed in, or never."""
        self._map_wanted = wanted
        self.mini_map.set_wanted(wanted)
        self.workspace.state_changed.emit()

    def refresh_theme(self) -> None:
        """Give all views the background of the theme."""
        if self.grid is not None:
            self.grid.set_background(current_theme()["canvas"])

    def _make_grid(self) -> SceneGrid:
        """Put a grid in the place of the canvas, and the canvas into it."""
        canvas = self.context.canvas
        centre = canvas.parentWidget()
        layout = centre.layout() if isinstance(centre, QWidget) else None
        placeholder = QWidget()
        if layout is not None:
            layout.replaceWidget(canvas, placeholder)
        grid = SceneGrid(canvas, self.tiles)
        if layout is not None:
            layout.replaceWidget(placeholder, grid)
        placeholder.deleteLater()
        canvas.show()
        return grid

"""LayersFeature: the list of layers, and two of them compared by a swipe or by flickering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hsi_viewer.core.display.layers import CLASS_MAP, IMAGE, LABELS
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature, Panel
from hsi_viewer.ui.scene.layer_item import Side
from hsi_viewer.ui.scene.swipe_line import SwipeLine
from hsi_viewer.ui.widgets.compare_panel import ComparePanel
from hsi_viewer.ui.widgets.layers_panel import LayersPanel

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

DOUBT = "doubt."  # what the ids of commands begin with that add a layer of uncertainty


class LayersFeature(Feature):
    """Binds the panel to the layers of the view; the layers are the truth."""

    key = "layers"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.layers = context.viewing.layers
        self.panel, self.compare = LayersPanel(), ComparePanel()
        self.line = SwipeLine(context.canvas.viewport())
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._flick)
        self._left_on_top = True
        self.panel.shown.connect(self._on_shown)
        self.panel.opacity_changed.connect(self._on_opacity)
        self.panel.arranged.connect(self._on_arranged)
        self.panel.remove_requested.connect(self._on_remove)
        self.compare.changed.connect(self._on_compare)
        self.line.moved.connect(self._on_line)
        self.layers.changed.connect(self._on_layers)
        self.workspace.document_changed.connect(self._on_document)
        self._on_layers()

    def panels(self) -> list[Panel]:
        """The dock with the list."""
        return [
            Panel(
                "layers",
                "Layers",
                self._make,
                "right",
                beside="display",
                shown=True,
                at_once=True,
                icon="layers-outline",
            )
        ]

    def _make(self) -> QWidget:
        widget = QWidget()
        layout = QVBoxLayout(widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.panel, 1)
        layout.addWidget(self.compare)
        return widget

    def commands(self) -> list[Command]:
        """Swipe and flicker."""
        return [
            self._mode("swipe", "S&wipe between two layers", "Shift+S", "arrow-split-vertical"),
            self._mode(
                "flicker", "F&licker between two layers", "Shift+F", "layers-triple-outline"
            ),
        ]

    def add_bars(self) -> None:
        """Offer the layers of uncertainty in the list, too."""
        table = self.context.commands
        ids = [c.id for c in table.commands if c.id.startswith(DOUBT)]
        self.panel.offer([table.action(i) for i in ids])

    def _mode(self, mode: str, title: str, key: str, icon: str) -> Command:
        return Command(
            f"view.{mode}",
            title,
            "&View",
            lambda on: self.compare.set_mode(mode if on else ""),
            (key,),
            icon,
            lambda: self.compare.swipe.isEnabled(),
            lambda: "There is only one layer to show.",
            checked=lambda: self.compare.mode == mode,
        )

    def refresh_theme(self) -> None:
        """Draw the icons again."""
        self.panel.refresh_theme()
        self._on_layers()

    def close(self) -> None:
        """Stop the timer."""
        self._timer.stop()

    # the list --------------------------------------------------------------------------------

    def _on_layers(self) -> None:
        layers = self.layers.layers
        self.panel.show_layers(layers)
        shown = [la.name for la in layers[::-1] if la.raster is not None]
        self.compare.show_layers(sorted(shown, key=_rank))

    @Slot(str, bool)
    def _on_shown(self, name: str, shown: bool) -> None:
        self.layers.show(shown, name)

    @Slot(str, float)
    def _on_opacity(self, name: str, opacity: float) -> None:
        if name in self.layers:
            self.layers.set_opacity(opacity, name)

    @Slot(tuple)
    def _on_arranged(self, names: tuple[str, ...]) -> None:
        self.layers.arrange(names)

    @Slot(str)
    def _on_remove(self, name: str) -> None:
        if name in self.layers and self.layers[name].removable:
            self.layers.remove(name)

    @Slot()
    def _on_document(self) -> None:
        """What was compared was of the last scene."""
        self.compare.set_mode("")

    # comparing -------------------------------------------------------------------------------

    @Slot()
    def _on_compare(self) -> None:
        mode = self.compare.mode
        if mode == "swipe":
            self.line.start()
        else:
            self.line.hide()
        if mode == "flicker":
            self._timer.start(round(1000 / self.compare.rate.value()))
            self._show_one()
        else:
            self._timer.stop()
        if not mode:
            self._divide({}, 0.0)
        self.workspace.state_changed.emit()

    @Slot(float)
    def _on_line(self, x: float) -> None:
        if self.compare.mode == "swipe":
            left, right = self.compare.pair()
            self._divide({left: "left", right: "right"}, x)

    def _divide(self, sides: dict[str, Side], x: float) -> None:
        """Show layers on one side only; the image continues under both."""
        kept: dict[str, Side] = {n: s for n, s in sides.items() if n != IMAGE}
        self.context.canvas.set_sides(kept, x)

    @Slot()
    def _flick(self) -> None:
        self._left_on_top = not self._left_on_top
        self._show_one()

    def _show_one(self) -> None:
        """Flickering is a swipe from edge to edge."""
        left, right = self.compare.pair()
        x = float(self.context.canvas.viewport().width()) if self._left_on_top else 0.0
        self._divide({left: "left", right: "right"}, x)


def _rank(name: str) -> int:
    """The map first and the image last are what is compared most."""
    order = {CLASS_MAP: -1, LABELS: 1, IMAGE: 2}
    return order.get(name, 0)

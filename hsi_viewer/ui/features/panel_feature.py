"""PanelFeature: a feature with one panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Literal, TypeVar, cast

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from hsi_viewer.ui.docking import Panel
from hsi_viewer.ui.features.feature import Feature

P = TypeVar("P", bound=QWidget)


class PanelFeature(Feature, Generic[P]):
    """Base of the features with one panel, which is made when it is first seen.

    Attributes
    ----------
    title : of the dock, and its name in View › Panels.
    icon : name of the icon that shows and hides it.
    dock : key of the dock, where it isn't the key of the feature; it never changes.
    area, beside, shown, always : as of `Panel`.
    make_panel : makes the panel and connects its signals; here its module is imported.
    """

    make_panel: Callable[[], P]

    title, icon = "", "puzzle-outline"
    dock = ""
    area: Literal["left", "right", "bottom"] = "right"
    beside = ""
    shown = always = False

    @Slot()
    def refresh(self) -> None:
        """Show in the panel what is so now; called once it is in its dock, too."""

    def panels(self) -> list[Panel]:
        """The dock of the panel."""
        return [
            Panel(
                self.dock or self.key,
                self.title,
                self.make_panel,
                self.area,
                self.beside,
                self.shown,
                self.refresh,
                icon=self.icon,
                always=self.always,
            )
        ]

    @property
    def panel(self) -> P:
        """The panel; made now unless it was seen."""
        return cast("P", self.context.docking.panel(self.dock or self.key))

    @property
    def is_made(self) -> bool:
        """Whether the panel was seen or asked for yet; what was not needs no news."""
        return self.made(self.dock or self.key)

    @Slot()
    def open(self) -> None:
        """Bring the panel to the front of its tabs."""
        self.show_panel(self.dock or self.key)

    def refresh_theme(self) -> None:
        """Have the panel take the colours of the theme, where it has any of its own."""
        refresh = getattr(self.panel, "refresh_theme", None) if self.is_made else None
        if refresh is not None:
            refresh()

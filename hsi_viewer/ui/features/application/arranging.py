"""ArrangingFeature: named arrangements of the panels, and those that the user saved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from hsi_viewer.preferences.settings import MAX_ARRANGEMENTS, save_settings
from hsi_viewer.ui.arrangements import ARRANGEMENTS, Arrangement
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.widgets.arrangement_dialog import ArrangementDialog
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

VIEW = "&View"


class ArrangingFeature(Feature):
    """Brings the panels that a kind of work needs."""

    key = "arranging"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.arrange_own = self.arrange_own

    def commands(self) -> list[Command]:
        """One for each arrangement."""
        return [
            *(self._command(a) for a in ARRANGEMENTS),
            Command(
                "layout.image",
                "&Hide all panels",
                VIEW,
                self.context.docking.collapse,
                ("F11",),
                "arrow-expand-all",
                checked=lambda: self.context.docking.collapsed,
            ),
            Command("layout.save", "Sa&ve the arrangement…", VIEW, self.ask_to_save),
        ]

    def _command(self, arrangement: Arrangement) -> Command:
        return Command(
            f"layout.{arrangement.key}",
            arrangement.title,
            VIEW,
            partial(self.arrange, arrangement),
            arrangement.keys,
            arrangement.icon,
        )

    def arrange(self, chosen: Arrangement) -> None:
        """Open its panels, close the others, and show its number of views."""
        self.context.docking.arrange(chosen)
        self._show_views(chosen.views)

    def _show_views(self, number: int) -> None:
        if self.workspace.document is not None:
            self.context.commands.action(f"view.views{number}").trigger()

    # the user's own --------------------------------------------------------------------------

    @Slot()
    def ask_to_save(self) -> None:
        """Ask for a name."""
        names = [str(name) for name, *_ in self.workspace.settings.arrangements]
        dialog = ArrangementDialog(names, self.window)
        dialog.remove_requested.connect(self.remove)
        dialog.accepted.connect(lambda: self.save(dialog.name))
        dialog.open()

    def save(self, name: str) -> None:
        """Keep the panels as they are now under a name; one of that name is replaced."""
        numbers = [n for n in (1, 2, 4) if self.context.commands.checked(f"view.views{n}")]
        state = self.context.docking.state()
        others = [a for a in self.workspace.settings.arrangements if a[0] != name]
        if len(others) >= MAX_ARRANGEMENTS:
            self.workspace.notify(
                f"{MAX_ARRANGEMENTS} arrangements are saved already: remove one first.",
                "warning",
                Choice("Remove one…", self.ask_to_save),
            )
            return
        self._keep([*others, [name, numbers[0] if numbers else 1, state]])
        self.workspace.notify(f"The arrangement {name} is in View › Arrangement.", "success")

    @Slot(str)
    def remove(self, name: str) -> None:
        """Forget an arrangement."""
        self._keep([a for a in self.workspace.settings.arrangements if a[0] != name])

    def _keep(self, arrangements: list[list[str | int]]) -> None:
        self.workspace.settings.arrangements = arrangements
        save_settings(self.workspace.settings)

    def arrange_own(self, name: str) -> None:
        """Bring an arrangement that was saved."""
        found = next((a for a in self.workspace.settings.arrangements if a[0] == name), None)
        if found is None:
            return
        _, views, state = found
        if self.context.docking.bring_state(str(state)):
            self._show_views(int(views))
        else:
            self.workspace.notify(
                f"The arrangement {name} cannot be read: save it again.",
                "warning",
                self.context.commands.choice("layout.save"),
            )

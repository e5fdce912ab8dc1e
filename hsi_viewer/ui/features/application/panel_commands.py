"""Commands that show and hide the panels, and go from one to the next."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command

if TYPE_CHECKING:
    from hsi_viewer.ui.docking import Docking

VIEW = "&View"


def panel_commands(docking: Docking) -> list[Command]:
    """A command for each dock, in the order of their names, and the way around."""
    return [
        *(
            Command(
                f"panel.{key}",
                dock.windowTitle(),
                VIEW,
                partial(docking.toggle, key),
                icon=docking.icons[key],
                enabled=partial(docking.is_of_use, key),
                checked=partial(docking.is_seen, key),
            )
            for key, dock in sorted(docking.docks.items())
        ),
        Command(
            "panel.next",
            "&Next panel",
            VIEW,
            partial(docking.go_on, 1),
            ("F6",),
            "arrow-right-bold-box-outline",
        ),
        Command(
            "panel.previous",
            "&Previous panel",
            VIEW,
            partial(docking.go_on, -1),
            ("Shift+F6",),
            "arrow-left-bold-box-outline",
        ),
        Command(
            "view.reset",
            "&Reset the layout",
            VIEW,
            docking.reset,
            (),
            "dock-window",
        ),
    ]

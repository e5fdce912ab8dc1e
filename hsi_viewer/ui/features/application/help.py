"""Help: the user guide, the page of keys, the command palette, and the description of a scene."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QApplication, QDockWidget

from hsi_viewer import __version__
from hsi_viewer.analysis.cube_description import describe_cube
from hsi_viewer.core.guide import INDEX, guide_folder, read_guide
from hsi_viewer.preferences.settings import save_settings
from hsi_viewer.ui.commands.keys_page import PAGE, keys_page
from hsi_viewer.ui.commands.palette import CommandPalette
from hsi_viewer.ui.commands.shortcut_page import ShortcutPage
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.dialogs import TextDialog
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.widgets.help_window import HelpWindow

HELP = "&Help"


class HelpFeature(Feature):
    """Menu Help, and finding commands by name."""

    key = "help"

    def commands(self) -> list[Command]:
        """The menu, and the palette under Edit."""
        return [
            Command(
                "edit.palette",
                "&Find a command…",
                "&Edit",
                self.open_palette,
                ("Ctrl+Shift+P",),
                "magnify",
            ),
            Command(
                "help.guide",
                "&User guide",
                HELP,
                self.open_guide,
                ("F1",),
                "help-circle-outline",
            ),
            Command(
                "help.keys",
                "&Keyboard shortcuts",
                HELP,
                self.open_shortcuts,
                ("Ctrl+F1",),
                "keyboard-outline",
            ),
            Command(
                "help.scene",
                "About this &scene",
                HELP,
                self.open_about_scene,
                (),
                "information-outline",
                self.has_scene,
            ),
            Command(
                "help.about",
                "&About HSI Viewer",
                HELP,
                self.open_about,
                (),
                "information-variant",
            ),
        ]

    @Slot()
    def open_palette(self) -> None:
        """Open the command palette."""
        self.context.commands.refresh()
        CommandPalette(self.context.commands, self.window, self._in_menus()).open()

    def _in_menus(self) -> dict[str, Callable[[], object]]:
        """What menus list beside commands: scenes to open, and the user's own arrangements."""
        from hsi_viewer.io.products.public_scenes import PREFIX, scenes

        settings, context = self.workspace.settings, self.context
        files = {f"File › Open recent › {source}": source for source in settings.recent_files}
        for scene in scenes().values():
            files[f"File › Open a public scene › {scene.title}"] = f"{PREFIX}{scene.id}"
        own = [str(name) for name, *_ in settings.arrangements]
        return {
            **{title: partial(context.opening.open, source) for title, source in files.items()},
            **{f"View › Arrangement › {n}": partial(context.arrange_own, n) for n in own},
        }

    @Slot()
    def open_shortcuts(self) -> None:
        """Open the page of keys."""
        page = ShortcutPage(self.context.commands, self.window)
        page.changed.connect(self._on_keys)
        page.show()

    @Slot()
    def _on_keys(self) -> None:
        self.workspace.settings.shortcuts = self.context.commands.key_map.changed
        save_settings(self.workspace.settings)

    @Slot()
    def open_guide(self) -> None:
        """Open the guide where it explains the panel that has the focus, else at its start."""
        focus = QApplication.focusWidget()
        while focus is not None and not isinstance(focus, QDockWidget):
            focus = focus.parentWidget()
        folder = guide_folder()
        guide = read_guide(folder, {PAGE: keys_page(self.context.commands)})
        section = guide.about(focus.windowTitle()) if isinstance(focus, QDockWidget) else None
        window = self.window.findChild(HelpWindow) or HelpWindow(guide, folder, self.window)
        window.open(section.link if section else INDEX)
        window.show()
        window.raise_()
        window.activateWindow()

    @Slot()
    def open_about_scene(self) -> None:
        """Show licence, citation and metadata of the scene."""
        document = self.workspace.document
        if document is not None:
            TextDialog("About this scene", describe_cube(document.cube), self.window).show()

    @Slot()
    def open_about(self) -> None:
        """Show the version and the licence of the application."""
        text = (
            f"## HSI Viewer {__version__}\n\nClassify hyperspectral images from a few labelled "
            "pixels.\n\nBSD 3-Clause licence. The classifier implements the idea of "
            "self-distillation for hyperspectral images (Singh et al., arXiv 2601.07416); "
            "its figures are this project's own measurements."
        )
        TextDialog("About HSI Viewer", text, self.window).show()

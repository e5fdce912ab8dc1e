"""Commands for classes beyond adding and naming: order, merge, lock, legends, colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Slot
from PySide6.QtWidgets import QFileDialog, QMenu

from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass, palette_colour
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import Base, LabelLoad, plan_clearing, plan_removal
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.menu_title import add_title
from hsi_viewer.ui.saving import ask_where, file_stem, folder_link

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.labelling.labelling import LabelController
    from hsi_viewer.ui.widgets.class_panel import ClassPanel

LABELS = "&Labels"
IN_MENU = (
    "class.rename",
    "class.up",
    "class.down",
    "class.lock",
    "class.merge",
    "class.clear",
    "class.remove",
)
OF_LEGEND = ("legend.palette", "legend.load", "legend.save")
SAVE_FILTER = "CSV (*.csv);;ENVI header (*.hdr);;QGIS style (*.qml)"


class ClassFeature(Feature):
    """Binds the class list's further requests to the document."""

    key = "classes"

    def __init__(self, context: Context, labelling: LabelController, panel: ClassPanel) -> None:
        super().__init__(context)
        self._labelling, self._panel = labelling, panel
        panel.lock_changed.connect(self.lock)
        panel.moved.connect(self.move)
        panel.menu_requested.connect(self._open_menu)

    def commands(self) -> list[Command]:
        """Menu Labels."""

        def chosen() -> bool:
            return self._chosen() is not None

        def several() -> bool:
            found = self._chosen()
            return found is not None and len(found[0].legend) > 1

        def any_class() -> bool:
            return self.workspace.document is not None and len(self.workspace.document.legend) > 0

        def open_cube() -> bool:
            return self.workspace.document is not None

        def make(
            name: str,
            title: str,
            run: Callable[..., object],
            keys: tuple[str, ...],
            icon: str,
            enabled: Callable[[], bool],
        ) -> Command:
            disabled_reason = "Choose a class first."
            return Command(name, title, LABELS, run, keys, icon, enabled, lambda: disabled_reason)

        return [
            make("class.rename", "Re&name class", self._rename, ("F2",), "rename-box", chosen),
            make("class.up", "Move class up", lambda: self._step(-1), ("Alt+Up",), "arrow-up",
                 several),
            make("class.down", "Move class down", lambda: self._step(1), ("Alt+Down",),
                 "arrow-down", several),
            Command("class.lock", "Loc&k class", LABELS, self._lock_chosen, ("Ctrl+L",),
                    "lock-outline", chosen, lambda: "Choose a class first.",
                    checked=self._is_locked),
            make("class.merge", "&Merge class into…", self._open_merge, (), "call-merge", several),
            make("class.clear", "Delete the class's labels", self._clear, (), "eraser-variant",
                 chosen),
            make("class.remove", "Delete class and its labels", self._remove, (),
                 "trash-can-outline", chosen),
            make("legend.palette", "Reset &colours", self.recolour_all, (),
                 "palette-outline", any_class),
            make("legend.load", "Load le&gend…", self.choose_legend, (), "format-list-bulleted",
                 open_cube),
            make("legend.save", "Save legen&d…", self.choose_target, (), "content-save-outline",
                 any_class),
        ]  # fmt: skip

    # one class -------------------------------------------------------------------------------

    @Slot(int, bool)
    def lock(self, class_id: int, locked: bool) -> None:
        """Protect the labels of a class, or no longer."""
        if self.workspace.document is not None:
            self.workspace.document.lock_class(class_id, locked)

    @Slot(int, int)
    def move(self, class_id: int, index: int) -> None:
        """Put a class at another place of the list."""
        if self.workspace.document is not None and index >= 0:
            self.workspace.document.move_class(class_id, index)
            self._panel.select(class_id)

    def merge(self, class_id: int, into: int) -> None:
        """Give the labels of a class to another and remove it."""
        document = self.workspace.document
        if document is None:
            return
        name, other = document.legend[class_id].name, document.legend[into].name

        def plan(document: Document, base: Base) -> LabelLoad | None:
            there = base.has(class_id, into)
            return plan_removal(document, base, class_id, into) if there else None

        def on_done(_load: LabelLoad) -> None:
            self._labelling.take_class(into)
            told = f"“{name}” was merged into “{other}”."
            self.workspace.notify(told, "info", self._labelling.undo_choice())

        self._labelling.changes.carry_out(f"Merging {name} into {other}", plan, on_done)

    def _chosen(self) -> tuple[Document, LabelClass] | None:
        document, class_id = self.workspace.document, self._labelling.active_class
        if document is None or class_id is None or class_id not in document.legend:
            return None
        return document, document.legend[class_id]

    def _step(self, step: int) -> None:
        found = self._chosen()
        if found is not None:
            document, chosen = found
            self.move(chosen.id, document.legend.classes.index(chosen) + step)

    def _rename(self) -> None:
        found = self._chosen()
        if found is not None:
            self.show_panel("classes")
            self._panel.edit_name(found[1].id)

    def _is_locked(self) -> bool:
        found = self._chosen()
        return found is not None and found[1].locked

    def _lock_chosen(self, locked: bool) -> None:
        found = self._chosen()
        if found is not None:
            self.lock(found[1].id, locked)

    def _clear(self) -> None:
        found = self._chosen()
        if found is None:
            return
        chosen = found[1]

        def plan(document: Document, base: Base) -> LabelLoad | None:
            return plan_clearing(document, base, chosen.id) if base.has(chosen.id) else None

        self._labelling.changes.carry_out(
            f"Deleting the labels of {chosen.name}", plan, lambda _load: None
        )

    def _remove(self) -> None:
        found = self._chosen()
        if found is not None:
            self._labelling.remove_class(found[1].id)

    # menus -----------------------------------------------------------------------------------

    @Slot(QPoint)
    def _open_menu(self, position: QPoint) -> None:
        menu = QMenu(self.window)
        for name in IN_MENU:
            menu.addAction(self.context.commands.action(name))
        menu.addSeparator()
        for name in OF_LEGEND:
            menu.addAction(self.context.commands.action(name))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(position)

    def _open_merge(self) -> None:
        menu = self.merge_menu()
        if menu is not None:
            panel = self._panel
            menu.popup(panel.mapToGlobal(QPoint(40, 40)))

    def merge_menu(self) -> QMenu | None:
        """The classes that the chosen one can be merged into; None if no class is chosen."""
        found = self._chosen()
        if found is None:
            return None
        document, chosen = found
        menu = QMenu(f"Merge “{chosen.name}” into", self.window)
        add_title(menu, menu.title())
        for other in document.legend:
            if other.id != chosen.id:
                action = menu.addAction(other.name.replace("&", "&&"))
                action.setData((chosen.id, other.id))
        menu.triggered.connect(self._on_merge)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    @Slot(object)
    def _on_merge(self, action: object) -> None:
        class_id, into = action.data()  # type: ignore[attr-defined]
        self.merge(class_id, into)

    # the legend ------------------------------------------------------------------------------

    @Slot()
    def recolour_all(self) -> None:
        """Reset the colour of every class to that of its place in the palette."""
        document = self.workspace.document
        if document is not None:
            classes = tuple(
                replace(c, colour=palette_colour(index)) for index, c in enumerate(document.legend)
            )
            document.set_classes("Reset colours", classes)

    def choose_legend(self) -> None:
        """Ask for a legend file and take its classes."""
        from hsi_viewer.io.labels.legend_file import LEGEND_FILTERS

        filters = ";;".join(f"{name} ({' '.join(patterns)})" for name, patterns in LEGEND_FILTERS)
        folder = self.workspace.settings.last_folder
        path, _ = QFileDialog.getOpenFileName(self.window, "Load legend", folder, filters)
        if path:
            self.load_legend(Path(path))

    def load_legend(self, path: Path) -> None:
        """Apply names and colours by id; classes that only this scene has stay."""
        from hsi_viewer.io.labels.legend_file import read_legend

        document = self.workspace.document
        if document is None:
            return
        try:
            read = read_legend(path)
        except (HsiError, OSError) as error:
            self.workspace.notify_error(error, "Loading the legend")
            return
        known = {c.id: c for c in read}
        kept = [
            replace(c, name=known[c.id].name, colour=known[c.id].colour) if c.id in known else c
            for c in document.legend
        ]
        new = [c for c in read if c.id not in document.legend]
        document.set_classes(f"Load legend {path.name}", (*kept, *new))
        classes = "1 class" if len(read) == 1 else f"{len(read)} classes"
        self.workspace.notify(f"{classes} loaded from {path.name}.")

    def choose_target(self) -> None:
        """Ask where to save the legend."""
        document = self.workspace.document
        if document is None:
            return
        name = file_stem(document.cube, "legend") + ".csv"
        path = ask_where(self.workspace, self.window, "Save legend", name, SAVE_FILTER)
        if path is not None:
            self.save_legend(path)

    def save_legend(self, path: Path) -> None:
        """Write the classes by the suffix of the path."""
        from hsi_viewer.io.labels.legend_file import write_legend

        document = self.workspace.document
        if document is None:
            return
        try:
            write_legend(path, ClassLegend(document.legend.classes))
        except (HsiError, OSError) as error:
            self.workspace.notify_error(error, "Saving the legend")
        else:
            self.workspace.notify(f"Legend saved to {path}.", "success", folder_link(path))

"""Libraries: loaded, ranked against the picked spectrum as it changes, drawn beside it."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.analysis.library_matching import (
    LoadedLibrary,
    Matches,
    MatchWish,
    fitted,
    load_library,
    match,
    match_wish,
)
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.core.spectra.curves import Curve
from hsi_viewer.core.spectra.library_match import Match, brightness
from hsi_viewer.io.libraries.spectral_library import library_filters
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature, Panel
from hsi_viewer.ui.requests import Granted, WishQueue
from hsi_viewer.ui.widgets.library_panel import LibraryPanel, LibraryRow

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

KEY, TITLE = "libraries", "Libraries"


def _grant(wish: Hashable) -> object:
    return match(wish) if isinstance(wish, MatchWish) else None


class LibraryFeature(Feature):
    """Keeps the loaded libraries on the bands of the open cube."""

    key = "libraries"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.loaded: tuple[LoadedLibrary, ...] = ()
        self._asked: tuple[object, ...] = ()
        self._matching = WishQueue(self.workspace.tasks, "Comparing spectra", _grant, self)
        self._matching.granted.connect(self._on_matched)
        context.plot.curves.changed.connect(self._compare)
        context.file_uses["library"] = self.load
        self.workspace.document_changed.connect(self._on_document)

    def panels(self) -> list[Panel]:
        """The panel, beside the training."""
        return [Panel(KEY, TITLE, self._make, "right", beside="training")]

    def _make(self) -> LibraryPanel:
        panel = LibraryPanel()
        panel.open_requested.connect(self.choose)
        panel.close_requested.connect(self.close_all)
        panel.plot_requested.connect(self.plot)
        return panel

    @property
    def panel(self) -> LibraryPanel:
        """The list."""
        return cast("LibraryPanel", self.context.docking.panel(KEY))

    def commands(self) -> list[Command]:
        """Opening a library, under Spectra."""
        return [
            Command(
                "spectra.library",
                "Open a spectral &library…",
                "S&pectra",
                self.choose,
                (),
                "book-open-variant",
                lambda: self.workspace.document is not None,
                lambda: "Open a cube first.",
            ),
            Command(
                "spectra.match",
                "&Rank the libraries against the picked spectrum",
                "S&pectra",
                self.open,
                (),
                "format-list-numbered",
                lambda: bool(self.loaded),
                lambda: "Open a spectral library first.",
            ),
        ]

    # libraries -------------------------------------------------------------------------------

    @Slot()
    def choose(self) -> None:
        """Ask for libraries and load them."""
        filters = ";;".join(
            f"{name} ({' '.join(patterns)})" for name, patterns in library_filters()
        )
        names, _ = QFileDialog.getOpenFileNames(
            self.window,
            "Open spectral libraries",
            self.workspace.settings.last_folder,
            filters,
        )
        for name in names:
            self.load(Path(name))

    def load(self, path: Path) -> None:
        """Read a library in the background and rank its spectra."""
        document = self.workspace.document
        if document is None:
            return
        cube = document.cube

        def work(_token: CancelToken, port: ProgressPort) -> tuple[LoadedLibrary, ...]:
            port.report(Progress(f"Reading {path.name}"))
            return (load_library(path, cube),)

        task = self.workspace.tasks.start(f"Reading {path.name}", work)
        task.succeeded.connect(self._on_loaded)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_loaded(self, added: tuple[LoadedLibrary, ...]) -> None:
        document = self.workspace.document
        if document is None or any(a.cube is not document.cube for a in added):
            return
        names = {a.library.name for a in added}
        kept = tuple(x for x in self.loaded if x.library.name not in names)
        self.loaded = (*kept, *added)
        for loaded in added:
            for warning in loaded.library.warnings:
                self.workspace.notify(f"{loaded.library.name}: {warning}", "warning")
        self._show(())
        self.panel.show_compared("")
        self._compare()
        self.open()
        self.workspace.state_changed.emit()

    @Slot()
    def close_all(self) -> None:
        """Forget all libraries; what is drawn of them stays."""
        self.loaded = ()
        if self.made(KEY):
            self._show(())
            self.panel.show_compared("")
        self.workspace.state_changed.emit()

    @Slot()
    def open(self) -> None:
        """Bring the panel to the front."""
        self.show_panel(KEY)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.workspace.notify_error(error, "Reading a spectral library")

    @Slot()
    def _on_document(self) -> None:
        """Bring the libraries to the bands of another cube."""
        document, before = self.workspace.document, self.loaded
        self.close_all()
        if document is None or not before:
            return
        cube = document.cube

        def work(token: CancelToken, _port: ProgressPort) -> tuple[LoadedLibrary, ...]:
            found = []
            for loaded in before:
                token.check()
                try:
                    found.append(fitted(loaded.library, cube))
                except HsiError:  # made for another range: it is of no use with this cube
                    continue
            return tuple(found)

        task = self.workspace.tasks.start("Resampling the libraries", work)
        task.succeeded.connect(self._on_loaded)
        task.failed.connect(self._on_failed)

    # matching --------------------------------------------------------------------------------

    def _compare(self) -> None:
        """Rank against the picked curve, if it is another than last time."""
        document, picked = self.workspace.document, self.context.plot.curves.picked
        if document is None or picked is None or picked.kind == "library" or not self.loaded:
            return
        asked = (picked.values, self.loaded)
        if len(self._asked) == 2 and all(a is b for a, b in zip(asked, self._asked, strict=True)):
            return
        self._asked = asked
        self._matching.ask([match_wish(picked.values, picked.name, document.cube, self.loaded)])

    @Slot(object)
    def _on_matched(self, granted: Granted) -> None:
        if granted.error is not None:
            self.workspace.notify_error(granted.error, "Comparing spectra")
        elif isinstance(granted.result, Matches) and granted.result.wish.libraries == self.loaded:
            self._show(granted.result.found)
            self.panel.show_compared(granted.result.wish.name)

    def _show(self, found: tuple[tuple[Match, ...], ...]) -> None:
        rows = []
        for k, loaded in enumerate(self.loaded):
            matches = found[k] if found else (None,) * len(loaded.library)
            rows += [
                LibraryRow(k, i, name, loaded.library.name, m)
                for i, (name, m) in enumerate(zip(loaded.library.names, matches, strict=True))
            ]
        self.panel.show_rows(rows)

    @Slot(list)
    def plot(self, rows: list[LibraryRow]) -> None:
        """Draw library spectra, at the brightness of the picked spectrum if that is wished."""
        curves, picked = self.context.plot.curves, self.context.plot.curves.picked
        drawn = []
        for row in rows:
            values = self.loaded[row.library].on_sensor.spectra[row.index]
            name = row.name
            if self.panel.scale.isChecked() and picked is not None:
                factor = brightness(values, picked.values)
                values = values * factor
                name = f"{name} × {factor:.4g}" if not np.isclose(factor, 1.0) else name
            drawn.append(Curve(name, values, "library"))
        curves.add(*drawn)
        self.context.docking.docks["spectrum"].show()

"""Libraries: loaded, ranked against the picked spectrum as it changes, drawn beside it."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.analysis.library_matching import (
    LoadedLibrary,
    Matches,
    MatchRequest,
    fitted,
    load_library,
    match,
    match_request,
)
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.core.spectra.curves import Curve
from hsi_viewer.core.spectra.library_match import Match, brightness
from hsi_viewer.io.libraries.spectral_library import library_filters
from hsi_viewer.session.document.results import Results
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.requests import LatestRequestQueue, Response
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.library_panel import LibraryPanel, LibraryRow

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

DOING = "Reading a spectral library"


def _compute(request: Hashable) -> object:
    return match(request) if isinstance(request, MatchRequest) else None


class LibraryFeature(PanelFeature["LibraryPanel"]):
    """Ranks and draws the libraries of the open document."""

    key, title, icon, beside = "libraries", "Libraries", "bookshelf", "training"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._results: Results | None = None  # of the document whose libraries are shown
        self._asked: tuple[object, ...] = ()
        self._matching = LatestRequestQueue(
            self.workspace.tasks, "Comparing spectra", _compute, self
        )
        self._matching.response.connect(self._on_matched)
        context.plot.curves.changed.connect(self._compare)
        context.file_uses["library"] = self.load
        self.workspace.document_changed.connect(self._on_document)

    @property
    def loaded(self) -> tuple[LoadedLibrary, ...]:
        """The libraries, on the bands of the open cube."""
        return self._results.libraries if self._results is not None else ()

    def make_panel(self) -> LibraryPanel:
        """The panel, connected."""
        panel = LibraryPanel()
        panel.open_requested.connect(self.choose)
        panel.close_requested.connect(self.close_all)
        panel.plot_requested.connect(self.plot)
        return panel

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
                self.has_scene,
                lambda: "Open a scene first.",
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

        self.workspace.compute(
            f"Reading {path.name}", work, self._on_loaded, cube=cube, key="", doing=DOING
        )

    def _on_loaded(self, added: tuple[LoadedLibrary, ...]) -> None:
        """Show libraries that the user has opened."""
        for loaded in added:
            for warning in loaded.library.warnings:
                self.workspace.notify(f"{loaded.library.name}: {warning}", "warning")
        self._add(added)
        self.open()

    def _add(self, added: tuple[LoadedLibrary, ...]) -> None:
        """Rank the spectra of libraries that fit the bands of the open scene."""
        if self._results is None:
            return
        self._results.add_libraries(added)
        for loaded in added:
            if loaded.doubt:
                edit = self.context.commands.action("file.metadata").trigger
                self.workspace.notify(loaded.doubt, "warning", Choice("Edit metadata…", edit))
        self._show(())
        self.panel.show_compared("")
        self._compare()
        self.workspace.state_changed.emit()

    @Slot()
    def close_all(self) -> None:
        """Forget all libraries; what is drawn of them stays."""
        if self._results is not None:
            self._results.libraries = ()
        if self.is_made:
            self._show(())
            self.panel.show_compared("")
        self.workspace.state_changed.emit()

    @Slot()
    def _on_document(self) -> None:
        """Bring the libraries to the bands of another cube."""
        document, before = self.workspace.document, self.loaded
        self.close_all()
        self._results = document.results if document is not None else None
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

        self.workspace.compute("Resampling the libraries", work, self._add, cube=cube, doing=DOING)

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
        self._matching.ask([match_request(picked.values, picked.name, document.cube, self.loaded)])

    @Slot(object)
    def _on_matched(self, response: Response) -> None:
        if response.error is not None:
            self.workspace.notify_error(response.error, "Comparing spectra")
        elif (
            isinstance(response.result, Matches)
            and response.result.request.libraries == self.loaded
        ):
            self._show(response.result.found)
            self.panel.show_compared(response.result.request.name)

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
        """Draw library spectra, at the brightness of the picked spectrum if that is requested."""
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

"""Spectra: how they are drawn, means of classes and regions, and saving them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import Slot

from hsi_viewer.analysis.region_spectra import Groups, region_statistics
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.spectra.band_statistics import BandStatistics
from hsi_viewer.core.spectra.curves import Curve, CurveKind
from hsi_viewer.core.spectra.spectrum import Treatment
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import NO_MAP, SELECT_FIRST
from hsi_viewer.ui.features.feature import Feature, Panel
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.spectrum_panel import VIEWS, SpectrumPanel

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

SPECTRA = "S&pectra"
LABEL_FIRST = "Label some pixels first: choose a class, then paint on the image."
PIN_FIRST = "Click pixels with the navigate tool to pin their spectra."


class MeansRequest(Struct, frozen=True):
    """Groups of pixels whose statistics are wanted, and what becomes of them.

    Attributes
    ----------
    groups : (rows, columns) number of the group of each pixel, 0 for none; or a mask; or labels.
    names, colours : by group; kind : of the curves, "class" where groups are class ids.
    replace : whether they take the place of the other curves of their kind.
    """

    cube: HyperCube
    groups: Groups | LabelSnapshot
    names: Mapping[int, str]
    colours: Mapping[int, Colour]
    kind: CurveKind
    replace: bool


class Means(Struct, frozen=True):
    """Statistics by group, and the request they answer."""

    request: MeansRequest
    statistics: Mapping[int, BandStatistics]


def _import_filter(_token: CancelToken, _port: ProgressPort) -> None:
    """Import the filter off the interface's thread: it takes a third of a second."""
    import scipy.signal  # noqa: F401


class SpectraFeature(Feature):
    """Binds the spectrum panel, and brings the menu Spectra."""

    key = "spectra"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.panel, self.plot = SpectrumPanel(context.plot), context.plot
        self.panel.unit.setCurrentIndex(
            self.panel.unit.findData(context.workspace.settings.spectrum_unit)
        )
        self.plot.set_unit(context.workspace.settings.spectrum_unit)
        self._filter_ready = False
        panel, curves = self.panel, self.plot.curves
        panel.treatment_changed.connect(self._on_treatment)
        panel.unit_changed.connect(self._on_unit)
        panel.spread_changed.connect(self.plot.set_spread)
        panel.water_toggled.connect(self.plot.show_water)
        panel.class_means_requested.connect(self.show_class_means)
        panel.selection_mean_requested.connect(self.show_selection_mean)
        panel.save_requested.connect(context.exporting.choose_spectra)
        panel.picture_requested.connect(self._save_picture)
        panel.enlarge_requested.connect(self._enlarge)
        panel.curves.picked.connect(curves.pick)
        panel.curves.renamed.connect(self._on_renamed)
        panel.curves.visibility_changed.connect(self._on_visibility)
        panel.curves.remove_requested.connect(curves.remove)
        curves.changed.connect(self._on_curves)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._on_state)

    def refresh_theme(self) -> None:
        """Draw the icons again."""
        self.panel.refresh_theme()
        self.plot.refresh_theme()

    def panels(self) -> list[Panel]:
        """The Spectrum panel."""
        return [
            Panel(
                "spectrum",
                "Spectrum",
                lambda: self.panel,
                "bottom",
                shown=True,
                at_once=True,
                icon="chart-line",
            )
        ]

    def commands(self) -> list[Command]:
        """Menu Spectra, its first part."""
        curves = self.plot.curves
        views = [
            Command(
                f"spectra.{name}",
                text,
                SPECTRA,
                partial(self._choose_view, name),
                enabled=self.has_scene,
                checked=partial(self._is_view, name),
            )
            for text, name, _ in VIEWS
        ]
        return [
            Command(
                "spectra.class_means",
                "&Class means of the labels",
                SPECTRA,
                self.show_class_means,
                ("Ctrl+M",),
                "chart-multiple",
                self.has_labels,
                lambda: LABEL_FIRST,
            ),
            Command(
                "spectra.map_means",
                "Class means of the class &map",
                SPECTRA,
                self.show_map_means,
                (),
                "map-outline",
                self.has_map,
                lambda: NO_MAP,
            ),
            Command(
                "spectra.selection_mean",
                "Mean of the &selected pixels",
                SPECTRA,
                self.show_selection_mean,
                (),
                "select-group",
                self.has_selection,
                lambda: SELECT_FIRST,
            ),
            *views,
            Command(
                "file.spectra",
                "Sa&ve the spectra…",
                SPECTRA,
                self.context.exporting.choose_spectra,
                (),
                "content-save-outline",
                lambda: bool(curves.curves),
                lambda: PIN_FIRST,
            ),
            Command(
                "view.pins",
                "Clear &pinned spectra",
                SPECTRA,
                self.context.viewing.clear_pins,
                (),
                "pin-off-outline",
                lambda: self.context.viewing.pins > 0,
                lambda: "No spectra are pinned: click pixels with Navigate (N).",
            ),
            Command(
                "spectra.clear",
                "Clear &all spectra",
                SPECTRA,
                self._clear_all,
                (),
                "notification-clear-all",
                lambda: bool(curves.curves),
                lambda: "No spectra are in the plot.",
            ),
        ]

    # means -----------------------------------------------------------------------------------

    @Slot()
    def show_class_means(self) -> None:
        """Draw the mean spectrum of the labelled pixels of each class, in its colour."""
        document = self.workspace.document
        if document is None or not document.labels.present():
            self.workspace.notify(LABEL_FIRST)
            return
        self._start_class_means(document.labels.snapshot(), "")

    @Slot()
    def show_map_means(self) -> None:
        """Draw the mean spectrum of the pixels that the map gives to each class."""
        document = self.workspace.document
        if document is not None and document.prediction is not None:
            self._start_class_means(document.prediction.class_map, ", mapped")

    @Slot()
    def show_selection_mean(self) -> None:
        """Draw the mean spectrum of the selected pixels."""
        document = self.workspace.document
        if document is None or document.selection.mask is None:
            self.workspace.notify(SELECT_FIRST)
            return
        mask, names = document.selection.mask, {1: document.selection.name}
        self._start(MeansRequest(document.cube, mask, names, {}, "region", replace=False))

    def _start_class_means(self, groups: Groups | LabelSnapshot, ending: str) -> None:
        document = self.workspace.document
        if document is not None:
            names = {c.id: f"{c.name}{ending}" for c in document.legend}
            colours = {c.id: c.colour for c in document.legend}
            self._start(MeansRequest(document.cube, groups, names, colours, "class", replace=True))

    def _start(self, request: MeansRequest) -> None:
        def work(token: CancelToken, port: ProgressPort) -> Means:
            groups = request.groups
            if isinstance(groups, LabelSnapshot):
                groups = groups.ids
            return Means(request, region_statistics(request.cube, groups, token, port))

        self.workspace.compute("Averaging spectra", work, self._on_means, cube=request.cube, key="")

    def _on_means(self, means: Means) -> None:
        request = means.request
        curves = [
            Curve(
                request.names.get(i, f"Class {i}"),
                statistics.mean,
                request.kind,
                request.colours.get(i),
                statistics=statistics,
                class_id=i if request.kind == "class" else 0,
            )
            for i, statistics in means.statistics.items()
        ]
        if request.replace:
            self.plot.curves.put(request.kind, curves)
        else:
            self.plot.curves.add(*curves)
        self.show_panel("spectrum")

    # how spectra are drawn -------------------------------------------------------------------

    @Slot(object)
    def _on_treatment(self, treatment: Treatment) -> None:
        if treatment.window and not self._filter_ready:
            self.workspace.perform(
                "Preparing the smoothing filter", _import_filter, self._on_filter, quiet=True
            )
        else:
            self.plot.set_treatment(treatment)
        self.workspace.state_changed.emit()

    def _on_filter(self, _nothing: object) -> None:
        self._filter_ready = True
        self.plot.set_treatment(self.panel.treatment)

    @Slot(str)
    def _on_unit(self, unit: str) -> None:
        self.plot.set_unit("um" if unit == "um" else "band" if unit == "band" else "nm")
        self.workspace.settings.spectrum_unit = self.plot.unit

    def _choose_view(self, name: str, _checked: bool = True) -> None:
        self.panel.choose_view(name)
        self.workspace.state_changed.emit()

    def _is_view(self, name: str) -> bool:
        return bool(self.panel.view.currentData() == name)

    # curves ----------------------------------------------------------------------------------

    def _on_curves(self) -> None:
        curves = self.plot.curves
        picked = curves.picked
        self.panel.curves.show_curves(curves.curves, picked.id if picked else None)
        self.workspace.state_changed.emit()

    @Slot(int, str)
    def _on_renamed(self, curve_id: int, name: str) -> None:
        curve = next((c for c in self.plot.curves.curves if c.id == curve_id), None)
        if curve is not None and name.strip() and curve.name != name.strip():
            self.plot.curves.change(curve_id, name=name.strip())

    @Slot(int, bool)
    def _on_visibility(self, curve_id: int, visible: bool) -> None:
        curve = next((c for c in self.plot.curves.curves if c.id == curve_id), None)
        if curve is not None and curve.visible != visible:
            self.plot.curves.change(curve_id, visible=visible)

    @Slot()
    def _clear_all(self) -> None:
        self.context.viewing.clear_pins()
        self.plot.curves.clear()

    @Slot()
    def _save_picture(self) -> None:
        self.context.commands.action("spectra.figure").trigger()

    @Slot()
    def _enlarge(self) -> None:
        self.context.commands.action("layout.spectra").trigger()

    # state -----------------------------------------------------------------------------------

    @Slot()
    def _on_document(self) -> None:
        document = self.workspace.document
        if document is not None:
            self.panel.show_units(known=document.cube.wavelengths is not None)
            document.selection.changed.connect(self._on_selection)
            document.legend.changed.connect(self._on_legend)

    def _on_legend(self) -> None:
        """Means keep the colours of their classes."""
        document, curves = self.workspace.document, self.plot.curves
        for curve in curves.of("class"):
            if document is not None and curve.class_id in document.legend:
                colour = document.legend[curve.class_id].colour
                if curve.colour != colour:
                    curves.change(curve.id, colour=colour)

    def _on_selection(self) -> None:
        self.workspace.state_changed.emit()

    @Slot()
    def _on_state(self) -> None:
        allow(self.panel.means, "" if self.has_labels() else LABEL_FIRST)
        allow(self.panel.selection_mean, "" if self.has_selection() else SELECT_FIRST)
        kept = "" if self.plot.curves.curves else PIN_FIRST
        allow(self.panel.save, kept)
        allow(self.panel.remove, kept)

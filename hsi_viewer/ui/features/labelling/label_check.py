"""Panels about the labels: regions to jump to, and how well classes can be told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from PySide6.QtCore import Slot

from hsi_viewer.analysis.labelled_spectra import labelled_spectra
from hsi_viewer.core.assessment.separability import SeparabilityReport, separability
from hsi_viewer.core.geometry.connected_regions import Region, regions_of
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature, Panel
from hsi_viewer.ui.rest_timer import RestTimer

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.region_panel import RegionPanel
    from hsi_viewer.ui.widgets.separability_panel import SeparabilityPanel

REST_MS = 250  # labels rest so long before regions are listed again
COMPARING = "Comparing classes"
REGIONS, SEPARABILITY = "regions", "separability"
AROUND = 24  # pixels shown around a region, at least


class Listed(Struct, frozen=True, eq=False):
    """The largest regions of each class, and how many there are by class id."""

    regions: list[Region]
    totals: Mapping[int, int]


class LabelCheckFeature(Feature):
    """Keeps both panels as the labels are."""

    key = "label-check"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._rest = RestTimer(REST_MS, self._list_regions, self)
        self.workspace.document_changed.connect(self._on_document)

    def panels(self) -> list[Panel]:
        """Two docks beside the training."""
        return [
            Panel(
                REGIONS, "Regions", self._make_regions, "right", "training", icon="vector-polygon"
            ),
            Panel(
                SEPARABILITY,
                "Separability",
                self._make_separability,
                "right",
                "training",
                icon="arrow-split-vertical",
            ),
        ]

    def _make_regions(self) -> RegionPanel:
        from hsi_viewer.ui.widgets.region_panel import RegionPanel

        panel = RegionPanel()
        panel.shown.connect(self._list_regions)
        panel.region_chosen.connect(self.go_to)
        return panel

    def _make_separability(self) -> SeparabilityPanel:
        from hsi_viewer.ui.widgets.separability_panel import SeparabilityPanel

        panel = SeparabilityPanel()
        panel.compare_requested.connect(self.compare)
        return panel

    @property
    def regions(self) -> RegionPanel:
        """The list of regions."""
        return cast("RegionPanel", self.context.docking.panel(REGIONS))

    @property
    def separability(self) -> SeparabilityPanel:
        """Separability of the labelled classes."""
        return cast("SeparabilityPanel", self.context.docking.panel(SEPARABILITY))

    def commands(self) -> list[Command]:
        """Menu Labels."""

        def labelled() -> bool:
            document = self.workspace.document
            return document is not None and document.labels.total > 0

        def two() -> bool:
            document = self.workspace.document
            return document is not None and len(document.labels.present()) > 1

        return [
            Command(
                "labels.regions",
                "List of labelled re&gions",
                "&Labels",
                self.show_regions,
                (),
                "format-list-text",
                labelled,
                lambda: "Label some pixels first.",
            ),
            Command(
                "labels.separability",
                "Se&parability of classes",
                "&Labels",
                self.compare,
                (),
                "arrow-expand-horizontal",
                two,
                lambda: "Label pixels of two classes first.",
            ),
        ]

    def refresh_theme(self) -> None:
        """Draw in the colours of the theme."""
        if self.made(SEPARABILITY):
            self.separability.refresh_theme()

    def close(self) -> None:
        """Stop keeping the lists."""
        self._rest.stop()

    # regions ---------------------------------------------------------------------------------

    def show_regions(self) -> None:
        """Open the list of regions."""
        self.show_panel(REGIONS)

    @property
    def _regions_seen(self) -> bool:
        return self.made(REGIONS) and self.regions.isVisible()

    @Slot(object)
    def go_to(self, region: Region) -> None:
        """Bring a region into view, with some of what lies around it."""
        top, left, bottom, right = region.box
        around = max(AROUND, bottom - top, right - left) / 2
        self.context.canvas.set_view_box(
            (left - around, top - around, right - left + 2 * around, bottom - top + 2 * around)
        )

    @Slot()
    def _list_regions(self) -> None:
        document = self.workspace.document
        if document is None or not self._regions_seen:
            return
        labels, present = document.labels.snapshot(), document.labels.present()

        def work(_token: CancelToken, _port: ProgressPort) -> Listed:
            from hsi_viewer.ui.widgets.region_panel import MOST_ROWS

            regions = regions_of(labels.ids, present)
            totals = Counter(r.class_id for r in regions)
            shown: Counter[int] = Counter()
            few = []
            for region in regions:  # the largest of each class come first
                shown[region.class_id] += 1
                if shown[region.class_id] <= MOST_ROWS:
                    few.append(region)
            return Listed(few, totals)

        self.workspace.compute(
            "Listing regions", work, self._on_listed, document=document, quiet=True
        )

    def _on_listed(self, listed: Listed) -> None:
        document = self.workspace.document
        if document is not None:
            counts = {c.id: document.labels.count(c.id) for c in document.legend}
            self.regions.show_regions(
                document.legend.classes, counts, listed.regions, listed.totals
            )

    # separability ----------------------------------------------------------------------------

    @Slot()
    def compare(self) -> None:
        """Compare every two classes as they are labelled now."""
        document = self.workspace.document
        self.show_panel(SEPARABILITY)
        if document is None or len(document.labels.present()) < 2:
            self.separability.clear()
            self.separability.show_state("Label at least two classes.")
            return
        labels, cube = document.labels.snapshot(), document.cube

        def work(token: CancelToken, port: ProgressPort) -> SeparabilityReport:
            return separability(labelled_spectra(cube, labels.ids, token=token, port=port))

        task = self.workspace.compute(
            COMPARING, work, self._on_compared, cube=cube, on_failed=self._on_failed
        )
        task.cancelled.connect(self._on_cancelled)
        self.separability.show_state("Comparing…")

    def _on_compared(self, report: SeparabilityReport) -> None:
        document = self.workspace.document
        if document is not None:
            self.separability.show_report(report, document.legend.name_of)

    def _on_failed(self, error: Exception) -> None:
        self.separability.show_state("")
        self.workspace.notify_error(error, COMPARING)

    @Slot()
    def _on_cancelled(self) -> None:
        self.separability.show_state("Cancelled.")

    # binding ---------------------------------------------------------------------------------

    @Slot()
    def _on_document(self) -> None:
        document = self.workspace.document
        self.workspace.cancel(COMPARING)
        if self.made(SEPARABILITY):
            self.separability.clear()
        if document is not None:
            document.history.changed.connect(self._on_change)
            document.legend.changed.connect(self._on_change)
            self._on_change()

    def _on_change(self) -> None:
        if self._regions_seen:
            self._rest.start()
        if self.made(SEPARABILITY) and self.separability.table.rowCount():
            self.separability.show_state("Labels have changed: compare again.")

"""MapFeature: the regions of the class map as polygons, and the areas of its classes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Slot

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.assessment.areas import AreaUnit, ClassArea, strip_areas
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.postprocess.map_regions import map_regions
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.jobs.object_table import write_areas
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import NO_MAP
from hsi_viewer.ui.features.after_map.areas_dialog import AreasDialog
from hsi_viewer.ui.features.after_map.polygons_dialog import PolygonsDialog
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.saving import ask_where, exported, file_stem, folder_link, may_replace

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

COUNTING = "Measuring the classes"
MENU = "&Map"
TINY = 4  # pixels; smaller regions are usually noise
FILTERS = "GeoPackage (*.gpkg);;GeoJSON (*.geojson);;Shapefile (*.shp)"


class MapFeature(Feature):
    """Polygons and areas of the map that is shown."""

    key = "map"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._areas: AreasDialog | None = None
        self._polygons: PolygonsDialog | None = None
        self.workspace.document_changed.connect(self._on_document)

    def commands(self) -> list[Command]:
        """Two commands of the menu Map."""
        return [
            Command(
                "map.polygons",
                "&Polygons of the map…",
                MENU,
                self.choose_polygons,
                (),
                "vector-polygon",
                self.has_map,
                lambda: NO_MAP,
            ),
            Command(
                "map.areas",
                "&Areas of the classes…",
                MENU,
                self.show_areas,
                (),
                "table-large",
                self.has_map,
                lambda: NO_MAP,
            ),
        ]

    @Slot()
    def _on_document(self) -> None:
        document = self.workspace.document
        if document is not None:
            document.prediction_changed.connect(self._count)
            document.legend.changed.connect(self._count)
            document.results.sampled.connect(self._count)
        self._count()

    def close(self) -> None:
        """The table goes with the window."""
        if self._areas is not None:
            self._areas.close()

    # areas -----------------------------------------------------------------------------------

    @Slot()
    def show_areas(self) -> None:
        """Show the table, which stays open beside the map."""
        if self._areas is None:
            self._areas = AreasDialog(self.window, self.workspace.settings.area_unit)
            self._areas.unit_chosen.connect(self._keep_unit)
            self._areas.save_requested.connect(self.save_areas)
            self._areas.sample_requested.connect(self._draw_sample)
            self._areas.finished.connect(self._forget_areas)
        self._count()
        self._areas.show()
        self._areas.raise_()

    @Slot(str)
    def _keep_unit(self, unit: AreaUnit) -> None:
        self.workspace.settings.area_unit = unit

    @Slot()
    def _draw_sample(self) -> None:
        self.context.commands.action("map.sample").trigger()

    @Slot()
    def _forget_areas(self) -> None:
        self._areas = None
        self.workspace.cancel(COUNTING)

    @Slot()
    def _count(self) -> None:
        """Count the pixels of the classes again, while somebody looks."""
        document = self.workspace.document
        if self._areas is None:
            return
        if document is None or document.prediction is None:
            self.workspace.cancel(COUNTING)
            self._areas.show_areas((), ClassLegend())
            return
        ids, cube = document.prediction.class_map, document.cube

        def work(token: CancelToken, _port: ProgressPort) -> tuple[ClassArea, ...]:
            area = pixel_area(cube.georeference, cube.rows, cube.columns)
            return strip_areas(ids, area, token)

        self.workspace.compute(COUNTING, work, self._on_counted, document=document, quiet=True)

    def _on_counted(self, areas: tuple[ClassArea, ...]) -> None:
        document = self.workspace.document
        if self._areas is not None and document is not None:
            found = document.results.sample_assessment
            self._areas.show_areas(areas, document.legend, found, document.results.sample_reason)

    @Slot()
    def save_areas(self) -> None:
        """Ask for a file and write the table."""
        document, dialog = self.workspace.document, self._areas
        if document is None or dialog is None:
            return
        name = f"{file_stem(document.cube, 'areas')}.csv"
        path = ask_where(self.workspace, dialog, "Save the areas", name, "CSV (*.csv)")
        if path is None:
            return
        areas, legend = dialog.areas, ClassLegend(document.legend.classes)
        found = document.results.sample_assessment

        def work(_token: CancelToken, _port: ProgressPort) -> list[Path]:
            write_areas(path, areas, legend, found)
            return [path]

        self.workspace.perform(
            "Saving the areas", work, self._on_written, doing="Saving", writes=True
        )

    # polygons --------------------------------------------------------------------------------

    @Slot()
    def choose_polygons(self) -> None:
        """Ask how, then where, and write."""
        document = self.workspace.document
        if document is None or document.prediction is None:
            return
        dialog = self._polygons = PolygonsDialog(self.window)
        dialog.clean_requested.connect(self._clean_first)
        self._count_regions(document)
        accepted = dialog.exec()
        self._polygons = None
        self.workspace.cancel("regions")
        if accepted:
            name = f"{file_stem(document.cube, 'polygons')}.gpkg"
            path = ask_where(self.workspace, self.window, "Save the polygons", name, FILTERS)
            objects = path.with_suffix(".csv") if path and dialog.objects.isChecked() else None
            if path and (objects is None or may_replace(self.window, [objects])):
                self._write(document, dialog, path, objects)
        dialog.deleteLater()

    @Slot()
    def _clean_first(self) -> None:
        if self._polygons is not None:
            self._polygons.reject()
        self.context.commands.action("map.clean").trigger()

    def _count_regions(self, document: Document) -> None:
        prediction = document.prediction
        if prediction is None:
            return

        def work(_token: CancelToken, port: ProgressPort) -> tuple[int, int]:
            port.report(Progress("Counting the regions"))
            regions = map_regions(prediction.class_map)
            return len(regions), int(np.count_nonzero(regions.pixels()[1:] < TINY))

        self.workspace.compute(
            "Counting the regions", work, self._on_regions, document=document, key="regions"
        )

    def _on_regions(self, counts: tuple[int, int]) -> None:
        if self._polygons is not None:
            self._polygons.show_count(*counts, TINY)

    def _write(
        self, document: Document, dialog: PolygonsDialog, path: Path, objects: Path | None
    ) -> None:
        prediction, cube = document.prediction, document.cube
        if prediction is None:
            return
        legend, smooth = ClassLegend(document.legend.classes), dialog.smooth.value()
        wanted = dialog.confidence.isChecked()
        scene = cube if objects is not None and dialog.spectra.isChecked() else None

        def work(token: CancelToken, port: ProgressPort) -> tuple[list[Path], tuple[str, ...]]:
            from hsi_viewer.jobs.after_map import check_targets
            from hsi_viewer.jobs.export_layers import value_cube
            from hsi_viewer.jobs.polygons import MapOnGround, PolygonOptions, write_map_polygons

            port.report(Progress(f"Writing {path.name}"))
            targets = [path, *([objects] if objects is not None else [])]
            check_targets(targets, [cube.path] if cube.path else [], overwrite=True)
            row_area = pixel_area(cube.georeference, cube.rows, cube.columns)
            sure = np.where(prediction.class_map > 0, prediction.confidence, np.nan)
            mapped = MapOnGround(
                prediction.class_map,
                legend,
                cube.georeference,
                row_area,
                value_cube(sure, ("confidence",), cube, "Confidence") if wanted else None,
                scene,
            )
            options = PolygonOptions(smooth, objects, token=token, port=port)
            made = write_map_polygons(path, mapped, options)
            return made.files, made.warnings

        self.workspace.perform(
            "Writing polygons", work, self._on_polygons, doing="Exporting", writes=True
        )

    def _on_polygons(self, made: tuple[list[Path], tuple[str, ...]]) -> None:
        files, notes = made
        self._on_written(files)
        for note in notes:
            self.workspace.notify(note, "warning")

    def _on_written(self, files: list[Path]) -> None:
        self.workspace.notify(exported(files), "success", folder_link(files[0]))

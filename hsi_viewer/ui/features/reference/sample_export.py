"""Points of a sample, saved where the user says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.saving import ask_where, file_stem, folder_link

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from hsi_viewer.core.assessment.labelled_sample import LabelledSample
    from hsi_viewer.ui.workspace import Workspace

FILTERS = "GeoPackage (*.gpkg);;GeoJSON (*.geojson);;CSV (*.csv)"


def export_sample(workspace: Workspace, window: QWidget, sample: LabelledSample) -> None:
    """Ask for a file and write the points; blind while answers are missing."""
    document = workspace.document
    if document is None:
        return
    name = f"{file_stem(document.cube, 'reference')}.gpkg"
    path = ask_where(workspace, window, "Export the points", name, FILTERS)
    if path is None:
        return
    drawn, reference, cube = sample.sample, sample.reference.copy(), document.cube
    legend, blind = ClassLegend(document.legend.classes), not sample.complete

    def work(_token: CancelToken, _port: ProgressPort) -> Path:
        from hsi_viewer.io.regions.grid import Grid
        from hsi_viewer.io.regions.reference_points import write_reference_points

        grid = Grid.of_cube(cube)
        write_reference_points(path, drawn, reference, legend, grid, blind=blind)
        return path

    def done(written: Path) -> None:
        workspace.notify(f"Saved {written}.", "success", folder_link(written))

    workspace.perform("Exporting the points", work, done, doing="Exporting", writes=True)

"""Commands of the menu File that open and repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command

if TYPE_CHECKING:
    from hsi_viewer.ui.features.opening.metadata_editing import MetadataController
    from hsi_viewer.ui.features.opening.opening import OpenController
    from hsi_viewer.ui.features.opening.repairing import RepairController
    from hsi_viewer.ui.workspace import Workspace

FILE = "&File"


def file_commands(
    workspace: Workspace,
    opening: OpenController,
    repairing: RepairController,
    metadata: MetadataController,
) -> list[Command]:
    """Menu File."""

    def has_cube() -> bool:
        return workspace.document is not None

    return [
        Command(
            "file.open",
            "&Open…",
            FILE,
            opening.choose,
            ("Ctrl+O",),
            "folder-open-outline",
            toolbar=True,
        ),
        Command(
            "file.folder",
            "Open a &folder…",
            FILE,
            opening.choose_folder,
            ("Ctrl+Shift+O",),
            "folder-multiple-outline",
        ),
        Command(
            "file.sample",
            "Open the &sample scene",
            FILE,
            opening.open_sample,
            (),
            "image-multiple-outline",
        ),
        Command(
            "file.metadata",
            "Edit &metadata…",
            FILE,
            metadata.edit,
            (),
            "table-edit",
            has_cube,
        ),
        Command(
            "file.doctor",
            "Header &doctor…",
            FILE,
            repairing.open_doctor,
            (),
            "stethoscope",
            lambda: repairing.can_examine,
            lambda: "For raw files, and for arrays in MATLAB, NumPy, HDF5 and Zarr files.",
        ),
    ]

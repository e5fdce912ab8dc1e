"""The files that a cube or a label map consists of: what is written must be none of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.paths import real_path
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.envi.pairing import header_by_name


def own_files(path: Path) -> set[Path]:
    """The resolved paths of a file, of its ENVI header and of the header's data."""
    header = header_by_name(path) if path.is_file() else None
    own = {real_path(path)}
    if header is not None:
        own |= {real_path(header), real_path(data_beside(header) or path)}
    return own


def check_not_scene(targets: Iterable[Path], scene: Path | None) -> None:
    """Refuse to replace files of the open scene.

    Parameters
    ----------
    scene : its file, or None.

    Raises
    ------
    ExportError
        for the first such file.
    """
    own = own_files(scene) if scene is not None else set()
    for target in targets:
        if real_path(target) in own:
            raise ExportError(f"{target} is the open scene; choose another name.")

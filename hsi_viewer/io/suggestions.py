"""What a file that is no cube can be used for in the open scene. Import it in a worker: slow."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.labels.imported_labels import PlacementNeededError
from hsi_viewer.io.libraries.spectral_library import library_filters, read_library
from hsi_viewer.io.regions.import_export import import_filters, import_regions

Use = Literal["labels", "library"]
MOST_BYTES = 64 << 20  # a file is tried by reading it


def other_uses(path: Path, cube: HyperCube) -> tuple[Use, ...]:
    """Uses of a file beside a cube, found by trying them."""
    if path.stat().st_size > MOST_BYTES:
        return ()
    uses: list[Use] = []
    if _is_named(path, import_filters()) and _gives_labels(path, cube):
        uses.append("labels")
    if is_library(path):
        uses.append("library")
    return tuple(uses)


def _is_named(path: Path, filters: tuple[tuple[str, tuple[str, ...]], ...]) -> bool:
    named = {pattern for _, patterns in filters for pattern in patterns}
    return f"*{path.suffix.lower()}" in named


def _gives_labels(path: Path, cube: HyperCube) -> bool:
    try:
        import_regions(path, cube)
    except PlacementNeededError:  # which is asked when the labels are imported
        return True
    except HsiError:
        return False
    return True


def is_library(path: Path) -> bool:
    """Whether a file is a spectral library, found by reading it."""
    if path.stat().st_size > MOST_BYTES or not _is_named(path, library_filters()):
        return False
    try:
        read_library(path)
    except HsiError:
        return False
    return True

"""The readers of files, for layers that may not import them; the package names them at its start.

Nothing is imported here: this module is loaded by `import hsi_viewer`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy import bool_
    from numpy.typing import NDArray

    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.core.labels.imported_labels import ImportedLabels

_provided: list[
    tuple[
        Callable[[str | Path], HyperCube],
        Callable[[str | Path, HyperCube], ImportedLabels],
        Callable[[str | Path, HyperCube], NDArray[bool_]],
    ]
] = []


def provide(
    open_cube: Callable[[str | Path], HyperCube],
    import_labels: Callable[[str | Path, HyperCube], ImportedLabels],
    read_mask: Callable[[str | Path, HyperCube], NDArray[bool_]],
) -> None:
    """Name the functions that open cubes, labels and masks."""
    _provided[:] = [(open_cube, import_labels, read_mask)]


def open_cube(source: str | Path) -> HyperCube:
    """The cube of a path; see `hsi_viewer.open_cube`."""
    return _provided[0][0](source)


def import_labels(source: str | Path, cube: HyperCube) -> ImportedLabels:
    """The labels of a path on the grid of a cube; see `hsi_viewer.read_labels`."""
    return _provided[0][1](source, cube)


def read_mask(source: str | Path, cube: HyperCube) -> NDArray[bool_]:
    """The mask of a path on the grid of a cube; see `hsi_viewer.io.regions.region_file`."""
    return _provided[0][2](source, cube)

"""SessionRows: what session files hold, in short; a file is read again only when it changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec.structs import replace

from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.labels.class_ids import count_ids
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.session.storage.cube_reference import CubeReference
from hsi_viewer.session.storage.project_file import read_project_labels
from hsi_viewer.ui.widgets.scene_row import SceneRow

Stamp = tuple[int, int, int]  # a saved session is another file, of another time or size


class SessionRows:
    """Rows of session files, for any worker; the labels of a large scene take seconds to read."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[Stamp, SceneRow, CubeReference]] = {}

    def of(self, paths: list[Path], token: CancelToken) -> list[SceneRow]:
        """A row for each file, in their order; it tells what is wrong with one."""
        rows = []
        for path in paths:
            token.check()
            try:
                rows.append(self._row_of(path))
            except HsiError as error:
                rows.append(SceneRow(path, path.stem, problem=str(error)))
        return rows

    def _row_of(self, path: Path) -> SceneRow:
        stamp = _stamp_of(path)
        known = self._read.get(path)
        if known is None or stamp is None or known[0] != stamp:
            data, ids = read_project_labels(path)
            counts = count_ids(ids)[1:]
            has_map = any(name.startswith("runs/") for name in data.contents)
            labelled, classes = int(counts.sum()), int(np.count_nonzero(counts))
            row = SceneRow(path, data.reference.name, labelled, classes, has_map=has_map)
            known = stamp or (0, 0, 0), row, data.reference
            self._read[path] = known
        _, row, reference = known
        return replace(row, missing="" if reference.found(path.parent) else reference.source)


def _stamp_of(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size

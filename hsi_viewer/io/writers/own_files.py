"""The files that a cube or a label map consists of: what is written must be none of them."""

from __future__ import annotations

from pathlib import Path

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

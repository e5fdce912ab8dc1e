"""Where the files of resources/ are, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path


def resource_path(*parts: str) -> Path:
    """Path of a file below resources/.

    Raises
    ------
    FileNotFoundError
        if the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for root in (package / "resources", package.parent / "resources"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    name = "/".join(parts)
    raise FileNotFoundError(f"resources/{name} is missing: install hsi-viewer again")

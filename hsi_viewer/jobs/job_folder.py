"""The output folder of a job: checked before anything slow, and gone again if nothing came."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.paths import real_path
from hsi_viewer.io.arrays.zarr_store import is_zarr
from hsi_viewer.io.writers.own_files import own_files

# Every name that a job writes; "_2" and ".img.hdr" where other data would lose their header.
WRITTEN = re.compile(
    r"(?:class_map|confidence|probabilities)(?:_2)*\.(?:img|hdr|img\.hdr)"
    r"|class_map(?:_2|\.cog)*\.qml|class_map\.(?:npy|mat|png|pgw|zarr)"
    r"|(?:class_map|confidence)(?:\.cog)?\.tif(?:\.\w+)*"
    r"|model\.(?:json|safetensors)|report\.json",
    re.IGNORECASE,
)


@contextmanager
def output_folder(folder: Path) -> Iterator[None]:
    """Make a folder and see that it can be written; on any error, remove what is empty.

    Raises
    ------
    ExportError
        if it cannot be made or written.
    """
    made: list[Path] = []
    try:
        try:
            if folder.exists() and not folder.is_dir():
                raise ExportError(f"{folder} is a file; name a folder for the results.")
            if os.fsencode(folder).decode(errors="replace") != str(folder):
                raise ExportError(f"{folder}: GDAL needs a name in UTF-8; choose another folder.")
            made = _make(folder)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise _not_writable(folder, error) from error
        yield
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):  # it holds something
                path.rmdir()
        raise


def check_writable(folder: Path) -> None:
    """See that a folder can be written, or made where it isn't there yet; nothing is made.

    Raises
    ------
    ExportError
        if neither is so.
    """
    try:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise _not_writable(folder, error) from error


def _not_writable(folder: Path, error: OSError) -> ExportError:
    return ExportError(
        f"{folder}: the output folder is not writable ({error.strerror or error}); choose another "
        "folder."
    )


def _make(folder: Path) -> list[Path]:
    """Make a folder and its parents; those that were missing, the outermost first."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def check_sources(folder: Path, sources: Sequence[Path]) -> None:
    """Refuse an output folder where the results would replace what the job reads.

    Raises
    ------
    ExportError
        if one of the files of the sources has the name of a result, or the folder is a source.
    """
    target = real_path(folder)
    for source in sources:
        inside = (target, *target.parents) if is_zarr(source) else (target,)
        if source.is_dir() and real_path(source) in inside:
            raise ExportError(
                f"{folder}: the results would be mixed with the data of {source}; choose another "
                "output folder."
            )
        for path in sorted(own_files(source)):
            if path.parent == target and WRITTEN.fullmatch(path.name):
                raise ExportError(
                    f"{folder}: {path.name} is an input of this job and would be replaced by its "
                    "results; choose another output folder."
                )


def check_no_model(folder: Path, model: Path) -> None:
    """Refuse to put a map beside a model, over the map that came with it.

    Raises
    ------
    ExportError
        if the folder holds the model that is applied, or another.
    """
    from hsi_viewer.learning.model_description import pair_of

    own = any(real_path(path).parent == real_path(folder) for path in pair_of(model))
    if own or any(path.exists() for path in pair_of(folder)):
        raise ExportError(
            f"{folder} contains a model and its map, which would be replaced; choose another "
            "output folder, or add --overwrite."
        )


def check_no_results(folder: Path) -> None:
    """Refuse a folder where results would replace those of an earlier run.

    Raises
    ------
    ExportError
        if it holds a file of the name of a result.
    """
    found = _results_in(folder)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise ExportError(
            f"{folder} already holds results ({found[0]}{more}); choose another output folder, or "
            "add --overwrite."
        )


def earlier_maps(folder: Path, written: Sequence[str]) -> list[str]:
    """Names of maps in a folder that an earlier run left there; they belong to other results."""
    own = {*written, "report.json", "model.json", "model.safetensors"}
    return [name for name in _results_in(folder) if name not in own]


def _results_in(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir() if WRITTEN.fullmatch(path.name))
    except OSError:  # which is reported when the folder is made or written
        return []

"""Session files (.hsiproj): one zip of session.json, arrays as .npy, and the files of the runs.

session.json                what `SessionData` holds, and the schema version
labels.npy  truth.npy       class ids, (rows, columns) uint16
decisions.npy               codes of `Decision`, where one was made
region.npy, bands.npy       1 for pixels and bands that are used, where not all are
runs/1/run.json maps.npz model.safetensors model.json evidence.npz
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, field, structs
from numpy.typing import NDArray

from hsi_viewer.atomic import followed, replacing, second_name
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.labels.decisions import DECISIONS
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.io.arrays.numpy_file import ARCHIVE_ERRORS
from hsi_viewer.io.files.archive import copied
from hsi_viewer.session.document.used_region import BANDS, REGION
from hsi_viewer.session.storage.project_members import ProjectMembers, opened_members
from hsi_viewer.session.storage.run_evidence import EVIDENCE
from hsi_viewer.session.storage.session_data import SessionData, session_data_from_json
from hsi_viewer.session.storage.training_runs import MAPS, MEMBERS

SUFFIX = ".hsiproj"
DATA, LABELS, TRUTH = "session.json", "labels.npy", "truth.npy"
DATA_LIMIT = 64 * 2**20
# What the files of a run can need: this much each, per pixel of its map, and per band of its model.
FILE_LIMIT, MAP_BYTES, BAND_BYTES = 32 * 2**20, 16, 16 * 2**10
TEXT_LIMIT, TEXT_BYTES = 4 * 2**20, 256
# Of the disk, after a session file was unpacked; after a small one as much as it takes.
ROOM_LEFT = 256 * 2**20
MOST_NAMED = 20
RUN_MEMBER = re.compile(rf"runs/([1-9][0-9]{{0,8}})/({'|'.join(map(re.escape, MEMBERS))})")


def is_project(source: str) -> bool:
    """Whether a source is named like a session file."""
    return source.lower().endswith(SUFFIX)


def backup_of(path: Path) -> Path:
    """Path of the previous version of a session file."""
    file = followed(path)
    return file.with_name(file.name + ".bak")


def lock_of(path: Path) -> Path:
    """The lock file of a session file, the same one for all links to it."""
    file = followed(path)
    return file.with_name(f".{file.name}.lock")


def write_project(
    path: Path,
    data: SessionData,
    ids: NDArray[np.uint16],
    truth: NDArray[np.uint16] | None,
    runs: Mapping[int, Mapping[str, Path]],
    token: CancelToken | None = None,
    others: Mapping[str, NDArray[np.uint16]] | None = None,
) -> None:
    """Write a session file atomically; the one that stood there becomes NAME.hsiproj.bak.

    Parameters
    ----------
    path : ends in .hsiproj; a link to a session file stays one.
    data : its contents and the relative path of its cube are set here.
    ids, truth : (rows, columns) class ids.
    runs : by number, the files of each run by their name.
    others : the other maps of the document, by name; empty ones are left out.

    Raises
    ------
    ExportError
        if it cannot be written; what stood there is unchanged.
    """
    relative = data.reference.relative_to(path.parent)
    arrays = {LABELS: ids, **({} if truth is None else {TRUTH: truth})}
    arrays |= {f"{name}.npy": each for name, each in (others or {}).items() if each.any()}
    contents = list(arrays)
    contents += [f"runs/{number}/{name}" for number in sorted(runs) for name in runs[number]]
    data = structs.replace(
        data,
        reference=replace(data.reference, relative=relative),
        contents=tuple(contents),
    )
    path = followed(path)
    with replacing(path) as (beside,):
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            file.writestr(DATA, data.to_json())
            for name, array in arrays.items():
                _write_array(file, name, array)
            for number, members in sorted(runs.items()):
                for name, member in members.items():
                    if token is not None:
                        token.check()
                    file.write(member, f"runs/{number}/{name}")
        _keep_backup(path)


def _write_array(file: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    large = 1.05 * array.nbytes > zipfile.ZIP64_LIMIT  # packed, it may be longer
    with file.open(name, "w", force_zip64=large) as member:
        np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def _keep_backup(path: Path) -> None:
    """Give the present file a second name; without such names on the disk, a copy."""
    if not path.exists():
        return
    backup, beside = backup_of(path), path.with_name(f".{path.name}.bak.new")
    beside.unlink(missing_ok=True)
    try:
        second_name(path, beside)
        beside.replace(backup)
    finally:  # where both are names of one file, renaming leaves both
        beside.unlink(missing_ok=True)


# reading ---------------------------------------------------------------------------------------


class ProjectContents(Struct, frozen=True):
    """The readable contents of a session file.

    Attributes
    ----------
    ids, truth : (rows, columns) class ids; labels that are lost are 0 everywhere.
    others : the other maps of the document that are there, by name.
    problems : a sentence for each part that is lost.
    """

    ids: NDArray[np.uint16]
    truth: NDArray[np.uint16] | None
    problems: tuple[str, ...]
    others: Mapping[str, NDArray[np.uint16]] = field(default_factory=dict)


def read_project_data(path: Path) -> SessionData:
    """The description in a session file.

    Raises
    ------
    FileError
        if the file is missing, is not one, is of a newer version, or its description is lost.
    """
    try:
        with opened_members(path) as members:
            return session_data_from_json(members.read(DATA, DATA_LIMIT))
    except FileNotFoundError as error:
        raise FileError(f"{path} does not exist; check the name.") from error
    except FormatError as error:
        raise FormatError(f"{path}: {error}{_backup_hint(path)}") from error
    except ARCHIVE_ERRORS as error:
        raise FormatError(
            f"{path}: it is not a session file, or too damaged to read.{_backup_hint(path)}"
        ) from error


def _backup_hint(path: Path) -> str:
    backup = backup_of(path)
    return f" The previous version is {backup}." if backup.exists() else ""


def read_project_arrays(path: Path, data: SessionData, runs_folder: Path) -> ProjectContents:
    """Labels, ground truth and runs of a session file, as far as they are whole.

    Parameters
    ----------
    path : the session file.
    data : its description.
    runs_folder : where the files of the runs are put.

    Raises
    ------
    FileError
        if the file cannot be opened.
    """
    problems: list[str] = []
    shape = data.reference.shape[:2]
    try:
        with opened_members(path) as members:
            ids = _array(members, LABELS, shape, "the labels", problems)
            found: dict[str, NDArray[np.uint16]] = {}
            for name, (size, what) in _others(shape, data.reference.shape[2]).items():
                if name in members.names or name in data.contents:
                    array = _array(members, name, size, what, problems)
                    found |= {} if array is None else {name: array}
            lost = _extract_runs(members, data, runs_folder)
    except ARCHIVE_ERRORS as error:
        raise FileError(f"{path} could not be read: {error}") from error
    if lost:
        problems.append(f"parts of run {_few(sorted(lost))} are lost")
    if problems:
        problems = [f"{path.name} is damaged: {'; '.join(problems)}.{_backup_hint(path)}"]
    ids = np.zeros(shape, np.uint16) if ids is None else ids
    truth = found.pop(TRUTH, None)
    others = {name.removesuffix(".npy"): array for name, array in found.items()}
    return ProjectContents(ids, truth, tuple(problems), others)


def _others(shape: tuple[int, int], bands: int) -> dict[str, tuple[tuple[int, int], str]]:
    """Size of each array beside the labels, and what it is, by the name of its member."""
    return {
        TRUTH: (shape, "the test pixels"),
        f"{DECISIONS}.npy": (shape, "the skipped places"),
        f"{REGION}.npy": (shape, "the region of interest"),
        f"{BANDS}.npy": ((1, bands), "the chosen bands"),
    }


def read_project_labels(path: Path) -> tuple[SessionData, NDArray[np.uint16]]:
    """The description and the labels (rows, columns) of a session file, without its runs.

    Raises
    ------
    FileError
        if it cannot be read, or its labels are lost.
    """
    data, problems = read_project_data(path), list[str]()
    try:
        with opened_members(path) as members:
            ids = _array(members, LABELS, data.reference.shape[:2], "the labels", problems)
    except ARCHIVE_ERRORS as error:
        raise FileError(f"{path} could not be read: {error}") from error
    if ids is None:
        raise FormatError(f"{path} is damaged: {problems[0]}.{_backup_hint(path)}")
    return data, ids


def _array(
    members: ProjectMembers, name: str, shape: tuple[int, int], what: str, problems: list[str]
) -> NDArray[np.uint16] | None:
    limit = 2 * shape[0] * shape[1] + 4096
    try:
        array = np.lib.format.read_array(
            io.BytesIO(members.read(name, limit)), allow_pickle=False, max_header_size=2048
        )
        if array.shape != shape or array.dtype != np.uint16:
            raise ValueError("its size or type differs from the cube's")
    except ARCHIVE_ERRORS as error:
        problems.append(f"{what} are lost ({error})")
        return None
    return array


def _few(numbers: list[int]) -> str:
    more = len(numbers) - MOST_NAMED
    return ", ".join(map(str, numbers[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")


def _extract_runs(members: ProjectMembers, data: SessionData, folder: Path) -> set[int]:
    """Copy the files of the runs and return the numbers of those that are not whole.

    Raises
    ------
    FileError
        if they are more than the disk has room for; nothing is written then.
    """
    names = [n for n in dict.fromkeys(members.names) if RUN_MEMBER.fullmatch(n)]
    listed = (RUN_MEMBER.fullmatch(n) for n in data.contents if n not in members.sizes)
    lost = {int(found[1]) for found in listed if found}
    limits = {name: _most_bytes(name, data.reference.shape) for name in names}
    _check_room(members, sum(min(members.sizes[n], limits[n]) for n in names), folder)
    for name in names:
        found = RUN_MEMBER.fullmatch(name)
        number = int(found[1]) if found else 0
        if members.sizes[name] > limits[name] or not _extract(members, name, limits[name], folder):
            lost.add(number)
    return lost


def _extract(members: ProjectMembers, name: str, limit: int, folder: Path) -> bool:
    """Copy a file of a run; whether all of it could be."""
    _, number, file_name = name.split("/")
    target = folder / number / file_name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with members.open(name, limit) as source, target.open("wb") as file:
            copied(source, file, limit)
    except ARCHIVE_ERRORS:
        target.unlink(missing_ok=True)
        return False
    return True


def _most_bytes(name: str, shape: tuple[int, int, int]) -> int:
    """Bytes that a file of a run can need for a scene: its map, its answers, its model, a text."""
    rows, columns, bands = shape
    if name.endswith((MAPS, EVIDENCE)):
        return FILE_LIMIT + MAP_BYTES * rows * columns
    if name.endswith(".json"):
        return TEXT_LIMIT + TEXT_BYTES * bands
    return FILE_LIMIT + BAND_BYTES * bands


def _check_room(members: ProjectMembers, size: int, folder: Path) -> None:
    drive = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(drive).free
    if size + min(size, ROOM_LEFT) > free:
        raise FileError(
            f"{members.path}: its runs take {size} bytes when unpacked; {drive} has {free} left. "
            "Free some space and open it again."
        )

"""Session files (.hsiproj): one zip of session.json, arrays as .npy, and the files of the runs.

session.json                what `SessionData` holds, and the schema version
labels.npy  truth.npy       class ids, (rows, columns) uint16
decisions.npy               codes of `Decision`, where one was made
region.npy, bands.npy       1 for pixels and bands that are used, where not all are
runs/1/run.json maps.npz model.safetensors model.json evidence.npz
"""

from __future__ import annotations

import io
import os
import re
import shutil
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.labels.decisions import DECISIONS
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.io.arrays.numpy_file import ARCHIVE_ERRORS
from hsi_viewer.io.files.archive import MOST_ENTRIES, copied, opened_archive
from hsi_viewer.session.document.used_region import BANDS, REGION
from hsi_viewer.session.storage.run_evidence import EVIDENCE
from hsi_viewer.session.storage.session_data import SessionData, session_data_from_json
from hsi_viewer.session.storage.training_runs import MAPS, MEMBERS

SUFFIX = ".hsiproj"
DATA, LABELS, TRUTH = "session.json", "labels.npy", "truth.npy"
DATA_LIMIT = 64 * 2**20
# What the files of a run can need: this much each, per pixel of its map, and per band of its model.
FILE_LIMIT, MAP_BYTES, BAND_BYTES = 32 * 2**20, 16, 16 * 2**10
TEXT_LIMIT, TEXT_BYTES = 4 * 2**20, 256
ROOM_LEFT = 256 * 2**20  # of the disk, after a session file was unpacked
MOST_NAMED = 20
ZIP64 = 0xFFFFFFFF  # in place of a size that is in an extra field
ZIP64_SIZES = struct.Struct("<HHQQ")
LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
RUN_MEMBER = re.compile(rf"runs/([1-9][0-9]{{0,8}})/({'|'.join(map(re.escape, MEMBERS))})")


def is_project(source: str) -> bool:
    """Whether a source is named like a session file."""
    return source.lower().endswith(SUFFIX)


def backup_of(path: Path) -> Path:
    """Path of the previous version of a session file."""
    return path.with_name(path.name + ".bak")


def lock_of(path: Path) -> Path:
    """The lock file of a session file."""
    return path.with_name(f".{path.name}.lock")


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
    path : ends in .hsiproj.
    body : its project and the relative path of its cube are set here.
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
    data = replace(
        data,
        reference=replace(data.reference, relative=relative),
        project="",
        contents=tuple(contents),
    )
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
        try:
            os.link(path, beside)
        except OSError:
            shutil.copy2(path, beside)
        beside.replace(backup)
    finally:  # where both are names of one file, renaming leaves both
        beside.unlink(missing_ok=True)


# reading ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProjectContents:
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
        with _opened(path) as members:
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
    body : its description.
    runs_folder : where the files of the runs are put.

    Raises
    ------
    FileError
        if the file cannot be opened.
    """
    problems: list[str] = []
    shape = data.reference.shape[:2]
    try:
        with _opened(path) as members:
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
        with _opened(path) as members:
            ids = _array(members, LABELS, data.reference.shape[:2], "the labels", problems)
    except ARCHIVE_ERRORS as error:
        raise FileError(f"{path} could not be read: {error}") from error
    if ids is None:
        raise FormatError(f"{path} is damaged: {problems[0]}.{_backup_hint(path)}")
    return data, ids


def _array(
    members: _Members, name: str, shape: tuple[int, int], what: str, problems: list[str]
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


def _extract_runs(members: _Members, data: SessionData, folder: Path) -> set[int]:
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


def _extract(members: _Members, name: str, limit: int, folder: Path) -> bool:
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


def _check_room(members: _Members, size: int, folder: Path) -> None:
    drive = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(drive).free
    if size > free - ROOM_LEFT:
        raise FileError(
            f"{members.path}: its runs take {size} bytes when unpacked; {drive} has {free} left. "
            "Free some space and open it again."
        )


class _Members:
    """The members of a session file, by its list of contents or, where that is lost, without."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[str, _Member] = {}
        self._stack = ExitStack()
        self._zip: zipfile.ZipFile | None = None
        self.names: list[str] = []
        try:
            self._zip = self._stack.enter_context(opened_archive(path))
            self.names = self._zip.namelist()
            self.sizes = {info.filename: info.file_size for info in self._zip.infolist()}
        except zipfile.BadZipFile:
            self._found = _scan(path)
            self.names = list(self._found)
            self.sizes = {name: member.size for name, member in self._found.items()}
            if not self.names:
                raise
        self._twice = {name for name, count in Counter(self.names).items() if count > 1}

    @contextmanager
    def open(self, name: str, limit: int) -> Iterator[IO[bytes]]:
        """A member of at most limit bytes as a file."""
        if name in self._twice:
            raise zipfile.BadZipFile(f"{name} occurs twice")
        if self.sizes.get(name, 0) > limit:
            raise ValueError(f"{name} is too long")
        if self._zip is not None:
            with self._zip.open(name) as file:
                yield file
        else:
            yield io.BytesIO(self._salvage(name))

    def read(self, name: str, limit: int) -> bytes:
        """A member of at most limit bytes; its checksum is compared."""
        data = io.BytesIO()
        with self.open(name, limit) as file:
            copied(file, data, limit)
        return data.getvalue()

    def _salvage(self, name: str) -> bytes:
        """A member whose size was found to be within its limit."""
        member = self._found[name]
        with self.path.open("rb") as file:
            file.seek(member.at)
            raw = file.read(min(member.packed, 2 * member.size + 4096))
        if member.method == zipfile.ZIP_DEFLATED and member.size:
            raw = zlib.decompressobj(-15).decompress(raw, member.size)
        if len(raw) != member.size or zlib.crc32(raw) != member.checksum:
            raise zipfile.BadZipFile(f"{name} is damaged")
        return raw

    def close(self) -> None:
        """Let go of the file."""
        self._stack.close()


@dataclass(frozen=True)
class _Member:
    at: int
    method: int
    packed: int
    size: int
    checksum: int


def _scan(path: Path) -> dict[str, _Member]:
    """Members by their own headers, up to the first one that is not there to its end."""
    found: dict[str, _Member] = {}
    total = path.stat().st_size
    with path.open("rb") as file:
        while len(found) < MOST_ENTRIES:
            raw = file.read(LOCAL_HEADER.size)
            if len(raw) < LOCAL_HEADER.size or raw[:4] != b"PK\x03\x04":
                return found
            header = LOCAL_HEADER.unpack(raw)
            method, (checksum, packed, size, name_length, extra_length) = header[3], header[6:]
            name = file.read(name_length).decode("utf-8", "replace")
            at = file.tell() + extra_length
            if ZIP64 in (packed, size):
                size, packed = _sizes_in(file.read(extra_length)) or (size, packed)
            if packed == ZIP64 or at + packed > total:
                return found
            found[name] = _Member(at, method, packed, size, checksum)
            file.seek(at + packed)
    return found


def _sizes_in(extra: bytes) -> tuple[int, int] | None:
    """Size and packed size of a member beyond 4 GiB, which are first in what follows its name."""
    if len(extra) < ZIP64_SIZES.size:
        return None
    tag, _, size, packed = ZIP64_SIZES.unpack_from(extra)
    return (size, packed) if tag == 1 else None


@contextmanager
def _opened(path: Path) -> Iterator[_Members]:
    members = _Members(path)
    try:
        yield members
    finally:
        with suppress(OSError):
            members.close()

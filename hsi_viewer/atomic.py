"""Files that appear whole or not at all: written beside, flushed, then renamed."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

from hsi_viewer.core.errors import ExportError

# Of a name in the names of temporary files; file systems end at 255.
MAX_BYTES = 200
# What GDAL puts beside a raster: what its format cannot hold, overviews, a mask.
SIDE_SUFFIXES = (".aux.xml", ".ovr", ".msk")


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _failure(target: Path, error: OSError) -> ExportError:
    reason = error.strerror or f"the disk may be full ({error})"
    return ExportError(
        f"{target} could not be written: {reason}. Choose another folder or free some space"
        f"{unchanged(target)}"
    )


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Around all that writing a file takes, what is looked for beside it first and after, too.

    Raises
    ------
    ExportError
        in the place of an OSError, such as that of a drive that has gone away.
    """
    try:
        yield
    except OSError as error:
        raise _failure(target, error) from error


def unchanged(target: Path) -> str:
    """The end of a sentence about a file that could not be written."""
    there = os.path.exists(target)  # noqa: PTH110 - False, too, where it may not be looked for
    return "; the previous file is unchanged." if there else "."


def told_of(target: Path, made: Path, error: ExportError) -> ExportError:
    """An error about what was made elsewhere first, in words of the file that was asked for."""
    text = str(error).replace(str(made), str(target))
    return ExportError(f"{text.removesuffix('.')}{unchanged(target)}")


def sync_folder(folder: Path) -> None:
    """Make renames durable where the system can (not on Windows)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def second_name(path: Path, other: Path) -> None:
    """Give a file another name, too; on drives without such names (FAT), make a copy.

    Raises
    ------
    OSError
        if neither can be made; of a copy, nothing is left then.
    """
    try:
        os.link(path, other)  # takes no room
    except OSError:
        try:
            shutil.copyfile(path, other)
            _sync(other)
            shutil.copystat(path, other)
        except OSError:
            other.unlink(missing_ok=True)
            raise


def followed(path: Path) -> Path:
    """The file that a link leads to, to be written in its place; others as they are."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _temporary(target: Path, mark: str) -> Path:
    return target.with_name(f".{_short(target.stem)}.{mark}{target.suffix}")


def _short(name: str) -> str:
    """A name, or a stand-in for a long one: with a mark and an ending, too, it must be allowed."""
    raw = os.fsencode(name)
    return name if len(raw) <= MAX_BYTES else f"{name[: MAX_BYTES // 8]}~{crc32(raw):08x}"


@contextmanager
def replacing(*targets: Path, named: Path | None = None) -> Iterator[tuple[Path, ...]]:
    """Temporary paths to write to; on success they take the places of the targets together.

    Several targets are one result (an image and its header). They are renamed in the order
    given after all are safely on disk; if a rename fails, those done before are undone, so
    that no half-new pair stays. On any error, cancel included, the old files stay unchanged
    and the temporary files are gone. What a killed process could not clear away is cleared,
    and a half-done exchange of a pair is undone, by the next write to the same target. A file
    keeps its permissions, and one that may not be written is not replaced either. A link gives way:
    what it leads to may be the user's only copy.

    Parameters
    ----------
    targets : final paths, in one folder; name the header last, so that a reader that comes in
        between finds no header of files that are not there yet.
    named : the file that the user knows, for an error; by default the first.

    Raises
    ------
    ExportError
        if the folder cannot be made or written, or the disk is full.
    """
    mark = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    beside = tuple(_temporary(t, mark) for t in targets)
    try:
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, "a folder of this name exists")
            if not target.is_symlink() and target.exists() and not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, "the file is write-protected")
        remove_leftovers(*targets)
        yield beside
        for path, target in zip(beside, targets, strict=True):
            _sync(path)
            _keep_mode(path, target)
        _swap_in(beside, targets, mark)
        _take_sides_along(beside, targets)
    except OSError as error:
        raise _failure(named or targets[0], error) from error
    finally:
        for path in beside:
            for rubbish in (path, side_file(path)):
                with suppress(OSError):
                    rubbish.unlink(missing_ok=True)


def _keep_mode(new: Path, target: Path) -> None:
    """Give a new file the permissions of the one that it replaces, if there is one."""
    with suppress(OSError):  # of drives without any
        if stat.S_ISREG(mode := target.lstat().st_mode):
            new.chmod(stat.S_IMODE(mode))


@contextmanager
def scratch_beside(target: Path) -> Iterator[Path]:
    """A temporary path beside a target, for a step on the way to it; gone when the block ends.

    What a killed process could not clear away is cleared by the next write to the target.
    """
    path = _temporary(target, f"{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        yield path
    finally:
        for rubbish in (path, side_file(path)):
            with suppress(OSError):
                rubbish.unlink(missing_ok=True)


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """A temporary folder to fill; on success it takes the place of the target.

    Raises
    ------
    ExportError
        if it cannot be written; on any error the old folder stays unchanged.
    """
    mark = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    beside = _temporary(target, mark)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target)
        yield beside
        _swap_in((beside,), (target,), mark)
    except OSError as error:
        raise _failure(target, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _take_sides_along(beside: tuple[Path, ...], targets: tuple[Path, ...]) -> None:
    """Put GDAL's files beside the new ones in place; those of the old ones go with them."""
    for new, target in zip(beside, targets, strict=True):
        for suffix in SIDE_SUFFIXES:
            side = target.with_name(target.name + suffix)
            of_new = new.with_name(new.name + suffix)
            if side in targets:
                continue
            with suppress(OSError):  # the file itself is written
                if of_new.exists():
                    of_new.replace(side)
                else:
                    side.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def side_file(path: Path) -> Path:
    """Path of GDAL's side file, for what a raster format itself cannot store."""
    return path.with_name(f"{path.name}.aux.xml")


def with_sides(*paths: Path) -> list[Path]:
    """Files that were written, each with what GDAL has put beside it."""
    beside = (path.with_name(path.name + suffix) for path in paths for suffix in SIDE_SUFFIXES)
    return list(dict.fromkeys([*paths, *(path for path in beside if path.is_file())]))


def remove_leftovers(*targets: Path) -> None:
    """Clear away what killed processes left beside targets, which are one result.

    An exchange that was half done is undone: all of the old is restored, or nothing.
    """
    put_aside: dict[str, list[tuple[Path, Path]]] = {}
    for target in targets:
        pattern = re.compile(rf"\.{re.escape(_short(target.name))}\.((\d+)-[0-9a-f]{{8}})\.old")
        temporary = re.compile(
            rf"\.{re.escape(_short(target.stem))}\.(\d+)-[0-9a-f]{{8}}{re.escape(target.suffix)}"
            r"(?:\.aux\.xml)?"
        )
        for path in list(target.parent.iterdir()):
            old, new = pattern.fullmatch(path.name), temporary.fullmatch(path.name)
            if old and not _runs(int(old[2])):
                put_aside.setdefault(old[1], []).append((path, target))
            elif new and not _runs(int(new[1])):
                _remove(path)
    for pairs in put_aside.values():
        half_done = not all(target.exists() for _, target in pairs)
        for path, target in pairs:
            if half_done:
                _remove(target)
                path.replace(target)
            else:
                _remove(path)


def _runs(pid: int) -> bool:
    """Whether a process of this number exists (on Windows: assumed unless it is this one)."""
    if pid == os.getpid() or os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _swap_in(beside: tuple[Path, ...], targets: tuple[Path, ...], mark: str) -> None:
    """Rename all, or none: what is replaced is kept aside until the last rename is done."""
    if len(targets) == 1 and not beside[0].is_dir():
        beside[0].replace(targets[0])
        sync_folder(targets[0].parent)
        return
    kept: list[tuple[Path, Path]] = []
    placed: list[Path] = []
    try:
        for target in targets:
            if target.exists():
                aside = target.with_name(f".{_short(target.name)}.{mark}.old")
                target.replace(aside)
                kept.append((aside, target))
        for path, target in zip(beside, targets, strict=True):
            path.replace(target)
            placed.append(target)
    except BaseException:
        for target in placed:
            _remove(target)
        for aside, target in kept:
            aside.replace(target)
        raise
    old = [aside for aside, _ in kept]
    try:
        _clear(old)
    except KeyboardInterrupt:  # the new is in place, and a folder of chunks takes its time
        _clear(old)
        raise
    sync_folder(targets[0].parent)


def _clear(paths: list[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            _remove(path)

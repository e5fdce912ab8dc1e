"""Digests of what a map is made of, by which finished work is known again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hsi_viewer.core.errors import FileError

WHOLE = 256 << 20  # bytes of a file that is read whole; of a larger one, some blocks are
BLOCKS, BLOCK = 64, 64 << 10


def digest_of(record: Any) -> str:
    """SHA-256 of JSON values."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def bytes_digest(values: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(values).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a whole file.

    Raises
    ------
    FileError
        if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror or error}.") from error


def input_record(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """What identifies files: name, size and digest; of large ones, of the time and some blocks.

    Of a folder, such as a Zarr store, the files in it count.

    Raises
    ------
    FileError
        if one cannot be read.
    """
    found = []
    for path in sorted(paths):
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        found += [_record_of(file, path.parent) for file in inside]
    return found


def _record_of(path: Path, root: Path) -> dict[str, Any]:
    try:
        stat = path.stat()
        record = {"name": path.relative_to(root).as_posix(), "bytes": stat.st_size}
        if stat.st_size <= WHOLE:
            return {**record, "sha256": file_digest(path)}
        found = hashlib.sha256()
        with path.open("rb") as file:
            for i in range(BLOCKS):
                file.seek((stat.st_size - BLOCK) * i // (BLOCKS - 1), os.SEEK_SET)
                found.update(file.read(BLOCK))
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror or error}.") from error
    return {**record, "modified": stat.st_mtime_ns, "sha256 of blocks": found.hexdigest()}

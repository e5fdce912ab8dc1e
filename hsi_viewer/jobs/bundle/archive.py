"""Reads a bundle: its names, sizes and number of files are checked before anything is unpacked."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.postprocess.map_steps import steps_from
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.core.validation import InvalidError, parsed
from hsi_viewer.io.arrays.numpy_file import ARCHIVE_ERRORS
from hsi_viewer.io.files.archive import copied, opened_archive
from hsi_viewer.jobs.bundle.manifest import MANIFEST, MOST_BYTES, MOST_FILES, Manifest


class _Hasher:
    """A file that is only hashed."""

    def __init__(self, token: CancelToken) -> None:
        self.digest, self.size, self._token = hashlib.sha256(), 0, token

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        self._token.check()
        self.digest.update(piece)
        self.size += len(piece)
        return len(piece)


class Contents(Struct, frozen=True):
    """How the files of a bundle compare with its manifest, by name.

    Attributes
    ----------
    changed, missing, unlisted : files with another checksum, that are not there, that the
        manifest does not list.
    """

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unlisted: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing differs."""
        return not (self.changed or self.missing or self.unlisted)


class Bundle:
    """An open bundle.

    Parameters
    ----------
    path : of the archive.
    archive : opened, with few entries.

    Raises
    ------
    FormatError
        if it is not a bundle.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self._archive = path, archive
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        if len(set(names)) < len(names):
            raise FormatError(f"{path} contains a file twice, so it is not a bundle of ours.")
        if MANIFEST not in names:
            raise FormatError(f"{path} contains no {MANIFEST}, so it is not a bundle of ours.")
        self._names = [name for name in names if name != MANIFEST]
        self.manifest = self._read_manifest()

    def _read_manifest(self) -> Manifest:
        try:
            with self._archive.open(MANIFEST) as file:
                text = file.read(MOST_BYTES)
            manifest = parsed(Manifest, text)
            steps_from(manifest.settings.cleanings)  # refused, if they aren't steps
        except (InvalidError, *ARCHIVE_ERRORS) as error:
            raise FormatError(f"{self.path}: {MANIFEST} is damaged: {error}.") from error
        return manifest

    def compare(self, token: CancelToken, port: ProgressPort) -> Contents:
        """Compute every checksum; nothing is written.

        Raises
        ------
        TaskCancelledError
            if the token was cancelled.
        """
        listed = {file.name: file for file in self.manifest.files}
        changed = []
        for done, (name, file) in enumerate(listed.items()):
            port.report(Progress("Checking the bundle", done / len(listed)))
            if name in self._names and not self._is(name, file.size, file.sha256, token):
                changed.append(name)
        return Contents(
            tuple(changed),
            tuple(name for name in listed if name not in self._names),
            tuple(name for name in self._names if name not in listed),
        )

    def _is(self, name: str, size: int, sha256: str, token: CancelToken) -> bool:
        if self._archive.getinfo(name).file_size != size:
            return False
        hasher = _Hasher(token)
        try:
            with self._archive.open(name) as file:
                copied(file, hasher, size)  # type: ignore[arg-type]  # has what is needed
        except ARCHIVE_ERRORS:  # such as a wrong checksum of the archive's own
            return False
        return hasher.size == size and hasher.digest.hexdigest() == sha256

    def unpack(self, names: tuple[str, ...], folder: Path, most: int) -> None:
        """Unpack some files under their last names.

        Parameters
        ----------
        names : of the files, as the manifest has them.
        folder : where to.
        most : bytes that a file may have.

        Raises
        ------
        FormatError
            if one is larger, or cannot be read.
        """
        for name in names:
            try:
                with self._archive.open(name) as file, (folder / Path(name).name).open("wb") as to:
                    copied(file, to, most)
            except (KeyError, *ARCHIVE_ERRORS) as error:
                raise FormatError(f"{self.path}: {name} cannot be read: {error}.") from error


@contextmanager
def opened_bundle(path: Path) -> Iterator[Bundle]:
    """A bundle, whose files are read while it is open.

    Raises
    ------
    FileError, FormatError
        if it cannot be read, or is not a bundle.
    """
    try:
        with opened_archive(path, MOST_FILES) as archive:
            yield Bundle(path, archive)
    except FileNotFoundError as error:
        raise FileError(f"{path} does not exist; check the name.") from error
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror or error}.") from error
    except zipfile.BadZipFile as error:
        raise FormatError(f"{path} is not a readable bundle: {error}.") from error

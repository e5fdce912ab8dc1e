"""Formats of packages outside: found, kept from breaking others, and reported once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import ParamSpec, TypeVar

from msgspec.structs import replace

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.entry_points import PlugIn, plug_ins
from hsi_viewer.core.errors import FormatError, HsiError
from hsi_viewer.core.text import message
from hsi_viewer.io.files.reading import Reading
from hsi_viewer.io.format import Format, Matches, Reader

GROUP = "hsi_viewer.formats"
P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)


class OtherFormats:
    """Formats that packages offer by the entry-point group, and those that a program registers.

    Parameters
    ----------
    taken : names that no other format may have.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = set(taken)
        self._rows: tuple[Format, ...] = ()
        self._unreported: list[str] = []
        self._installed: tuple[PlugIn, ...] = ()
        self._loaded = False
        self._lock = threading.RLock()

    def rows(self) -> tuple[Format, ...]:
        """All of them, in the order of their names, then as they were registered."""
        with self._lock:
            if not self._loaded:
                self._loaded = True
                self._load()
            return self._rows

    def register(self, row: Format) -> None:
        """Add a format.

        Raises
        ------
        ValueError
            if there is one of its name.
        """
        with self._lock:
            self.rows()
            if row.name in self._taken:
                raise ValueError(f'there is a format "{row.name}" already')
            self._add(row)

    def problems(self) -> tuple[str, ...]:
        """Sentences about formats that could not be used, as far as known; each is given once."""
        with self._lock:
            problems = tuple(self._unreported)
            self._unreported.clear()
            return problems

    def installed(self) -> tuple[PlugIn, ...]:
        """The plug-ins of packages, each with what is wrong with it."""
        with self._lock:
            self.rows()
            return self._installed

    def _load(self) -> None:
        self._installed = tuple(self._taken_up(plug_in) for plug_in in plug_ins(GROUP))
        for plug_in in self._installed:
            if plug_in.problem:
                self._complain(plug_in.problem)

    def _taken_up(self, plug_in: PlugIn) -> PlugIn:
        """The same plug-in, refused if it isn't a format of a name of its own."""
        row = plug_in.value
        if plug_in.problem:
            return plug_in
        if not isinstance(row, Format):
            return plug_in.refused("it isn't a Format")
        if row.name in self._taken:
            return plug_in.refused(f'there is another format of the name "{row.name}"')
        self._add(row)
        return plug_in

    def _add(self, row: Format) -> None:
        self._taken.add(row.name)
        guarded = replace(
            row, matches=self._guarded(row, row.matches), open=_checked(row, row.open),
            overrides=None if row.overrides is None else self._guarded(row, row.overrides),
            labels=None if row.labels is None else _kept_apart(row, row.labels),
            library=None if row.library is None else _kept_apart(row, row.library),
        )  # fmt: skip
        self._rows = (*self._rows, guarded)

    def _guarded(self, row: Format, matches: Matches) -> Matches:
        """The same question; a format that fails at it does not take the file for its own."""

        def ask(path: Path, magic: bytes) -> bool:
            try:
                return bool(matches(path, magic))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - of the code of others
                with self._lock:
                    self._complain(
                        message(
                            f'The plug-in format "{row.name}" failed on {path} '
                            f"({type(error).__name__}: {error}) and was skipped."
                        )
                    )
                return False

        return ask

    def _complain(self, sentence: str) -> None:
        if sentence not in self._unreported:
            _log.warning("%s", sentence)
            self._unreported.append(sentence)


def _kept_apart(row: Format, read: Callable[P, T]) -> Callable[P, T]:
    """A reader whose errors are those of a file that cannot be read, and name the plug-in."""

    def safe(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (HsiError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise FormatError(
                f'{args[0]} could not be read by the plug-in format "{row.name}": '
                f"{type(error).__name__}: {error}. Update or uninstall the plug-in."
            ) from error

    return safe


def _checked(row: Format, read: Reader) -> Reader:
    """The same reader; what it returns is held against what a cube is."""

    def checked(path: Path, reading: Reading) -> HyperCube:
        cube = read(path, reading)
        if not isinstance(cube, HyperCube):
            raise TypeError(f"it returned {type(cube).__name__}, not a cube")
        pixel = cube.read(slice(0, 1), slice(0, 1))
        if pixel.shape != (1, 1, cube.bands):
            raise TypeError(f"a window of one pixel has the shape {pixel.shape}")
        return cube

    return _kept_apart(row, checked)

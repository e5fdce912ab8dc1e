"""The scenes of a batch: named one by one or in a table, each with a folder of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.text import one_line
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.io.files.text_file import cells_of, text_of
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.subset import Subset, subset_cube

COLUMNS = ("path", "region", "name")
SUMMARY = "summary.csv"  # the table of what came of them, beside their folders
_NAMED = {",": "commas", ";": "semicolons", "\t": "tabs"}
MAX_TABLE = 64 << 20  # bytes
MAX_NAME = 100  # characters of a folder's name
REGION = re.compile(r"(?:rows\s*)?(\d{1,10}):(\d{1,10})[\s,;]+(?:columns\s*)?(\d{1,10}):(\d{1,10})")
# Names that Windows keeps for devices.
DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)

Range = tuple[int, int]


class Scene(Struct, frozen=True):
    """One scene of a batch.

    Attributes
    ----------
    source : as of `open_cube`.
    rows, columns : the part that is mapped; None for all.
    name : of its folder, as the user wants it; "" for that of the file.
    flaw : what is wrong with the line of a table that should name it; "" for nothing.
    """

    source: str
    rows: Range | None = None
    columns: Range | None = None
    name: str = ""
    flaw: str = ""

    def opened(self) -> HyperCube:
        """The cube, or its part.

        Raises
        ------
        HsiError
            if it cannot be read, or does not hold the part.
        """
        if self.flaw:
            raise FormatError(self.flaw)
        cube = open_cube(self.source)
        if self.rows is None:
            return cube
        return subset_cube(cube, Subset(self.rows, self.columns))

    @property
    def whole_source(self) -> str:
        """The source by its whole path, for processes that work elsewhere."""
        path, part = split_source(self.source)
        if not path.exists():  # a scene that comes with the application, or is fetched
            return self.source
        return str(path.absolute()) if part is None else f"{path.absolute()}:{part}"

    @property
    def wanted_name(self) -> str:
        """The name for its folder, where no other has it."""
        if self.name:
            return plain_name(self.name)
        path, part = split_source(self.source)
        return plain_name(f"{path.stem or path.name}_{part}" if part else path.stem or path.name)


def read_table(path: Path) -> tuple[list[Scene], list[str]]:
    """The scenes of a CSV table with the columns path, region and name, and what to note of it.

    Only the path is needed. Relative paths start at the folder of the table. A region is written
    "rows A:B, columns C:D", or A:B,C:D. A wrong line is a scene with a flaw: the others can be
    mapped.

    Raises
    ------
    FileError, FormatError
        if the table cannot be read, or names no scene.
    """
    lines = text_of(path, MAX_TABLE).splitlines()
    filled = [number for number, line in enumerate(lines) if line.strip(" ,;\t")]
    if not filled:
        raise FormatError(f"{path} is empty; it needs a line with the column path, and scenes.")
    head = lines[filled[0]]
    delimiter = max((",", ";", "\t"), key=head.count)
    names = [name.lower() for name in cells_of(path, [head], delimiter)[0]]
    for name in COLUMNS:
        if names.count(name) > 1:
            raise FormatError(f"{path}: two columns are called {name}; rename one.")
    if "path" not in names:
        raise FormatError(
            f"{path}: the first line must name the columns, of which one is path; region and name "
            "are the others that are read."
        )
    scenes = [_line(path, number + 1, lines[number], delimiter, names) for number in filled[1:]]
    if not scenes:
        raise FormatError(f"{path} names no scene; add a line for each.")
    unused = [name for name in names if name and name not in COLUMNS]
    notes = [f"{path}: these columns are not used: {', '.join(unused)}."] if unused else []
    return scenes, notes


def _line(table: Path, number: int, line: str, delimiter: str, names: Sequence[str]) -> Scene:
    """The scene of a line, or what is wrong with the line."""
    cells = dict.fromkeys(COLUMNS, "")
    try:
        cells |= _cells(table, line, delimiter, names)
        rows, columns = _part(cells)
    except FormatError as error:
        flaw = f"{table}: line {number}: {str(error).removeprefix(f'{table} ')}"
        name = one_line(cells["name"]) or f"line {number}"
        return Scene(_source(table, cells["path"]), name=name, flaw=flaw)
    return Scene(_source(table, cells["path"]), rows, columns, one_line(cells["name"]))


def _cells(table: Path, line: str, delimiter: str, names: Sequence[str]) -> dict[str, str]:
    """Cells of a line by the name of their column."""
    found = cells_of(table, [line], delimiter)[0]
    if any(found[len(names) :]):
        raise FormatError(
            "it has more cells than the first line; put a path or a region that contains "
            f"{_NAMED[delimiter]} in quotation marks."
        )
    return dict(zip(names, found, strict=False))


def _part(cells: dict[str, str]) -> tuple[Range | None, Range | None]:
    """The region of a line that names a scene."""
    if not cells["path"]:
        raise FormatError("it has no path.")
    return region_of(cells["region"])


def _source(table: Path, text: str) -> str:
    """A path as the table means it."""
    if not text or text.startswith(("sample:", "scene:", "~")) or Path(text).is_absolute():
        return text
    return str(table.parent / text)


def region_of(text: str) -> tuple[Range | None, Range | None]:
    """The rows and columns of a region; None of both for an empty text.

    Raises
    ------
    FormatError
        if it is written otherwise, or is empty.
    """
    if not text.strip():
        return None, None
    found = REGION.fullmatch(text.strip().lower())
    if found is None:
        raise FormatError(
            f'the region "{text}" cannot be read; write rows A:B, columns C:D, from A up to B.'
        )
    a, b, c, d = (int(part) for part in found.groups())
    if a >= b or c >= d:
        raise FormatError(f'the region "{text}" is empty; each range goes from A up to B.')
    return (a, b), (c, d)


def plain_name(text: str) -> str:
    """A text as the name of a folder that every system takes."""
    kept = unicodedata.normalize("NFC", one_line(text))
    kept = re.sub(r'[<>:"/\\|?*]+', "_", kept)[:MAX_NAME].strip(" .")
    return f"{kept}_" if not kept or DEVICES.fullmatch(kept) else kept


def folder_names(scenes: Sequence[Scene], known: Iterable[tuple[Scene, str]] = ()) -> list[str]:
    """A folder for each scene; no two collide, whether or not a system tells cases apart.

    Parameters
    ----------
    scenes : in the order of the batch; the same scene twice has two folders.
    known : scenes of earlier calls and their folders, which they keep.
    """
    kept: dict[Scene, list[str]] = {}
    taken = {_key(SUMMARY)}
    for scene, name in known:
        kept.setdefault(scene, []).append(name)
        taken.add(_key(name))
    names = []
    for scene in scenes:
        if kept.get(scene):
            names.append(kept[scene].pop(0))
            continue
        wanted, number = scene.wanted_name, 2
        name = wanted
        while _key(name) in taken:
            name, number = f"{wanted}_{number}", number + 1
        taken.add(_key(name))
        names.append(name)
    return names


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()

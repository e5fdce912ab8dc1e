"""Checks what a GeoPackage could make SQLite do, before GDAL opens it.

A view is a query, and one that never ends can stand where a table is expected; a virtual table can
open other files. Both are found in the list of what the file holds, which is read without running
any of it.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hsi_viewer.core.errors import FormatError

MAX_SECONDS = 8.0
MAX_OBJECTS = 20_000
STEPS = 10_000  # of SQLite between looks at the clock

_PLAIN = re.compile(r"CREATE\s+(?:TABLE|INDEX|UNIQUE\s+INDEX|TRIGGER)\s", re.IGNORECASE)
_RTREE = re.compile(
    r'CREATE\s+VIRTUAL\s+TABLE\s+(?:"(?:[^"]|"")*"|\S+)\s+USING\s+rtree\s*\(', re.IGNORECASE
)
_OF_GDAL = ("gpkg_", "rtree_", "sqlite_", "nga_", "ogr_")
GENERATED = (2, 3)  # as table_xinfo marks such columns


def queries_in(path: Path) -> frozenset[str]:
    """Names of the views and of the tables with computed columns, which are not to be read.

    Raises
    ------
    FormatError
        if the file is damaged, has one of them where every GeoPackage has a table, or has virtual
        tables.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
            end = time.monotonic() + MAX_SECONDS
            base.set_progress_handler(lambda: time.monotonic() > end, STEPS)
            for pragma in ("trusted_schema = OFF", "ignore_check_constraints = ON"):
                base.execute(f"PRAGMA {pragma}")
            found = _queries(base, path)
            # pages that are listed twice would be rows without end
            damage = base.execute("PRAGMA quick_check(1)").fetchone()[0]
    except (sqlite3.Error, UnicodeError) as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            raise FormatError(
                f"{path} could not be checked within {MAX_SECONDS:g} seconds, so it is not read. "
                "Export the layer that you need to a file of its own, on a fast disk."
            ) from error
        raise FormatError(f"{path} is damaged, or temporarily unreadable: {error}.") from error
    if damage != "ok":
        raise FormatError(f"{path} is damaged: {damage}.")
    return found


@contextmanager
def settled(path: Path) -> Iterator[Path]:
    """The file, or a copy for as long as the block runs, where it has changes that lie beside it.

    SQLite would write them into the file, and remove what lies beside it, at the end of reading.

    Raises
    ------
    FormatError
        if it cannot be copied.
    """
    log = path.with_name(f"{path.name}-wal")
    if path.suffix.lower() != ".gpkg" or not log.is_file() or not log.stat().st_size:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="hsi-regions-") as folder:
        copy = Path(folder, path.name)
        try:
            with (
                closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base,
                closing(sqlite3.connect(copy)) as target,
            ):
                base.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise FormatError(
                f"{path} has changes in {log.name} that cannot be read: {error}. Close it in the "
                "program that changes it."
            ) from error
        yield copy


def _queries(base: sqlite3.Connection, path: Path) -> frozenset[str]:
    rows = base.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL LIMIT ?", (MAX_OBJECTS + 1,)
    ).fetchall()
    if len(rows) > MAX_OBJECTS:
        raise FormatError(f"{path} contains more than {MAX_OBJECTS} tables; no layer is read.")
    found = set()
    for name, sql in rows:
        name, sql = str(name), str(sql)
        if _RTREE.match(sql) and name.lower().startswith("rtree_"):
            continue
        if re.match(r"CREATE\s+VIRTUAL", sql, re.IGNORECASE):
            raise FormatError(
                f'{path}: its table "{name}" is virtual and could open other files. Export the '
                "layer to a new file."
            )
        if not _PLAIN.match(sql) or _is_computed(base, name, sql):
            if name.lower().startswith(_OF_GDAL):
                raise FormatError(
                    f'{path} is not a GeoPackage that can be read safely: its table "{name}" is '
                    "computed by a query. Export the layer to a new file."
                )
            found.add(name)
    return frozenset(found)


def _is_computed(base: sqlite3.Connection, name: str, sql: str) -> bool:
    if not re.match(r"CREATE\s+TABLE", sql, re.IGNORECASE):
        return False
    columns = base.execute("SELECT hidden FROM pragma_table_xinfo(?)", (name,)).fetchall()
    return any(hidden in GENERATED for (hidden,) in columns)

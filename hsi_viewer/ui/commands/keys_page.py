"""The page of keys of the user guide, written from the command table."""

from __future__ import annotations

from itertools import groupby

from hsi_viewer.ui.commands.shortcut_page import MOUSE, OTHER
from hsi_viewer.ui.commands.table import CommandTable

PAGE = "keys.md"
INTRODUCTION = """# Keys

You can start every command with its keys, from its menu, or by name: Ctrl+Shift+P opens a line
to type in. *Help › Keyboard shortcuts* (Ctrl+F1) changes the keys: choose a command and press its
new keys. Keys of another command are reassigned only if you confirm it; *Reset* restores the
default keys.
"""


def keys_page(table: CommandTable) -> str:
    """Markdown with the keys of every command that has some."""
    rows = [(table.path(c.id), c.words.rstrip("…"), table.keys(c.id)) for c in table.commands]
    rows = [row for row in rows if row[2]]
    parts = [INTRODUCTION]
    sections = sorted({section for section, _, _ in rows}, key=[r[0] for r in rows].index)
    order = sorted(rows, key=lambda row: sections.index(row[0]))
    for section, group in groupby(order, key=lambda row: row[0]):
        parts.append(_table(section or OTHER, [(what, keys) for _, what, keys in group]))
    parts.append(_table("Mouse, on the image", list(MOUSE)))
    return "\n".join(parts)


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"## {title}", "", "| what | keys |", "|---|---|"]
    lines += [f"| {what} | {keys.replace('|', chr(92) + '|')} |" for what, keys in rows]
    return "\n".join(lines) + "\n"

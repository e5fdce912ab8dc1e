"""Guide: the pages of the user guide, their sections, and finding words in them.

The guide is a folder of Markdown pages; index.md lists them in order as links.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

INDEX = "index.md"
SNIPPET = 90  # letters
_LINK = re.compile(r"^[-*\d.]+ \[([^\]]+)\]\((\w[\w.-]*\.md)\)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
_MARKS = re.compile(r"^[-:| ]+$|!?\[([^\]]*)\]\([^)]*\)|[*_`#|]+", re.MULTILINE)


def guide_folder() -> Path:
    """Folder of the guide, in a checkout and in an installed wheel.

    Raises
    ------
    FileNotFoundError
        if the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "resources" / "guide", package.parent / "docs" / "guide"):
        if (folder / INDEX).exists():
            return folder
    raise FileNotFoundError("The user guide is missing: reinstall hsi-viewer")


def anchor(heading: str) -> str:
    """The name of a heading in links, as GitHub makes it: "The image" is "the-image"."""
    kept = re.sub(r"[^\w\- ]", "", plain(heading).lower())
    return kept.strip().replace(" ", "-")


def plain(markdown: str) -> str:
    """Markdown without its marks, on one line."""
    return " ".join(_MARKS.sub(r"\1", markdown).split())


class Section(Struct, frozen=True):
    """A heading and the text below it, up to the next one.

    Attributes
    ----------
    page : name of the file.
    heading, text : without marks.
    """

    page: str
    heading: str
    text: str

    @property
    def link(self) -> str:
        """Its link, e.g. "labelling.md#the-brush"."""
        return f"{self.page}#{anchor(self.heading)}"

    def snippet(self, words: list[str]) -> str:
        """Some text around the first of the words."""
        text = self.text
        positions = [p for p in (text.lower().find(w) for w in words) if p >= 0]
        start = max(min(positions, default=0) - SNIPPET // 3, 0)
        cut = text[start : start + SNIPPET].strip()
        return ("…" if start else "") + cut + ("…" if start + SNIPPET < len(text) else "")


class Guide:
    """All pages in the order of the index.

    Parameters
    ----------
    pages : Markdown by file name; the index is one of them.
    """

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = dict(pages)
        self.contents: tuple[tuple[str, str], ...] = tuple(
            (name, title) for title, name in _LINK.findall(self.pages[INDEX]) if name in self.pages
        )
        self.sections = tuple(
            s for name in (INDEX, *(n for n, _ in self.contents)) for s in _sections(name, pages)
        )

    def find(self, text: str) -> list[Section]:
        """Sections that hold every word; those with the words in the heading come first."""
        words = text.lower().split()
        if not words:
            return []
        found = [
            s for s in self.sections if all(w in f"{s.heading} {s.text}".lower() for w in words)
        ]
        return sorted(found, key=lambda s: -sum(w in s.heading.lower() for w in words))

    def about(self, panel: str) -> Section | None:
        """The section that explains a panel of the window, e.g. "The Spectrum panel"."""
        wanted = f"the {panel} panel".lower()
        return next((s for s in self.sections if s.heading.lower() == wanted), None)


def read_guide(folder: Path | None = None, replaced: Mapping[str, str] | None = None) -> Guide:
    """Read the guide.

    Parameters
    ----------
    folder : by default that of the installation.
    replaced : pages that are made while the application runs, by file name.
    """
    folder = folder or guide_folder()
    pages = {p.name: p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.md"))}
    return Guide({**pages, **(replaced or {})})


def _sections(name: str, pages: Mapping[str, str]) -> list[Section]:
    text = pages[name]
    headings = list(_HEADING.finditer(text))
    ends = [h.start() for h in headings[1:]] + [len(text)]
    return [
        Section(name, plain(h.group(1)), plain(text[h.end() : end]))
        for h, end in zip(headings, ends, strict=True)
    ]

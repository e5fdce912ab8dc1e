"""Losses of a damaged journal, counted by the numbers of the remaining records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hsi_viewer.session.storage.journal_records import Contents, Gap, Kind, Record

STROKES = (Kind.STEP, Kind.MOVE)
USUAL = 260  # bytes of a stroke, where none is left to be measured


@dataclass(frozen=True)
class Losses:
    """How much may be missing from a journal.

    Attributes
    ----------
    strokes : undo and redo counted as such.
    others : test pixels set, classes hidden or locked, saves.
    exact : whether these are counted; else they are estimated from the damaged bytes.
    start : whether the labels that everything else builds on are missing.
    """

    strokes: int = 0
    others: int = 0
    exact: bool = True
    start: bool = False

    def words(self) -> str:
        """The losses in one sentence or two, with their figures."""
        about = "" if self.exact else "about "
        verb = "is" if self.strokes == 1 else "are"
        if not self.exact:
            verb = "may be"
        sentence = f"{about}{counted(self.strokes, 'stroke')} {verb} missing"
        if not self.strokes and self.exact:
            sentence = "no stroke is missing"
        if self.others:
            sentence += f", and {counted(self.others, 'other change')}"
        sentence = f"{sentence[0].upper()}{sentence[1:]}."
        if self.start:
            sentence += " The labels from before the first of these strokes are missing, too."
        return sentence


def losses(contents: Contents) -> Losses:
    """Losses of a journal; none if all of it can be read."""
    total = Losses()
    known: set[int] = set()
    for gap in contents.gaps:
        after = _numbered(contents.records, gap.index)
        if after is None:
            total = _sum(total, _estimated(contents, gap))
        elif after not in known:  # two gaps with nothing counted between them are one
            known.add(after)
            total = _sum(total, _counted(contents.records, gap.index, after))
    return total


def _sum(one: Losses, other: Losses) -> Losses:
    return Losses(
        one.strokes + other.strokes,
        one.others + other.others,
        one.exact and other.exact,
        one.start or other.start,
    )


def _numbered(records: Sequence[Record], index: int) -> int | None:
    """The first record from an index on that carries its number."""
    indices = range(index, len(records))
    return next((i for i in indices if _numbers(records[i]) is not None), None)


def _numbers(record: Record) -> tuple[int, int, int] | None:
    """Records, strokes, and whether a STATE is before; None in journals of older versions."""
    n, g, s = (record.facts.get(key, 0) for key in "ngs")
    return (n, g, s) if type(n) is type(g) is type(s) is int and n > 0 else None


def _counted(records: Sequence[Record], index: int, after: int) -> Losses:
    found = _numbers(records[after])
    if found is None or records[after].kind is Kind.STATE:
        return Losses()  # all that counts is behind the gap
    n, g, s = found
    last_n, last_g, last_s = _numbers_after(records[:index])
    start = s > last_s
    if start:
        last_n = last_g = 0
    strokes = g - last_g - (records[after].kind in STROKES)
    others = n - last_n - 1 - strokes - start
    exact = strokes >= 0 and others >= 0
    return Losses(max(strokes, 0), max(others, 0), exact, start)


def _numbers_after(records: Sequence[Record]) -> tuple[int, int, int]:
    """The numbers of the last record; those that older versions wrote are counted."""
    n = g = s = 0
    for record in records:
        found = _numbers(record)
        if found is not None:
            n, g, s = found
        elif record.kind is Kind.STATE:
            n, g, s = 1, 0, 1
        elif record.kind is not Kind.FACTS:
            n, g = n + 1, g + (record.kind in STROKES)
    return n, g, s


def _estimated(contents: Contents, gap: Gap) -> Losses:
    size = gap.end - gap.start
    if gap.cut:
        return Losses(1, exact=False)
    strokes = sum(r.kind in STROKES for r in contents.records)
    mean = (contents.length / strokes) if strokes else USUAL
    return Losses(max(1, round(size / max(mean, 1.0))), exact=False)


def counted(number: int, word: str) -> str:
    """E.g. "1 stroke", "2 strokes"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"

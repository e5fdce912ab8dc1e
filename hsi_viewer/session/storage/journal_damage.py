"""Losses of a damaged journal, counted by the numbers of the remaining records."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hsi_viewer.core.text import counted
from hsi_viewer.session.storage.journal_records import (
    STROKES,
    Contents,
    Gap,
    Kind,
    Record,
    numbers_of,
    tally_after,
)
from hsi_viewer.session.storage.journal_tally import NOTHING, Tally

USUAL = 260  # bytes of a stroke, where none is left to be measured


class Losses(Struct, frozen=True):
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
        if after is None and gap.index == len(contents.records) and contents.promised is not None:
            total = _sum(total, _difference(contents.held, contents.promised))
        elif after is None:
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
    return next((i for i in indices if numbers_of(records[i]) is not None), None)


def _counted(records: Sequence[Record], index: int, after: int) -> Losses:
    record = records[after]
    found = numbers_of(record)
    if found is None or record.kind is Kind.STATE:
        return Losses()  # all that counts is behind the gap
    n, g, s = found
    before = Tally(b"", n - 1, g - (record.kind in STROKES), s)
    return _difference(tally_after(NOTHING, records[:index]), before)


def _difference(held: Tally, wanted: Tally) -> Losses:
    """What is between two tallies of one journal."""
    start = wanted.state > held.state
    if start:
        held = NOTHING
    strokes = wanted.strokes - held.strokes
    others = wanted.records - held.records - strokes - start
    exact = strokes >= 0 and others >= 0
    return Losses(max(strokes, 0), max(others, 0), exact, start)


def _estimated(contents: Contents, gap: Gap) -> Losses:
    size = gap.end - gap.start
    if gap.cut:
        return Losses(1, exact=False)
    strokes = sum(r.kind in STROKES for r in contents.records)
    mean = (contents.length / strokes) if strokes else USUAL
    return Losses(max(1, round(size / max(mean, 1.0))), exact=False)

"""The order of the menus: where each command is, whichever file defines it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from hsi_viewer.ui.commands.table import Command, Placed

LINE = "-"
ARRANGEMENT = "&Arrangement"


class Submenu(Struct, frozen=True):
    """A menu below a menu.

    Attributes
    ----------
    title : with "&" before its access key.
    ids : of its commands; see ORDER.
    """

    title: str
    ids: tuple[str, ...]


# Ids of commands from top to bottom; "tool.*" stands for all that are in no other place. Commands
# that are not named follow at the end of their menu.
ORDER: tuple[str | Submenu, ...] = (
    *("file.open", "file.folder", "file.sample", "session.open", LINE),
    *("file.save", "session.save_as", "file.save_as", "file.recover", "file.discarded", LINE),
    *("file.scenes", "project.open", "project.save", LINE),
    Submenu(
        "E&xport",
        ("file.export", "file.export_layers", "file.figure", "file.report", "file.bundle"),
    ),
    *(LINE, "file.metadata", "file.doctor"),
    *("edit.undo", "edit.redo", "edit.cancel", "edit.history", LINE),
    *("region.copy", "region.paste", "region.delete", LINE),
    *("edit.notes", "edit.palette", "edit.preferences"),
    *("image.preset.*", "image.presets", LINE),
    *("image.single", "image.next", "image.previous", "image.play", LINE, "image.contrast", LINE),
    *("image.pca", "image.mnf", "image.anomalies", "image.derive", "image.keep", "image.remove"),
    Submenu("Vie&w", ("spectra.value", "spectra.continuum", "spectra.first", "spectra.second")),
    *("spectra.class_means", "spectra.map_means", "spectra.selection_mean", LINE),
    *("spectra.library", "spectra.match", "spectra.angle", "spectra.scatter", LINE),
    Submenu("Se&lection", ("select.*",)),
    *(LINE, "file.spectra", "spectra.figure", LINE, "view.pins", "spectra.clear"),
    Submenu("&Tools", ("tool.*", LINE, "brush.smaller", "brush.larger")),
    *("class.add",),
    Submenu(
        "&Classes",
        (
            *("class.rename", "class.up", "class.down", "class.lock", LINE),
            *("class.merge", "region.split", "class.clear", "class.remove", LINE),
            *("legend.palette", "legend.load", "legend.save"),
        ),
    ),
    *(LINE, "labels.guide", "labels.check", LINE),
    *("labels.load", "labels.export", LINE, "labels.draw", "labels.test", LINE),
    *("labels.regions", "labels.separability"),
    *("train.start", "train.live", "train.cancel", LINE, "train.runs", "train.scenes"),
    Submenu("&Region of interest", ("roi.draw", "roi.*", LINE, "roi.invert", "roi.clear")),
    *(LINE, "map.apply", "map.files", LINE, "map.why", "map.clean", "map.doubtful"),
    *("map.polygons", "map.areas", LINE, "map.sample", "map.label_sample", "map.export_sample"),
    *("view.fit", "view.in", "view.out", LINE),
    *("view.map", "view.uncertainty", "view.labels", "view.image", LINE),
    Submenu("U&ncertainty layers", ("doubt.*",)),
    Submenu("Map st&yle", ("view.style.*", LINE, "view.style")),
    *("view.views1", "view.views2", "view.views4", "view.swipe", "view.flicker", LINE),
    *("view.legend", "view.overview", "view.marks", LINE),
    Submenu(
        ARRANGEMENT,
        (
            *("layout.label", "layout.compare", "layout.spectra", "layout.report", LINE),
            *("layout.image", "view.reset", LINE, "layout.save"),
        ),
    ),
    Submenu("&Panels", ("panel.*", LINE, "panel.next", "panel.previous")),
    Submenu("T&heme", ("theme.*",)),
    *("help.guide", "help.tour", "help.keys", LINE, "help.messages", LINE),
    *("help.scene", "help.about"),
)
LAST = (LINE, "file.quit", LINE, "view.clean")  # below what is not named


def arranged(commands: Iterable[Command]) -> list[Placed]:
    """The commands in the order of their menus, with lines and submenus."""
    waiting = {c.id: c for c in commands}
    exact = {i for i, _ in _flat((*ORDER, *LAST)) if "*" not in i}
    first = list(_placed(_flat(ORDER), waiting, exact))
    last = list(_placed(_flat(LAST), waiting, exact))
    return [*first, *map(Placed, waiting.values()), *last]


def command_groups() -> set[str]:
    """What ids of the application's own commands begin with, such as "file"."""
    return {i.partition(".")[0] for i, _ in _flat((*ORDER, *LAST)) if i != LINE}


def _flat(order: Iterable[str | Submenu]) -> Iterator[tuple[str, str]]:
    for entry in order:
        if isinstance(entry, Submenu):
            yield from ((i, entry.title) for i in entry.ids)
        else:
            yield entry, ""


def _placed(
    order: Iterable[tuple[str, str]], waiting: dict[str, Command], exact: set[str]
) -> Iterator[Placed]:
    """Take the commands of an order from those that wait."""
    line = False
    for pattern, submenu in order:
        if pattern == LINE:
            line = True
            continue
        for found in _fitting(waiting, pattern, exact):
            yield Placed(waiting.pop(found), line, submenu)
            line = False


def _fitting(waiting: Mapping[str, Command], pattern: str, exact: set[str]) -> list[str]:
    if "*" in pattern:
        return [i for i in waiting if i not in exact and fnmatchcase(i, pattern)]
    return [pattern] if pattern in waiting else []


def with_access_keys(titles: Iterable[str]) -> list[str]:
    """The titles of a menu with "&" before a letter that starts no other of them.

    A letter that a title asks for is kept where it is free; the others take the first letter of a
    word, else any. What finds no letter has none.
    """
    given = list(titles)
    taken: set[str] = set()
    chosen: dict[int, int] = {}  # place of the letter by number of the title
    for number, title in enumerate(given):
        position = title.find("&")
        if position >= 0 and title[position + 1].lower() not in taken:
            taken.add(title[position + 1].lower())
            chosen[number] = position
    words = [t.replace("&", "") for t in given]
    for number, title in enumerate(words):
        if number not in chosen:
            starts = [p for p in range(len(title)) if p == 0 or title[p - 1] == " "]
            positions = [*starts, *range(len(title))]
            free = (p for p in positions if title[p].isalnum() and title[p].lower() not in taken)
            position = next(free, -1)
            if position >= 0:
                taken.add(title[position].lower())
                chosen[number] = position
    return [f"{t[: chosen[n]]}&{t[chosen[n] :]}" if n in chosen else t for n, t in enumerate(words)]

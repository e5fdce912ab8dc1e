"""Arrangements: which panels are open and where, by name; each has a key."""

from __future__ import annotations

from msgspec import Struct


class Arrangement(Struct, frozen=True):
    """Panels beside and below the image; the others are closed.

    Attributes
    ----------
    key, title, about : its id, name, and what it is for.
    keys, icon : that bring it.
    column : groups of panels at the right from top to bottom, each a group of tabs whose first is
        in front.
    strip : tabs below the image.
    heights : of the groups of the column, in parts of it; () for equal ones.
    strip_share : least share of the window's height that the strip gets; 0: a strip.
    views : number of linked views.
    """

    key: str
    title: str
    about: str
    keys: tuple[str, ...]
    icon: str
    column: tuple[tuple[str, ...], ...]
    strip: tuple[str, ...] = ()
    heights: tuple[int, ...] = ()
    strip_share: float = 0.0
    views: int = 1


LABEL = Arrangement(
    "label",
    "&Label",
    "Paint classes, train, and see spectra in a strip below the image",
    ("F7",),
    "tag-multiple-outline",
    (("classes", "display", "contrast", "layers"), ("training", "accuracy")),
    ("spectrum",),
)
ARRANGEMENTS = (
    LABEL,
    Arrangement(
        "compare",
        "&Compare",
        "Two linked views, their layers, and the runs that made the maps",
        ("F8",),
        "compare",
        (("layers", "display"), ("runs", "accuracy")),
        views=2,
    ),
    Arrangement(
        "spectra",
        "&Spectra",
        "A large plot of spectra, libraries and the scatter plot",
        ("F9",),
        "chart-line",
        (("libraries", "spectral-angle"), ("scatter-plot", "separability")),
        ("spectrum",),
        heights=(38, 62),
        strip_share=0.38,
    ),
    Arrangement(
        "report",
        "&Report",
        "The map with its accuracy, the runs and your notes",
        ("F10",),
        "file-chart-outline",
        (("accuracy",), ("runs", "notes")),
    ),
)

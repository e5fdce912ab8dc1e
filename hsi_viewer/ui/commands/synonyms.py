"""Other words for what commands do, as users of other programs search for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

# Words of one row mean the same; whoever types one finds commands with any of them.
SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("pca", "principal", "components", "pc"),
    ("mnf", "minimum", "noise", "components"),
    ("roi", "region", "regions", "labels", "polygon", "aoi"),
    ("sam", "spectral angle", "similarity", "angle"),
    ("confusion", "accuracy", "matrix", "kappa", "error", "score", "validation"),
    ("color", "colour", "colours", "palette", "legend"),
    ("export", "save", "write", "output"),
    ("import", "load", "open", "read"),
    ("delete", "remove", "clear", "erase", "discard"),
    ("undo", "revert", "back"),
    ("classify", "train", "classification", "run", "predict", "supervised"),
    ("stop", "cancel", "abort", "escape"),
    ("stretch", "contrast", "brightness", "histogram", "enhance"),
    ("rgb", "true colour", "composite", "bands", "picture"),
    ("cir", "infrared", "false colour", "nir"),
    ("ndvi", "index", "indices", "vegetation", "band math", "formula", "calculator"),
    ("roi", "region of interest", "area of interest", "aoi", "crop", "subset", "spatial subset"),
    ("mask", "nodata", "no data", "fill", "background"),
    ("header", "doctor", "repair", "metadata", "wavelengths", "bad bands", "bbl"),
    ("library", "spectral library", "endmember", "signature", "reference"),
    ("spectrum", "spectra", "profile", "z profile", "signature"),
    ("scatter", "feature space", "2d plot", "density"),
    ("zoom", "magnify", "fit", "extent"),
    ("overlay", "map", "layer", "opacity", "transparency"),
    ("uncertainty", "confidence", "probability", "doubt"),
    ("why", "explain", "explanation", "interpretability", "importance", "occlusion"),
    ("screenshot", "image", "figure", "picture", "png", "svg", "view or plot"),
    ("csv", "table", "view or plot", "areas"),
    ("geotiff", "tif", "gis", "qgis", "layers as images", "class map"),
    ("sieve", "clean", "majority", "filter", "smooth", "morphology", "salt and pepper"),
    ("vectorise", "vectorize", "polygons", "shapefile", "geopackage", "objects"),
    ("hectares", "areas", "statistics"),
    ("apply", "transfer", "inference", "model"),
    ("project", "session", "workspace"),
    ("settings", "preferences", "options", "configuration"),
    ("shortcut", "shortcuts", "keys", "keyboard", "hotkeys"),
    ("dark", "theme", "light", "appearance"),
    ("help", "guide", "manual", "documentation"),
    ("ground truth", "reference", "gt", "test pixels", "scoring"),
    ("superpixel", "segment", "segmentation", "slic"),
    ("wand", "magic", "region growing", "flood"),
    ("brush", "paint", "draw", "pencil"),
    ("compare", "swipe", "flicker", "linked views", "side by side"),
    ("model", "runs", "history"),
    ("arrangement", "layout", "workspace", "recipe", "perspective"),
    ("separability", "jeffries", "matusita", "jm"),
)


def alternatives(word: str) -> set[str]:
    """The words that mean the same as one, itself included; beginnings of words count."""
    found = {word}
    for row in SYNONYMS:
        if any(term == word or (len(word) > 2 and term.startswith(word)) for term in row):
            found.update(row)
    return found


def matches(text: str, title: str) -> int:
    """How well a title fits what was typed.

    Returns
    -------
    3 by its own words, 2 by synonyms, 1 where a word with synonyms is only a part of one of its
    words ("sam" of "sample"), 0 not at all.
    """
    words, title = text.casefold().split(), title.casefold()
    whole, own = " ".join(words), all(word in title for word in words)
    if own and (whole not in _TERMS or _has(title, whole)):
        return 3
    if whole in _TERMS and any(_begins(title, t) for t in alternatives(whole) - {whole}):
        return 2
    if own:
        return 1
    each = (any(_begins(title, term) for term in alternatives(word)) for word in words)
    return 2 if all(each) else 0


def _has(title: str, term: str) -> bool:
    return re.search(rf"\b{re.escape(term)}\b", title) is not None


def _begins(title: str, term: str) -> bool:
    """Whether a word of the title begins so: "angle" isn't "rectangle"."""
    return re.search(rf"\b{re.escape(term)}", title) is not None


def nearest(text: str, titles: Iterable[str], count: int = 5) -> list[str]:
    """Titles that are spelled most like what was typed, by their words; for typing errors."""
    words = text.casefold().split()
    titles = list(titles)
    known = {w for t in titles for w in t.casefold().split()} | set(_TERMS)
    better = [next(iter(get_close_matches(word, known, 1, 0.5)), word) for word in words]
    found = [t for t in titles if matches(" ".join(better), t)]
    if not found:
        found = [t for t in titles if any(matches(word, t) for word in better)]
    return found[:count]


_TERMS = frozenset(term for row in SYNONYMS for term in row)

"""Other words for what commands do, as users of other programs search for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

MOST_KEPT = 1024  # words; each key that is typed asks for those of every command, and re keeps 512

# Words of one row mean the same; whoever types one finds commands with any of them, those with
# the first words of the row first.
SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("pca", "principal", "components", "pc"),
    ("mnf", "minimum", "noise", "components"),
    ("roi", "region of interest", "region", "regions", "polygon", "aoi", "labels"),
    ("sam", "spectral angle", "similarity", "angle"),
    (
        "confusion",
        "accuracy",
        "matrix",
        "kappa",
        "error",
        "score",
        "validation",
        "assessment",
        "accuracy assessment",
        "overall accuracy",
        "precision",
        "recall",
        "f1",
        "roc",
    ),
    ("sample size", "probability sample", "olofsson", "reference sample"),
    ("active learning", "suggest", "suggestion", "guide"),
    ("outlier", "outliers", "mislabelled", "label errors", "labels for errors"),
    ("color", "colour", "colours", "palette", "legend"),
    ("export", "save", "write", "output"),
    ("print", "pdf", "document", "report"),
    ("reproduce", "reproducible", "verify", "archive", "zip", "bundle"),
    ("import", "load", "open", "read"),
    ("delete", "remove", "clear", "erase", "discard"),
    ("rubber", "eraser", "erase"),
    ("undo", "revert", "back"),
    ("classify", "train", "classification", "run", "predict", "supervised"),
    ("stop", "cancel", "abort", "escape"),
    ("close", "exit", "quit"),
    ("crash", "autosave", "backup", "recover", "restore"),
    ("batch", "bulk", "many files", "several files", "apply to files", "scenes of a project"),
    (
        "classifier",
        "svm",
        "random forest",
        "neural network",
        "deep learning",
        "epochs",
        "seed",
        "training",
    ),
    ("gpu", "cuda", "device", "preferences"),
    ("text size", "font size", "font", "plugin", "plug-ins", "preferences"),
    ("stretch", "contrast", "brightness", "histogram", "enhance"),
    ("rgb", "true colour", "composite", "bands", "picture"),
    ("cir", "infrared", "false colour", "nir"),
    ("ndvi", "index", "indices", "vegetation", "band math", "formula", "calculator"),
    ("roi", "region of interest", "area of interest", "aoi", "crop", "subset", "spatial subset"),
    ("mask", "nodata", "no data", "fill", "background"),
    ("clouds", "cloud", "shadows", "mask"),
    ("colour blind", "color blind", "reset colours"),
    ("full screen", "fullscreen", "hide all panels"),
    ("test set", "split", "hold out", "test pixels", "ground truth"),
    ("band names", "units", "metadata"),
    ("header", "doctor", "repair", "metadata", "wavelengths", "bad bands", "bbl"),
    ("library", "spectral library", "endmember", "signature", "reference"),
    ("spectrum", "spectra", "profile", "z profile", "signature"),
    ("scatter", "feature space", "2d plot", "density"),
    ("unmixing", "abundance", "endmember", "spectral angle", "library"),
    ("anomaly", "anomalies", "target", "rx"),
    ("clustering", "kmeans", "k-means", "unsupervised", "isodata", "superpixels", "anomalies"),
    ("savgol", "savitzky", "smoothing", "derivative", "1st", "2nd"),
    ("zoom", "magnify", "fit", "extent", "home", "whole scene"),
    ("pan", "hand", "move", "navigate"),
    ("compass", "north arrow", "scale bar", "measure", "distance"),
    ("georeference", "projection", "crs", "epsg", "coordinates", "about this scene", "metadata"),
    ("opacity", "transparency", "overlay", "layers", "layer", "map style", "class map"),
    ("hide map", "show map", "class map", "image only"),
    ("uncertainty", "confidence", "probability", "doubt"),
    ("why", "explain", "explanation", "interpretability", "importance", "occlusion"),
    ("screenshot", "image", "figure", "picture", "png", "svg", "view or plot"),
    ("csv", "excel", "spreadsheet", "table", "areas", "save the spectra", "view or plot"),
    ("geotiff", "tif", "gis", "qgis", "layers as images", "class map"),
    ("sieve", "clean", "majority", "filter", "smooth", "morphology", "salt and pepper"),
    ("vectorise", "vectorize", "vector", "polygons", "shapefile", "geopackage", "objects"),
    (
        "kml",
        "kmz",
        "geojson",
        "gpkg",
        "shp",
        "shapefile",
        "geopackage",
        "polygons",
        "as regions",
        "or regions",
        "region of interest from a file",
    ),
    ("hectares", "areas", "statistics"),
    ("apply", "transfer", "inference", "model"),
    ("project", "session", "workspace"),
    ("settings", "preferences", "options", "configuration"),
    ("shortcut", "shortcuts", "keys", "keyboard", "hotkeys"),
    ("dark", "dark mode", "night", "theme", "light", "appearance"),
    ("help", "user guide", "manual", "documentation", "guide"),
    ("tutorial", "tour", "getting started", "show me around", "user guide"),
    ("version", "citation", "cite", "licence", "license", "credits", "about hsi viewer"),
    ("search", "find"),
    ("ground truth", "reference", "gt", "test pixels", "scoring"),
    ("superpixel", "segment", "segmentation", "slic"),
    ("wand", "magic", "region growing", "flood"),
    ("brush", "paint", "draw", "pencil"),
    ("compare", "swipe", "flicker", "linked views", "side by side"),
    ("change detection", "difference", "compare", "swipe", "flicker"),
    ("model", "runs", "history"),
    ("arrangement", "layout", "workspace", "recipe", "perspective"),
    ("separability", "jeffries", "matusita", "jm"),
)


@lru_cache(MOST_KEPT)
def alternatives(word: str) -> frozenset[str]:
    """The words that mean the same as one, itself included; beginnings of words count."""
    found = {word}
    for row in SYNONYMS:
        if any(term == word or (len(word) > 2 and term.startswith(word)) for term in row):
            found.update(row)
    return frozenset(found)


def matches(text: str, title: str) -> int:
    """How well a title fits what was typed.

    Returns
    -------
    3 by its own words, 2 by synonyms, 1 where a word with synonyms is only a part of one of its
    words ("sam" of "sample"), 0 not at all.
    """
    words, title = text.casefold().split(), title.casefold()
    whole, own = " ".join(words), all(word in title for word in words)
    name = _name(title)
    if own and (whole not in _TERMS or _has(title, whole)):
        return 3
    if whole in _TERMS and any(_begins(name, t) for t in alternatives(whole) - {whole}):
        return 2
    if own:
        return 1
    each = (any(_begins(name, term) for term in alternatives(word)) for word in words)
    return 2 if all(each) else 0


def place(text: str, title: str) -> int:
    """How near the nearest synonym of what was typed is to a title, by its place in its rows.

    A title of that word alone is nearer than others; 0 if no word of a row was typed.
    """
    whole, name = " ".join(text.casefold().split()), _name(title.casefold())
    rows = (row for row in SYNONYMS if whole in row)
    near = (
        2 * n + (name != term) for row in rows for n, term in enumerate(row) if _begins(name, term)
    )
    return min(near, default=0)


def _name(title: str) -> str:
    """The words of a command, without its menus: "labels" doesn't mean all of the menu Labels."""
    return title.rpartition(" › ")[2]


def _has(title: str, term: str) -> bool:
    return re.search(rf"\b{re.escape(term)}\b", title) is not None


def _begins(title: str, term: str) -> bool:
    """Whether a word of the title begins so: "angle" isn't "rectangle"."""
    return _beginning(term).search(title) is not None


@lru_cache(MOST_KEPT)
def _beginning(term: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(term)}")


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

"""Session files of older versions brought to the present one, one step per version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hsi_viewer.core.errors import FormatError

SCHEMA = 3
VIEW = ("bands", "percent", "zoom", "pins")

Fields = dict[str, Any]


def _to_2(fields: Fields) -> Fields:
    """Version 1 had no runs, no notes and one kind of contrast; its view was a separate entry."""
    rest = {k: v for k, v in fields.items() if k not in VIEW}
    view = {k: fields[k] for k in VIEW if k in fields}
    if "percent" in view:
        view["contrast"] = {"kind": "percentile", "percent": view.pop("percent")}
    return {**rest, "view": view, "runs": [], "shown_run": None, "notes": "", "features": {}}


# Version 2 called what the features of the window keep by the names of their classes.
KEYS = {
    "RecoveryFeature": "recovery",
    "HistoryFeature": "history",
    "RegionFeature": "regions",
    "ClassFeature": "classes",
    "LabelCheckFeature": "label-check",
    "RunsFeature": "runs",
    "NotesFeature": "notes",
    "HelpFeature": "help",
    "PreferencesFeature": "preferences",
    "MessagesFeature": "messages",
    "TourFeature": "tour",
    "PictureFeature": "picture",
    "DerivedFeature": "derived",
    "SpectraFeature": "spectra",
    "LibraryFeature": "libraries",
    "AngleFeature": "spectral-angle",
    "ScatterFeature": "scatter",
    "SelectionFeature": "selection",
    "OverviewsFeature": "overviews",
    "LayersFeature": "layers",
    "LinkedViewsFeature": "linked-views",
    "MapPlaceFeature": "map-overlay",
    "FigureFeature": "figures",
}


def _to_3(fields: Fields) -> Fields:
    features = fields.get("features")
    if not isinstance(features, dict):
        return fields
    return {**fields, "features": {KEYS.get(name, name): v for name, v in features.items()}}


MIGRATIONS: dict[int, Callable[[Fields], Fields]] = {1: _to_2, 2: _to_3}


def migrated(fields: Fields) -> Fields:
    """The fields of session.json as this version writes them.

    Raises
    ------
    FormatError
        if its version is newer, or no version.
    """
    schema = fields.get("schema")
    if type(schema) is not int or schema < 1:
        raise FormatError("its session format version is missing.")
    if schema > SCHEMA:
        raise FormatError(
            f"it was saved by a newer HSI Viewer (session files of version {schema}; this one "
            f"reads up to {SCHEMA}). Update HSI Viewer to open it; the file is unchanged."
        )
    while schema < SCHEMA:
        fields = MIGRATIONS[schema](fields)
        schema += 1
    return {**fields, "schema": SCHEMA}

"""SessionData: everything of a session but its arrays, as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from hsi_viewer import __version__
from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.validation import InvalidError, json_values, or_else
from hsi_viewer.session.storage.class_json import classes_from_json, classes_to_json
from hsi_viewer.session.storage.cube_reference import CubeReference, reference_from_json
from hsi_viewer.session.storage.migrations import SCHEMA, migrated

FORMAT = "hsi-viewer session"


class SessionData(Struct, frozen=True):
    """A session without its arrays.

    Attributes
    ----------
    reference : the cube.
    classes : the legend.
    notes : of the user.
    view : what is on the screen, as JSON values.
    features : what the abilities of the window keep, by name, as JSON values.
    shown_run : number of the run whose map is shown, or None.
    contents : names of the other members of a session file.
    """

    reference: CubeReference
    classes: tuple[LabelClass, ...] = ()
    notes: str = ""
    view: Mapping[str, Any] = field(default_factory=dict)
    features: Mapping[str, Any] = field(default_factory=dict)
    shown_run: int | None = None
    contents: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The text of session.json."""
        values = {
            "format": FORMAT,
            "schema": SCHEMA,
            "application": __version__,
            "saved": datetime.now(UTC).isoformat(timespec="seconds"),
            "cube": asdict(self.reference),
            "classes": classes_to_json(self.classes),
            "notes": self.notes,
            "view": dict(self.view),
            "features": dict(self.features),
            "shown_run": self.shown_run,
            "contents": self.contents,
        }
        return json.dumps(values, indent=1)


def session_data_from_json(text: str | bytes) -> SessionData:
    """The data of a session that this version or an older one has written.

    Raises
    ------
    FormatError
        if it is not one, or of a newer version.
    """
    try:
        values = json_values(text)
    except InvalidError as error:
        raise FormatError(f"its description is damaged ({error}).") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise FormatError("it is not an HSI Viewer session.")
    values = migrated(values)
    reference = reference_from_json(values.get("cube"))
    classes = classes_from_json(values.get("classes", []))
    # The labels are worth more than notes and the view, so none of these refuses a session.
    return SessionData(
        reference,
        classes,
        notes=or_else(str, values.get("notes"), ""),
        view=or_else(dict[str, Any], values.get("view"), {}),
        features=or_else(dict[str, Any], values.get("features"), {}),
        shown_run=or_else(int, values.get("shown_run"), None),
        contents=or_else(tuple[str, ...], values.get("contents"), ()),
    )


def write_session_data(path: Path, data: SessionData) -> None:
    """Write session.json into a session folder, atomically.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    with replacing(path) as (beside,):
        beside.write_text(data.to_json(), encoding="utf-8")

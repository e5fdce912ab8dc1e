"""Class names and colours of an ENVI classification header."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hsi_viewer.io.envi import header as envi_header


def class_names(fields: Mapping[str, str]) -> dict[int, str]:
    """Names by class id; the first name of the list belongs to 0."""
    try:
        count = int(fields.get("classes", 0))
    except ValueError:
        count = 0
    names = envi_header.items(fields.get("class names", ""), count)
    return {i: name for i, name in enumerate(names) if i > 0 and name}


def class_colours(fields: Mapping[str, str]) -> dict[int, tuple[int, int, int]]:
    """Colours by class id, of the flat list that begins with the colour of 0."""
    try:
        flat = envi_header.numbers(fields.get("class lookup", "{}"))
    except ValueError:
        return {}
    whole = np.clip(np.nan_to_num(flat[: flat.size // 3 * 3]), 0, 255).astype(int).reshape(-1, 3)
    return {i: (int(r), int(g), int(b)) for i, (r, g, b) in enumerate(whole) if i > 0}

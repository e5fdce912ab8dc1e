"""The schemas of docs/schemas, which what is printed must fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).resolve().parents[3] / "docs" / "schemas"


def schema(name: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))


def fitting(text: str, name: str) -> dict[str, Any]:
    """What a text holds, which must be one JSON object that fits a schema."""
    record = json.loads(text)
    problems = [
        f"{e.json_path}: {e.message}"
        for e in Draft202012Validator(schema(name)).iter_errors(record)
    ]
    assert not problems
    return record

"""What is logged is text: a record that holds an error holds its frames, cubes and windows too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import hsi_viewer

LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
SOURCES = [
    path
    for path in Path(hsi_viewer.__file__).parent.rglob("*.py")
    if "getLogger(__name__)" in path.read_text(encoding="utf-8")
]


def errors_logged(code: str) -> Iterator[int]:
    """Lines on which a caught error itself is handed to a logger."""
    for handler in ast.walk(ast.parse(code)):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None:
            continue
        for call in ast.walk(handler):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                names = [each.id for each in call.args if isinstance(each, ast.Name)]
                if call.func.attr in LEVELS and handler.name in names:
                    yield call.lineno


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_record_holds_an_error(path):
    assert list(errors_logged(path.read_text(encoding="utf-8"))) == []


def test_what_is_looked_for():
    code = "try:\n    f()\nexcept OSError as error:\n    log.warning('%s', error)\n"
    assert list(errors_logged(code)) == [4]
    assert list(errors_logged(code.replace(", error", ", str(error)"))) == []

"""Texts, docstrings and documents are free of the slips that tests/phrases.txt lists."""

import ast
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PHRASES = ROOT / "tests" / "phrases.txt"


def phrases() -> list[tuple[re.Pattern[str], str]]:
    lines = [line for line in PHRASES.read_text(encoding="utf-8").splitlines() if line.strip()]
    pairs = [line.split("  =  ") for line in lines if not line.startswith("#")]
    return [(re.compile(pattern, re.IGNORECASE), better) for pattern, better in pairs]


PATTERNS = phrases()


def slips(text: str) -> list[str]:
    """Each slip in a text, with what to write."""
    flat = " ".join(text.split())
    return [
        f"“{found[0]}”: {better}"
        for pattern, better in PATTERNS
        for found in pattern.finditer(flat)
    ]


def texts_of(path: Path) -> list[tuple[int, str]]:
    """Line and text of each string that people read: all with a space in them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found, parts = [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts.update(id(value) for value in node.values)
            text = "".join(v.value if isinstance(v, ast.Constant) else "X" for v in node.values)
            found.append((node.lineno, text))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [(node.lineno, node.value)] * (id(node) not in parts)
    return [(line, text) for line, text in found if " " in text]


def paragraphs_of(path: Path) -> list[tuple[int, str]]:
    """Line and text of each paragraph of a document."""
    text = path.read_text(encoding="utf-8")
    starts = [0, *(m.end() for m in re.finditer(r"\n\s*\n", text)), len(text)]
    return [(text.count("\n", 0, a) + 1, text[a:b]) for a, b in pairwise(starts)]


def found_in(paths: list[Path], texts: Callable[[Path], list[tuple[int, str]]]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: {slip}"
        for path in paths
        for line, text in texts(path)
        for slip in slips(text)
    ]


def test_the_application_speaks_plain_english():
    sources = sorted((ROOT / "hsi_viewer").rglob("*.py"))
    assert len(sources) > 200
    found = found_in(sources, texts_of)
    assert not found, "\n".join(found)


def test_the_documents_are_plain_english():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("benchmarks/*.md")]
    documents.remove(ROOT / "docs" / "vocabulary.md")  # it lists words that are not used
    assert len(documents) > 20
    found = found_in(sorted(documents), paragraphs_of)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "a.npy is no cube that can be read",
        "The values are no\nclass ids",
        "A journal is written anew",
        "Only pixels that hang together with the click",
        "Left out, for it does not fit the cube",
        "which one is better cannot be told",
        "Take the layer away",
        "Each gesture is listed here",
        "regardless of size, whatever tool is active",
        "As the preset",
        "The last bands are taken for wavelengths",
        "Ten labels a class",
    ],
)
def test_a_slip_is_found(text):
    assert slips(text)


@pytest.mark.parametrize(
    "text",
    [
        "There is no class map yet: train first.",
        "What is no data becomes NaN",
        "The drive is no longer there",
        "classes that cannot be told apart",
        "Pixels per class",
    ],
)
def test_plain_english_is_left_alone(text):
    assert not slips(text)

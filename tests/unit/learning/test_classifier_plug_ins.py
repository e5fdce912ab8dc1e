"""Classifiers of packages outside stand in the table, or are refused by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hsi_viewer.core.errors import SettingError
from hsi_viewer.learning.classifiers import classifier, classifiers, installed, problems, registry
from tests.plug_in_packages import make_package

ROW = "from hsi_viewer.plugins import Classifier\nrow = Classifier('{name}', 'Made', None, None)"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    registry._table.cache_clear()
    yield tmp_path
    registry._table.cache_clear()


def install(site: Path, module: str, code: str) -> None:
    make_package(site, module, code, {registry.GROUP: {module.replace("_", "-"): "row"}})


def test_a_row_of_a_package_comes_after_our_own(site):
    install(site, "row_good", ROW.format(name="made"))
    assert [row.name for row in classifiers()][-1] == "made"
    assert classifier("made").title == "Made"
    assert problems() == ()
    assert [(p.name, p.problem) for p in installed()] == [("row-good", "")]


@pytest.mark.parametrize(
    ("module", "code", "said"),
    [
        ("row_text", "row = 'text'", "The plug-in row-text of row_text was left out: it isn't a"),
        ("row_taken", ROW.format(name="svm"), 'there is another classifier of the name "svm"'),
        ("row_failing", "raise OSError('no disk')", "could not be loaded: OSError: no disk"),
    ],
)
def test_one_that_cannot_be_used_is_a_sentence(site, module, code, said):
    install(site, module, code)
    assert classifiers() == registry.BUILT_IN
    (problem,) = problems()
    assert said in problem
    with pytest.raises(SettingError, match="no classifier 'none-such'") as caught:
        classifier("none-such")
    assert problem in str(caught.value)

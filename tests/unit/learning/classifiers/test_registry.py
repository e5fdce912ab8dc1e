"""The table of classifiers: rows, names, plug-ins, and models that name theirs."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import hsi_viewer
from hsi_viewer.core.classifier import SETTINGS, Classifier
from hsi_viewer.core.errors import FormatError, SettingError, TrainingError
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.classifiers import (
    classifier,
    classifiers,
    load_model,
    problems,
    registry,
)
from hsi_viewer.learning.trainer import fit as fit_network
from tests.unit.learning.made import SMALL, made_scene


def test_ours_come_first_and_need_nothing_slow():
    assert [row.name for row in classifiers()][:4] == ["sdhsi", "lda", "svm", "hybridsn-sd"]
    code = (
        "import sys; from hsi_viewer.learning.classifiers import classifiers; classifiers();"
        "print(sorted({'torch', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert result.stdout.strip() == "[]"


def test_a_classifier_that_says_nothing_of_it_begins_from_the_start_each_time():
    row = Classifier("a", "A", lambda *_: None, lambda _: None)
    assert row.options(object()) == {}
    model = object()
    warm = Classifier("a", "A", lambda *_: None, lambda _: None, warm_start=True)
    assert warm.options(model) == {"warm_start": model}


def test_settings_are_fields_of_the_config():
    for row in classifiers():
        assert set(row.settings) <= set(SETTINGS)
    assert all(hasattr(TrainingConfig(), name) for name in SETTINGS)


def test_an_unknown_name_is_reported_the_nearest():
    with pytest.raises(SettingError, match=r"'smv' \(did you mean 'svm'\?\); choose one of sdhsi,"):
        classifier("smv")
    with pytest.raises(SettingError, match="'zzzzzz'; choose one of"):
        hsi_viewer.fit(None, None, classifier="zzzzzz")


def test_what_is_no_name_and_no_config_is_refused_with_a_sentence():
    cube, labels = np.eye(3)[:, :, None], np.eye(3)
    for name in (None, 3, ["svm"]):
        with pytest.raises(SettingError, match="There is no classifier"):
            hsi_viewer.fit(cube, labels, classifier=name)
    with pytest.raises(SettingError, match=r"must be a TrainingConfig, .* not dict"):
        hsi_viewer.fit(cube, labels, {"preset": "best"})


def test_fit_at_the_top_level_takes_the_name():
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 5)
    model = hsi_viewer.fit(cube, training, classifier="lda")
    assert model.name == "lda"
    assert (model.predict(cube).class_map == truth).mean() > 0.95


@pytest.fixture
def network(tmp_path):
    """The files of a small network, and the description."""
    cube, truth = made_scene(20, 18, 8)
    model = fit_network(cube, draw_per_class(truth, 3)[0], recipe=SMALL)
    _, path = model.save(tmp_path / "m")
    return tmp_path / "m", path, model.predict(cube), cube


def test_a_model_of_before_there_were_classifiers_is_a_network(network):
    folder, path, wanted, cube = network
    written = json.loads(path.read_text("utf-8"))
    assert written.pop("classifier") == "sdhsi"
    path.write_text(json.dumps(written), "utf-8")
    model = load_model(folder)
    assert model.name == "sdhsi"
    np.testing.assert_array_equal(model.predict(cube).class_map, wanted.class_map)


def test_a_model_of_a_classifier_that_is_not_installed(network):
    folder, path, *_ = network
    written = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**written, "classifier": "forest"}), "utf-8")
    with pytest.raises(FormatError, match="'forest', which isn't installed"):
        load_model(folder)


PLUG_IN = """
from hsi_viewer.core.classifier import Classifier

def fit(*arguments, **options):
    raise SystemExit(3)

def seven(*arguments, **options):
    return 7

row = Classifier("nearest-mean", "Nearest mean", fit, seven)
taken = Classifier("svm", "Another machine", fit, fit)
number = 7
"""

BROKEN = """
class NoDiskError(BaseException):
    pass

raise NoDiskError("no disk")
"""

ENTRY_POINTS = """
[hsi_viewer.classifiers]
a-mean = some_plug_in:row
b-taken = some_plug_in:taken
c-number = some_plug_in:number
d-missing = some_plug_in:nothing
e-broken = broken_plug_in:row
"""


@pytest.fixture
def plug_ins(tmp_path, monkeypatch):
    """An installed package that brings one classifier, and four that cannot be used."""
    (tmp_path / "some_plug_in.py").write_text(PLUG_IN)
    (tmp_path / "broken_plug_in.py").write_text(BROKEN)
    info = tmp_path / "some_plug_in-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-plug-in\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    registry._table.cache_clear()
    yield
    registry._table.cache_clear()
    for name in ("some_plug_in", "broken_plug_in"):
        sys.modules.pop(name, None)


def test_installed_packages_add_classifiers_and_broken_ones_are_sentences(plug_ins):
    names = [row.name for row in classifiers()]
    assert names == [*(row.name for row in registry.BUILT_IN), "nearest-mean"]
    assert isinstance(classifier("nearest-mean"), Classifier)
    assert classifier("svm").title == "Support vector machine"
    sentences = problems()
    assert len(sentences) == 4
    assert [p.name for p in registry.installed()] == [
        "a-mean", "b-taken", "c-number", "d-missing", "e-broken"
    ]  # fmt: skip
    for text, name in zip(sentences, ("b-taken", "c-number", "d-missing", "e-broken"), strict=True):
        assert text.startswith(f"The plug-in {name} of some-plug-in ")
    assert 'another classifier of the name "svm"' in sentences[0]
    assert "isn't a Classifier" in sentences[1]
    assert "AttributeError" in sentences[2]
    assert "NoDiskError: no disk" in sentences[3]
    with pytest.raises(TrainingError, match='classifier "nearest-mean" failed: SystemExit: 3'):
        hsi_viewer.fit(np.eye(3)[:, :, None], np.diag([1, 2, 0]), classifier="nearest-mean")
    with pytest.raises(TrainingError, match="gave int, not a model: it has no predict, save,"):
        classifier("nearest-mean").load("folder")
    with pytest.raises(SettingError, match="no classifier 'none-such'") as caught:
        classifier("none-such")
    assert all(text in str(caught.value) for text in sentences)

"""Figures as commands print them: units, digits, and what is undefined."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hsi_viewer.cli.commands import assess, check_labels, info, suggest, train, verify
from hsi_viewer.cli.commands.areas import estimate_lines, lines_of
from hsi_viewer.cli.commands.classify import training_config
from hsi_viewer.cli.jobs import accuracy_text, config_of
from hsi_viewer.cli.output import print_json
from hsi_viewer.cli.parser import UsageError
from hsi_viewer.cli.program import main, parsed
from hsi_viewer.core.assessment.intervals import Interval
from hsi_viewer.jobs.bundle.archive import Contents
from hsi_viewer.jobs.bundle.verify import Verified

NAN = float("nan")


def row(name: str, pixels: int, share: float, area: float | None) -> dict[str, Any]:
    return {"name": name, "pixels": pixels, "share": share, "area_m2": area}


CLASSES = [row("oak", 750, 0.75, 67500.0), row("fir tree", 250, 0.25, 22500.0)]


def test_areas_are_printed_in_the_unit_that_is_wanted_or_suits():
    record = {"classes": CLASSES, "pixels": 1000, "area_m2": 90000.0}
    lines = lines_of(record)
    assert [line.split() for line in lines] == [
        ["oak", "750", "pixels", "75.00", "%", "6.7500", "ha"],
        ["fir", "tree", "250", "pixels", "25.00", "%", "2.2500", "ha"],
        ["All", "classes", "1000", "pixels", "100.00", "%", "9.0000", "ha"],
    ]
    assert len({line.index("pixels") for line in lines}) == 1
    assert lines_of(record, "m²")[0].endswith(" 67500.0000 m²")
    assert lines_of(record, "km²")[2].endswith(" 0.0900 km²")
    assert lines_of(record, "acres")[2].endswith(" 22.2395 acres")


def test_without_a_place_areas_are_pixels_and_nothing_has_no_share():
    rows = [row("oak", 3, 1.0, None)]
    assert all(line.endswith("100.00 %") for line in lines_of(
        {"classes": rows, "pixels": 3, "area_m2": None}, "ha"))  # fmt: skip
    one, whole = lines_of({"classes": [row("oak", 1, 1.0, None)], "pixels": 1, "area_m2": None})
    assert one.split() == ["oak", "1", "pixel", "100.00", "%"]
    assert len(one) == len(whole)
    (line,) = lines_of({"classes": [], "pixels": 0, "area_m2": None})
    assert line.split() == ["All", "classes", "0", "pixels", "0.00", "%"]


def estimate(value: float | None, low: float = 0.0, high: float = 0.0) -> dict[str, Any]:
    return {"value": value, "interval": [low, high]}


def estimated(unit: str) -> dict[str, Any]:
    return {
        "points": 200, "method": "Stratified.", "area_unit": unit,
        "overall": estimate(0.8712, 0.8124, 0.9146),
        "classes": [
            {"name": "oak", "area": estimate(51000.0, 40000.0, 62000.0),
             "users": estimate(0.9), "producers": estimate(None)},
            {"name": "fir tree", "area": estimate(39000.0, 28000.0, 50000.0),
             "users": estimate(0.5, 0.25, 0.75), "producers": estimate(1.0, 0.9, 1.0)},
        ],
    }  # fmt: skip


def test_estimates_are_printed_with_their_intervals():
    assert estimate_lines(estimated("m2")) == [
        "Estimated from 200 reference points, with 95 % intervals. Stratified.",
        "Overall accuracy 87.1 (81.2 to 91.5) %",
        "oak       5.1000 (4.0000 to 6.2000) ha  user's 90.0 (0.0 to 0.0) %  "
        "producer's undefined %",
        "fir tree  3.9000 (2.8000 to 5.0000) ha  user's 50.0 (25.0 to 75.0) %  "
        "producer's 100.0 (90.0 to 100.0) %",
    ]
    assert "51000.0000 (40000.0000 to 62000.0000) m²" in estimate_lines(estimated("m2"), "m²")[2]
    assert "51000.0000 (40000.0000 to 62000.0000) pixels" in estimate_lines(estimated("pixels"))[2]


def report(value: float, low: float, high: float, average: float, kappa: float, total: int) -> Any:
    return SimpleNamespace(
        overall=Interval(value, low, high), average=average, kappa=kappa, total=total
    )


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        ((0.9134, 0.8849, 0.9351, 0.9077, 0.89512, 500),
         "Overall accuracy 91.3 % (95 % interval 88.5 % to 93.5 %), average accuracy 90.8 %, "
         "kappa 0.895, on 500 test pixels"),
        ((1.0, NAN, NAN, 1.0, NAN, 3),
         "Overall accuracy 100.0 % (too few groups of test pixels for an interval), average "
         "accuracy 100.0 %, kappa undefined, on 3 test pixels"),
    ],
)  # fmt: skip
def test_an_accuracy_is_one_line(figures, text):
    assert accuracy_text(report(*figures)) == text


def found(**given: Any) -> SimpleNamespace:
    usual: dict[str, Any] = dict.fromkeys(
        ("separated", "random", "sentence", "separation", "reliability", "sample")
    )
    return SimpleNamespace(**usual | {"warnings": (), "calibration_error": NAN} | given)


def test_an_assessment_says_the_honest_figure_first():
    one, other = report(0.8, 0.7, 0.9, 0.75, 0.7, 90), report(0.9, 0.85, 0.95, 0.9, 0.8, 100)
    lines = assess.lines_of(
        found(separated=one, random=other, sentence="Why they differ.", separation="Said before.",
              warnings=("Said before.",), reliability=object(), calibration_error=0.0316)
    )  # fmt: skip
    assert lines[0].startswith("Separate places: overall accuracy 80.0 %")
    assert lines[1].startswith("Random test pixels: overall accuracy 90.0 %")
    assert lines[2:4] == [
        "Why they differ.",
        "Confidence is off by 3.2 points on average (expected calibration error).",
    ]
    assert lines[4].startswith("No areas: ")
    assert len(lines) == 5
    assert assess.lines_of(found())[0] == "Separate places: not measured, too few are labelled"
    assert len(assess.lines_of(found())) == 2


@pytest.mark.parametrize(
    ("contents", "given", "lines", "passed"),
    [
        (((), (), ()), (None, None, (), 0, None), ["Every file of the bundle is as it was."], True),
        ((("a",), ("b",), ("c",)), (None, None, (), 0, None),
         ["a has changed.", "b is missing.", "c is not part of the bundle."], False),
        (((), (), ()), ("x.hdr", True, (), 4000, 3998),
         ["Every file of the bundle is as it was.", "x.hdr has the values that were mapped.",
          "Made again, 3,998 of 4,000 pixels of the map are equal (99.95 %)."], True),
        (((), (), ()), ("x.hdr", False, (), 9, 0),
         ["Every file of the bundle is as it was.",
          "x.hdr is not the scene that was mapped, or it has changed.",
          "Made again, 0 of 9 pixels of the map are equal (0 %)."], False),
        (((), (), ()), ("x.hdr", False, ("x.img", "x.hdr"), 9, None),
         ["Every file of the bundle is as it was.",
          "x.hdr is not the scene that was mapped, or it has changed (x.img, x.hdr)."], False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("quiet", [False, True])
def test_what_differs_in_a_bundle_is_listed(
    contents, given, lines, passed, quiet, monkeypatch, capsys
):
    made = Verified(Contents(*contents), *given, ())
    assert verify.lines_of(made) == lines
    monkeypatch.setattr("hsi_viewer.jobs.bundle.verify.verify", lambda job: made)
    assert main(["verify", "a.zip", *(["-q"] if quiet else [])]) == (0 if passed else 1)
    out, err = capsys.readouterr()
    assert out.splitlines() == ([] if quiet else lines)
    assert err.splitlines() == ([f"hsi-viewer: {x}" for x in lines] if quiet and not passed else [])


def wrong(k: int) -> dict[str, Any]:
    label, other = {"name": f"oak {k}"}, {"name": "fir"}
    return {"row": k, "column": 7, "label": label, "looks_like": other, "margin": 0.276}


@pytest.mark.parametrize(
    ("judged", "count", "head"),
    [
        (9, 2, "2 of 9 labels look like another class. Rows and columns are counted from 0."),
        (9, 0, "All 9 labels that could be judged agree."),
        (0, 0, check_labels.NOT_JUDGED),
    ],
)
def test_labels_that_may_be_wrong_are_listed(judged, count, head, monkeypatch, capsys):
    record = {"judged": judged, "contradicted": [wrong(k) for k in range(count)]}
    monkeypatch.setattr("hsi_viewer.jobs.guidance.contradicted_labels", lambda job: record)
    assert main(["check-labels", "a.hdr", "--labels", "b.tif"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == head
    assert rest == [
        f"Row {k}, column 7: labelled oak {k}, looks like fir (margin 0.28)" for k in range(count)
    ]
    assert main(["check-labels", "a.hdr", "--labels", "b.tif", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_places_to_label_are_listed(monkeypatch, capsys):
    place = {"row": 3, "column": 0, "classes": [{"name": "oak"}, {"name": "fir"}, {"name": "sea"}]}
    places = [place | {"segment": [1]}, place | {"row": 4, "segment": [1, 2]}]
    asked: list[tuple[object, int]] = []

    def suggest_places(job, model, count):
        asked.append((model, count))
        return {"suggestions": places}

    monkeypatch.setattr("hsi_viewer.jobs.guidance.suggest_places", suggest_places)
    line = ["suggest", "model", "a.hdr", "--labels", "b.tif", "--count", "20"]
    assert main(line) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Rows and columns are counted from 0.",
        "Row 3, column 0: oak or fir (1 similar pixel)",
        "Row 4, column 0: oak or fir (2 similar pixels)",
    ]
    assert asked[0][1] == 20
    places.clear()
    assert main(line) == 0
    assert capsys.readouterr().out == "Every place with data is labelled already.\n"
    assert suggest.EXAMPLES


def test_scenes_that_were_held_out_are_listed():
    assert "unknown" in train._text({"held_out": None})
    scenes = [
        {"scene": "a", "overall": 0.5, "pixels": 8},
        {"scene": "b", "overall": 1, "pixels": 2},
    ]
    assert train._text({"held_out": {"overall": 0.6, "scenes": scenes}}).splitlines() == [
        "Scenes held out: models of the other scenes classify 60.0 % of their labelled pixels "
        "correctly.",
        "  a: 50.0 % of 8",
        "  b: 100.0 % of 2",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), ([1, 2], "1, 2"), ([], ""), (0, "0"), (0.5, "0.5")]
)
def test_facts_of_a_cube_are_plain_text(value, text):
    assert info._text(value) == text


TRAIN = ["train", "a.hdr", "--labels", "b.tif", "-o", "out"]
CLASSIFY = ["classify", "a.hdr", "--labels", "b.tif", "-o", "out"]


def test_settings_of_a_training_are_those_of_its_options():
    assert training_config(parsed(TRAIN)).refine
    assert training_config(parsed(CLASSIFY)).refine
    assert not training_config(parsed([*CLASSIFY, "--no-refine"])).refine
    assert not training_config(parsed([*CLASSIFY, "--no-refine", "--refine", "none"])).refine
    given = ["--seed", "7", "--preset", "best", "--voices", "pixels", "--device", "cpu"]
    config = training_config(parsed([*CLASSIFY, *given]))
    assert (config.seed, config.preset, config.voices, config.device) == (
        7,
        "best",
        "pixels",
        "cpu",
    )
    for strength in ("weak", "full"):
        with pytest.raises(UsageError, match=f"--no-refine contradicts --refine {strength}"):
            config_of(parsed([*CLASSIFY, "--no-refine", "--refine", strength]))


def test_what_is_no_number_is_never_printed_as_one(capsys):
    with pytest.raises(ValueError, match="JSON compliant"):
        print_json({"kappa": NAN})
    assert capsys.readouterr().out == ""


def test_test_pixels_score_one_scene_only(monkeypatch, capsys):
    monkeypatch.setattr("hsi_viewer.learning.model_description.check_model", lambda path: None)
    assert main(["apply", "model", "a.npy", "b.npy", "-o", "out", "--test", "t.npy"]) == 2
    assert "name one scene only" in capsys.readouterr().err

"""The page and the pages of a report say the facts, for each kind of map."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from msgspec.structs import replace

from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.confusion_table import TextTable
from hsi_viewer.core.assessment.sample_assessment import NO_SAMPLE
from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.jobs.report import pdf
from hsi_viewer.jobs.report.gather import Report
from hsi_viewer.jobs.report.html import html_page, plain_page
from hsi_viewer.jobs.report.methods import figures, sampled, with_interval
from hsi_viewer.jobs.report.pdf import write_pdf, write_plain_pdf
from hsi_viewer.jobs.report.pictures import Picture
from tests.unit.jobs.report.by_hand import (
    CLASSES,
    RANDOM,
    SEPARATED,
    SPECTRA,
    assessed,
    made_facts,
    sample,
)

NONE = Assessment(None, None, None, None, 0, 0)
TABLE = np.stack([np.arange(256)] * 3 + [np.full(256, 255)], axis=1).astype(np.uint8)


class Sections(HTMLParser):
    """The text of each section, and the cells of each table by its caption."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.tables: dict[str, list[list[str]]] = {}
        self._inside = self._section = self._caption = ""
        self._rows: list[list[str]] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes) -> None:
        self._inside = tag
        if tag == "tr":
            self._rows.append([])
        if tag in ("th", "td"):
            self._rows[-1].append("")
        if tag in ("h2", "table"):
            self._section, self._caption = ("" if tag == "h2" else self._section), ""

    def handle_endtag(self, tag) -> None:
        if tag == "table":
            self.tables[self._caption] = self._rows
            self._rows = []
        self._inside = ""

    def handle_data(self, data) -> None:
        if self._inside == "h2":
            self._section = data
        elif self._inside == "caption":
            self._caption = data
        elif self._inside in ("th", "td"):
            self._rows[-1][-1] += data
        self.texts[self._section] = self.texts.get(self._section, "") + data


def picture(name: str, bar: ColourBar | None = None) -> Picture:
    return Picture(name, f"About {name}.", np.zeros((4, 6, 4), np.uint8), bar)


PICTURES = (
    picture("Class map"),
    picture("Labels"),
    picture("Margin", ColourBar("Margin", TABLE, 1.0, 0.0)),
    picture("Entropy", ColourBar("Entropy", TABLE, 0.0, 0.123456)),
)


@pytest.fixture
def page(monkeypatch):
    """A function that gives the sections of the page of some facts; charts are left undrawn."""
    monkeypatch.setattr(
        "hsi_viewer.jobs.report.html._chart", lambda chart: f"<p>chart {chart.name}</p>"
    )
    return lambda facts: Sections(html_page(Report(facts, PICTURES)))


def test_sections_in_their_order(page):
    found = page(made_facts()).texts
    assert [name for name in found if name] == [
        "Map", "Accuracy", "Areas", "Spectra of the classes", "Uncertainty", "Training", "Methods",
        "Data and settings", "Warnings",
    ]  # fmt: skip
    for name, charts in (
        ("Accuracy", "matrix reliability"),
        ("Areas", "areas"),
        ("Spectra of the classes", "spectra"),
        ("Training", "training"),
    ):
        assert all(f"chart {chart}" in found[name] for chart in charts.split())
    assert "Quote this." in found[""]
    assert "It was done so.\nSomebody (2000)." in found["Methods"]
    assert found["Warnings"].strip() == "Warnings\nFew labels."
    assert page(made_facts(warnings=())).texts["Warnings"].strip() == "Warnings\nNone."


def test_pictures_have_names_and_the_map_a_legend(page):
    found = page(made_facts()).texts
    assert "Class map. About Class map." in found["Map"]
    assert "Labels. About Labels." in found["Map"]
    assert "Corn 12 training pixelsOats 1 training pixels" in found["Map"]
    # bars begin with their lowest value, whichever colour that has
    assert "01Margin. About Margin." in found["Uncertainty"]
    assert "00.123Entropy. About Entropy." in found["Uncertainty"]
    thousands = (dataclasses.replace(CLASSES[0], training=1234),)
    assert "Corn 1,234 training pixels" in page(made_facts(classes=thousands)).texts["Map"]
    elsewhere = page(made_facts(trained_elsewhere=True))
    assert "Corn unknown training pixels" in elsewhere.texts["Map"]


def test_a_bar_runs_from_the_lowest_value_to_the_highest(monkeypatch):
    monkeypatch.setattr("hsi_viewer.jobs.report.html._chart", lambda _chart: "")
    text = html_page(Report(made_facts(), PICTURES))
    stops = re.findall(r"linear-gradient\(to right, (.*?)\)'", text)
    assert [stop.split("), ")[0] for stop in stops] == ["rgb(255,255,255", "rgb(0,0,0"]
    assert [len(re.findall("rgb", stop)) for stop in stops] == [8, 8]
    assert text.count("<i style='background:rgb(250,1,2)'></i>Corn") == 1
    assert "<title>Class map of made</title>" in text
    colours = re.findall(r":root \{ (--\w+: #\w+;)", text)
    assert len(colours) == 2


def test_both_figures_and_which_to_quote(page):
    text = page(made_facts()).texts["Accuracy"]
    overall, average = (with_interval(i) for i in (SEPARATED.overall, SEPARATED.average_interval))
    assert (
        f"Separate places: quote this one83.3 %Overall accuracy {overall}.Average accuracy "
        f"{average}.Kappa 0.667. {SEPARATED.basis}"
    ) in text
    assert "Beside training pixels: optimistic90.0 %Overall accuracy" in text
    for sentence in (made_facts().assessment.sentence, str(made_facts().assessment.separation)):
        assert sentence in text
    points = page(made_facts(sample=sample())).texts["Accuracy"]
    assert "Separate places83.3 %" in points
    found = sample()
    assert (
        "Reference points drawn at random: quote this one90.0 %Overall accuracy "
        f"{with_interval(found.estimates.overall)}, estimated from 20 points. {found.method}"
    ) in points
    bare = page(made_facts(assessment=NONE)).texts["Accuracy"]
    assert bare.strip() == "Accuracy"
    alone = page(assessed(separated=None, reliability=None)).texts["Accuracy"]
    assert "Separate places" not in alone.split("chart matrix")[0].split("This figure")[0]
    assert "chart reliability" not in alone


def test_tables_of_accuracy_and_areas(page):
    found = page(made_facts()).tables
    by_class = next(v for k, v in found.items() if k.startswith("Accuracy in percent"))
    assert by_class[1][:2] == ["Corn", "6"]
    matrix = next(v for k, v in found.items() if k.startswith("Confusion matrix"))
    assert matrix[1][:4] == ["Corn", "4", "2", "0"]
    title = "As counted on the map: its errors are in these numbers."
    assert found[title] == [
        ["Class", "Training pixels", "Test pixels", "Map pixels", "Share of the map", "Area (ha)"],
        ["Corn", "12", "10", "1,500", "60.0 %", "15"],
        ["Oats", "1", "10", "1,000", "40.0 %", "10"],
    ]
    without = (dataclasses.replace(CLASSES[0], square_metres=None), CLASSES[1])
    head, first, _ = page(made_facts(classes=without)).tables[title]
    assert (head[-1], first[-1]) == ("Share of the map", "60.0 %")
    large = tuple(dataclasses.replace(c, square_metres=1.5e12, test=1234) for c in CLASSES)
    first = page(made_facts(classes=large)).tables[title][1]
    assert (first[2], first[-1]) == ("1,234", "1.5e+06")


def test_estimated_areas_or_why_there_are_none(page):
    assert NO_SAMPLE in page(made_facts()).texts["Areas"]
    found = sample(own=False)
    shown = page(made_facts(sample=found))
    assert NO_SAMPLE not in shown.texts["Areas"]
    assert found.method in shown.texts["Areas"]
    table = shown.tables["From 20 reference points drawn at random, with 95 % intervals."]
    assert table[0] == ["Class", "User's, %", "Producer's, %", "Counted, ha", "Estimated, ha"]


def test_doubt_evidence_and_spectra_in_words(page):
    found = page(made_facts()).texts
    for text in (
        "12.5 % of the map lies outside of the area of applicability (dissimilarity above 0.44).",
        "Conformal sets of 90 % coverage hold 1.23 classes on average; 75.0 % of them hold a "
        "single one.",
        "Entropy: it is not known.",
    ):
        assert text in found["Uncertainty"]
    assert "All bands 0.70, network" not in found["Training"]
    assert "all bands 0.70, network 0.30, by 4 spatial folds." in found["Training"]
    title = "Voices of the engine; the score is the mean log-likelihood of held-out labels."
    assert page(made_facts()).tables[title] == [
        ["Voice", "Weight", "Score"],
        ["All bands", "0.70", "-0.500"],
        ["Network", "0.30", ""],
        ["Single pixels", "0.00", "-0.900"],
    ]
    none = page(made_facts(evidence=Evidence((), "none", 0)))
    assert "SDHSI-Net; it has no voices to weigh." in none.texts["Training"]
    elsewhere = page(made_facts(trained_elsewhere=True, epochs=()))
    assert "SDHSI-Net, trained elsewhere: labels.npy." in elsewhere.texts["Training"]
    assert title not in elsewhere.tables
    assert "chart training" not in elsewhere.texts["Training"]
    bare = page(made_facts(spectra=replace(SPECTRA, classes=())))
    assert "They are of training pixels" in bare.texts["Spectra of the classes"]
    unsure = dataclasses.replace(made_facts().uncertainty, applicable=None, conformal=None)
    text = page(made_facts(uncertainty=unsure)).texts["Uncertainty"]
    assert "applicability" not in text
    assert "Conformal" not in text


def test_data_and_settings_line_by_line(page):
    assert page(made_facts()).tables[""] == [
        ["What", "Value"],
        ["Scene", "made.hdr"],
        ["Size", "24 x 30 pixels, 20 bands of uint16"],
        ["Format", "ENVI"],
        ["Coordinate system", "WGS 84 / UTM zone 33N"],
        ["Region of interest", "34 % of the scene"],
        ["SHA-256 of the values", "a" * 64],
        ["SHA-256 of made.img", f"{'f' * 64} (1,234 bytes)"],
        ["Training labels", "labels.npy"],
        ["Test pixels", "test.npy"],
        ["Map", "SDHSI-Net, refined"],
        ["Classifier", "sdhsi"],
        ["Preset", "fast"],
        ["Seed", "3"],
        ["Refine", "auto"],
        ["Seconds, train", "1.3"],
        ["Seconds, predict", "0.5"],
        ["Version of python", "3.11"],
        ["Version of hsi-viewer", "1.2.3"],
    ]
    data = dataclasses.replace(made_facts().data, crs=None, region="", files=())
    rows = dict(page(made_facts(data=data, test=None)).tables[""])
    assert (rows["Coordinate system"], rows["Test pixels"]) == ("none", "none")
    assert "Region of interest" not in rows


SECTIONS = (
    ("Scenes", ["Two of them.", TextTable("Listed.", ("Scene", "Pixels"), (("a", "1"),))]),
    ("Warnings", ("None.",)),
)


def test_a_page_of_texts_and_tables():
    found = Sections(plain_page("A <title>", "The lead.", SECTIONS))
    assert "A <title>The lead." in found.texts[""]
    assert "Two of them." in found.texts["Scenes"]
    assert found.tables == {"Listed.": [["Scene", "Pixels"], ["a", "1"]]}
    assert "None." in found.texts["Warnings"]


class Pdf:
    """Takes the pages of a PDF instead of a file: their texts from top to bottom."""

    def __init__(self, path, metadata) -> None:
        self.pages, self.title = [], metadata["Title"]
        self.figures = []
        made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        pass

    def savefig(self, figure) -> None:
        texts = sorted(
            figure.texts, key=lambda t: (-round(t.get_position()[1], 5), t.get_position()[0])
        )
        self.pages.append([t.get_text() for t in texts])
        self.figures.append(figure)


made: list[Pdf] = []


@pytest.fixture
def pages(monkeypatch):
    """A function that gives the PDF of some facts."""
    monkeypatch.setattr(pdf, "PdfPages", Pdf)

    def written(facts, pictures=PICTURES) -> Pdf:
        write_pdf(Report(facts, pictures), None)
        return made.pop()

    return written


def joined(found: Pdf) -> str:
    """All texts, without the feet of the pages."""
    return " ".join(" ".join(texts[:-1]) for texts in found.pages)


def test_the_pages_say_the_facts(pages):
    facts = made_facts()
    found = pages(facts)
    assert found.title == "Class map of made"
    assert [texts[-1] for texts in found.pages] == [
        f"Class map of made    {number + 1}" for number in range(len(found.pages))
    ]
    text = joined(found)
    for part in (
        "Class map of made Quote this. Class map: About Class map. Labels: About Labels. Corn Oats",
        f"{facts.assessment.sentence} {facts.assessment.separation} Few labels.",
        f"Separate places The map reached {figures(SEPARATED)}.",
        f"Beside training pixels (optimistic) The map reached {figures(RANDOM)}.",
        f"By class, separate places Accuracy in percent with 95 % intervals. {SEPARATED.basis}",
        "Confusion matrix Rows are the truth",
        "Classes by their ids.",
        "2 Corn 4 2 0",
        NO_SAMPLE,
        "Uncertainty Margin: About Margin. Entropy: About Entropy. Entropy: it is not known.",
        "Methods It was done so. - Somebody (2000).",
        "Data and settings Scene: made.hdr, 24 x 30 pixels, 20 bands Region of interest: 34 % of "
        f"the scene SHA-256 of the values: {'a' * 64}",
        f"SHA-256 of made.img: {'f' * 64} (1,234 bytes) Training labels: labels.npy Test pixels: "
        "test.npy Map: SDHSI-Net, refined Settings: classifier sdhsi, preset fast, seed 3, refine "
        "auto Voices: all bands 0.70, network 0.30, by 4 spatial folds Versions: python 3.11, "
        "hsi-viewer 1.2.3 Warnings - Few labels.",
    ):
        assert part in text, part
    headings = [t.get_text() for f in found.figures for t in f.texts if t.get_weight() == "bold"]
    assert headings == [
        "Class map of made", "Accuracy", "Separate places", "Beside training pixels (optimistic)",
        "By class, separate places", "Confusion matrix", "Areas", "Spectra of the classes",
        "Uncertainty", "Reliability of the confidence", "Training", "Methods", "Data and settings",
        "Warnings",
    ]  # fmt: skip


def test_the_pages_of_a_map_of_which_little_is_known(pages):
    data = dataclasses.replace(made_facts().data, region="", files=())
    bare = made_facts(
        assessment=NONE, epochs=(), spectra=replace(SPECTRA, classes=()), warnings=(), test=None,
        data=data, evidence=Evidence((), "none", 0),
    )  # fmt: skip
    text = joined(pages(bare))
    for absent in ("By class", "Confusion", "Spectra of", "Reliability", "Region of interest"):
        assert absent not in text
    for part in ("Test pixels: none", "Voices: none to weigh", "Warnings None."):
        assert part in text
    alone = joined(pages(assessed(separated=None)))
    assert "By class, beside training pixels" in alone
    assert "Separate places" not in alone
    same = joined(pages(assessed(random=SEPARATED)))
    assert "Beside training pixels The map reached" in same


def test_reference_points_in_the_pages(pages):
    found = sample()
    text = joined(pages(made_facts(sample=found)))
    assert NO_SAMPLE not in text
    assert (
        f"Reference points drawn at random They give an overall accuracy of {sampled(found)}."
    ) in text
    assert "Areas and accuracy estimated from reference points From 20 reference points" in text
    assert found.method in text


def test_more_layers_than_two_go_on_below_one_heading(pages):
    more = (*PICTURES, picture("Third"), picture("Fourth"), picture("Fifth"))
    text = joined(pages(made_facts(), more))
    assert text.count("Uncertainty") == 1
    assert "Third: About Third." in text
    assert "Fifth: About Fifth." in text


def test_a_bar_of_the_pages_runs_from_the_lowest_value_to_the_highest(pages):
    found = pages(made_facts())
    bars = [
        (axes.images[0].get_extent()[:2], axes.images[0].get_array()[0, 0, 0])
        for figure in found.figures
        for axes in figure.axes
        if axes.images and axes.images[0].get_array().shape[0] == 1
    ]
    assert bars == [([0.0, 1.0], 255), ([0.0, 0.123456], 0)]


def test_pages_of_texts_and_tables(monkeypatch):
    monkeypatch.setattr(pdf, "PdfPages", Pdf)
    write_plain_pdf("A title", "The lead.", SECTIONS, None)
    found = made.pop()
    assert found.title == "A title"
    assert joined(found) == (
        "A title The lead. Scenes Two of them. Listed. Scene Pixels a 1 Warnings None."
    )

"""A report as one HTML file that needs nothing else: styles and pictures are inside."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

from matplotlib.figure import Figure
from PIL import Image

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.areas import UNITS, suited_unit
from hsi_viewer.core.assessment.confusion_table import confusion_table
from hsi_viewer.core.assessment.sample_assessment import (
    NO_SAMPLE,
    SampleAssessment,
    areas_table,
)
from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.paths import resource_path
from hsi_viewer.core.text import percent, short_name
from hsi_viewer.jobs.report.charts import Chart, charts_of, colours, theme
from hsi_viewer.jobs.report.facts import ClassFacts, Facts
from hsi_viewer.jobs.report.gather import Report
from hsi_viewer.jobs.report.methods import with_interval
from hsi_viewer.jobs.report.pictures import Picture
from hsi_viewer.jobs.report.tables import PlainSection, class_accuracy

# Nothing is fetched and no script runs, no matter what a name of a class contains.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
NO_SPECTRA = "They are of training pixels, which aren't known of this map."
UNKNOWN = "unknown"
LONGEST = 40  # characters of a name in the matrix
DARK = "screen and (prefers-color-scheme: dark)"


def html_page(report: Report) -> str:
    """The page."""
    facts = report.facts
    charts = {chart.name: _chart(chart) for chart in charts_of(facts)}
    first, labels, *layers = report.pictures
    body = [
        f"<header><h1>{escape(facts.title)}</h1><p class=lead>{escape(facts.quote)}</p></header>",
        _section("Map", [_pictures((first, labels)), _legend(facts)]),
        _section("Accuracy", _accuracy(facts, charts)),
        _section("Areas", [charts["areas"], _areas(facts), *_estimates(facts)]),
        _section("Spectra of the classes", [charts.get("spectra", f"<p>{NO_SPECTRA}</p>")]),
        _section("Uncertainty", [*_doubt(facts), _pictures(layers)]),
        _section("Training", [*_evidence(facts), charts.get("training", "")]),
        _section("Methods", [f"<p>{escape(facts.methods)}</p>", _list(facts.references)]),
        _section("Data and settings", [_data(facts)]),
        _section("Warnings", [_list(facts.warnings) if facts.warnings else "<p>None.</p>"]),
    ]
    return page_of(facts.title, body)


def page_of(title: str, body: Sequence[str]) -> str:
    """A page that needs nothing else."""
    style = _style()
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}</title>\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def plain_page(title: str, lead: str, sections: Sequence[PlainSection]) -> str:
    """A page of texts and tables."""
    body = [f"<header><h1>{escape(title)}</h1><p class=lead>{escape(lead)}</p></header>"]
    for heading, parts in sections:
        shown = (
            f"<p>{escape(part)}</p>"
            if isinstance(part, str)
            else _rows(part.title, part.head, part.rows, "texts")
            for part in parts
        )
        body.append(_section(heading, shown))
    return page_of(title, body)


def _style() -> str:
    """The style sheet, after the colours of the window's themes."""
    light, dark = (
        f":root {{ {' '.join(f'--{key}: {value};' for key, value in colours(name).items())} }}"
        for name in ("light", "dark")
    )
    sheet = resource_path("report.css").read_text(encoding="utf-8")
    return f"{light}\n@media {DARK} {{ {dark} }}\n{sheet}"


def _section(title: str, parts: Iterable[str]) -> str:
    inside = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{escape(title)}</h2>\n{inside}\n</section>"


def _pictures(pictures: Iterable[Picture]) -> str:
    return "<div class=pictures>\n" + "\n".join(map(_picture, pictures)) + "\n</div>"


def _picture(picture: Picture) -> str:
    out = io.BytesIO()
    Image.fromarray(picture.rgba, "RGBA").save(out, "png", optimize=True)
    bar = "" if picture.bar is None else _bar(picture.bar)
    return (
        f"<figure><img class=scene alt='{escape(picture.name)}' src='{_data_uri(out, 'png')}'>{bar}"
        f"<figcaption><b>{escape(picture.name)}.</b> {escape(picture.about)}</figcaption></figure>"
    )


def _bar(bar: ColourBar) -> str:
    """The colours from the lowest value on the left to the highest."""
    table, low, high = bar.colours, bar.low, bar.high
    if low > high:
        table, low, high = table[::-1], high, low
    stops = ", ".join(f"rgb({r},{g},{b})" for r, g, b in table[:: len(table) // 8, :3].tolist())
    style = f"background:linear-gradient(to right, {stops})"
    return (
        f"<div class=bar><span>{low:.3g}</span><i style='{style}'></i><span>{high:.3g}</span></div>"
    )


def _chart(chart: Chart) -> str:
    """The chart in the light colours, and in the dark ones for a dark screen."""
    light, dark = (_data_uri(drawn(chart, name), "svg+xml") for name in ("light", "dark"))
    return (
        f"<figure class=chart><picture><source media='{DARK}' srcset='{dark}'>"
        f"<img alt='{escape(chart.title)}' src='{light}'></picture>"
        f"<figcaption><b>{escape(chart.title)}.</b> {escape(chart.about)}</figcaption></figure>"
    )


def drawn(chart: Chart, name: str) -> io.BytesIO:
    """A chart as SVG, in the colours of a theme by its name."""
    figure = Figure(chart.size)
    style = theme(name)
    chart.draw(figure.add_subplot(), style)
    out = io.BytesIO()
    figure.savefig(
        out, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None}
    )
    return out


def _data_uri(data: io.BytesIO, kind: str) -> str:
    return f"data:image/{kind};base64,{b64encode(data.getvalue()).decode('ascii')}"


def _legend(facts: Facts) -> str:
    entries = "".join(
        f"<li>{_swatch(c.colour)}{escape(c.name)} "
        f"<small>{_training(c, facts)} training pixels</small></li>"
        for c in facts.classes
    )
    return f"<ul class=legend>{entries}</ul>"


def _training(known: ClassFacts, facts: Facts) -> str:
    return UNKNOWN if facts.trained_elsewhere else f"{known.training:,}"


def _swatch(rgb: tuple[int, int, int]) -> str:
    return f"<i style='background:rgb({rgb[0]},{rgb[1]},{rgb[2]})'></i>"


def _accuracy(facts: Facts, charts: dict[str, str]) -> list[str]:
    found = facts.assessment
    boxes = [] if facts.sample is None else [_sampled(facts.sample)]
    if found.separated is not None:
        title = "Separate places" if facts.sample else "Separate places: quote this one"
        boxes.append(_figure(title, found.separated, "honest"))
    if found.random is not None:
        title = found.second_title + (": optimistic" if found.optimistic else "")
        boxes.append(_figure(title, found.random, "optimistic"))
    parts = [f"<div class=figures>{''.join(boxes)}</div>"] if boxes else []
    texts = [t for t in (found.sentence, found.separation) if t is not None]
    parts += [f"<p>{escape(str(text))}</p>" for text in texts]
    shown = facts.shown
    if shown is not None:
        by_class = class_accuracy(shown, facts.name_of)
        parts.append(_rows(by_class.title, by_class.head, by_class.rows))
        parts.append(charts.get("matrix", ""))
        matrix = confusion_table(shown, lambda i: short_name(facts.name_of(i), LONGEST))
        parts.append(_rows(matrix.title, matrix.head, matrix.rows, "matrix"))
    if "reliability" in charts:
        parts.append(charts["reliability"])
    return parts


def _figure(title: str, report: AccuracyReport, kind: str) -> str:
    overall, average = report.overall, report.average_interval
    return (
        f"<div class={kind}><h3>{escape(title)}</h3><strong>{percent(overall.value, 1)}</strong>"
        f"<p>Overall accuracy {escape(with_interval(overall))}.<br>Average accuracy "
        f"{escape(with_interval(average))}.<br>Kappa {report.kappa:.3f}. "
        f"{escape(report.basis)}</p></div>"
    )


def _rows(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr><th>{escape(first)}</th>{_cells(rest)}</tr>" for first, *rest in rows)
    return (
        f"<div class=wide><table class='{kind}'><caption>{escape(title)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells)


def _areas(facts: Facts) -> str:
    metres = [c.square_metres for c in facts.classes]
    known = all(m is not None for m in metres)
    unit = suited_unit(max((m or 0.0 for m in metres), default=0.0))
    head = ["Class", "Training pixels", "Test pixels", "Map pixels", "Share of the map"]
    rows = [
        [c.name, _training(c, facts), f"{c.test:,}", f"{c.pixels:,}", percent(c.share, 1)]
        + ([f"{(c.square_metres or 0.0) / UNITS[unit]:,.4g}"] if known else [])
        for c in facts.classes
    ]
    title = "As counted on the map: its errors are in these numbers."
    return _rows(title, [*head, *([f"Area ({unit})"] if known else [])], rows)


def _sampled(found: SampleAssessment) -> str:
    """The figure of the reference points."""
    overall = found.estimates.overall
    return (
        f"<div class=honest><h3>Reference points drawn at random: quote this one</h3>"
        f"<strong>{percent(overall.value, 1)}</strong><p>Overall accuracy "
        f"{escape(with_interval(overall))}, estimated from {found.estimates.points:,} points. "
        f"{escape(found.method)}</p></div>"
    )


def _estimates(facts: Facts) -> list[str]:
    """Areas adjusted for the errors of the map, or why there are none."""
    if facts.sample is None:
        return [f"<p>{escape(NO_SAMPLE)}</p>"]
    shown = areas_table(facts.sample, facts.name_of)
    notes = (facts.sample.method, *facts.sample.notes)
    return [_rows(shown.title, shown.head, shown.rows), *(f"<p>{escape(n)}</p>" for n in notes)]


def _doubt(facts: Facts) -> list[str]:
    found, lines = facts.uncertainty, []
    if found.applicable is not None:
        lines.append(
            f"{percent(found.applicable.outside, 1)} of the map lies outside of the area of "
            f"applicability (dissimilarity above {found.applicable.threshold:.2f})."
        )
    if found.conformal is not None:
        lines.append(
            f"Conformal sets of {100 * found.conformal.coverage:.0f} % coverage hold "
            f"{found.conformal.mean_size:.2f} classes on average; "
            f"{percent(found.conformal.single, 1)} of them hold a single one."
        )
    lines += found.missing
    return [f"<p>{escape(line)}</p>" for line in lines]


def _evidence(facts: Facts) -> list[str]:
    if facts.trained_elsewhere:
        return [f"<p>{escape(facts.classifier)}, trained elsewhere: {escape(facts.labels)}.</p>"]
    voices = facts.evidence.voices
    if not voices:
        return [f"<p>{escape(facts.classifier)}; it has no voices to weigh.</p>"]
    rows = [
        [v.title, f"{v.weight:.2f}", "" if v.score != v.score else f"{v.score:.3f}"] for v in voices
    ]
    return [
        f"<p>{escape(facts.evidence.sentence)}.</p>",
        _rows(
            "Voices of the engine; the score is the mean log-likelihood of held-out labels.",
            ("Voice", "Weight", "Score"),
            rows,
        ),
    ]


def _data(facts: Facts) -> str:
    data = facts.data
    rows = [
        ("Scene", data.source),
        ("Size", f"{data.rows} x {data.columns} pixels, {data.bands} bands of {data.dtype}"),
        ("Format", data.format_name),
        ("Coordinate system", data.crs or "none"),
        *([("Region of interest", data.region)] if data.region else []),
        ("SHA-256 of the values", data.values_sha256),
        *((f"SHA-256 of {f.name}", f"{f.sha256} ({f.size:,} bytes)") for f in data.files),
        ("Training labels", facts.labels),
        ("Test pixels", facts.test or "none"),
        ("Map", facts.map_source),
        *((name.capitalize(), str(value)) for name, value in facts.settings.items()),
        *((f"Seconds, {name}", f"{value:.1f}") for name, value in facts.seconds.items()),
        *((f"Version of {name}", value) for name, value in facts.versions.items()),
    ]
    return _rows("", ("What", "Value"), rows, "texts")


def _list(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"

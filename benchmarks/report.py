"""The page docs/accuracy.md and its plots, made of the tables: python -m benchmarks.report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.markdown import DOCS, Row, interval, rows_of, saved, spread, table
from benchmarks.report_guidance import (
    guidance_plot,
    guidance_section,
    hidden_section,
    large_section,
    wrong_section,
)
from benchmarks.report_hybridsn import hybrid_section
from benchmarks.report_mutants import mutants_section
from benchmarks.report_scenes import regret_plot, regret_section, scenes_section
from benchmarks.report_teaching import teaching_section, teaching_sentence
from benchmarks.report_trust import calibration_goals, intervals_section, promise_section
from benchmarks.report_window import window_section

PAGE = DOCS / "accuracy.md"
OPENING = Path(__file__).parent / "accuracy_page.md"
COUNTS = (5, 10, 20, 50)
SEEDS = 10
ENGINE = ("fast", "best")
GOALS = {  # of the refined map, points of OA
    ("random", 5): 85.5,
    ("random", 10): 91.5,
    ("random", 20): 96.0,
    ("random", 50): 98.3,
    ("field", 10): 60.0,
    ("field", 20): 53.0,
}
NAMES = {
    "svm-raw": "SVM, raw bands",
    "svm-multiscale": "SVM, multi-scale components",
    "svm-engine-features": "SVM, this engine's features",
    "cnn3d": "3-D CNN, patch by patch",
    "instant": "discriminant, this engine's features",
    "fast": "**this engine, fast**",
    "best": "**this engine, best**",
}
ROUNDS = ("refined_rounds", "balanced_rounds", "nearby_rounds")
CONTROLS = dict.fromkeys(ROUNDS, "unlabelled_control")
MEASURES = (
    ("oa_1", "exit 1"),
    ("oa_2", "exit 2"),
    ("oa_3", "exit 3"),
    ("oa_mean", "mean of exits"),
    ("ece", "ECE, points"),
    ("within", "within"),
    ("between", "between"),
)


def title_of(method: str) -> str:
    """A method in words."""
    name, _, walker = method.partition("+")
    return NAMES[name] + (", refined" if walker else "")


def accuracy_section(rows: list[Row]) -> str:
    """Tables of OA, AA, kappa and calibration by protocol."""
    order = [m + w for m in NAMES for w in ("", "+walker")]
    parts = []
    for protocol in ("random", "field"):
        found: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for row in rows:
            if row["scene"] == "indian_pines" and row["protocol"] == protocol:
                found[row["method"], int(row["n"])].append(row)
        present = [m for m in order if any((m, n) in found for n in COUNTS)]
        for column, title, digits, factor in (
            ("oa", "overall accuracy, %", 1, 1),
            ("aa", "average accuracy, %", 1, 1),
            ("kappa", "kappa, x 100", 1, 100),
            ("ece", "expected calibration error, points", 1, 100),
        ):
            body = []
            for method in present:
                cells = []
                for n in COUNTS:
                    values = [factor * float(r[column]) for r in found[method, n]]
                    values = [v for v in values if v == v]  # some rows have no calibration error
                    seeds = f" ({len(values)})" if values and len(values) < 10 else ""
                    cells.append(spread(values, digits) + seeds if values else "")
                body.append([title_of(method), *cells])
            head = ["labels per class", *(str(n) for n in COUNTS)]
            parts.append(f"### {protocol.capitalize()}: {title}\n\n{table(head, body)}")
    return "\n".join(parts)


Found = dict[tuple[str, int, str], dict[str, float]]


def goals_section(rows: list[Row], scenes: list[Row]) -> str:
    """Where the engine lands against its goals: on its label lists, and its calibration."""
    found: Found = defaultdict(dict)
    for row in rows:
        if row["scene"] == "indian_pines":
            key = (row["protocol"], int(row["n"]), row["method"])
            found[key][row["seed"]] = float(row["oa"])
    body = [goal_row(found, *key, preset) for key in GOALS for preset in ENGINE]
    body += calibration_goals(scenes)
    return table(["refined map: overall accuracy, %", "goal", "measured", ""], filter(None, body))


def judged(reached: bool, seeds: int) -> str:
    """A verdict, once all ten seeds are measured."""
    if seeds < 10:
        return "open: not all seeds measured"
    return "reached" if reached else "missed"


def goal_row(found: Found, protocol: str, n: int, preset: str) -> list[str]:
    """The mean over the label lists against its goal; empty without any."""
    goal = GOALS[protocol, n]
    values = list(found[protocol, n, f"{preset}+walker"].values())
    if not values:
        return []
    verdict = judged(float(np.mean(values)) >= goal, len(values))
    return [f"{protocol}-{n}, {preset}", f">= {goal}", f"{spread(values)} ({len(values)})", verdict]


def others_section(rows: list[Row]) -> str:
    """Jasper Ridge and Samson with ten labels per class."""
    body = []
    for scene, title in (("jasper_ridge", "Jasper Ridge"), ("samson", "Samson")):
        found: dict[str, list[float]] = defaultdict(list)
        for row in rows:
            if row["scene"] == scene:
                found[row["method"]].append(float(row["oa"]))
        body += [
            [title, title_of(m + w), spread(found[m + w]), str(len(found[m + w]))]
            for m in NAMES
            for w in ("", "+walker")
            if found[m + w]
        ]
    return table(["scene", "method", "overall accuracy, %", "seeds"], body)


def accuracy_plot(rows: list[Row]) -> str:
    """Overall accuracy against labels per class, both protocols."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=False, layout="constrained")
    for axis, protocol in zip(axes, ("random", "field"), strict=True):
        found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            if row["scene"] == "indian_pines" and row["protocol"] == protocol:
                found[row["method"]][int(row["n"])].append(float(row["oa"]))
        for colour, name in enumerate(NAMES):
            values = found.get(f"{name}+walker", {})
            # Lists differ by more than methods do: a mean of fewer seeds would mislead.
            values = {n: oa for n, oa in values.items() if len(oa) == SEEDS}
            if values:
                n = sorted(values)
                mean = [np.mean(values[k]) for k in n]
                style = "-o" if name in ENGINE else "--s"
                label = title_of(name).replace("*", "")
                axis.plot(n, mean, style, color=f"C{colour}", label=label, markersize=4)
        axis.set_xscale("log")
        axis.minorticks_off()
        axis.set_xticks(COUNTS, [str(n) for n in COUNTS])
        axis.set_xlabel("labels per class")
        axis.set_title(f"{protocol} split, refined maps")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("overall accuracy, %")
    if axes[0].get_legend_handles_labels()[0]:
        axes[0].legend(fontsize=8)
    return saved(figure, "benchmark-accuracy.png", "Overall accuracy against labels per class")


def paired(rows: list[Row], measure: str, wrong: str) -> dict[str, dict[str, list[float]]]:
    """Differences to the control by arm and list, one a split (network seeds averaged)."""
    values: dict[tuple[str, str], dict[str, dict[str, float]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for row in rows:
        if row["wrong_labels"] == wrong:
            case = f"{row['protocol']}-{row['n']}"
            values[case, row["split"]][row["arm"]][row["network_seed"]] = float(row[measure])
    out: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    factor = 100 if measure == "ece" else 1
    for (case, _), arms in sorted(values.items()):
        for arm, by_seed in arms.items():
            control = arms.get(CONTROLS.get(arm, "none"), {})
            both = sorted(by_seed.keys() & control.keys())
            if arm != "none" and both:
                gain = np.mean([factor * (by_seed[s] - control[s]) for s in both])
                out[arm][case].append(float(gain))
    return out


def _span(sizes: Iterable[float]) -> str:
    """Smallest and largest of some numbers, once where they look alike."""
    ordered = sorted(sizes)
    low, high = f"{ordered[0]:.1f}", f"{ordered[-1]:.1f}"
    return low if low == high else f"{low} to {high}"


def verdict(rows: list[Row]) -> str:
    """The result of self-distillation in one sentence, whichever way it falls."""
    right = [r for r in rows if r["wrong_labels"] == "0"]
    gains = paired(right, "oa_mean", "0")
    changes: dict[str, list[str]] = {"gained": [], "lost": []}
    undecided = []
    for arm, by_case in gains.items():
        found = {c: interval(v) for c, v in sorted(by_case.items()) if len(v) > 1}
        up = {c: m for c, (m, low, _) in found.items() if low > 0}
        down = {c: -m for c, (m, _, high) in found.items() if high < 0}
        for word, sizes in (("gained", up), ("lost", down)):
            if sizes:
                where = "every list" if len(sizes) == len(found) else " and ".join(sizes)
                changes[word].append(f"`{arm}` {word} {_span(sizes.values())} on {where}")
        if not up and not down:
            undecided.append(f"`{arm}`")
    if not any(len(v) > 1 for by_case in gains.values() for v in by_case.values()):
        return "**In one sentence:** too little is measured with the present features to say."
    splits = len({r["split"] for r in right})
    seeds = len({r["network_seed"] for r in right})
    parts = changes["gained"] + changes["lost"]
    if undecided:
        parts.append(f"{', '.join(undecided)} could not be told from their control on any list")
    return (
        f"**In one sentence:** over up to {splits} splits and {seeds} network seed"
        f"{'s' if seeds > 1 else ''}, beyond the 95 % interval of single comparisons, in points "
        f"of the mean of the exits, {'; '.join(parts)}."
    )


def distillation_section(rows: list[Row]) -> str:
    """Paired differences with intervals, and levels by arm."""
    parts = []
    for wrong, title in (("0", "all labels right"), ("1", "a tenth of the labels wrong")):
        chosen = [r for r in rows if r["wrong_labels"] == wrong]
        if not chosen:
            continue
        for measure, name in MEASURES:
            gains = paired(chosen, measure, wrong)
            cases = sorted({c for by_case in gains.values() for c in by_case})
            body = []
            for arm, by_case in gains.items():
                cells = []
                for case in cases:
                    mean, low, high = interval(by_case[case])
                    cells.append(f"{mean:+.2f} [{low:+.2f}, {high:+.2f}] ({len(by_case[case])})")
                body.append([f"{arm} - {CONTROLS.get(arm, 'none')}", *cells])
            parts.append(f"#### {title}: {name}\n\n{table(['difference', *cases], body)}")
        parts.append(f"#### {title}: spread over splits and seeds\n\n{levels(chosen)}")
    return "\n".join(parts)


def levels(rows: list[Row]) -> str:
    """Mean and deviation of the mean of the exits by arm."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row["arm"]][f"{row['protocol']}-{row['n']}"].append(float(row["oa_mean"]))
    cases = sorted({c for by_case in found.values() for c in by_case})
    body = [[arm, *(spread(by_case[c]) for c in cases)] for arm, by_case in found.items()]
    return table(["arm, OA of the mean of exits", *cases], body)


def distillation_plot(rows: list[Row]) -> str:
    """Gain in OA of every mode over its control, with intervals."""
    gains = paired(rows, "oa_mean", "0")
    cases = sorted({c for by_case in gains.values() for c in by_case})
    if not cases:
        return ""
    figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
    for k, case in enumerate(cases):
        for i, arm in enumerate(gains):
            mean, low, high = interval(gains[arm][case])
            x = i + 0.15 * (k - 1.5)
            label = case if i == 0 else None
            axis.errorbar(
                x, mean, [[mean - low], [high - mean]], fmt="o", color=f"C{k}", label=label
            )
    axis.axhline(0, color="grey", linewidth=1)
    axis.set_xticks(range(len(gains)), list(gains), rotation=15)
    axis.set_ylabel("points of OA over the control")
    axis.legend(fontsize=8)
    return saved(figure, "benchmark-distillation.png", "Gain of each mode over its control")


def front_end_section(rows: list[Row]) -> str:
    """Accuracy and seconds of both front ends on the same lists."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["protocol"], row["front_end"]].append(row)
    body = [
        [
            f"{protocol}-10",
            front_end,
            spread([float(r["oa_mean"]) for r in chosen]),
            spread([float(r["seconds"]) for r in chosen]),
            str(len(chosen)),
        ]
        for (protocol, front_end), chosen in sorted(found.items())
    ]
    return table(["lists", "front end", "OA of the mean of exits, %", "seconds", "splits"], body)


def speed_section(rows: list[Row]) -> str:
    """Every figure with its goal and the load of the machine."""
    body = [
        [r["part"], r["figure"], f"{float(r['value']):.3g} {r['unit']}", r["goal"], r["load"]]
        for r in rows
    ]
    return table(["part", "figure", "measured", "goal", "load average"], body)


def speed_plot(rows: list[Row]) -> str:
    """Seconds and memory of a whole map against the size of the scene."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        size = row["part"].split()[-1].split("x")
        if len(size) == 3:
            found[row["figure"]].append((int(size[0]) * int(size[1]), float(row["value"])))
    if not found:
        return ""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, names, what in (
        (axes[0], ("first map", "training", "whole map", "training and map"), "seconds"),
        (axes[1], ("memory beyond the cube",), "memory beyond the cube, MiB"),
    ):
        for name in (n for n in names if n in found):
            pixels, values = zip(*sorted(found[name]), strict=True)
            axis.loglog(pixels, values, "o-", label=name)
        axis.set_xlabel("pixels")
        axis.set_ylabel(what)
        axis.grid(alpha=0.3, which="both")
    axes[0].legend()
    return saved(figure, "benchmark-speed.png", "Whole map against size")


def main() -> None:
    """Write the page and the plots."""
    accuracy, distillation, speed = (rows_of(n) for n in ("accuracy", "distillation", "speed"))
    sections = {
        "{goals}": goals_section(accuracy, rows_of("development")),
        "{intervals}": intervals_section(rows_of("coverage")),
        "{promise}": promise_section(rows_of("promise")),
        "{accuracy plot}": accuracy_plot(accuracy),
        "{accuracy}": accuracy_section(accuracy),
        "{others}": others_section(accuracy),
        "{sentence}": verdict(distillation),
        "{distillation plot}": distillation_plot(distillation),
        "{distillation}": distillation_section(distillation),
        "{scenes}": scenes_section(rows_of("development")),
        "{regret}": regret_section(rows_of("development")),
        "{regret plot}": regret_plot(rows_of("development")),
        "{hybridsn}": hybrid_section(rows_of("hybridsn")),
        "{teaching sentence}": teaching_sentence(rows_of("self_teaching")),
        "{teaching}": teaching_section(rows_of("self_teaching")),
        "{guidance plot}": guidance_plot(rows_of("guidance")),
        "{guidance}": guidance_section(rows_of("guidance")),
        "{guide large}": large_section(rows_of("guide_large")),
        "{hidden class}": hidden_section(rows_of("hidden_class")),
        "{wrong labels}": wrong_section(rows_of("wrong_labels")),
        "{front_ends}": front_end_section(rows_of("front_ends")),
        "{speed}": speed_section(speed),
        "{speed plot}": speed_plot(speed),
        "{window}": window_section(rows_of("ui")),
        "{mutants}": mutants_section(rows_of("mutants")),
    }
    page = OPENING.read_text(encoding="utf-8")
    for mark, text in sections.items():
        page = page.replace(mark, text.rstrip())
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

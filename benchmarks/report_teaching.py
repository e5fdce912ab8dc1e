"""What self-distillation adds to the final map, in docs/accuracy.md."""

from __future__ import annotations

from collections import defaultdict

from benchmarks.markdown import Row, difference, interval, table
from benchmarks.report_scenes import SCENES

CONTROL = "control"
LEAST = 4  # pairs below which an interval says nothing
UNTAUGHT = ("into_pixels", "sure_pixels")  # arms whose network is that of the control
UNTAUGHT_ELSEWHERE = "unadapted"  # learns nothing on the other scene, and so isn't a way to teach
MEASURES = (
    ("oa_exits", "the network alone"),
    ("oa_around", "surroundings alone, half of which is the network, refined"),
    ("oa_final", "final map: vote by evidence, refined"),
)
Gains = dict[str, dict[str, list[float]]]


def gains(rows: list[Row], measure: str, wrong: str) -> Gains:
    """Differences to the control by arm and case, one a seed."""
    values: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in rows:
        if row["wrong_labels"] == wrong:
            case = f"{SCENES[row['scene']]}, {row['protocol'].split(' ')[0]}-{row['n']}"
            values[case, f"{row['protocol']} {row['seed']}"][row["arm"]] = float(row[measure])
    out: Gains = defaultdict(lambda: defaultdict(list))
    for (case, _), arms in values.items():
        for arm, value in arms.items():
            if arm != CONTROL and CONTROL in arms:
                out[arm][case].append(value - arms[CONTROL])
    return out


def teaching_section(rows: list[Row]) -> str:
    """Paired differences with intervals."""
    parts = []
    for wrong, title in (("0", "all labels right"), ("1", "a tenth of the labels wrong")):
        for measure, name in MEASURES:
            for elsewhere in (False, True):
                chosen = [r for r in rows if r["protocol"].startswith("apply") == elsewhere]
                found = gains(chosen, measure, wrong)
                cases = list(dict.fromkeys(c for by_case in found.values() for c in by_case))
                if not cases:
                    continue
                body = [
                    [f"`{arm}`", *(difference(by_case[c]) for c in cases)]
                    for arm, by_case in found.items()
                    if measure == "oa_final" or arm not in UNTAUGHT
                ]
                where = "another scene" if elsewhere else "the scene itself"
                head = ["arm - control, points of OA", *cases]
                parts.append(f"#### {title}, {where}: {name}\n\n{table(head, body)}")
    return "\n".join(parts)


def pooled(by_case: dict[str, list[float]]) -> list[float]:
    """All differences of an arm."""
    return [gain for values in by_case.values() for gain in values]


def teaching_sentence(rows: list[Row]) -> str:
    """The result in one sentence, whichever way it falls."""
    found = {
        arm: pooled(by_case)
        for arm, by_case in gains(rows, "oa_final", "0").items()
        if arm != UNTAUGHT_ELSEWHERE and len(pooled(by_case)) >= LEAST
    }
    if not found:
        return "**In one sentence:** too little is measured to say."
    bounds = {arm: interval(values) for arm, values in found.items()}
    gained = [arm for arm, (_, low, _) in bounds.items() if low > 0]
    lost = [arm for arm, (_, _, high) in bounds.items() if high < 0]
    means = [mean for mean, _, _ in bounds.values()]
    counts = [len(values) for values in found.values()]
    lists = [r for r in rows if r["arm"] == CONTROL and r["wrong_labels"] == "0"]
    heard = sum(float(r["around"]) > 0 for r in lists)
    ways = f"of {len(found)} ways that were tried"
    how_many = (
        f"{len(gained)} ({_named(gained, bounds)}) made the final map more accurate"
        if gained
        else "none made the final map more accurate"
    )
    worse = f", {len(lost)} ({_named(lost, bounds)}) made it less accurate" if lost else ""
    return (
        f"**In one sentence:** {ways} to let the model learn from its own answers, "
        f"{how_many}{worse}, beyond the 95 % interval of the differences to the same training "
        f"without it (means from {min(means):+.1f} to {max(means):+.1f} points, {min(counts)} to "
        f"{max(counts)} pairs a way on {len({r['scene'] for r in lists})} scenes).\n\n"
        f"The network was heard in {heard} of {len(lists)} lists; in the others nothing that it is "
        "taught can change the map."
    )


def _named(arms: list[str], bounds: dict[str, tuple[float, float, float]]) -> str:
    """Arms with their mean differences and intervals."""
    words = [
        f"`{a}` {m:+.1f} [{low:+.1f}, {high:+.1f}]" for a in arms for m, low, high in [bounds[a]]
    ]
    return ", ".join(words)

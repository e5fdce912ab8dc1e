"""What self-distillation adds to the final map, in docs/accuracy.md."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.markdown import Row, difference, interval, table
from benchmarks.report_scenes import SCENES

CONTROL = "control"
MEASURES = (
    ("oa_exits", "the network alone"),
    ("oa_even", "vote with even weights, refined"),
    ("oa_final", "final map: vote by evidence, refined"),
)
Gains = dict[str, dict[str, list[float]]]


def gains(rows: list[Row], measure: str, wrong: str) -> Gains:
    """Differences to the control by arm and case, one a seed."""
    values: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in rows:
        if row["wrong_labels"] == wrong:
            case = f"{SCENES[row['scene']]}, {row['protocol']} {row['n']}"
            values[case, row["seed"]][row["arm"]] = float(row[measure])
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
                ]
                where = "another scene" if elsewhere else "the scene itself"
                head = ["arm - control, points of OA", *cases]
                parts.append(f"#### {title}, {where}: {name}\n\n{table(head, body)}")
    return "\n".join(parts)


def teaching_sentence(rows: list[Row]) -> str:
    """The result in one sentence, whichever way it falls."""
    found = gains(rows, "oa_final", "0")
    alone = gains(rows, "oa_exits", "0")
    seeds = len({r["seed"] for r in rows if r["wrong_labels"] == "0"})
    if seeds < 2:
        return "**In one sentence:** too little is measured to say."
    kept, lost, undecided = [], [], []
    for arm, by_case in found.items():
        means = [m for m, _, _ in (interval(v) for v in by_case.values())]
        up = [c for c, v in by_case.items() if len(v) > 1 and interval(v)[1] > 0]
        down = [c for c, v in by_case.items() if len(v) > 1 and interval(v)[2] < 0]
        size = f"`{arm}` ({np.mean(means):+.1f} on average over {len(means)} cases)"
        if down or np.mean(means) < -0.1:
            lost.append(size)
        elif up and min(means) > -0.1:
            kept.append(size)
        else:
            undecided.append(size)
    network = max(float(np.mean(np.concatenate(list(v.values())))) for v in alone.values())
    parts = []
    if kept:
        parts.append(f"{', '.join(kept)} gained somewhere and lost nowhere")
    if undecided:
        parts.append(f"{', '.join(undecided)} could not be told from the control or gave and took")
    if lost:
        parts.append(f"{', '.join(lost)} lost")
    return (
        f"**In one sentence:** over {seeds} seeds, self-distillation raised the network's own "
        f"output by up to {network:.1f} points on average, but in the final map, after vote and "
        f"walker, {'; '.join(parts)}."
    )

"""What self-distillation adds to the final map, in docs/accuracy.md."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.markdown import Row, difference, interval, table
from benchmarks.report_scenes import SCENES

CONTROL = "control"
LEAST = 4  # pairs below which an interval says nothing
UNTAUGHT = ("into_pixels", "sure_pixels")  # arms whose network is that of the control
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
    found = gains(rows, "oa_final", "0")
    alone = gains(rows, "oa_exits", "0")
    groups: dict[str, list[str]] = {"gained": [], "lost": [], "undecided": []}
    for arm, by_case in found.items():
        values = pooled(by_case)
        if len(values) < LEAST:
            continue
        mean, low, high = interval(values)
        word = "gained" if low > 0 else "lost" if high < 0 else "undecided"
        worst = min(float(np.mean(v)) for v in by_case.values())
        groups[word].append(
            f"`{arm}` ({mean:+.1f} [{low:+.1f}, {high:+.1f}] over {len(values)} pairs, "
            f"worst case {worst:+.1f})"
        )
    if not any(groups.values()):
        return "**In one sentence:** too little is measured to say."
    several = {
        arm: pooled(v)
        for arm, v in alone.items()
        if len(pooled(v)) >= LEAST and arm not in UNTAUGHT
    }
    best = max(several, key=lambda arm: float(np.mean(several[arm])))
    lists = [r for r in rows if r["arm"] == CONTROL and r["wrong_labels"] == "0"]
    heard = sum(float(r["around"]) > 0 for r in lists)
    mean, low, high = interval(several[best])
    words = {
        "gained": "gained",
        "undecided": "could not be told from the control",
        "lost": "lost",
    }
    parts = [f"{', '.join(groups[k])} {words[k]}" for k in words if groups[k]]
    return (
        "**In one sentence:** in the network's own output self-distillation changes "
        f"{mean:+.1f} points [{low:+.1f}, {high:+.1f}] at best (`{best}`), and in the final map, "
        f"after vote and walker, {'; '.join(parts)}. (The network was heard in {heard} of "
        f"{len(lists)} lists; in the others nothing that it is taught can change the map.)"
    )

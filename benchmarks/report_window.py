"""The window on the page of accuracy: each figure that has a goal, and whether it is kept."""

from __future__ import annotations

from benchmarks.markdown import Row, table


def window_section(rows: list[Row]) -> str:
    """Figures of the interface against their goals, those that miss them first."""
    promised = [row for row in rows if row["goal"]]
    if not promised:
        return ""
    missed = [row for row in promised if _misses(row)]
    by_work = sum(float(row["highest_work"]) > float(row["goal"]) for row in missed)
    sentence = (
        f"{len(promised) - len(missed)} of {len(promised)} figures keep their goal by the clock. "
        f"Of the {len(missed)} that don't, {by_work} miss it by the work of the interface itself, "
        "too; in the others it waited for the processor or the disk."
    )
    body = [
        [
            row["scene"],
            row["figure"],
            f"{float(row['highest']):.0f} {row['unit']}",
            f"{float(row['highest_work']):.0f} {row['unit']}",
            f"<= {float(row['goal']):.0f}",
            "missed" if _misses(row) else "reached",
            row["load"],
        ]
        for row in sorted(promised, key=lambda row: not _misses(row))
    ]
    head = ["scene", "figure", "highest, by the clock", "work of it", "goal", "", "load average"]
    return f"{sentence}\n\n{table(head, body)}"


def _misses(row: Row) -> bool:
    return float(row["highest"]) > float(row["goal"])

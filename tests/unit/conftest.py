"""How hypothesis runs: without deadlines, which fail on a busy machine; in CI the same examples.

Each test runs with 40 of them. A fault that so few miss is met by the next run, whose are others.
"""

from __future__ import annotations

import os

from hypothesis import Phase, settings

# New examples are for developers to meet, not for whoever happens to land next. Where only the
# failure counts (benchmarks.mutants), no smallest example is looked for: that takes minutes.
skipped = {Phase.shrink, Phase.explain} if os.environ.get("HSI_NO_SHRINKING") else set[Phase]()
settings.register_profile(
    "unit",
    deadline=None,
    max_examples=40,
    derandomize=bool(os.environ.get("CI")),
    phases=tuple(phase for phase in Phase if phase not in skipped),
)
settings.load_profile("unit")

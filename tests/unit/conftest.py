"""How hypothesis runs: without deadlines, which fail on a busy machine; in CI the same examples."""

from __future__ import annotations

import os

from hypothesis import settings

# New examples are for developers to meet, not for whoever happens to land next.
settings.register_profile("unit", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("unit")

"""How long a test waits for what must happen: far longer than even a very busy machine needs.

To wait is free where the condition comes, so nothing is gained by a shorter limit.
"""

from __future__ import annotations

PATIENCE = 120.0  # seconds
PATIENCE_MS = int(PATIENCE * 1000)

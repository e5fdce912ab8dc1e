"""One thread for every product of matrices: what is computed then doesn't depend on the machine.

The order in which several threads sum up decides the last bits of a result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """While the block runs, torch, BLAS and OpenMP use one thread in this process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)

"""The optimiser of the network: AdamW with a schedule of its rate.

torch has both, but the first of its optimisers in a process imports torch's compiler, which this
network never uses: 1.7 seconds and 70 MB of each first training.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, pi, sqrt

import torch
from torch import Tensor, nn

DECAY_OF_SQUARES, TINY = 0.999, 1e-8
RISING = 0.3  # share of the steps in which the rate of one cycle rises
FIRST, LAST = 1 / 25, 1 / 25e4  # of the highest rate
MOMENTUM, CYCLED = 0.9, (0.85, 0.95)  # a fixed one; that at the highest rate, and at the lowest


class AdamW:
    """Adam with decoupled decay of the weights, its rate falling from step to step.

    Loshchilov and Hutter, "Decoupled weight decay regularization" (ICLR 2019). A network that
    starts at random goes through one cycle: the rate rises, then falls almost to zero, while the
    momentum does the opposite (Smith and Topin, "Super-convergence", 2019). A warm start begins at
    the highest rate, with half a cosine (Loshchilov and Hutter, "SGDR", ICLR 2017).

    Parameters
    ----------
    parameters : of the network; those without a gradient stay.
    rate : the highest.
    steps : that will be made; of more, the rate is that of the last.
    weight_decay : share of a weight, times the rate, that goes with each step.
    warm : whether the network has learned before.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rate: float,
        steps: int,
        *,
        weight_decay: float,
        warm: bool = False,
    ) -> None:
        self._parameters = list(parameters)
        self._highest, self._steps, self._decay, self._warm = rate, steps, weight_decay, warm
        self._done = 0
        self._means = [torch.zeros_like(p) for p in self._parameters]
        self._squares = [torch.zeros_like(p) for p in self._parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move the weights against their gradients."""
        rate, momentum = self.schedule()
        self._done += 1
        seen = 1 - momentum**self._done, 1 - DECAY_OF_SQUARES**self._done
        states = zip(self._parameters, self._means, self._squares, strict=True)
        for weight, mean, square in states:
            if weight.grad is not None:
                weight.mul_(1 - rate * self._decay)
                mean.lerp_(weight.grad, 1 - momentum)
                square.mul_(DECAY_OF_SQUARES).addcmul_(
                    weight.grad, weight.grad, value=1 - DECAY_OF_SQUARES
                )
                spread: Tensor = (square.sqrt() / sqrt(seen[1])).add_(TINY)
                weight.addcdiv_(mean, spread, value=-rate / seen[0])

    def schedule(self) -> tuple[float, float]:
        """Rate and momentum of the next step."""
        step = min(self._done, self._steps - 1)
        if self._warm:
            return _eased(self._highest, 0.0, step / self._steps), MOMENTUM
        peak = max(RISING * self._steps - 1, 1e-9)
        least, most = CYCLED
        if step <= peak:
            part = step / peak
            return _eased(FIRST * self._highest, self._highest, part), _eased(most, least, part)
        part = (step - peak) / (self._steps - 1 - peak)
        return _eased(self._highest, LAST * self._highest, part), _eased(least, most, part)


def _eased(start: float, end: float, part: float) -> float:
    """From one value to another along half a cosine."""
    return end + (start - end) / 2 * (1 + cos(pi * part))

"""The optimiser against torch's, which is right and slow to import."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hsi_viewer.learning.optimiser import AdamW

STEPS, RATE, DECAY = 40, 2e-2, 1e-2


def trained(optimiser_of, network):
    """Weights after each of some steps on a fixed problem."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 5, generator=generator)
    y = (x[:, 0] * x[:, 1] > 0).long()
    step, seen = optimiser_of(network), []
    for _ in range(STEPS):
        for parameter in network.parameters():
            parameter.grad = None
        nn.functional.cross_entropy(network(x), y).backward()
        step()
        seen.append(torch.cat([p.detach().flatten().clone() for p in network.parameters()]))
    return torch.stack(seen)


def network():
    torch.manual_seed(3)
    made = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))
    made[2].bias.requires_grad_(False)  # has no gradient, and stays
    return made


@pytest.mark.parametrize("warm", [False, True])
def test_each_step_is_that_of_torch(warm):
    def ours(made):
        return AdamW(made.parameters(), RATE, STEPS, weight_decay=DECAY, warm=warm).step

    def theirs(made):
        optimiser = torch.optim.AdamW(made.parameters(), RATE, weight_decay=DECAY)
        schedule = (
            torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
            if warm
            else torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS)
        )

        def step():
            optimiser.step()
            schedule.step()

        return step

    found, wanted = trained(ours, network()), trained(theirs, network())
    assert not torch.equal(wanted[0], wanted[-1])
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_few_steps_have_a_rate(steps):
    weight = nn.Parameter(torch.ones(3))
    optimiser = AdamW([weight], RATE, steps, weight_decay=0.0)
    rates = []
    for _ in range(steps + 2):
        rates.append(optimiser.schedule()[0])
        optimiser.zero_grad()
        (weight**2).sum().backward()
        optimiser.step()
    assert all(0 < rate <= RATE * (1 + 1e-9) for rate in rates)
    assert torch.isfinite(weight).all()

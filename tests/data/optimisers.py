"""Records paths of optimisers for the tests: `pip install torch optax` and `python tests/data/optimisers.py > tests/data/optimisers.csv`.

All numbers are double precision. The gradient of step k = 0, 1, ... in coordinate i = 0, 1, 2 is
2 θ_i + 3 cos(0.7 k + i), and 100 (i + 1) more at k = 17: a spike.
"""

import math

import jax
import jax.numpy as jnp
import optax
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import SGD, Adagrad, Adam, AdamW, RMSprop
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

jax.config.update("jax_enable_x64", True)

START = [1.0, -0.5, 2.0]
STEPS = 50
RECORDED = [1, 2, 3, 5, 10, 17, 18, 19, 25, 30, 40, 50]


def gradient(theta: list[float], k: int) -> list[float]:
    spike = 100.0 if k == 17 else 0.0
    return [2.0 * x + 3.0 * math.cos(0.7 * k + i) + spike * (i + 1) for i, x in enumerate(theta)]


def record(name: str, k: int, theta: list[float]) -> None:
    if k in RECORDED:
        print(",".join([name, str(k), *(repr(x) for x in theta)]))


def run_torch(name, make, clip=None, schedule=None):
    theta = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimiser = make([theta])
    scheduler = schedule(optimiser) if schedule else None
    for k in range(STEPS):
        theta.grad = torch.tensor(gradient(theta.tolist(), k), dtype=torch.float64)
        if clip:
            clip([theta])
        optimiser.step()
        if scheduler:
            scheduler.step()
        record(name, k + 1, theta.tolist())


def run_optax(name, transformation):
    theta = jnp.array(START, dtype=jnp.float64)
    state = transformation.init(theta)
    for k in range(STEPS):
        g = jnp.array(gradient(theta.tolist(), k), dtype=jnp.float64)
        updates, state = transformation.update(g, state, theta)
        theta = optax.apply_updates(theta, updates)
        record(name, k + 1, theta.tolist())


def by_norm(parameters):
    clip_grad_norm_(parameters, 1.5)


def by_value(parameters):
    clip_grad_value_(parameters, 0.8)


def steps(optimiser):
    return StepLR(optimiser, step_size=7, gamma=0.6)


def cosine(optimiser):
    return CosineAnnealingLR(optimiser, T_max=20, eta_min=0.001)


def sgd(**settings):
    return lambda parameters: SGD(parameters, lr=0.05, **settings)


def adam(kind=Adam, **settings):
    return lambda parameters: kind(parameters, lr=0.03, betas=(0.9, 0.99), **settings)


def rmsprop(**settings):
    return lambda parameters: RMSprop(parameters, lr=0.01, alpha=0.9, **settings)


print("optimiser,step,theta0,theta1,theta2")
run_torch("sgd", sgd())
run_torch("sgd momentum", sgd(momentum=0.9))
run_torch("sgd nesterov", sgd(momentum=0.8, nesterov=True))
run_torch("sgd weight decay", sgd(momentum=0.9, weight_decay=0.3))
run_torch("sgd clipped by norm", sgd(momentum=0.9, weight_decay=0.3), clip=by_norm)
run_torch("sgd clipped by value", sgd(), clip=by_value)
run_torch("sgd step schedule", sgd(momentum=0.9), schedule=steps)
run_torch("sgd cosine schedule", sgd(nesterov=True, momentum=0.9), schedule=cosine)
run_torch("adam", adam())
run_torch("adam weight decay", adam(weight_decay=0.5))
run_torch("adam without memory", lambda p: Adam(p, lr=0.03, betas=(0.0, 0.99), eps=1e-3))
run_torch("adamw", adam(AdamW, weight_decay=0.5))
run_torch("amsgrad", adam(amsgrad=True))
run_torch("adamw amsgrad", adam(AdamW, amsgrad=True, weight_decay=0.2), clip=by_norm, schedule=cosine)
run_torch("adam clipped by value", adam(), clip=by_value, schedule=steps)
run_torch("rmsprop", rmsprop())
run_torch("rmsprop momentum", rmsprop(momentum=0.7, eps=1e-4, weight_decay=0.1), clip=by_norm)
run_torch("adagrad", lambda p: Adagrad(p, lr=0.2))
run_torch(
    "adagrad initial",
    lambda p: Adagrad(p, lr=0.2, initial_accumulator_value=2.0, eps=1e-3, weight_decay=0.1),
    schedule=cosine,
)
run_optax("lion", optax.lion(0.03, b1=0.9, b2=0.99, weight_decay=0.0))
run_optax("lion weight decay", optax.lion(0.03, b1=0.8, b2=0.95, weight_decay=0.4))

"""The run itself: epochs of steps, a checkpoint now and then, validation of the averaged weights after each epoch."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ..face_network import save_network
from .data import Split, make_batch, order, steps_per_epoch
from .infer import probabilities, score
from .journal import Journal
from .losses import head_losses, total
from .optimise import Average, freeze, make_optimiser, rate_share, set_rate
from .recipe import Recipe
from .state import Progress, State, write_state
from .targets import Targets

CHECKPOINT_SECONDS = 480
LOG_STEPS = 20
LARGEST_GRADIENT = 5.0


@dataclass
class Run:
    """One training run, ready to go on at `progress`."""

    folder: Path
    recipe: Recipe
    network: nn.Module
    average: Average
    optimiser: torch.optim.Optimizer
    progress: Progress
    journal: Journal


def new_run(folder: Path, recipe: Recipe, network: nn.Module) -> Run:
    """From a network as it stands, on its device."""
    network = network.to(memory_format=torch.channels_last).requires_grad_(True)
    freeze(network, recipe.frozen)
    average = Average(network, recipe.ema_decay)
    return Run(folder, recipe, network, average, make_optimiser(network, recipe), Progress(), Journal(folder / "log.jsonl"))


def resumed_run(folder: Path, network: nn.Module, state: State, steps: int) -> Run:
    """As it stood when `state` was written; network: of the same architecture; steps: of an epoch. Without the optimiser's
    moments the learning rate rises from 0 again."""
    run = new_run(folder, state.recipe, network)
    # Checkpoints for git leave batch norm's counters out; nothing reads them.
    run.network.load_state_dict(run.network.state_dict() | state.network)
    run.average.network.load_state_dict(run.average.network.state_dict() | state.average)
    run.progress = state.progress
    if state.optimiser is None:
        run.progress.rewarmed_from = run.progress.epoch * steps + run.progress.step
    else:
        run.optimiser.load_state_dict(state.optimiser)
    return run


def train(run: Run, faces: Split, targets: Targets, val: Split, stop_after: int | None = None) -> bool:
    """Go on until the recipe's last epoch: True when it is done; False when stopped before, by SIGTERM or SIGINT or after
    `stop_after` steps. Either way the state is saved."""
    wanted = {"stop": False}
    previous = {number: signal.signal(number, lambda *_: wanted.update(stop=True)) for number in (signal.SIGTERM, signal.SIGINT)}
    steps, taken, saved = steps_per_epoch(len(faces), run.recipe), 0, time.monotonic()
    try:
        while run.progress.epoch < run.recipe.epochs:
            places = order(len(faces), run.recipe.seed, run.progress.epoch)
            run.network.train()
            freeze(run.network, run.recipe.frozen)
            meter = Meter(run.recipe.batch)
            while run.progress.step < steps:
                if wanted["stop"] or taken == stop_after:
                    save(run)
                    run.journal.say(f"stopped in epoch {run.progress.epoch}, step {run.progress.step} of {steps}; --resume goes on")
                    return False
                start = run.progress.step * run.recipe.batch
                meter.add(step(run, faces, targets, places[start : start + run.recipe.batch], steps))
                run.progress.step += 1
                taken += 1
                if run.progress.step % LOG_STEPS == 0 or run.progress.step == steps:
                    report(run, meter, steps)
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    save(run)
                    saved = time.monotonic()
            validate(run, val)
            run.progress.epoch, run.progress.step = run.progress.epoch + 1, 0
            save(run)
            saved = time.monotonic()
        return True
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def step(run: Run, faces: Split, targets: Targets, places, steps: int) -> dict[str, float]:
    """One update; the loss of each head. Chance is a function of seed, epoch and step alone."""
    recipe, now = run.recipe, run.progress.epoch * steps + run.progress.step
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + now)
    torch.manual_seed(recipe.seed * 1_000_003 + now)
    batch = make_batch(faces.pixels, targets, places, recipe, generator)
    set_rate(run.optimiser, rate_share(now, steps, recipe, run.progress.rewarmed_from))
    device = next(run.network.parameters()).device
    batch = batch.to(device)
    with torch.autocast(device.type, torch.bfloat16):
        answers = run.network(batch.faces)
    losses = head_losses(dict(zip(run.network.tasks, answers)), batch.values, batch.weights)
    loss = total(losses)
    if not torch.isfinite(loss):
        raise ValueError(f"the loss is {loss.item()} in epoch {run.progress.epoch}, step {run.progress.step}: lower the learning rates")
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_([p for p in run.network.parameters() if p.requires_grad], LARGEST_GRADIENT)
    run.optimiser.step()
    run.average.update(run.network)
    return {**{head: value.item() for head, value in losses.items()}, "loss": loss.item()}


class Meter:
    """Means of the losses and the speed since the last `take`."""

    def __init__(self, batch: int):
        self.batch = batch
        self.sums: dict[str, float] = {}
        self.count = 0
        self.since = time.monotonic()

    def add(self, losses: dict[str, float]) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.count += 1

    def take(self) -> dict[str, float]:
        """{head and `loss`: mean, facesPerSecond}; starts anew."""
        seconds, means = time.monotonic() - self.since, {name: value / self.count for name, value in self.sums.items()}
        means["facesPerSecond"] = self.count * self.batch / max(seconds, 1e-9)
        self.sums, self.count, self.since = {}, 0, time.monotonic()
        return means


def report(run: Run, meter: Meter, steps: int) -> None:
    """The last steps to journal and bar."""
    means, rates = meter.take(), {round(group["lr"], 8) for group in run.optimiser.param_groups}
    run.journal.write("step", epoch=run.progress.epoch, step=run.progress.step, lr=max(rates), **means)
    note = f"loss {means['loss']:.3f}, {means['facesPerSecond']:.0f} faces/s"
    run.journal.progress(f"epoch {run.progress.epoch + 1}/{run.recipe.epochs}", run.progress.step, steps, note)


def validate(run: Run, val: Split) -> None:
    """The averaged weights on the whole validation split and on its clean part, to journal, history and ema.safetensors."""
    answers = probabilities(run.average.network, val.pixels)
    figures = score(answers, val.labels)
    figures |= {f"clean_{name}": value for name, value in score(answers, val.labels, val.clean).items()}
    run.progress.history.append(figures)
    run.journal.write("val", epoch=run.progress.epoch, **figures)
    told = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
    run.journal.say(f"after epoch {run.progress.epoch + 1} of {run.recipe.epochs}: {told}")
    save_network(run.average.network, run.folder / "ema.safetensors")


def save(run: Run) -> None:
    """The run's state, atomically."""
    write_state(run.folder, State(run.recipe, run.progress, run.network.state_dict(), run.average.network.state_dict(), run.optimiser.state_dict()))

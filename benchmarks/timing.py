"""Rounds in which all programs take turns, so that a busy moment of the machine affects each."""

import gc
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from statistics import median

Rates = Mapping[str, list[float]]


def cpu_rates(passes: Mapping[str, Callable[[], int]], *, rounds: int, least_seconds: float) -> Rates:
    """Items done per CPU second by name, one figure a round.

    A pass does its work once and returns how many items it did; in each round it is repeated until
    `least_seconds` of CPU time are spent. One pass of each is run before, unmeasured.
    """
    for run in passes.values():
        run()
    rates: dict[str, list[float]] = {name: [] for name in passes}
    for name in in_turn(passes, rounds):
        rates[name].append(_rate(passes[name], least_seconds))
    return rates


def in_turn(names: Collection[str], rounds: int) -> Iterator[str]:
    """All names once a round, with another first one each time: who follows whom must not matter."""
    order = deque(names)
    for _ in range(rounds):
        yield from order
        order.rotate(-1)


def _rate(run: Callable[[], int], least_seconds: float) -> float:
    gc.collect()
    done, spent = 0, 0.0
    begun = time.process_time()
    while spent < least_seconds or not spent:
        done += run()
        spent = time.process_time() - begun
    return done / spent


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the ratios within each round."""
    return median(our / their for our, their in zip(ours, theirs, strict=True))

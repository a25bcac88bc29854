"""Rounds in which all programs take turns, so that a busy moment of the machine affects each."""

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median

Rates = Mapping[str, list[float]]


def cpu_rates(passes: Mapping[str, Callable[[], int]], *, rounds: int, least_seconds: float) -> Rates:
    """Things done per CPU second by name, one figure a round.

    A pass does its work once and returns how many things it did; in each round it is repeated until
    `least_seconds` of CPU time are spent. One pass of each is run before, unmeasured.
    """
    for run in passes.values():
        run()
    found: dict[str, list[float]] = {name: [] for name in passes}
    for turn in range(rounds):
        for name in turned(list(passes), turn):
            found[name].append(_rate(passes[name], least_seconds))
    return found


def turned(names: list[str], turn: int) -> list[str]:
    """The names with another first one each turn: who follows whom must not matter."""
    start = turn % len(names)
    return names[start:] + names[:start]


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

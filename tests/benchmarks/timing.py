"""Take turns, and keep the middle: how everything here is timed.

Process time of one thread, in rounds. In each round every contender has its turn, so that a slow moment of the machine
meets all of them; what is kept is the median of the rounds. A ratio is the median of the rounds' own ratios.
"""

from __future__ import annotations

import collections.abc as cabc
import gc
import statistics
import time
import typing as t

Functions: t.TypeAlias = cabc.Mapping[str, cabc.Callable[[], object]]


class Times:
    """The times of each contender, round by round, in microseconds."""

    def __init__(self, rounds: dict[str, list[float]]) -> None:
        self.rounds = rounds

    def __contains__(self, name: str) -> bool:
        return name in self.rounds

    def median(self, name: str) -> float:
        """The median of a contender's rounds."""
        return statistics.median(self.rounds[name])

    def ratio(self, name: str, base: str) -> float:
        """How many times as long as ``base`` a contender takes."""
        pairs = zip(self.rounds[name], self.rounds[base], strict=True)
        return statistics.median(one / other for one, other in pairs)

    def added(self, name: str, base: str) -> float:
        """How many microseconds longer than ``base`` a contender takes."""
        return statistics.median(one - other for one, other in zip(self.rounds[name], self.rounds[base], strict=True))


def take_turns(functions: Functions, rounds: int = 31, seconds: float = 0.008) -> Times:
    """Time functions against each other.

    :param functions: What to call, by name.
    :param rounds: How many turns each of them gets.
    :param seconds: About how long a turn lasts; at least one call.
    """
    counts = {name: count_for(function, seconds) for name, function in functions.items()}
    times: dict[str, list[float]] = {name: [] for name in functions}
    gc.collect()
    gc.freeze()  # what the set-up of all contenders has left is not walked through in the turn of one
    names = list(functions)
    for number in range(rounds):
        start_at = number % len(names)
        for name in names[start_at:] + names[:start_at]:
            times[name].append(turn(functions[name], counts[name]) / counts[name] * 1e6)
    gc.unfreeze()
    return Times(times)


def turn(function: cabc.Callable[[], object], count: int) -> float:
    """Call a function some times and give the seconds of process time; one that has a ``turn`` takes it itself."""
    own = getattr(function, "turn", None)
    if own is not None:
        return t.cast(float, own(count))
    turns = range(count)
    start = time.process_time()
    for _ in turns:
        function()
    return time.process_time() - start


def count_for(function: cabc.Callable[[], object], seconds: float) -> int:
    """How many calls fill a turn."""
    function()
    count = 1
    while True:
        took = turn(function, count)
        if took > seconds / 4:
            return max(1, round(count * seconds / took))
        count *= 2

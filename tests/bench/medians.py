"""Rows of several runs as one: what this kind of machine shows in one run says little."""

import statistics

RUNS = 3


def medians(runs):
    """Yield what, the median of its figures, and unit; ``runs``: the rows of each run."""
    for same in zip(*runs, strict=True):
        what, _, unit = same[0]
        yield what, statistics.median(figure for _, figure, _ in same), unit

"""In which order a process tells its projections what was committed."""

import itertools
import random

from personae.actors.domain.kit import Recorded, Stream
from personae.actors.workers.course import MAX_EARLY, Course


def batch(first, last):
    stream = Stream("instance", "note", "1")
    return [
        Recorded(stream, at, at, None, "somebody", "owner", None) for at in range(first, last + 1)
    ]


def course(seen=0):
    told = []
    return Course(lambda events: told.extend(each.position for each in events), seen), told


def test_what_follows_is_told_at_once():
    one, told = course(4)
    one.take(batch(5, 6))
    assert (told, one.seen, one.gap) == ([5, 6], 6, 0)


def test_what_comes_early_waits_for_what_is_before_it():
    one, told = course()
    one.take(batch(3, 4))
    assert (told, one.gap) == ([], 2)
    one.take(batch(1, 2))
    assert (told, one.gap) == ([1, 2, 3, 4], 0)


def test_nothing_is_told_twice_or_out_of_order_whatever_comes_when():
    for seed in range(200):
        chance = random.Random(seed)
        cuts = sorted({0, 40, *(chance.randrange(1, 40) for _ in range(8))})
        pieces = [batch(first + 1, last) for first, last in itertools.pairwise(cuts)]
        again = [batch(a, a + 3) for a in (1, 9, 17)]
        mixed = pieces + again
        chance.shuffle(mixed)
        one, told = course()
        for piece in mixed:
            one.take(piece)
        one.take(batch(1, 40))  # whatever still waits, the log fills
        assert told == list(range(1, 41)), seed


def test_too_much_that_comes_early_is_left_to_the_log():
    one, told = course()
    one.take(batch(2, MAX_EARLY + 2))
    assert one.gap == 0
    one.take(batch(1, 3))
    assert told == [1, 2, 3]


def test_what_was_read_elsewhere_is_not_told():
    one, told = course()
    one.take(batch(8, 9))
    one.begin(9)
    assert (told, one.seen) == ([8, 9], 9)

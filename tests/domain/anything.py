"""Strategies for any command and any facts, by their annotations; few values, so that they meet."""

import inspect
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from personae.actors.domain.auth_request.refusals import WRONG_ORG
from personae.actors.domain.feature.commands import SetFeatures
from personae.actors.domain.instance.facts import SetUpFacts
from personae.actors.domain.kit import Facts, Stream
from personae.actors.domain.user.facts import HumanFacts, KeyFacts

from tests.domain.language import EARLIER, LATER, NOW

WORDS = ["a", "b", "", "Gigi", "gigi ", "gi\u200bgi", "x@x.test", "https://x.test/cb", "ORG_OWNER"]
LEAVES = {
    str: st.sampled_from(WORDS),
    bool: st.booleans(),
    int: st.integers(0, 3),
    bytes: st.sampled_from([b"", b"1"]),
    datetime: st.sampled_from([EARLIER, NOW, LATER]),
    timedelta: st.sampled_from([timedelta(seconds=s) for s in (-1, 0, 1, 7200)]),
    Exception: st.builds(WRONG_ORG),
    Any: st.just("RS256"),
    object: st.builds(Facts, now=st.just(NOW)),
}
# What facts promise: something about everybody a command names.
PROMISED = {
    (SetUpFacts, "users"): Mapping[str, HumanFacts],
    (SetUpFacts, "keys"): Mapping[str, KeyFacts],
    (SetFeatures, "values"): st.dictionaries(
        st.sampled_from(["user_schema", "token_exchange", "no_such"]), st.booleans()
    ),
}


def anything(hint):  # noqa: PLR0911 — one line per form of an annotation
    """Return a strategy for values of an annotation."""
    if isinstance(hint, st.SearchStrategy):
        return hint
    if hint in LEAVES:
        return LEAVES[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return st.one_of(*(st.none() if i is types.NoneType else anything(i) for i in inner))
    if origin is type:
        return st.sampled_from(get_args(inner[0]))
    if origin is tuple:
        return (
            st.lists(anything(inner[0]), max_size=2).map(tuple)
            if inner[-1] is ...
            else st.tuples(*map(anything, inner))
        )
    if origin is frozenset:
        some = st.frozensets(anything(inner[0]), max_size=3)
        return st.just(frozenset(WORDS)) | some
    if origin in {dict, Mapping}:
        words = WORDS if inner[0] is str else range(4)
        return st.builds(dict.fromkeys, st.just(words), anything(inner[1]))
    if issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    return instances(hint)


def instances(cls):
    """Return a strategy for instances of a dataclass or a stream."""
    hints = get_type_hints(cls)
    assert is_dataclass(cls) or cls is Stream, cls
    names = cls._fields if cls is Stream else [f.name for f in fields(cls) if f.init]
    return st.builds(cls, **{n: anything(PROMISED.get((cls, n), hints[n])) for n in names})


def lives(kind):
    """Return a strategy for the orders of one life, which begins with one that creates, if any."""
    creating = {command for command in kind._deciders if command.__address__.creates}
    begins = orders(kind, lambda command: not creating or command in creating)
    return st.tuples(begins, st.lists(orders(kind), max_size=10)).map(lambda t: [t[0], *t[1]])


def orders(kind, wanted=lambda _: True):
    """Return a strategy for a command of a kind with facts that its decider may get."""
    return st.one_of(
        *(
            st.tuples(instances(command), anything(facts_of(decider)))
            for command, decider in kind._deciders.items()
            if wanted(command)
        )
    )


def facts_of(decider):
    """Return what a decider is annotated to know."""
    return get_type_hints(decider)[list(inspect.signature(decider).parameters)[2]]

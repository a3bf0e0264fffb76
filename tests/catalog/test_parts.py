"""Sets of parts: when one is complete, and which can never be. Pure."""

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.document import parse_spec
from app.catalog.parts import (
    GroupRule,
    PartRule,
    count_missing,
    find_circle,
    is_complete,
    parts_first,
)
from app.core.errors import InvalidError

NAMES = st.sampled_from("abcde")
GRAPHS = st.dictionaries(NAMES, st.lists(NAMES, max_size=3, unique=True), max_size=5)
LIMITS = st.one_of(
    st.tuples(st.none(), st.none()),
    st.tuples(st.integers(1, 4), st.none()),
    st.tuples(st.none(), st.frozensets(st.integers(1, 4), min_size=1)),
)
PARTS = st.builds(
    lambda achievement, limit: PartRule(0, achievement, *limit), st.integers(1, 6), LIMITS
)
GROUPS = st.lists(
    st.lists(PARTS, min_size=1, max_size=4).flatmap(
        lambda parts: st.builds(GroupRule, st.integers(1, len(parts)), st.just(tuple(parts)))
    ),
    max_size=3,
)
HELD = st.dictionaries(st.integers(1, 6), st.frozensets(st.integers(1, 4)), max_size=6)


def joined(held, more):
    return {key: held.get(key, frozenset()) | more.get(key, frozenset()) for key in held | more}


@given(GROUPS, HELD, HELD)
def test_more_badges_never_make_a_set_less_complete(groups, held, more):
    all_of_them = joined(held, more)

    assert is_complete(groups, all_of_them) >= is_complete(groups, held)
    assert count_missing(groups, all_of_them) <= count_missing(groups, held)


@given(GROUPS, HELD)
def test_a_set_is_complete_exactly_when_nothing_is_missing(groups, held):
    assert is_complete(groups, held) == (bool(groups) and count_missing(groups, held) == 0)


def has_circle(parts):
    """Try every way through: slow, and plain enough to be believed."""
    return any(
        all(
            there in parts.get(here, ())
            for here, there in zip(way, (*way[1:], way[0]), strict=True)
        )
        for length in range(1, 6)
        for way in permutations("abcde", length)
    )


@given(GRAPHS)
def test_a_circle_is_found_exactly_when_there_is_one(parts):
    circle = find_circle(parts)

    assert (circle is not None) == has_circle(parts)
    if circle is not None:
        assert circle[0] == circle[-1]
        assert all(there in parts[here] for here, there in pairwise(circle))


@given(GRAPHS.filter(lambda parts: not has_circle(parts)))
def test_what_a_certificate_is_made_of_stands_before_it(parts):
    order = parts_first(parts)

    assert sorted(order) == sorted(parts)
    for place, name in enumerate(order):
        assert not set(parts[name]) & set(order[place:])


def test_a_long_chain_is_no_trouble():
    chain = {str(number): [str(number + 1)] for number in range(5000)}

    assert find_circle(chain) is None
    assert parts_first(chain)[0] == "4999"
    assert find_circle(chain | {"5000": ["0"]}) is not None


def spec(*groups):
    return {
        "slug": "foundations",
        "issuer": "college",
        "level": "certificate",
        "name": "Foundations",
        "description": "A set.",
        "criteria_narrative": "Earn them all.",
        "image_alt": "A certificate",
        "parts": list(groups),
    }


def part(slug, **limit):
    return {"achievement": slug, **limit}


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([{"of": []}], "at least 1 item"),
        ([{"need": 0, "of": [part("a")]}], "greater than or equal to 1"),
        ([{"need": -1, "of": [part("a")]}], "greater than or equal to 1"),
        ([{"need": 3, "of": [part("a"), part("b")]}], "3 parts are needed, but there are 2"),
        ([{"need": True, "of": [part("a")]}], "whole number"),
        ([{"need": "2", "of": [part("a")]}], "whole number"),
        ([{"of": [part("a"), part("a")]}], "two parts are called “a”"),
        ([{"of": [part("a")]}, {"of": [part("a")]}], "two parts are called “a”"),
        ([{"of": [part("Not a slug")]}], "small letters"),
        ([{"of": [part("a", from_version=0)]}], "greater than or equal to 1"),
        ([{"of": [part("a", versions=[])]}], "at least 1 item"),
        ([{"of": [part("a", versions=[2, 1])]}], "must rise"),
        ([{"of": [part("a", versions=[1, 1])]}], "must rise"),
        ([{"of": [part("a", from_version=1, versions=[1])]}], "not both"),
        ([{"of": [part("a", version=1)]}], "not known here"),
        ([{"of": "a"}], "must be a list"),
        (["a"], "group of named values"),
    ],
)
def test_a_set_that_makes_no_sense_is_refused_and_named(groups, words):
    with pytest.raises(InvalidError, match=words):
        parse_spec(spec(*groups))


def test_all_of_them_is_said_in_one_way():
    counted = parse_spec(spec({"need": 2, "of": [part("a"), part("b")]}))
    plain = parse_spec(spec({"of": [part("a"), part("b")]}))

    assert counted == plain

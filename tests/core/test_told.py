"""Reading what another system tells: the next page of a list, and whose address it is."""

import pytest

from app.core.told import UnreadablePageLinkError, next_page, same_origin


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ('<https://a/X?cUr=AbC>; rel="next"', "https://a/X?cUr=AbC"),
        ("<https://a/2>; rel=next", "https://a/2"),
        ('<https://a/1>; rel="prev", <https://a/2>; rel="next"', "https://a/2"),
        ('<https://a/2>; title="x"; rel="last next"', "https://a/2"),
        ("</people?p=2>; rel=next", "https://a/people?p=2"),
        ('<https://a/?x=1,2>; REL="NEXT"', "https://a/?x=1,2"),
        ('<https://a/d>; rel="differences"', None),
        ('<https://a/?rel=next>; rel="self"', None),
    ],
)
def test_the_next_page_is_taken_letter_by_letter(header, expected):
    assert next_page({"Link": header}, url="https://a/people") == expected


@pytest.mark.parametrize("header", ["<https://a/2>; rel=“next”", "<>; rel=next", "x; rel='next'"])
def test_a_link_header_that_hides_the_next_page_is_refused(header):
    with pytest.raises(UnreadablePageLinkError):
        next_page({"Link": header}, url="https://a/people")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a/x", "https://A:443/y?z", True),
        ("https://a/x", "http://a/x", False),
        ("https://a/x", "https://a:444/x", False),
        ("https://a/x", "https://a.evil/x", False),
        ("https://a/x", "https://a@evil/x", False),
        ("https://a/x", "https://a:no/x", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one, other, same):
    assert same_origin(one, other) is same

"""Reading what another system tells: the next page of a list, and whose address it is."""

from datetime import timedelta

import pytest

from app.core.told import UnreadablePageLinkError, next_page, retry_after, same_origin


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


@pytest.mark.parametrize(
    "header",
    [
        "<https://a/2>; rel=“next”",
        "<>; rel=next",
        "x; rel='next'",
        '<http://[>; rel="next"',
        '<//[::1>; rel="next"',
    ],
)
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


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "9" * 30}, 10**7),
        ({"Retry-After": "9" * 5000}, 10**7),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2300"}, None),
        ({"Retry-After": "Fri, 31 Dec 99999 23:59:59 GMT"}, None),
        (
            {
                "Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT",
                "Date": "Tue, 24 Nov 2026 10:00:00 GMT",
            },
            30,
        ),
    ],
)
def test_a_wait_that_is_asked_for_is_understood_or_left_aside(told, seconds):
    expected = None if seconds is None else timedelta(seconds=seconds)

    assert retry_after(told) == expected

"""Reading what an LMS says of itself, without a wire."""

import json

import pytest

from app.core.errors import InvalidError
from app.platforms.configuration import read_answer, read_configuration, related
from tests.platforms.conftest import CONFIGURATION, NewLms

ADDRESSES = (
    *("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"),
    "registration_endpoint",
)


def read(**changes):
    document = NewLms(None).configuration(**changes)
    return read_configuration(json.dumps(document).encode(), source=CONFIGURATION, allow_http=False)


@pytest.mark.parametrize("member", ADDRESSES)
@pytest.mark.parametrize("value", [None, "", 7, ["https://new-lms.test"]])
def test_a_missing_member_is_named(member, value):
    with pytest.raises(InvalidError, match=f"lacks “{member}”"):
        read(**{member: value})


@pytest.mark.parametrize("member", ADDRESSES)
@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://new-lms.test/",
        "//new-lms.test/x",
        "https://",
        "https://[",
        "https://new-lms.test:port/",
        "https://user:word@new-lms.test/",
        "https://new-lms.test/; script-src *",
        'https://new-lms.test/"><script>',
        "https://new-lms.test/\r\nSet-Cookie: a=b",
        "https://new-lms.test/\u202e",
        "https://new-lms.test/" + "x" * 1000,
    ],
)
def test_an_address_that_is_no_web_address_is_refused(member, value):
    with pytest.raises(InvalidError, match=f"“{member}” of the LMS"):
        read(**{member: value})


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("lms.example.edu", "lms.example.edu", True),
        ("auth.example.edu", "lms.example.edu", True),
        ("canvas.instructure.com", "sso.canvaslms.com", True),
        ("school.instructure.com", "canvas.instructure.com", True),
        ("blackboard.com", "developer.anthology.com", True),
        ("example.edu", "example.edu.evil.test", False),
        ("uni-a.ac.uk", "uni-b.ac.uk", False),
        ("lms.uni-a.ac.uk", "auth.uni-a.ac.uk", True),
        ("10.0.0.1", "11.0.0.1", False),
        ("evilexample.edu", "example.edu", False),
        ("", "example.edu", False),
    ],
)
def test_hosts_belong_together_only_where_that_is_plain(one, other, expected):
    assert related(one, other) is expected


def test_a_deployment_of_another_kind_than_text_or_number_is_left_out():
    tool = "https://purl.imsglobal.org/spec/lti-tool-configuration"

    def answer(deployment_id):
        return read_answer(
            json.dumps({"client_id": "c", tool: {"deployment_id": deployment_id}}).encode()
        ).deployment_id

    assert answer("12:abc") == "12:abc"
    assert answer(12) == "12"
    assert [answer(value) for value in (None, True, "", "x" * 256, {})] == [None] * 5

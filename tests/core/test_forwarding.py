"""A request that goes on as another page's meets that page's own checks."""

import pytest
from flask import request, session
from werkzeug.exceptions import MethodNotAllowed, NotFound

from app.core.access import SESSION_KEY, SignInRequiredError
from app.core.errors import ForbiddenError
from app.core.forwarding import answer_with_page
from app.core.principal import current_principal
from tests import factories


@pytest.fixture
def posted(app):
    """A launch that was posted, by nobody yet."""
    with app.test_request_context("/lti/launch?x=1", method="POST", data={"id_token": "a.b.c"}):
        yield


def test_nobody_gets_to_a_page_of_somebody(posted):
    with pytest.raises(SignInRequiredError):
        answer_with_page("/my/credentials")


def test_a_page_for_others_stays_closed(posted, session_of, world):
    session[SESSION_KEY] = session_of(world.learner)

    with pytest.raises(ForbiddenError):
        answer_with_page("/admin")


def test_the_page_sees_its_own_address_and_nothing_that_was_posted(posted, session_of, world):
    session[SESSION_KEY] = session_of(world.learner)

    page = answer_with_page("/my/credentials?a=%C3%A9")

    assert "<h1" in page
    assert current_principal().person_id == world.learner.id
    assert (request.method, request.path) == ("GET", "/my/credentials")
    assert request.args.to_dict() == {"a": "é"}
    assert (dict(request.form), request.get_data(), request.endpoint) == ({}, b"", "awards.mine")


@pytest.mark.parametrize(
    ("address", "error"), [("/nowhere", NotFound), ("/lti/launch", MethodNotAllowed)]
)
def test_what_no_get_opens_is_not_opened(posted, address, error):
    with pytest.raises(error):
        answer_with_page(address)


@pytest.fixture
def session_of(world, session):
    return lambda person: factories.make_session(session, person)

"""A token endpoint that refuses, slows down, breaks or hangs: the score arrives in the end."""

import threading
from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from app.core import http as core_http
from app.outbox.models import DeliveryState
from tests.factories import NOON
from tests.passback.gradebook_server import answer

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (answer(401, '{"error": "invalid_client"}'), "invalid_client"),
        (answer(401, "Unauthorized"), "HTTP 401"),
        (answer(403, "Forbidden"), "HTTP 403"),
        (answer(500, "Fatal error"), "HTTP 500"),
        (answer(200, "<!doctype html><h1>Sign in</h1>"), "HTTP 200"),
        (answer(200, '{"token_type": "Bearer"}'), "HTTP 200"),
        (answer(200, '["access_token"]'), "HTTP 200"),
        (answer(302, Location="https://lms.test/sign-in"), "HTTP 302"),
        (answer(400, '{"error": "invalid_scope", "error_description": "Mei"}'), "invalid_scope"),
    ],
)
def test_a_refused_token_is_told_in_words_and_asked_for_again(
    tell, run, stands, lms, clock, bad, words
):
    lms.script["/token"] = [bad]
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.FAILING
    assert words in stands(delivery_id).last_error
    assert "Mei" not in stands(delivery_id).last_error
    assert lms.calls("/li/5/scores") == [], "nothing is posted without a token"
    clock.now += MINUTE
    run()
    assert stands(delivery_id).state is DeliveryState.DELIVERED
    assert len(lms.told()) == 1


@pytest.mark.parametrize(
    ("header", "wait"),
    [("600", 10 * MINUTE), ("Mon, 02 Nov 2026 12:30:00 GMT", 30 * MINUTE)],
)
def test_a_token_endpoint_that_asks_to_wait_is_left_alone(
    tell, run, stands, lms, clock, world, header, wait
):
    lms.script["/token"] = [answer(429, Retry_After=header)]
    first, second = tell(), tell(person=world.other_learner)

    run()

    assert len(lms.calls("/token")) == 1
    for delivery_id in (first, second):
        assert stands(delivery_id).next_attempt_at == NOON + wait
    clock.now = NOON + wait
    run()
    assert stands(first).state is stands(second).state is DeliveryState.DELIVERED


def test_a_token_endpoint_that_hangs_is_given_up_on(tell, run, stands, lms, clock, monkeypatch):
    monkeypatch.setattr(core_http, "READ_SECONDS", 0.2)
    is_over = threading.Event()

    def hang(_request):
        is_over.wait(timeout=20)
        return Response("{}")

    lms.script["/token"] = [hang]
    delivery_id = tell()

    run()
    is_over.set()

    assert stands(delivery_id).state is DeliveryState.FAILING
    assert "could not be reached" in stands(delivery_id).last_error
    clock.now += MINUTE
    run()
    assert stands(delivery_id).state is DeliveryState.DELIVERED


def test_a_right_that_was_not_granted_is_never_asked_for(tell, run, stands, lms, session, world):
    """One scope too many would spoil the whole token on Canvas."""
    world.course.ags_scopes = [scope for scope in world.course.ags_scopes if "result" not in scope]
    session.commit()
    first = tell("submitted", points=None, comment="Submitted")
    run()
    second = tell("met", points=4)

    run()

    assert stands(first).state is stands(second).state is DeliveryState.DELIVERED
    assert {ask.form()["scope"].rpartition("/")[2] for ask in lms.calls("/token")} == {"score"}

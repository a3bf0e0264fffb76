"""Scores on the wire: a real worker, a real HTTP server that is strict, slow or broken."""

import threading
import time
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.wrappers import Response

from app.core import http as core_http
from app.core.db import transaction
from app.outbox.models import DeliveryState
from app.outbox.service import queue
from app.outbox.worker import claim_next
from app.passback.ags import SCORE
from app.platforms.models import PlatformStatus
from app.platforms.service import published_jwks
from tests.factories import NOON
from tests.passback.gradebook_server import answer

MINUTE = timedelta(minutes=1)


def test_a_score_reaches_the_gradebook(tell, run, stands, lms, session, world):
    delivery_id = tell()

    assert run() == 1

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    (post,) = lms.calls("/li/5/scores")
    assert post.query == {"type_id": ["1"]}
    assert post.headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
    assert post.headers["Authorization"] == "Bearer t1"
    assert post.headers["User-Agent"].startswith("Assay/")
    assert post.body.decode() == stands(delivery_id).payload["body"]
    (ask,) = lms.calls("/token")
    assert ask.form()["scope"] == SCORE, "no more than it needs"
    keys = KeySet.import_key_set(published_jwks(session))
    claims = jwt.decode(ask.form()["client_assertion"], keys, algorithms=["RS256"]).claims
    assert claims["aud"] == world.platform.token_url


def test_the_token_serves_for_many_scores(tell, run, lms, world):
    tell()
    tell(person=world.other_learner)

    run()

    assert len(lms.scores()) == 2
    assert len(lms.calls("/token")) == 1


def test_an_own_audience_is_used(tell, run, lms, session, world):
    world.platform.token_audience = "https://lms.test/oauth"
    session.commit()
    tell()

    run()

    assertion = lms.calls("/token")[0].form()["client_assertion"]
    keys = KeySet.import_key_set(published_jwks(session))
    assert (
        jwt.decode(assertion, keys, algorithms=["RS256"]).claims["aud"] == "https://lms.test/oauth"
    )


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (answer(500, "Fatal error"), "HTTP 500"),
        (answer(503), "HTTP 503"),
        (answer(200, "  <!doctype html><h1>Maintenance</h1>"), "web page"),
        (answer(302, Location="https://lms.test/login"), "HTTP 302"),
        (answer(408), "HTTP 408"),
        (answer(425), "HTTP 425"),
        (answer(429), "HTTP 429"),
        (answer(403, "slow", X_Rate_Limit_Remaining="0"), "HTTP 403"),
    ],
)
def test_a_gradebook_in_trouble_is_told_again_later(tell, run, stands, lms, clock, bad, words):
    lms.script["/li/5/scores"] = [bad]
    delivery_id = tell()

    run()
    assert stands(delivery_id).state is DeliveryState.FAILING
    assert words in stands(delivery_id).last_error
    clock.now += MINUTE
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    first, second = lms.calls("/li/5/scores")
    assert first.body == second.body


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "600"}, 10 * MINUTE),
        ({"Retry_After": "Mon, 02 Nov 2026 12:30:00 GMT"}, 30 * MINUTE),
        ({"Retry_After": "Mon, 02 Nov 2026 11:00:00 GMT"}, None),
        ({"Retry_After": "soon"}, None),
    ],
)
def test_retry_after_is_honoured(tell, run, stands, lms, headers, wait):
    lms.script["/li/5/scores"] = [answer(429, **headers)]
    delivery_id = tell()

    run()

    waited = stands(delivery_id).next_attempt_at - NOON
    assert waited == wait if wait else timedelta(seconds=24) <= waited <= timedelta(seconds=36)


def test_a_gradebook_that_asks_to_wait_is_left_alone(tell, run, stands, lms, clock, world):
    lms.script["/li/5/scores"] = [answer(429, Retry_After="600")]
    first, second = tell(), tell(person=world.other_learner)

    run()

    assert len(lms.calls("/li/5/scores")) == 1
    for delivery_id in (first, second):
        assert stands(delivery_id).next_attempt_at == NOON + 10 * MINUTE
    clock.now = NOON + 10 * MINUTE
    run()
    assert stands(first).state is stands(second).state is DeliveryState.DELIVERED


def test_a_hanging_gradebook_is_given_up_on_and_left_alone(
    tell, run, stands, lms, clock, world, monkeypatch
):
    monkeypatch.setattr(core_http, "READ_SECONDS", 0.2)
    is_over = threading.Event()

    def hang(_request):
        is_over.wait(timeout=20)
        return Response("too late")

    lms.script["/li/5/scores"] = [hang]
    first, second = tell(), tell(person=world.other_learner)

    started = time.monotonic()
    assert run() == 2
    assert time.monotonic() - started < 10, "the second did not wait for the first's LMS"
    is_over.set()

    assert stands(first).state is stands(second).state is DeliveryState.FAILING
    assert "could not be reached" in stands(first).last_error
    assert len(lms.calls("/li/5/scores")) == 1
    clock.now += 2 * MINUTE
    run()
    assert stands(first).state is stands(second).state is DeliveryState.DELIVERED


def test_an_lms_that_is_down_is_told_when_it_is_back(tell, run, stands, session, world, lms, clock):
    real = world.platform.token_url
    world.platform.token_url = "http://127.0.0.1:9/token"
    session.commit()
    delivery_id = tell()
    run()
    assert stands(delivery_id).state is DeliveryState.FAILING

    world.platform.token_url = real
    session.commit()
    clock.now += MINUTE
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED


def test_a_401_gets_a_new_token_at_once(tell, run, stands, lms):
    lms.script["/li/5/scores"] = [answer(401)]
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    first, second = lms.calls("/li/5/scores")
    assert (first.headers["Authorization"], second.headers["Authorization"]) == (
        "Bearer t1",
        "Bearer t2",
    )
    assert first.body == second.body


def test_a_second_401_waits(tell, run, stands, lms, clock):
    lms.script["/li/5/scores"] = [answer(401), answer(401)]
    delivery_id = tell()

    run()

    assert stands(delivery_id).state is DeliveryState.FAILING
    assert "HTTP 401" in stands(delivery_id).last_error
    assert len(lms.calls("/li/5/scores")) == 2
    clock.now += MINUTE
    run()
    assert stands(delivery_id).state is DeliveryState.DELIVERED


@pytest.mark.parametrize("status", [400, 405, 412, 413, 422])
def test_a_refusal_is_told_in_plain_words_and_not_repeated(tell, run, stands, lms, clock, status):
    lms.script["/li/5/scores"] = [answer(status, "User Mei Student is not a learner here")]
    delivery_id = tell()

    run()
    clock.now += timedelta(days=1)
    assert run() == 0

    delivery = stands(delivery_id)
    assert (delivery.state, delivery.is_parked) == (DeliveryState.FAILED, False)
    assert "not a student" in delivery.last_error
    assert "Mei" not in delivery.last_error


def test_a_forbidden_gradebook_is_parked(tell, run, stands, lms):
    lms.script["/li/5/scores"] = [answer(403, "Forbidden")]
    delivery_id = tell()

    run()

    delivery = stands(delivery_id)
    assert (delivery.state, delivery.is_parked) == (DeliveryState.FAILED, True)
    assert "open the activity once" in delivery.last_error


def test_a_platform_that_is_switched_off_is_not_called(tell, run, stands, lms, session, world):
    world.platform.status = PlatformStatus.DISABLED
    session.commit()
    delivery_id = tell()

    run()

    assert stands(delivery_id).is_parked
    assert lms.seen == []


def test_a_deleted_assignment_is_not_told(handlers, run, session, world, stands):
    with transaction() as own:
        delivery = queue(
            own,
            world.institution.id,
            kind="score",
            subject="score:0:0",
            payload={"assignment_id": 0},
            due_at=NOON,
            now=NOON,
        )
        delivery_id = delivery.id

    run()

    assert stands(delivery_id).state is DeliveryState.FAILED


def test_a_worker_that_dies_after_the_post_doubles_nothing(tell, run, stands, handlers, lms, clock):
    """At least once: the lease runs out, the same bytes go out again, the gradebook stays right."""
    delivery_id = tell()
    message = claim_next(now=NOON, horizon=NOON)
    handlers["score"](message)  # and the process ends before it records that

    clock.now += timedelta(minutes=6)
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    first, second = lms.calls("/li/5/scores")
    assert first.body == second.body
    assert len(lms.told()) == 1

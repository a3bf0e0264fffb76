"""Notices of platforms: what is in order counts once; everything else is refused."""

import itertools
import json
import time

import pytest
import responses
from joserfc.jwk import RSAKey
from sqlalchemy import func, select

from app.courses.origins import ContextOrigin
from app.launch.claims import CLAIM
from app.launch.notice_models import NoticeReceipt
from app.launch.notices import find_last_hello
from app.launch.service import purge_expired
from app.mapping.models import Assignment
from app.platforms.models import Deployment, DeploymentStatus, PlatformStatus
from tests import factories
from tests.launch.signing_lms import INSTRUCTOR, SigningLms, place_of, unsigned

numbers = itertools.count(1)


def notice(kind="LtiContextCopyNotice", notice_id=None, **changes):
    """Return the claims of a notice; `None` leaves one out, and times are seconds from now."""
    now, number = int(time.time()), next(numbers)
    claims = {
        "iss": "https://lms.test",
        "aud": "assay",
        "azp": "assay",
        "iat": now,
        "exp": now + 300,
        "nonce": f"nonce-{number}",
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": "1",
        f"{CLAIM}notice": {
            "id": notice_id or f"notice-{number}",
            "timestamp": "2026-11-24T10:00:00Z",
            "type": kind,
        },
        f"{CLAIM}context": {"id": "course-2"},
        f"{CLAIM}origin_contexts": ["course-1"],
    }
    for name in {"iat", "exp"} & changes.keys():
        changes[name] = None if changes[name] is None else now + changes[name]
    claims |= changes
    return {name: value for name, value in claims.items() if value is not None}


@pytest.fixture
def send(lms, browser):
    """Post notices: claims to be signed, or tokens as they are."""

    def post(*notices, key=lms, **header):
        tokens = [
            each if isinstance(each, str) else key.sign(each, header=header) for each in notices
        ]
        return browser().post(
            "/lti/notices", json={"notices": [{"jwt": token} for token in tokens]}
        )

    return post


@pytest.fixture
def count(session):
    def read(model):
        session.rollback()
        return session.scalar(select(func.count()).select_from(model))

    return read


def test_a_copy_notice_tells_which_course_came_from_which(send, session, world):
    answer = send(notice())

    assert (answer.status_code, answer.json) == (200, {"accepted": 1, "refused": []})
    session.rollback()
    origin = session.scalar(select(ContextOrigin))
    assert (origin.deployment_pk, origin.context_id, origin.origin_context_id) == (
        world.deployment.id,
        "course-2",
        "course-1",
    )


def test_a_copied_courses_first_launch_finds_its_candidates(send, launch_copy, original, browser):
    send(notice())
    ines = browser()

    answer = launch_copy(client=ines, role=INSTRUCTOR, sub="teacher-2")

    assert ">: Literature review</span>" in ines.get(place_of(answer)).text


def test_the_nearer_original_is_found_by_the_notice_too(
    send, launch_copy, original, mapped, session
):
    custom = {"assay_assignment": original.uuid}
    launch_copy(custom=custom)
    near = mapped()
    send(
        notice(
            **{
                f"{CLAIM}context": {"id": "course-3"},
                f"{CLAIM}origin_contexts": ["course-2", "course-1"],
            }
        )
    )

    launch_copy(custom=custom, course="course-3", link="link-3")

    assert mapped("link-3", "course-3").copied.source_id == near.id


def test_a_hello_is_remembered(send, session, world, count):
    assert send(notice("LtiHelloWorldNotice")).status_code == 200

    session.rollback()
    assert find_last_hello(session, world.deployment.id) is not None
    assert count(ContextOrigin) == 0


def test_a_notice_of_an_unknown_kind_is_ignored_politely(send, count):
    answer = send(notice("LtiAssetProcessorSubmissionNotice"))

    assert (answer.status_code, answer.json) == (200, {"ignored": 1, "refused": []})
    assert count(NoticeReceipt) == 0


def test_the_same_notice_in_a_new_token_counts_once(send, count):
    send(notice(notice_id="n-1"))

    answer = send(notice(notice_id="n-1", **{f"{CLAIM}origin_contexts": ["course-9"]}))

    assert answer.json == {"repeated": 1, "refused": []}
    assert count(ContextOrigin) == 1


def test_the_same_token_again_is_a_replay(send, lms, count):
    token = lms.sign(notice())

    assert send(token).status_code == 200
    again = send(token)

    assert (again.status_code, again.json) == (403, {"refused": ["replay"]})
    assert count(NoticeReceipt) == 1


def test_a_nonce_serves_one_notice_only(send, count):
    send(notice(nonce="once"))

    assert send(notice(nonce="once")).json == {"refused": ["replay"]}
    assert count(NoticeReceipt) == 1


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"iss": "https://evil.test"}, "unknown_registration"),
        ({"iss": 7}, "unknown_registration"),
        ({"aud": "another"}, "unknown_registration"),
        ({"aud": None}, "unknown_registration"),
        ({"azp": "another"}, "unknown_registration"),
        ({"aud": ["assay", "other"], "azp": None}, "authorized_party"),
        ({"iat": -11 * 60}, "issued_too_long_ago"),
        ({"iat": 660, "exp": 900}, "issued_in_future"),
        ({"exp": -120}, "expired"),
        ({"exp": None}, "no_exp"),
        ({"iat": None}, "no_iat"),
        ({"nonce": None}, "nonce"),
        ({"nonce": 7}, "nonce"),
        ({f"{CLAIM}version": "1.1"}, "version"),
        ({f"{CLAIM}deployment_id": "unknown"}, "unknown_deployment"),
        ({f"{CLAIM}deployment_id": None}, "deployment_id"),
        ({f"{CLAIM}notice": None}, "notice_id"),
        ({f"{CLAIM}notice": {"id": "n", "type": 7}}, "notice_type"),
        ({f"{CLAIM}notice": {"id": "x" * 300, "type": "LtiHelloWorldNotice"}}, "odd_id"),
        ({f"{CLAIM}context": None}, "notice_context"),
        ({f"{CLAIM}context": {"id": ["course-2"]}}, "notice_context"),
        ({f"{CLAIM}origin_contexts": "course-1"}, "notice_context"),
    ],
    # Not the claims: their moments differ between processes.
    ids=lambda value: value if isinstance(value, str) else "with",
)
def test_a_notice_that_is_not_in_order_is_refused(send, count, changes, cause):
    answer = send(notice(**changes))

    assert (answer.status_code, answer.json) == (403, {"refused": [cause]})
    assert count(NoticeReceipt) == 0
    assert count(ContextOrigin) == 0


def test_origins_that_are_junk_are_left_out(send, session):
    send(notice(**{f"{CLAIM}origin_contexts": [7, None, "", "x" * 900, "course-2", "course-1"]}))

    session.rollback()
    assert session.scalars(select(ContextOrigin.origin_context_id)).all() == ["course-1"]


@pytest.mark.parametrize("forge", ["another key", "changed", "unsigned", "no kid", "HS256"])
def test_a_forged_notice_is_refused(send, lms, count, forge):
    good = lms.sign(notice())
    head, _, tail = good.split(".")
    other = SigningLms(RSAKey.generate_key(2048))
    token = {
        "another key": other.sign(notice()),
        "changed": f"{head}.{lms.sign(notice()).split('.')[1]}.{tail}",
        "unsigned": unsigned({"alg": "none", "kid": lms.kid}, notice()),
        "no kid": lms.sign(notice(), header={"kid": None}),
        "HS256": unsigned({"alg": "HS256", "kid": lms.kid}, notice()),
    }[forge]

    assert send(token).status_code == 403
    assert count(NoticeReceipt) == 0


@pytest.mark.parametrize("status", [DeploymentStatus.PENDING, DeploymentStatus.BLOCKED])
def test_an_installation_that_is_not_active_is_refused(send, session, world, status):
    session.get(Deployment, world.deployment.id).status = status
    session.commit()

    assert send(notice()).json == {"refused": ["unknown_deployment"]}


def test_a_platform_that_is_switched_off_is_refused(send, session, world):
    world.platform.status = PlatformStatus.DISABLED
    session.commit()

    assert send(notice()).json == {"refused": ["platform_disabled"]}


def test_one_bad_notice_costs_no_other(send, count):
    answer = send(notice(), "a.b.c", notice(iss="https://evil.test"), notice("Unknown"))

    assert answer.status_code == 403
    assert answer.json == {
        "accepted": 1,
        "ignored": 1,
        "refused": ["not_a_token", "unknown_registration"],
    }
    assert count(NoticeReceipt) == 1


def test_a_notice_never_crosses_platforms(send, session, world, lms_key, count):
    """The key of one platform signs nothing for another, though the ids are the same."""
    platform, _ = factories.make_platform(session, world.institution, "https://second.test")
    platform.jwks = {"keys": []}
    session.commit()

    with responses.RequestsMock() as wire:
        wire.get("https://second.test/jwks", json={"keys": []})
        answer = send(notice(iss="https://second.test"))

    assert answer.status_code == 403
    assert count(NoticeReceipt) == 0


def test_many_unknown_keys_are_looked_up_once(send, lms):
    tokens = []
    for number in range(60):
        lms.kid = f"unknown-{number}"
        tokens.append(lms.sign(notice()))
    started = time.monotonic()

    with responses.RequestsMock() as wire:
        wire.get("https://lms.test/jwks", json={"keys": []})
        answer = send(*tokens)
        assert len(wire.calls) == 1

    assert answer.status_code == 403
    assert len(answer.json["refused"]) == 60
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b"{}",
        b'{"notices": 7}',
        b'{"notices": [7]}',
        b'{"notices": [{}]}',
        b'{"notices": {"jwt": "x"}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)
def test_what_is_no_list_of_notices_is_refused(browser, world, body):
    answer = browser().post("/lti/notices", data=body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json["error"]


def test_a_notice_that_is_no_text_is_refused(browser, world):
    answer = browser().post("/lti/notices", json={"notices": [{"jwt": 7}, {"jwt": None}]})

    assert answer.json == {"refused": ["not_a_token", "not_a_token"]}


def test_two_megabytes_are_not_read(browser, world):
    body = json.dumps({"notices": [{"jwt": "x" * 2_000_000}]})

    assert browser().post("/lti/notices", data=body).status_code == 413


def test_a_thousand_notices_are_too_many(browser, world, count):
    answer = browser().post("/lti/notices", json={"notices": [{"jwt": "a.b.c"}] * 1000})

    assert answer.status_code == 413
    assert count(NoticeReceipt) == 0


def test_nothing_but_notices_is_taken_there(browser, world):
    assert browser().get("/lti/notices").status_code == 405


def test_old_receipts_are_forgotten(send, session, count):
    send(notice())
    receipt = session.scalar(select(NoticeReceipt))
    receipt.received_at = factories.NOON.replace(year=2025)
    session.commit()

    purge_expired(session, now=factories.NOON)
    session.commit()

    assert count(NoticeReceipt) == 0
    assert count(Assignment) == 0

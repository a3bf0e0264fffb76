"""The tool tells a deployment where its notices go: owed by a launch, delivered by the worker."""

import json
from datetime import timedelta

import pytest
import responses
from sqlalchemy import select

from app.core.clock import utcnow
from app.launch.claims import CLAIM
from app.launch.notice_models import NoticeSubscription
from app.launch.notice_sender import delivery_handlers
from app.outbox.models import Delivery, DeliveryState
from app.outbox.worker import run_due
from app.platforms.models import Deployment, DeploymentStatus
from tests.conftest import BASE_URL
from tests.launch.signing_lms import INSTRUCTOR

SERVICE = f"{CLAIM}platformnotificationservice"
SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
URL = "https://lms.test/notices"
# A public address, so that the guard lets it through; nobody is called.
PUBLIC_URL, PUBLIC_TOKEN_URL = "https://93.184.216.34/notices", "https://93.184.216.34/token"


def offer(**changes):
    return {
        "platform_notification_service_url": PUBLIC_URL,
        "service_versions": ["1.0"],
        "scope": [SCOPE],
        "notice_types_supported": [
            "LtiHelloWorldNotice",
            "LtiContextCopyNotice",
            "LtiAssetProcessorSubmissionNotice",
        ],
    } | changes


@pytest.fixture
def launch(lms, browser):
    return lambda claim=None, **facts: lms.launch(
        browser(), **{SERVICE: offer() if claim is None else claim, **facts}
    )


@pytest.fixture
def owed(session):
    def read():
        session.rollback()
        session.expire_all()
        query = select(Delivery).where(Delivery.kind == "notice_handlers").order_by(Delivery.id)
        return list(session.scalars(query))

    return read


@pytest.fixture
def wire(world, session):
    world.platform.token_url = PUBLIC_TOKEN_URL
    session.commit()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(PUBLIC_TOKEN_URL, json={"access_token": "t", "expires_in": 3600})
        yield mock


@pytest.fixture
def deliver(app):
    def run(later=0):
        parts = app.extensions["assay.vault"], app.extensions["assay.http"], BASE_URL
        with app.app_context():
            return run_due(
                delivery_handlers(*parts), clock=lambda: utcnow() + timedelta(minutes=later)
            )

    return run


def puts(wire):
    return [call.request for call in wire.calls if call.request.method == "PUT"]


def test_a_launch_owes_one_delivery_per_deployment(launch, owed):
    launch()
    launch(sub="somebody-else")

    (delivery,) = owed()
    assert delivery.payload["notice_types"] == ["LtiHelloWorldNotice", "LtiContextCopyNotice"]
    assert delivery.payload["handler"] == f"{BASE_URL}/lti/notices"
    assert delivery.state is DeliveryState.WAITING


def test_the_worker_puts_each_kind_with_the_least_scope(launch, owed, deliver, wire):
    wire.put(PUBLIC_URL, json={})
    launch()

    deliver()

    assert owed()[0].state is DeliveryState.DELIVERED
    assert [json.loads(put.body) for put in puts(wire)] == [
        {"notice_type": "LtiHelloWorldNotice", "handler": f"{BASE_URL}/lti/notices"},
        {"notice_type": "LtiContextCopyNotice", "handler": f"{BASE_URL}/lti/notices"},
    ]
    assert puts(wire)[0].headers["Authorization"] == "Bearer t"
    (asked,) = [call.request for call in wire.calls if call.request.method == "POST"]
    assert f"scope={SCOPE.replace(':', '%3A').replace('/', '%2F')}" in asked.body


def test_it_is_told_again_when_the_address_changes(launch, owed, session):
    launch()
    launch(offer(platform_notification_service_url="https://lms.test/moved"))
    launch(offer(platform_notification_service_url="https://lms.test/moved"))

    first, second = owed()
    assert first.state is DeliveryState.SUPERSEDED
    assert second.payload["service_url"] == "https://lms.test/moved"


def test_it_is_told_again_when_more_kinds_are_offered(launch, owed):
    launch(offer(notice_types_supported=["LtiHelloWorldNotice"]))
    launch()

    assert len(owed()) == 2


@pytest.mark.parametrize(
    "claim",
    [
        {},
        "text",
        offer(platform_notification_service_url="javascript:alert(1)"),
        offer(platform_notification_service_url=None),
        offer(scope=[]),
        offer(scope=SCOPE),
        offer(notice_types_supported=["LtiAssetProcessorSubmissionNotice"]),
        offer(notice_types_supported="LtiContextCopyNotice"),
    ],
)
def test_an_offer_that_cannot_be_used_owes_nothing(launch, owed, session, claim):
    assert launch(claim).status_code == 200
    assert owed() == []
    assert session.scalar(select(NoticeSubscription.id)) is None


def test_a_token_that_is_not_taken_is_replaced_once(launch, owed, deliver, wire):
    wire.put(PUBLIC_URL, status=401)
    wire.put(PUBLIC_URL, json={})
    wire.put(PUBLIC_URL, json={})
    launch()

    deliver()

    assert owed()[0].state is DeliveryState.DELIVERED
    assert len([call for call in wire.calls if call.request.method == "POST"]) == 2


@pytest.mark.parametrize("status", [500, 503, 429, 302, 401])
def test_what_may_heal_is_tried_again(launch, owed, deliver, wire, status):
    wire.put(PUBLIC_URL, status=status)
    launch()

    deliver()

    assert owed()[0].state is DeliveryState.FAILING


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_what_is_refused_for_good_is_not(launch, owed, deliver, wire, status):
    wire.put(PUBLIC_URL, status=status)
    launch()

    deliver()

    (delivery,) = owed()
    assert (delivery.state, delivery.is_parked) == (DeliveryState.FAILED, False)


def test_what_is_not_allowed_waits_for_staff_to_come_by(launch, owed, deliver, wire):
    wire.put(PUBLIC_URL, status=403)
    launch()
    deliver()
    assert owed()[0].is_parked

    launch()
    assert owed()[0].state is DeliveryState.FAILED
    launch(role=INSTRUCTOR, sub="teacher-1")

    assert owed()[0].state is DeliveryState.WAITING


def test_nothing_is_told_to_an_installation_that_was_blocked(
    launch, owed, deliver, wire, session, world
):
    launch()
    session.get(Deployment, world.deployment.id).status = DeploymentStatus.BLOCKED
    session.commit()

    deliver()

    assert owed()[0].is_parked
    assert len(wire.calls) == 0

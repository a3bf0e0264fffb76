"""Notices of platforms: checked as strictly as a launch, each acted upon once.

Source: LTI Platform Notification Service 1.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from joserfc.jwk import RSAKey
from sqlalchemy import delete, literal, or_, select
from sqlalchemy.orm import Session

from app.core.crypto import hash_secret
from app.core.db import reading
from app.core.http import OutgoingClient
from app.core.principal import STAFF
from app.courses.arrivals import Arrival
from app.courses.origins import record_origins
from app.launch import claims as rules
from app.launch.compact import check_signature, key_id, read_token
from app.launch.keys import key_without_waiting, known_key
from app.launch.lookups import TrustedPlatform, find_deployment, list_platforms_of_issuer
from app.launch.notice_models import NoticeReceipt, NoticeSubscription
from app.launch.pylti import Launch
from app.launch.refusal import LaunchRefusedError
from app.mapping.history import is_id, read_moment
from app.outbox import service as outbox
from app.platforms.models import DeploymentStatus, PlatformStatus

HELLO = "LtiHelloWorldNotice"
COURSE_COPY = "LtiContextCopyNotice"
WANTED = (HELLO, COURSE_COPY)
NOTICE = f"{rules.CLAIM}notice"
SERVICE = f"{rules.CLAIM}platformnotificationservice"
SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
KIND = "notice_handlers"
KEEP_RECEIPTS = timedelta(days=90)
MAX_TYPE = 100


class Fate(StrEnum):
    """What became of a notice that was in order."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    IGNORED = "ignored"


@dataclass(frozen=True)
class CheckedNotice:
    """A notice whose token stands; `sent_at`: `None` if it does not say."""

    platform_id: int
    deployment_pk: int
    notice_id: str
    notice_type: str
    nonce: str
    sent_at: datetime | None
    claims: Mapping[str, Any]


class NoticeChecker:
    """Checks the notices of one request.

    A stranger can send a hundred with a hundred unknown keys. So nobody waits here for a
    key that somebody else looks up (a platform sends again), and once a platform's key
    was not found, only keys that are known count for the rest of the request.
    """

    def __init__(self, http: OutgoingClient, *, now: datetime) -> None:
        """Remember nothing yet."""
        self._http = http
        self._now = now
        self._unknown: set[int] = set()

    def check(self, sent: Any) -> CheckedNotice:
        """Check one notice's token.

        Raises: `LaunchRefusedError`.
        """
        if not isinstance(sent, str):
            raise LaunchRefusedError("This is no notice.", cause="not_a_token")
        token = read_token(sent)
        claims = token.claims
        platform = _find_platform(claims)
        kid = key_id(token.header)
        rules.check_token(
            claims,
            issuer=platform.issuer,
            client_id=platform.client_id,
            now=self._now.timestamp(),
        )
        check_signature(token, self._key(platform, kid))
        if claims.get(f"{rules.CLAIM}version") != "1.3.0":
            raise LaunchRefusedError("The notice is not LTI 1.3.", cause="version")
        notice = rules.part(claims, NOTICE)
        return CheckedNotice(
            platform_id=platform.id,
            deployment_pk=_active_deployment(claims, platform),
            notice_id=_required(notice.get("id"), "notice_id"),
            notice_type=_required(notice.get("type"), "notice_type")[:MAX_TYPE],
            nonce=_required(claims.get("nonce"), "nonce"),
            sent_at=read_moment(notice.get("timestamp")),
            claims=claims,
        )

    def _key(self, platform: TrustedPlatform, kid: str) -> RSAKey:
        key = known_key(platform, kid)
        if key is not None:
            return key
        if platform.id in self._unknown:
            raise LaunchRefusedError("The notice's key is not known.", cause="unknown_key")
        try:
            return key_without_waiting(platform, kid, http=self._http, now=self._now)
        except LaunchRefusedError:
            self._unknown.add(platform.id)
            raise


def record_notice(session: Session, notice: CheckedNotice, *, now: datetime) -> Fate:
    """Act upon a notice, once.

    The same notice in a new token is a platform that tries again. The same token is a replay.
    Raises: `LaunchRefusedError` for a replay; `IntegrityError` if it is being
        recorded by another request at this moment.
    """
    if notice.notice_type not in WANTED:
        return Fate.IGNORED
    nonce_hash = hash_secret(notice.nonce)
    known = session.scalars(
        select(NoticeReceipt).where(
            NoticeReceipt.platform_id == notice.platform_id,
            or_(
                NoticeReceipt.notice_id == notice.notice_id,
                NoticeReceipt.nonce_hash == nonce_hash,
            ),
        )
    ).all()
    if any(receipt.nonce_hash == nonce_hash for receipt in known):
        raise replayed()
    if known:
        return Fate.REPEATED
    session.add(
        NoticeReceipt(
            platform_id=notice.platform_id,
            deployment_pk=notice.deployment_pk,
            notice_id=notice.notice_id,
            nonce_hash=nonce_hash,
            notice_type=notice.notice_type,
            sent_at=notice.sent_at,
            received_at=now,
        )
    )
    session.flush()
    if notice.notice_type == COURSE_COPY:
        _keep_origins(session, notice, now=now)
    return Fate.ACCEPTED


def find_last_hello(session: Session, deployment_pk: int) -> datetime | None:
    """Return when a deployment last said hello: its notices do arrive."""
    return session.scalar(
        select(NoticeReceipt.received_at)
        .where(NoticeReceipt.deployment_pk == deployment_pk, NoticeReceipt.notice_type == HELLO)
        .order_by(NoticeReceipt.received_at.desc())
        .limit(1)
    )


def subscribe(
    session: Session, launch: Launch, arrival: Arrival, *, handler: str, now: datetime
) -> None:
    """Owe a deployment the address of ours for its notices, if its launch offers to take it.

    Once per deployment; again when either address or the offered types change.
    What the LMS did not allow is tried again when staff come by.
    """
    offer = rules.part(launch.body, SERVICE)
    service_url = rules.web_address(offer.get("platform_notification_service_url"))
    offered, scopes = offer.get("notice_types_supported"), offer.get("scope")
    types = [each for each in WANTED if isinstance(offered, list) and each in offered]
    if (
        service_url is None
        or not types
        or SCOPE not in (scopes if isinstance(scopes, list) else ())
    ):
        return
    kept = session.scalar(
        select(NoticeSubscription).where(NoticeSubscription.deployment_pk == arrival.deployment_pk)
    )
    told = {"service_url": service_url, "notice_types": types, "handler": handler}
    subject = f"{KIND}:{arrival.deployment_pk}"
    if kept is not None and all(getattr(kept, name) == each for name, each in told.items()):
        if arrival.role in STAFF:
            for delivery in outbox.list_parked(session, select(literal(subject)), also=subject):
                outbox.reopen_delivery(delivery, now=now)
        return
    if kept is None:
        kept = NoticeSubscription(deployment_pk=arrival.deployment_pk, queued_at=now, **told)
        session.add(kept)
        session.flush()
    for name, each in told.items():
        setattr(kept, name, each)
    kept.queued_at = now
    outbox.queue(
        session,
        launch.platform.institution_id,
        kind=KIND,
        subject=subject,
        payload={"deployment_pk": arrival.deployment_pk, **told},
        due_at=now,
        now=now,
    )


def purge_receipts(session: Session, *, now: datetime) -> int:
    """Forget what was received long ago; return how many. A token is refused by its age then."""
    result: Any = session.execute(
        delete(NoticeReceipt).where(NoticeReceipt.received_at < now - KEEP_RECEIPTS)
    )
    return int(result.rowcount)


def replayed() -> LaunchRefusedError:
    """Return the refusal of a notice whose token came before."""
    return LaunchRefusedError("This notice was sent before.", cause="replay")


def _find_platform(claims: Mapping[str, Any]) -> TrustedPlatform:
    """Return the active registration that the token says it is for; nothing is trusted yet."""
    issuer, audience = claims.get("iss"), claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    found: list[TrustedPlatform] = []
    if isinstance(issuer, str) and issuer.isprintable():  # half a character is no question
        with reading() as wire:
            found = [
                platform
                for platform in list_platforms_of_issuer(wire, issuer)
                if platform.client_id in audiences
                and claims.get("azp") in (None, platform.client_id)
            ]
    if len(found) != 1:
        raise LaunchRefusedError("This LMS is not known.", cause="unknown_registration")
    if found[0].status is not PlatformStatus.ACTIVE:
        raise LaunchRefusedError("This LMS is switched off here.", cause="platform_disabled")
    return found[0]


def _active_deployment(claims: Mapping[str, Any], platform: TrustedPlatform) -> int:
    deployment_id = _required(claims.get(f"{rules.CLAIM}deployment_id"), "deployment_id")
    with reading() as wire:
        found = find_deployment(wire, platform_id=platform.id, deployment_id=deployment_id)
    if found is None or found[1] is not DeploymentStatus.ACTIVE:
        raise LaunchRefusedError("This installation is not known.", cause="unknown_deployment")
    return found[0]


def _required(raw: Any, cause: str) -> str:
    found = rules.identifier(raw)
    if found is None:
        raise LaunchRefusedError("The notice lacks a part that LTI requires.", cause=cause)
    return found


def _keep_origins(session: Session, notice: CheckedNotice, *, now: datetime) -> None:
    context_id = rules.part(notice.claims, f"{rules.CLAIM}context").get("id")
    origins = notice.claims.get(f"{rules.CLAIM}origin_contexts")
    if not is_id(context_id) or not isinstance(origins, list):
        raise LaunchRefusedError("The notice does not say what was copied.", cause="notice_context")
    record_origins(
        session,
        deployment_pk=notice.deployment_pk,
        context_id=str(context_id),
        origin_ids=[each for each in origins if is_id(each)],
        now=now,
    )

"""Awards: issue the moment one falls due, find, revoke."""

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from app.awards.facts import (
    achievement_facts,
    award_facts,
    issuer_facts,
    recipient_facts,
)
from app.awards.models import Award
from app.catalog.models import Achievement, AchievementVersion, Criterion
from app.core import audit
from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.courses.models import Enrolment, LtiUser, Person
from app.credentials.facts import RecipientFacts
from app.credentials.keys import verification_method
from app.credentials.openbadge import build_credential, to_json
from app.credentials.signing import sign_credential
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.service import set_status
from app.passback.service import queue_status
from app.programme.models import IssuerKey
from app.programme.service import get_signing_key, issuer_did

PUBLIC_ID_BYTES = 16
SALT_BYTES = 16


def issue_if_due(
    session: Session,
    *,
    person: Person,
    version: AchievementVersion,
    met_criterion_ids: set[int],
    awarded_by: int,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Award | None:
    """Award the achievement if every required criterion is met; return the award that stands.

    Somebody who holds it already keeps that one, so a second due changes
    nothing. The LMS's student preview is never awarded anything.

    Raises: `InvalidError` if nothing is known by which a verifier could
        recognise the recipient; `ConflictError` if the same award is being
        made elsewhere.
    """
    if not _is_due(version, met_criterion_ids) or _is_test_user(session, person):
        return None
    standing = find_standing_award(
        session, person_id=person.id, achievement_id=version.achievement_id
    )
    if standing is not None:
        return standing
    public_id = secrets.token_hex(PUBLIC_ID_BYTES)
    key, text = _sign(session, public_id, person, version, vault=vault, base_url=base_url, now=now)
    award = Award(
        institution_id=version.institution_id,
        public_id=public_id,
        person_id=person.id,
        achievement_id=version.achievement_id,
        version_id=version.id,
        issuer_key_id=key.id,
        awarded_by=awarded_by,
        recipient_name=person.name,
        awarded_at=now,
        credential=text,
    )
    session.add(award)
    try:
        session.flush()
    except IntegrityError as error:  # the unique index settles a race between two grantors
        raise ConflictError(
            "This micro-credential has just been awarded by somebody else. Load the page again."
        ) from error
    facts = {"person": person.id, "version": version.id, "key": key.multikey}
    _audit(session, award, f"person:{awarded_by}", "award.issued", facts, now=now)
    return award


def revoke_award(session: Session, award: Award, *, reason: str, actor: str, now: datetime) -> None:
    """Revoke an award: its page says so from now on, and the gradebook is told.

    Raises: `InvalidError` without a reason; `ConflictError` if it is revoked already.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidError("Say why the award is revoked: the public page shows the reason.")
    session.refresh(award, with_for_update={"of": Award})
    if award.revoked_at is not None:
        raise ConflictError("This award has already been revoked.")
    award.revoked_at = now
    award.revocation_reason = reason
    session.flush()
    for submission in _list_awarded_submissions(session, award):
        set_status(session, submission, SubmissionStatus.REVOKED, now=now)
        queue_status(
            session,
            submission.assignment,
            person_id=award.person_id,
            status=SubmissionStatus.REVOKED.value,
            points=0,
            comment=f"Revoked: {reason}",
            occurred_at=now,
            submitted_at=submission.submitted_at,
            scored_by=None,
        )
    _audit(session, award, actor, "award.revoked", {"person": award.person_id}, now=now)


def find_standing_award(session: Session, *, person_id: int, achievement_id: int) -> Award | None:
    """Return the award of an achievement that a person holds, if it is not revoked."""
    return session.scalar(
        select(Award).where(
            Award.person_id == person_id,
            Award.achievement_id == achievement_id,
            Award.revoked_at.is_(None),
        )
    )


def find_newest_award(session: Session, *, person_id: int, achievement_id: int) -> Award | None:
    """Return the newest award of an achievement to a person, a revoked one too."""
    return session.scalar(
        select(Award)
        .where(Award.person_id == person_id, Award.achievement_id == achievement_id)
        .order_by(Award.id.desc())
        .limit(1)
    )


def get_award_by_public_id(session: Session, public_id: str) -> Award:
    """Return the award at a public address, with everything that its page shows.

    Raises: `NotFoundError`.
    """
    version = joinedload(Award.version)
    award = session.scalar(
        _loaded()
        .where(Award.public_id == public_id)
        .options(
            version.selectinload(AchievementVersion.criteria).selectinload(Criterion.rubric_levels),
            version.selectinload(AchievementVersion.alignments),
        )
    )
    if award is None:
        raise NotFoundError("There is no credential at this address. Check that it is complete.")
    return award


def list_awards(session: Session, person_id: int) -> list[Award]:
    """Return a person's awards, newest first, revoked ones too."""
    return list(
        session.scalars(
            _loaded()
            .where(Award.person_id == person_id)
            .order_by(Award.awarded_at.desc(), Award.id.desc())
        )
    )


def hide_recipient(session: Session, person_id: int) -> int:
    """Take a person's name off their awards' pages; return off how many.

    The signed documents stay as they are: they name the holder by a salted hash
    alone, so an award can still be checked and claimed.
    """
    found = session.scalars(
        select(Award).where(Award.person_id == person_id, Award.recipient_name.is_not(None))
    ).all()
    for award in found:
        award.recipient_name = None
    return len(found)


def _is_due(version: AchievementVersion, met_criterion_ids: set[int]) -> bool:
    required = {criterion.id for criterion in version.criteria if criterion.is_required}
    return bool(required) and required <= met_criterion_ids


def _is_test_user(session: Session, person: Person) -> bool:
    preview: ColumnElement[bool] = exists().where(
        Enrolment.person_id == person.id, Enrolment.is_test_user.is_(True)
    )
    return bool(session.scalar(select(preview)))


def _sign(
    session: Session,
    public_id: str,
    person: Person,
    version: AchievementVersion,
    *,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> tuple[IssuerKey, str]:
    """Return the key used and the signed credential as the text that is stored and served."""
    issuer = version.achievement.issuer
    did = issuer_did(base_url, issuer)
    key, private_key = get_signing_key(session, issuer.id, vault)
    credential = build_credential(
        award_facts(base_url, public_id, now=now),
        _recipient(session, person),
        achievement_facts(version, base_url),
        issuer_facts(issuer, did),
    )
    signed = sign_credential(
        credential,
        private_key=private_key,
        verification_method=verification_method(did, key.multikey),
        created=now,
    )
    return key, to_json(signed)


def _recipient(session: Session, person: Person) -> RecipientFacts:
    """Say who earned it; among several LMSs, the one that knew the person first names them."""
    lti_sub = session.scalar(
        select(LtiUser.sub).where(LtiUser.person_id == person.id).order_by(LtiUser.id).limit(1)
    )
    facts = recipient_facts(email=person.email, lti_sub=lti_sub, salt=secrets.token_hex(SALT_BYTES))
    if facts is None:
        raise InvalidError(
            "Neither an e-mail address nor an LMS user id of this learner is known, so the award "
            "could not be tied to them. Ask them to open the activity from the LMS once more."
        )
    return facts


def _list_awarded_submissions(session: Session, award: Award) -> list[Submission]:
    return list(
        session.scalars(
            select(Submission)
            .where(
                Submission.institution_id == award.institution_id,
                Submission.learner_id == award.person_id,
                Submission.achievement_id == award.achievement_id,
                Submission.status == SubmissionStatus.AWARDED,
            )
            .options(selectinload(Submission.assignment))
            .order_by(Submission.id)
            .with_for_update()
        )
    )


def _loaded() -> Select[Award]:
    achievement = joinedload(Award.version).joinedload(AchievementVersion.achievement)
    return select(Award).options(
        achievement.joinedload(Achievement.level),
        achievement.joinedload(Achievement.issuer),
    )


def _audit(
    session: Session,
    award: Award,
    actor: str,
    action: str,
    facts: dict[str, object],
    *,
    now: datetime,
) -> None:
    audit.record(
        session,
        award.institution_id,
        actor=actor,
        action=action,
        subject=f"award:{award.id}",
        facts=facts,
        now=now,
    )

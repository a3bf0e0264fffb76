"""Making one award: the row, its signed credential, the audit. Nothing here asks if it is due."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.awards.certificates import complete_certificates
from app.awards.contents import first_facts, levels_at
from app.awards.facts import recipient_facts
from app.awards.held import traced
from app.awards.models import Award
from app.awards.signer import Signer
from app.awards.status_lists import take_entry
from app.awards.status_models import AwardResult
from app.awards.validity import end_of_validity
from app.catalog.models import AchievementVersion
from app.catalog.usability import require_usable
from app.core import audit
from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError
from app.courses.models import Enrolment, LtiUser, Person
from app.credentials.facts import AwardFacts, RecipientFacts
from app.programme.models import IssuerKey

PUBLIC_ID_BYTES = 16
SALT_BYTES = 16
NO_IDENTITY = (
    "Neither an e-mail address nor an LMS user id of this learner is known, so the award "
    "could not be tied to them. Ask them to open the activity from the LMS once more."
)


def issue_award(
    session: Session,
    *,
    person: Person,
    version: AchievementVersion,
    awarded_by: int | None,
    actor: str,
    reached: Mapping[int, int] | None = None,
    trace: Mapping[int, int] | None = None,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Award:
    """Award a version of an achievement to a person who holds none of it that is valid.

    One that has expired gives up its place to the new one, which renews it.

    With it, every certificate whose set it completes is awarded by rule.

    Units: `awarded_by` is a person's id; `None` where a rule or a claim awards.
        `reached`: the position of the rubric level reached by criterion's id, where
        work was assessed. `trace`: an award's id by part's id, for a certificate.
    Raises: `InvalidError` if nothing is known by which a verifier could
        recognise the recipient; `ConflictError` if the achievement may not be
        used, or the same award is being made elsewhere.
    """
    require_usable(version, now=now)
    public_id = secrets.token_hex(PUBLIC_ID_BYTES)
    valid_until = end_of_validity(now, version.validity_months)
    # The row that another may hold is waited for before everybody's turn at the audit log.
    renewed = _end_expired(session, person, version, now=now)
    levels = levels_at(version, reached or {})
    issuer = version.achievement.issuer
    entry = take_entry(session, issuer, vault=vault, base_url=base_url, now=now)
    facts = first_facts(
        session,
        version,
        public_id,
        valid_until=valid_until,
        levels=levels,
        trace=trace or {},
        entry=entry,
        base_url=base_url,
        now=now,
    )
    key, text = _sign(session, facts, person, version, vault=vault, base_url=base_url, now=now)
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
        valid_until=valid_until,
        credential=text,
        status_list_id=entry[0].id,
        status_index=entry[1],
        renews_id=renewed.id if renewed else None,
    )
    session.add(award)
    try:
        session.flush()
    except IntegrityError as error:  # the unique index settles a race between two grantors
        raise ConflictError(
            "This micro-credential has just been awarded by somebody else. Load the page again."
        ) from error
    session.add_all(result_rows(award.id, levels))
    session.add_all(traced(award, trace or {}))
    told: dict[str, object] = {"person": person.id, "version": version.id, "key": key.multikey}
    if renewed is not None:
        told["instead_of"] = renewed.id
    audit_award(session, award, actor, "award.issued", told, now=now)
    award_what_it_completes(session, award, person=person, vault=vault, base_url=base_url, now=now)
    return award


def award_what_it_completes(
    session: Session, award: Award, *, person: Person, vault: Vault, base_url: str, now: datetime
) -> None:
    """Award, by rule, the certificates whose set is complete with this award.

    It must be in the audit log before (see `complete_certificates`).
    """

    def issue_by_rule(
        certificate: AchievementVersion, rule: str, trace: Mapping[int, int]
    ) -> Award:
        return issue_award(
            session,
            person=person,
            version=certificate,
            awarded_by=None,
            actor=rule,
            trace=trace,
            vault=vault,
            base_url=base_url,
            now=now,
        )

    complete_certificates(session, award, issue=issue_by_rule, now=now)


def find_standing_award(
    session: Session, *, person_id: int, achievement_id: int, now: datetime
) -> Award | None:
    """Return the award of an achievement that a person holds: neither revoked nor expired."""
    award = _find_in_place(session, person_id=person_id, achievement_id=achievement_id)
    return None if award is None or award.has_expired(now) else award


def is_test_user(session: Session, person: Person) -> bool:
    """Return whether somebody is the student preview of an LMS, who is awarded nothing."""
    preview: ColumnElement[bool] = exists().where(
        Enrolment.person_id == person.id, Enrolment.is_test_user.is_(True)
    )
    return bool(session.scalar(select(preview)))


def audit_award(
    session: Session,
    award: Award,
    actor: str,
    action: str,
    facts: dict[str, object],
    *,
    now: datetime,
) -> None:
    """Write down what became of an award."""
    audit.record(
        session,
        award.institution_id,
        actor=actor,
        action=action,
        subject=f"award:{award.id}",
        facts=facts,
        now=now,
    )


def _find_in_place(session: Session, *, person_id: int, achievement_id: int) -> Award | None:
    """Return the award that the unique index lets no second one stand beside."""
    return session.scalar(
        select(Award).where(
            Award.person_id == person_id,
            Award.achievement_id == achievement_id,
            Award.revoked_at.is_(None),
            Award.ended_at.is_(None),
            Award.duplicate_of_id.is_(None),
        )
    )


def _end_expired(
    session: Session, person: Person, version: AchievementVersion, *, now: datetime
) -> Award | None:
    """Let an award that has expired give up its place; return it."""
    award = _find_in_place(session, person_id=person.id, achievement_id=version.achievement_id)
    if award is None or not award.has_expired(now):
        return None
    award.ended_at = now
    session.flush()
    return award


def _sign(
    session: Session,
    facts: AwardFacts,
    person: Person,
    version: AchievementVersion,
    *,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> tuple[IssuerKey, str]:
    """Return the key used and the signed credential as the text that is stored and served."""
    signer = Signer(session, version, vault=vault, base_url=base_url)
    return signer.key, signer.sign(facts, find_recipient(session, person), now=now)


def result_rows(award_id: int, levels: Mapping[int, int]) -> list[AwardResult]:
    """Return the rows that keep what was reached, so that a later credential repeats it."""
    return [
        AwardResult(award_id=award_id, criterion_id=criterion_id, rubric_level_id=level_id)
        for criterion_id, level_id in levels.items()
    ]


def find_recipient(session: Session, person: Person) -> RecipientFacts:
    """Say who earned it; among several LMSs, the one that knew the person first names them.

    Raises: `InvalidError` if nothing is known by which a verifier could recognise them.
    """
    lti_sub = session.scalar(
        select(LtiUser.sub).where(LtiUser.person_id == person.id).order_by(LtiUser.id).limit(1)
    )
    facts = recipient_facts(email=person.email, lti_sub=lti_sub, salt=secrets.token_hex(SALT_BYTES))
    if facts is None:
        raise InvalidError(NO_IDENTITY)
    return facts

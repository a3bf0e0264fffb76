"""Making many awards of one version at once: the same checks, signatures and audit as one by one.

What `issue_award` asks of one person is asked of all of them in one statement
each; a single person who cannot be awarded stops nobody else.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, select, text, update
from sqlalchemy.orm import Session

from app.awards.facts import award_facts, recipient_facts
from app.awards.issuing import (
    NO_IDENTITY,
    PUBLIC_ID_BYTES,
    SALT_BYTES,
    award_what_it_completes,
)
from app.awards.models import HOLDS_THE_PLACE, Award
from app.awards.signer import Signer
from app.awards.status_lists import status_facts, take_entries
from app.awards.validity import end_of_validity
from app.catalog.models import AchievementVersion
from app.catalog.stacks import is_a_part
from app.catalog.usability import is_decided, require_mappable
from app.core import audit
from app.core.crypto import Vault
from app.core.errors import ForbiddenError, InvalidError
from app.core.orm import table_of
from app.courses.models import Enrolment, LtiUser, Person
from app.programme.models import Level

AWARD, PERSON, LTI_USER = table_of(Award), table_of(Person), table_of(LtiUser)
ENROLMENT = table_of(Enrolment)


@dataclass
class Issued:
    """What came of it, by person's id: the new awards, who held one before, and who failed why."""

    awards: dict[int, int] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)


def require_souvenir(level: Level) -> None:
    """Refuse a level whose awards are not made by request alone.

    Raises: `ForbiddenError`. Source: DOMAIN, rule 3: no award of a level that
        asks for an artifact by a bulk action, whoever asks.
    """
    if level.needs_artifact or level.award_by != "request":
        raise ForbiddenError(
            f"“{level.name}” is not awarded by a list or a code: it needs work that a grantor has "
            "assessed, or is awarded by rule."
        )


def get_current(
    session: Session, version: AchievementVersion, *, now: datetime
) -> AchievementVersion:
    """Return the approved version of a Souvenir now: a newer one, if it took this one's place.

    A Souvenir is given on the spot; nobody has begun under an older version.

    Raises: `ConflictError` saying why, if none may be given.
    """
    approved = session.scalar(
        select(AchievementVersion).where(
            AchievementVersion.achievement_id == version.achievement_id,
            is_decided(),
        )
    )
    current = approved or version
    require_mappable(current, now=now)
    return current


def issue_awards(
    session: Session,
    *,
    version: AchievementVersion,
    person_ids: Sequence[int],
    awarded_by: int | None,
    actor: str,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> Issued:
    """Award a Souvenir to each of these people who does not hold it; some hundreds at a time.

    It is awarded in the version that is approved now, if another took the place of this one.

    The LMS's student preview is awarded nothing, nor are whoever awards and the
    row of somebody who turned out to be somebody else; and nobody is awarded twice.

    Raises: `ForbiddenError` if its level needs more than a request;
        `ConflictError` if the version may not be used; `NotFoundError` if the
        issuer has no key; `IntegrityError` if one of the awards is being made
        elsewhere: begin again.
    """
    require_souvenir(version.achievement.level)
    version = get_current(session, version, now=now)
    issued = Issued(held=find_holders(session, version.achievement_id, person_ids, now=now))
    wanted = [person_id for person_id in dict.fromkeys(person_ids) if person_id not in issued.held]
    for person_id in find_previews(session, wanted):
        issued.failed[person_id] = "This is the student preview of an LMS, not a person."
    if awarded_by is not None and awarded_by in wanted:
        issued.failed[awarded_by] = "Nobody gives themselves a Souvenir."
    people = _read_people(session, [each for each in wanted if each not in issued.failed])
    signer = Signer(session, version, vault=vault, base_url=base_url)
    renewed = _lock_expired(
        session, version.achievement_id, [person["id"] for person in people], now=now
    )
    entries = take_entries(
        session,
        version.achievement.issuer,
        len(people),
        vault=vault,
        base_url=base_url,
        now=now,
    )
    valid_until = end_of_validity(now, version.validity_months)
    rows: list[dict[str, Any]] = []
    for person, entry in zip(people, entries, strict=True):
        recipient = recipient_facts(
            email=person["email"], lti_sub=person["sub"], salt=secrets.token_hex(SALT_BYTES)
        )
        if recipient is None:
            issued.failed[person["id"]] = NO_IDENTITY
            continue
        public_id = secrets.token_hex(PUBLIC_ID_BYTES)
        try:
            facts = award_facts(base_url, public_id, valid_until=valid_until, now=now)
            facts = replace(facts, status=status_facts(base_url, entry))
            signed = signer.sign(facts, recipient, now=now)
        except InvalidError as error:
            issued.failed[person["id"]] = str(error)
            continue
        rows.append(
            {
                "institution_id": version.institution_id,
                "public_id": public_id,
                "person_id": person["id"],
                "achievement_id": version.achievement_id,
                "version_id": version.id,
                "issuer_key_id": signer.key.id,
                "awarded_by": awarded_by,
                "recipient_name": person["name"],
                "awarded_at": now,
                "valid_until": valid_until,
                "credential": signed,
                "status_list_id": entry[0].id,
                "status_index": entry[1],
                "renews_id": renewed.get(person["id"]),
            }
        )
    _end_expired(session, version.achievement_id, [row["person_id"] for row in rows], now=now)
    issued.awards = _write(session, rows)
    deeds = [
        audit.Deed(
            "award.issued",
            f"award:{award_id}",
            _told(person_id, version, signer, renewed.get(person_id)),
        )
        for person_id, award_id in issued.awards.items()
    ]
    audit.record_all(session, version.institution_id, deeds, actor=actor, now=now)
    if issued.awards and is_a_part(session, version.achievement_id):
        for award in session.scalars(select(Award).where(Award.id.in_(issued.awards.values()))):
            award_what_it_completes(
                session, award, person=award.person, vault=vault, base_url=base_url, now=now
            )
    return issued


def find_holders(
    session: Session, achievement_id: int, person_ids: Sequence[int], *, now: datetime
) -> dict[int, int]:
    """Return who of these people holds an achievement that is valid: person's id → award's id."""
    rows = session.execute(
        select(AWARD.c.person_id, AWARD.c.id).where(
            AWARD.c.achievement_id == achievement_id,
            AWARD.c.person_id.in_(person_ids),
            text(HOLDS_THE_PLACE),
            AWARD.c.valid_until.is_(None) | (AWARD.c.valid_until > now),
        )
    )
    return dict(rows.all())


def _told(
    person_id: int, version: AchievementVersion, signer: Signer, renewed: int | None
) -> dict[str, Any]:
    told = {"person": person_id, "version": version.id, "key": signer.key.multikey}
    return told if renewed is None else {**told, "instead_of": renewed}


def _lock_expired(
    session: Session, achievement_id: int, person_ids: Sequence[int], *, now: datetime
) -> dict[int, int]:
    """Return which award of each of these people has expired and will give up its place.

    They are waited for before everybody's turn at the audit log.
    """
    rows = session.execute(
        select(AWARD.c.person_id, AWARD.c.id)
        .where(_is_expired(achievement_id, person_ids, now))
        .order_by(AWARD.c.id)
        .with_for_update()
    )
    return dict(rows.all())


def _is_expired(
    achievement_id: int, person_ids: Sequence[int], now: datetime
) -> ColumnElement[bool]:
    return and_(
        AWARD.c.achievement_id == achievement_id,
        AWARD.c.person_id.in_(person_ids),
        text(HOLDS_THE_PLACE),
        AWARD.c.valid_until <= now,
    )


def _end_expired(
    session: Session, achievement_id: int, person_ids: Sequence[int], *, now: datetime
) -> None:
    """Let awards that have expired give up their place to the new ones."""
    session.execute(
        update(AWARD).where(_is_expired(achievement_id, person_ids, now)).values(ended_at=now)
    )


def find_previews(session: Session, person_ids: Sequence[int]) -> list[int]:
    """Return who of these is the student preview of an LMS."""
    return list(
        session.scalars(
            select(ENROLMENT.c.person_id)
            .where(ENROLMENT.c.person_id.in_(person_ids), ENROLMENT.c.is_test_user.is_(True))
            .distinct()
        )
    )


def _read_people(session: Session, person_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Read who they are; among several LMSs, the one that knew a person first names them."""
    subs: dict[int, str] = {}
    for person_id, sub in session.execute(
        select(LTI_USER.c.person_id, LTI_USER.c.sub)
        .where(LTI_USER.c.person_id.in_(person_ids))
        .order_by(LTI_USER.c.id)
    ):
        subs.setdefault(person_id, sub)
    rows = session.execute(
        select(PERSON.c.id, PERSON.c.name, PERSON.c.email)
        .where(PERSON.c.id.in_(person_ids), PERSON.c.merged_into_id.is_(None))
        .order_by(PERSON.c.id)
    )
    return [
        {"id": person_id, "name": name, "email": email, "sub": subs.get(person_id)}
        for person_id, name, email in rows
    ]


def _write(session: Session, rows: list[dict[str, Any]]) -> dict[int, int]:
    if not rows:
        return {}
    made = session.execute(insert(AWARD).returning(AWARD.c.person_id, AWARD.c.id), rows)
    return dict(sorted((person_id, award_id) for person_id, award_id in made))

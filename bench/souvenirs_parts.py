"""Parts of the Souvenirs benchmark that need the program."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.awards.facts import award_facts, recipient_facts
from app.awards.issuing import issue_award
from app.awards.models import Award
from app.awards.signer import Signer
from app.catalog.models import Achievement, AchievementVersion
from app.core.clock import utcnow
from app.core.crypto import hash_secret
from app.core.db import db, transaction
from app.courses.models import LtiUser, Person
from app.launch.models import LaunchSession
from app.programme.models import GrantorAppointment


@dataclass(frozen=True)
class Place:
    """Who gives what, and the session in which they do."""

    institution_id: int
    achievement_id: int
    version_id: int
    person_id: int
    sid: str


def prepare(session: Session, slug: str) -> Place:
    """Sign the example's giver in."""
    achievement = session.scalars(select(Achievement).where(Achievement.slug == slug)).one()
    version = session.scalars(
        select(AchievementVersion).where(AchievementVersion.achievement_id == achievement.id)
    ).one()
    giver = session.scalars(
        select(GrantorAppointment).where(GrantorAppointment.achievement_id == achievement.id)
    ).first()
    if giver is None:
        raise SystemExit("Nobody may give the example's Souvenir.")
    user = session.scalars(select(LtiUser).where(LtiUser.person_id == giver.person_id)).first()
    sid = secrets.token_urlsafe(16)
    place = Place(achievement.institution_id, achievement.id, version.id, giver.person_id, sid)
    platform_id = user.platform_id if user else 1
    with transaction() as write:
        now = utcnow()
        write.add(
            LaunchSession(
                sid_hash=hash_secret(sid),
                institution_id=place.institution_id,
                platform_id=platform_id,
                person_id=place.person_id,
                frame_origin="http://localhost",
                created_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
    return place


def sign_bare(app: Flask, place: Place, count: int) -> None:
    """Build and sign so many credentials, and keep none of them."""
    session = db.session()
    version = session.get_one(AchievementVersion, place.version_id)
    base_url = app.extensions["assay.settings"].base_url
    signer = Signer(session, version, vault=app.extensions["assay.vault"], base_url=base_url)
    now = utcnow()
    for number in range(count):
        recipient = recipient_facts(
            email=f"bare-{number}@example.edu", lti_sub=None, salt=secrets.token_hex(16)
        )
        if recipient is not None:
            facts = award_facts(base_url, secrets.token_hex(16), valid_until=None, now=now)
            signer.sign(facts, recipient, now=now)
    session.rollback()


def award_some(app: Flask, place: Place, count: int) -> None:
    """Award so many people one by one, each in a transaction of its own."""
    for number in range(count):
        with transaction() as session:
            now = utcnow()
            person = Person(
                institution_id=place.institution_id,
                email=f"alone-{number}@example.edu",
                created_at=now,
            )
            session.add(person)
            session.flush()
            issue_award(
                session,
                person=person,
                version=session.get_one(AchievementVersion, place.version_id),
                awarded_by=place.person_id,
                actor=f"person:{place.person_id}",
                vault=app.extensions["assay.vault"],
                base_url=app.extensions["assay.settings"].base_url,
                now=now,
            )


def count_awards(session: Session) -> int:
    """Count every award."""
    return session.scalar(select(func.count()).select_from(Award)) or 0

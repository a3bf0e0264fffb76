"""A one-time code by which somebody says in another LMS: this is me, too.

Whoever typed the code says so first, and whoever made it last, each in a session
of their own: a code that somebody else came by gives them nothing.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.awards.models import Award
from app.core import audit
from app.core.crypto import hash_secret
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.courses.models import Person
from app.staff.merging import merge_people, refuse_pair
from app.staff.models import SamePersonCode, SamePersonTry
from app.staff.people import list_courses_of, name_platforms

LIFETIME = timedelta(minutes=10)
ANSWER_SPAN = timedelta(hours=1)
# No letter or digit that another one looks like; 50 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
MAX_TRIES = 5
TRIES_SPAN = timedelta(hours=1)


@dataclass(frozen=True)
class Side:
    """One of the two, as both sides are shown before they become one."""

    person: Person
    platforms: tuple[str, ...]
    courses: tuple[str, ...]
    award_count: int


@dataclass(frozen=True)
class Pair:
    """Both sides: `typer` typed the code, `maker` made it and is the one who stays."""

    code: SamePersonCode
    maker: Side
    typer: Side


def make_code(session: Session, person: Person, *, now: datetime) -> str:
    """Make a code for one's other LMS; an earlier one opens nothing any more."""
    session.execute(
        update(SamePersonCode)
        .where(SamePersonCode.person_id == person.id, SamePersonCode.used_at.is_(None))
        .values(used_at=now)
    )
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    code = SamePersonCode(
        institution_id=person.institution_id,
        code_hash=hash_secret(letters),
        person_id=person.id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(code)
    session.flush()
    _audit(session, code, person, "same_person.code_made", now=now)
    return f"{letters[:5]}-{letters[5:]}"


def enter_code(session: Session, person: Person, typed: str, *, now: datetime) -> bool:
    """Take a code that somebody types; return whether it is a good one.

    A wrong one is counted: the caller must commit. Nothing about anybody is told.

    Raises: `ConflictError` after `MAX_TRIES` wrong ones within the hour, and for
        two who cannot be one; `InvalidError` for one's own code.
    """
    _lock(session, person)
    if _count_tries(session, person, now=now) >= MAX_TRIES:
        raise ConflictError("Too many wrong codes. Wait an hour, then make a new one.")
    code_hash = hash_secret(_letters(typed))
    code = session.scalar(
        select(SamePersonCode)
        .where(
            SamePersonCode.code_hash == code_hash,
            SamePersonCode.institution_id == person.institution_id,
            SamePersonCode.used_at.is_(None),
            SamePersonCode.expires_at > now,
            or_(SamePersonCode.entered_by.is_(None), SamePersonCode.entered_by == person.id),
        )
        .with_for_update()
    )
    if code is None:
        session.add(SamePersonTry(person_id=person.id, tried_at=now))
        session.flush()
        return False
    if code.person_id == person.id:
        raise InvalidError("You made this code yourself, here. Type it where the other LMS led.")
    refuse_pair(session, session.get_one(Person, code.person_id), person)
    code.entered_by = person.id
    session.flush()
    _audit(session, code, person, "same_person.code_entered", now=now)
    return True


def find_pair(session: Session, person: Person, *, now: datetime) -> Pair | None:
    """Return both sides of the code that a person typed and that is not settled yet."""
    code = session.scalar(
        select(SamePersonCode)
        .where(
            SamePersonCode.entered_by == person.id,
            SamePersonCode.used_at.is_(None),
            SamePersonCode.expires_at > now,
        )
        .order_by(SamePersonCode.id.desc())
        .limit(1)
    )
    if code is None:
        return None
    maker = session.get_one(Person, code.person_id)
    return Pair(code, _describe(session, maker), _describe(session, person))


def find_asked(session: Session, person: Person, *, now: datetime) -> Pair | None:
    """Return both sides of the code that a person made and somebody says is theirs, too."""
    code = session.scalar(
        select(SamePersonCode)
        .where(
            SamePersonCode.person_id == person.id,
            SamePersonCode.confirmed_at.is_not(None),
            SamePersonCode.used_at.is_(None),
            SamePersonCode.expires_at > now,
        )
        .order_by(SamePersonCode.id.desc())
        .limit(1)
    )
    if code is None:
        return None
    typer = session.get_one(Person, code.entered_by)
    return Pair(code, _describe(session, person), _describe(session, typer))


def confirm(session: Session, code_id: int, person: Person, *, now: datetime) -> None:
    """Say, as who typed the code, that both are oneself; its maker is asked next.

    Raises: `NotFoundError` if the person has typed no such code; `ConflictError`
        if it was answered or has run out, or for two who cannot be one.
    """
    code = _get_typed(session, code_id, person)
    refuse_pair(session, session.get_one(Person, code.person_id), person)
    _answer(
        session,
        code,
        SamePersonCode.confirmed_at.is_(None),
        now=now,
        confirmed_at=now,
        expires_at=now + ANSWER_SPAN,
    )
    _audit(session, code, person, "same_person.confirmed", now=now)


def agree(session: Session, code_id: int, person: Person, *, now: datetime) -> Person:
    """Say the same, as who made the code, and make one person of the two; return who stays.

    Raises: `NotFoundError` if nobody confirmed such a code of the person's;
        `ConflictError` if it was answered or has run out; as `merge_people`.
    """
    code = _get_asked(session, code_id, person)
    _answer(session, code, SamePersonCode.confirmed_at.is_not(None), now=now, used_at=now)
    _audit(session, code, person, "same_person.agreed", now=now)
    merge_people(session, person, session.get_one(Person, code.entered_by), now=now)
    return person


def deny(session: Session, code_id: int, person: Person, *, now: datetime) -> None:
    """Say, as who typed the code, that the other is somebody else; it opens nothing any more.

    Raises: as `confirm`.
    """
    code = _get_typed(session, code_id, person)
    _answer(session, code, now=now, used_at=now)
    _audit(session, code, person, "same_person.denied", now=now)


def refuse(session: Session, code_id: int, person: Person, *, now: datetime) -> None:
    """Say the same, as who made the code.

    Raises: as `agree`.
    """
    code = _get_asked(session, code_id, person)
    _answer(session, code, now=now, used_at=now)
    _audit(session, code, person, "same_person.denied", now=now)


def looks_known_elsewhere(session: Session, person: Person) -> bool:
    """Return whether somebody else here has the same e-mail: a hint, and no more than that."""
    if not person.email:
        return False
    other = exists().where(
        Person.institution_id == person.institution_id,
        Person.id != person.id,
        Person.merged_into_id.is_(None),
        func.lower(Person.email) == person.email.lower(),
    )
    return bool(session.scalar(select(other)))


def _get_typed(session: Session, code_id: int, person: Person) -> SamePersonCode:
    code = session.get(SamePersonCode, code_id)
    if code is None or code.entered_by != person.id:
        raise NotFoundError("There is no such code that you typed.")
    return code


def _get_asked(session: Session, code_id: int, person: Person) -> SamePersonCode:
    code = session.get(SamePersonCode, code_id)
    if code is None or code.person_id != person.id or code.confirmed_at is None:
        raise NotFoundError("There is no such code of yours that somebody confirmed.")
    return code


def _answer(
    session: Session,
    code: SamePersonCode,
    *conditions: ColumnElement[bool],
    now: datetime,
    **values: datetime,
) -> None:
    """Write one side's answer, in one statement, so that it cannot be given twice."""
    result: Any = session.execute(
        update(SamePersonCode)
        .where(
            SamePersonCode.id == code.id,
            SamePersonCode.used_at.is_(None),
            SamePersonCode.expires_at > now,
            *conditions,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not result.rowcount:
        raise ConflictError("This code was answered already or has run out. Make a new one.")
    session.refresh(code)


def _letters(typed: str) -> str:
    return "".join(letter for letter in typed.upper() if letter in ALPHABET)


def _lock(session: Session, person: Person) -> None:
    """Let one person try one code at a time, so that none is left out of the count."""
    session.scalar(select(Person.id).where(Person.id == person.id).with_for_update())


def _count_tries(session: Session, person: Person, *, now: datetime) -> int:
    statement = (
        select(func.count())
        .select_from(SamePersonTry)
        .where(SamePersonTry.person_id == person.id, SamePersonTry.tried_at > now - TRIES_SPAN)
    )
    return session.scalar(statement) or 0


def _describe(session: Session, person: Person) -> Side:
    held = (
        select(func.count())
        .select_from(Award)
        .where(Award.person_id == person.id, Award.revoked_at.is_(None))
    )
    return Side(
        person=person,
        platforms=name_platforms(session, person.id),
        courses=tuple(course.display_title for course in list_courses_of(session, person.id)),
        award_count=session.scalar(held) or 0,
    )


def _audit(
    session: Session, code: SamePersonCode, person: Person, action: str, *, now: datetime
) -> None:
    audit.record(
        session,
        code.institution_id,
        actor=f"person:{person.id}",
        action=action,
        subject=f"person:{code.person_id}",
        facts={"code": code.id, "person": person.id},
        now=now,
    )

"""A whole roster, written: in bulk, and only what has changed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Update, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.core.orm import table_of
from app.core.principal import Role
from app.courses.members import Member
from app.courses.models import (
    Course,
    Enrolment,
    LtiUser,
    Person,
    RosterEntry,
    RosterStatus,
)

AT_ONCE = 500
PERSON, LTI_USER, ENTRY = table_of(Person), table_of(LtiUser), table_of(RosterEntry)
ENROLMENT = table_of(Enrolment)


@dataclass(frozen=True)
class Outcome:
    """What a roster changed: how many people are new, differ, or are gone."""

    added: int
    changed: int
    gone: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of a person whom the platform knows by this `sub`."""

    person_id: int
    name: str | None
    email: str | None
    is_forgotten: bool


def store_roster(
    session: Session,
    course: Course,
    members: Mapping[str, Member],
    *,
    may_end: bool,
    now: datetime,
) -> Outcome:
    """Keep a whole roster; with `may_end`, mark as gone whom it does not list.

    Nobody is deleted: people, submissions and awards stay. The LMS's student
    preview is left out. A name or e-mail that is not told wipes none that is
    known, and one that was erased at the person's request stays erased.
    Raises: `IntegrityError` if a launch makes one of the people at the same
        moment, which only a database with several writers allows: begin again.
    """
    real = {sub: each for sub, each in sorted(members.items()) if not each.is_test_user}
    known = _read_known(session, course.platform_id, list(real))
    added = _add_people(session, course, [real[sub] for sub in real if sub not in known], now=now)
    renamed = _rename(session, real, known)
    ids = {sub: each.person_id for sub, each in known.items()} | added
    wanted = {ids[sub]: (each.role, each.status) for sub, each in real.items()}
    before = _read_entries(session, course.id)
    moved = _write_entries(session, course.id, before, wanted, now=now)
    gone = _mark_gone(session, course.id, before, wanted, now=now) if may_end else 0
    return Outcome(added=len(added), changed=len(renamed | moved), gone=gone)


def _read_known(session: Session, platform_id: int, subs: Sequence[str]) -> dict[str, Known]:
    statement = (
        select(LTI_USER.c.sub, PERSON.c.id, PERSON.c.name, PERSON.c.email, PERSON.c.forgotten_at)
        .join(PERSON, PERSON.c.id == LTI_USER.c.person_id)
        .where(
            LTI_USER.c.platform_id == platform_id,
            LTI_USER.c.sub.in_(bindparam("subs", expanding=True)),
        )
    )
    return {
        sub: Known(person_id, name, email, forgotten_at is not None)
        for some in _in_turn(subs)
        for sub, person_id, name, email, forgotten_at in session.execute(statement, {"subs": some})
    }


def _add_people(
    session: Session, course: Course, members: Sequence[Member], *, now: datetime
) -> dict[str, int]:
    """Add people whom the platform lists for the first time; return their ids by `sub`.

    The database need not say in which order it made the rows, which would be one
    statement each on SQLite: new people with the same name and e-mail are
    interchangeable until they get their `sub`.
    """
    added: dict[str, int] = {}
    person = insert(PERSON).returning(PERSON.c.id, PERSON.c.name, PERSON.c.email)
    for some in _in_turn(members):
        waiting: dict[tuple[str | None, str | None], list[str]] = defaultdict(list)
        for each in some:
            waiting[each.name, each.email].append(each.sub)
        facts = [
            {
                "institution_id": course.institution_id,
                "name": each.name,
                "email": each.email,
                "created_at": now,
            }
            for each in some
        ]
        for person_id, name, email in session.execute(person, facts):
            added[waiting[name, email].pop()] = person_id
    _write(
        session,
        insert(LTI_USER),
        (
            {"platform_id": course.platform_id, "sub": sub, "person_id": person_id}
            for sub, person_id in added.items()
        ),
    )
    return added


def _rename(
    session: Session, members: Mapping[str, Member], known: Mapping[str, Known]
) -> set[int]:
    """Write names and e-mails that the LMS now tells otherwise; return whose."""
    changes: dict[int, dict[str, Any]] = {}
    for sub, old in known.items():
        name = members[sub].name or old.name
        email = members[sub].email or old.email
        if not old.is_forgotten and (name, email) != (old.name, old.email):
            changes[old.person_id] = {"key": old.person_id, "name": name, "email": email}
    statement = (
        update(PERSON)
        .where(PERSON.c.id == bindparam("key"))
        .values(name=bindparam("name"), email=bindparam("email"))
    )
    _write(session, statement, (changes[key] for key in sorted(changes)))
    return set(changes)


def _read_entries(session: Session, course_id: int) -> dict[int, tuple[Role, RosterStatus]]:
    rows = session.execute(
        select(ENTRY.c.person_id, ENTRY.c.role, ENTRY.c.status).where(
            ENTRY.c.course_id == course_id
        )
    )
    return {person_id: (role, status) for person_id, role, status in rows}


def _write_entries(
    session: Session,
    course_id: int,
    before: Mapping[int, tuple[Role, RosterStatus]],
    wanted: Mapping[int, tuple[Role, RosterStatus]],
    *,
    now: datetime,
) -> set[int]:
    """Add and change entries; return whose was there and changed."""
    new = (
        {"course_id": course_id, "person_id": key, "role": role, "status": status}
        for key, (role, status) in wanted.items()
        if key not in before
    )
    moved = {key for key, value in wanted.items() if key in before and before[key] != value}
    changes = (
        {"key": key, "to_role": wanted[key][0], "to_status": wanted[key][1]}
        for key in sorted(moved)
    )
    _write(session, insert(ENTRY).values(changed_at=now), new)
    _write(
        session,
        _change_entry(course_id).values(
            role=bindparam("to_role"), status=bindparam("to_status"), changed_at=now
        ),
        changes,
    )
    return moved


def _mark_gone(
    session: Session,
    course_id: int,
    before: Mapping[int, tuple[Role, RosterStatus]],
    wanted: Mapping[int, tuple[Role, RosterStatus]],
    *,
    now: datetime,
) -> int:
    """Mark whom the roster has left out; also who only ever launched."""
    left = sorted(
        key
        for key, (_role, status) in before.items()
        if key not in wanted and status is not RosterStatus.GONE
    )
    statement = _change_entry(course_id).values(status=RosterStatus.GONE, changed_at=now)
    _write(session, statement, ({"key": key} for key in left))
    launched = session.execute(
        select(ENROLMENT.c.person_id, ENROLMENT.c.role).where(
            ENROLMENT.c.course_id == course_id, ENROLMENT.c.is_test_user.is_(False)
        )
    )
    unlisted = [
        {"course_id": course_id, "person_id": key, "role": role, "status": RosterStatus.GONE}
        for key, role in launched
        if key not in wanted and key not in before
    ]
    _write(session, insert(ENTRY).values(changed_at=now), unlisted)
    return len(left) + len(unlisted)


def _change_entry(course_id: int) -> Update:
    return update(ENTRY).where(
        ENTRY.c.course_id == course_id, ENTRY.c.person_id == bindparam("key")
    )


def _write(session: Session, statement: Any, rows: Iterable[dict[str, Any]]) -> None:
    for some in _in_turn(rows):
        session.execute(statement, some)


def _in_turn(things: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield them some hundreds at a time: statements and memory stay small."""
    rest = iter(things)
    while some := list(islice(rest, AT_ONCE)):
        yield some

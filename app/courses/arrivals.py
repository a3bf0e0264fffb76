"""What a launch tells about person, course, enrolment and link is kept here.

One statement reads all of it, and only what changed is written. The statements
are built once and give plain rows, because a whole class launches at once (see
`launch/lookups.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.core.orm import table_of
from app.core.prepared import Prepared, Wire
from app.core.principal import Role
from app.courses.models import Course, Enrolment, LtiUser, Person, ResourceLink
from app.platforms.models import Deployment

Known = Mapping[str, Any]


@dataclass(frozen=True)
class LaunchFacts:
    """What one launch says about who, where and which link.

    `name`, `email`: `None` where the LMS does not share them.
    """

    institution_id: int
    platform_id: int
    deployment_pk: int
    sub: str
    name: str | None
    email: str | None
    role: Role
    is_test_user: bool
    context_id: str
    context_title: str | None
    context_label: str | None
    resource_link_id: str | None
    resource_link_title: str | None
    lineitem_url: str | None
    lineitems_url: str | None
    ags_scopes: Sequence[str]
    memberships_url: str | None


@dataclass(frozen=True)
class Visitor:
    """Who came with a launch that belongs to no course."""

    person_id: int


@dataclass(frozen=True)
class Arrival:
    """Where a launch arrived: keys of the rows that it found or made.

    `link_pk`: `None` where the launch names no link. `lineitem_url`: the
    link's gradebook column, if it has one.
    """

    person_id: int
    course_id: int
    deployment_pk: int
    role: Role
    link_pk: int | None
    lineitem_url: str | None


DEPLOYMENT, PERSON, LTI_USER = table_of(Deployment), table_of(Person), table_of(LtiUser)
COURSE, ENROLMENT, LINK = table_of(Course), table_of(Enrolment), table_of(ResourceLink)

# One row always: whatever is not known yet is NULL in it.
KNOWN = (
    select(
        PERSON.c.id.label("person_id"),
        PERSON.c.name,
        PERSON.c.email,
        COURSE.c.id.label("course_id"),
        COURSE.c.title,
        COURSE.c.label,
        COURSE.c.lineitems_url,
        COURSE.c.ags_scopes,
        COURSE.c.memberships_url,
        ENROLMENT.c.id.label("enrolment_id"),
        LINK.c.id.label("link_id"),
        LINK.c.title.label("link_title"),
        LINK.c.lineitem_url,
    )
    .select_from(DEPLOYMENT)
    .outerjoin(
        LTI_USER,
        and_(
            LTI_USER.c.platform_id == DEPLOYMENT.c.platform_id, LTI_USER.c.sub == bindparam("sub")
        ),
    )
    .outerjoin(PERSON, PERSON.c.id == LTI_USER.c.person_id)
    .outerjoin(
        COURSE,
        and_(
            COURSE.c.deployment_pk == DEPLOYMENT.c.id,
            COURSE.c.context_id == bindparam("context_id"),
        ),
    )
    .outerjoin(
        ENROLMENT,
        and_(ENROLMENT.c.course_id == COURSE.c.id, ENROLMENT.c.person_id == PERSON.c.id),
    )
    .outerjoin(
        LINK,
        and_(
            LINK.c.course_id == COURSE.c.id,
            LINK.c.resource_link_id == bindparam("resource_link_id"),
        ),
    )
    .where(DEPLOYMENT.c.id == bindparam("deployment_pk"))
)
READ_KNOWN = Prepared(KNOWN)
NAMES = KNOWN.selected_columns.keys()
ADD = {
    table: Prepared(insert(table), columns=[item.name for item in table.c if item.name != "id"])
    for table in (PERSON, LTI_USER, COURSE, ENROLMENT, LINK)
}
NOTHING_TOLD = {table: {item.name: None for item in table.c if item.nullable} for table in ADD}
RENEW_ENROLMENT = Prepared(
    update(ENROLMENT)
    .where(ENROLMENT.c.id == bindparam("enrolment_id"))
    .values(
        role=bindparam("role"),
        is_test_user=bindparam("is_test_user"),
        last_launched_at=bindparam("last_launched_at"),
    )
)


def record_launch(session: Session, wire: Wire, facts: LaunchFacts, *, now: datetime) -> Arrival:
    """Find or make person, course, enrolment and link; keep what the LMS says today.

    Raises: `IntegrityError` if another launch makes one of them at the same
        moment, which only a database with several writers allows: begin again.
    """
    known = _read_known(wire, facts)
    person_id = _keep_person(session, wire, known, facts, now=now)
    course_id = _keep_course(session, wire, known, facts, now=now)
    enrolled = {
        "role": facts.role,
        "is_test_user": facts.is_test_user,
        "last_launched_at": now,
    }
    if known["enrolment_id"] is None:
        _add(wire, ENROLMENT, course_id=course_id, person_id=person_id, **enrolled)
    else:
        renewed = {"enrolment_id": known["enrolment_id"], **enrolled}
        RENEW_ENROLMENT.change(wire, renewed)
    return Arrival(
        person_id=person_id,
        course_id=course_id,
        deployment_pk=facts.deployment_pk,
        role=facts.role,
        link_pk=_keep_link(session, wire, known, facts, course_id=course_id, now=now),
        lineitem_url=facts.lineitem_url or known["lineitem_url"],
    )


def record_visitor(session: Session, wire: Wire, facts: LaunchFacts, *, now: datetime) -> int:
    """Find or make the person of a launch that belongs to no course; return their key.

    Raises: `IntegrityError`, as `record_launch` does.
    """
    return _keep_person(session, wire, _read_known(wire, facts), facts, now=now)


def _read_known(wire: Wire, facts: LaunchFacts) -> Known:
    row = READ_KNOWN.first(
        wire,
        {
            "deployment_pk": facts.deployment_pk,
            "sub": facts.sub,
            "context_id": facts.context_id,
            "resource_link_id": facts.resource_link_id,
        },
    )
    return dict(zip(NAMES, row or (), strict=True))


def _keep_person(
    session: Session, wire: Wire, known: Known, facts: LaunchFacts, *, now: datetime
) -> int:
    told = {"name": facts.name, "email": facts.email}
    if known["person_id"] is not None:
        return _change(session, PERSON, known["person_id"], known, _told(told))
    person_id = _add(wire, PERSON, institution_id=facts.institution_id, created_at=now, **told)
    _add(wire, LTI_USER, platform_id=facts.platform_id, sub=facts.sub, person_id=person_id)
    return person_id


def _keep_course(
    session: Session, wire: Wire, known: Known, facts: LaunchFacts, *, now: datetime
) -> int:
    told = _told(
        {
            "title": facts.context_title,
            "label": facts.context_label,
            "memberships_url": facts.memberships_url,
        }
    )
    if facts.lineitems_url or facts.lineitem_url:
        told |= {"lineitems_url": facts.lineitems_url, "ags_scopes": sorted(facts.ags_scopes)}
    if known["course_id"] is not None:
        return _change(session, COURSE, known["course_id"], known, told)
    return _add(
        wire,
        COURSE,
        institution_id=facts.institution_id,
        platform_id=facts.platform_id,
        deployment_pk=facts.deployment_pk,
        context_id=facts.context_id,
        created_at=now,
        **{"ags_scopes": [], **told},
    )


def _keep_link(
    session: Session, wire: Wire, known: Known, facts: LaunchFacts, *, course_id: int, now: datetime
) -> int | None:
    if facts.resource_link_id is None:
        return None
    told = _told({"title": facts.resource_link_title, "lineitem_url": facts.lineitem_url})
    if known["link_id"] is None:
        return _add(
            wire,
            LINK,
            course_id=course_id,
            resource_link_id=facts.resource_link_id,
            created_at=now,
            **told,
        )
    before = {"title": known["link_title"], "lineitem_url": known["lineitem_url"]}
    changed = {name: value for name, value in told.items() if before[name] != value}
    if changed:
        session.execute(update(LINK).where(LINK.c.id == known["link_id"]).values(changed))
    link_pk: int = known["link_id"]
    return link_pk


def _told(facts: dict[str, str | None]) -> dict[str, Any]:
    """Return what the LMS told; what it left out does not wipe what is known."""
    return {name: value for name, value in facts.items() if value}


def _add(wire: Wire, table: Table, **facts: Any) -> int:
    return ADD[table].add(wire, {**NOTHING_TOLD[table], **facts})


def _change(session: Session, table: Table, key: int, known: Known, told: dict[str, Any]) -> int:
    """Write what differs from the row that is known; return its key."""
    changed = {name: value for name, value in told.items() if known[name] != value}
    if changed:
        session.execute(update(table).where(table.c.id == key).values(changed))
    return key

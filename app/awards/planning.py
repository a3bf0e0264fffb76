"""The dry run: a list of people becomes rows, each with what would become of it.

All of a list or nothing is kept: whoever calls opens one transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import and_, bindparam, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from app.awards.addresses import MAX_NAME, is_address, is_plain_name, looks_like_formula, shown
from app.awards.bulk import require_souvenir
from app.awards.lists import Listed
from app.awards.models import Award
from app.awards.souvenir_models import BatchState, RowState, SouvenirBatch, SouvenirRow
from app.catalog.models import AchievementVersion
from app.catalog.usability import require_usable
from app.core import audit
from app.core.errors import ConflictError, InvalidError
from app.core.orm import table_of
from app.courses.models import Course, Enrolment, LtiUser, Person
from app.courses.people import select_learners
from app.credentials.openbadge import normalise_email

AT_ONCE: Final = 500
MAX_SHOWN_EMAIL: Final = 320
ROW = table_of(SouvenirRow)


@dataclass(frozen=True)
class Plan:
    """Who is to be given what, by whom, and where the list came from; see `SouvenirBatch`."""

    version: AchievementVersion
    key: str
    source: str
    actor: str
    created_by: int | None = None
    course: Course | None = None
    file_name: str | None = None


def find_batch_by_key(session: Session, institution_id: int, key: str) -> SouvenirBatch | None:
    """Return the batch that was made of the same list before."""
    return session.scalar(
        select(SouvenirBatch).where(
            SouvenirBatch.institution_id == institution_id, SouvenirBatch.key == key
        )
    )


def plan_batch(
    session: Session,
    plan: Plan,
    entries: Iterable[Listed],
    *,
    notes: Sequence[str],
    max_rows: int,
    now: datetime,
) -> SouvenirBatch:
    """Keep a list as rows and say of each what would become of it; award nobody yet.

    The same list again (by its key) is the same batch.

    Raises: `InvalidError` if the list is empty, too long or cannot be read;
        `ForbiddenError`, `ConflictError` if its Souvenir may not be given.
    """
    version = plan.version
    require_souvenir(version.achievement.level)
    require_usable(version, now=now)
    known = find_batch_by_key(session, version.institution_id, plan.key)
    if known is not None:
        return known
    batch = SouvenirBatch(
        institution_id=version.institution_id,
        achievement_id=version.achievement_id,
        version_id=version.id,
        course_id=plan.course.id if plan.course else None,
        key=plan.key,
        source=plan.source,
        file_name=plan.file_name,
        notes=list(notes),
        created_by=plan.created_by,
        actor=plan.actor,
        state=BatchState.PLANNED,
        created_at=now,
    )
    session.add(batch)
    try:
        session.flush()
    except IntegrityError as error:  # the unique key settles a race between two clicks
        raise ConflictError("This list has just been sent. Look at it in the overview.") from error
    _keep_rows(session, batch, plan.course, entries, max_rows=max_rows, now=now)
    _match(session, batch, plan.course, now=now)
    audit.record(
        session,
        batch.institution_id,
        actor=plan.actor,
        action="souvenirs.planned",
        subject=f"souvenir_batch:{batch.id}",
        facts={"version": version.id, "course": batch.course_id, "source": plan.source},
        now=now,
    )
    return batch


def _keep_rows(
    session: Session,
    batch: SouvenirBatch,
    course: Course | None,
    entries: Iterable[Listed],
    *,
    max_rows: int,
    now: datetime,
) -> None:
    seen: set[str] = set()
    count = 0
    for some in _in_turn(entries):
        count += len(some)
        if count > max_rows:
            raise InvalidError(
                f"The list has more than {max_rows} people. Part it, and send the parts one after "
                "the other. Nothing was taken over."
            )
        rows = [_judge(entry, seen, batch.id) for entry in some]
        _resolve_keys(session, course, some, rows, now=now)
        session.execute(insert(ROW), rows)
    if not count:
        raise InvalidError("There is nobody in this list.")


def _judge(entry: Listed, seen: set[str], batch_id: int) -> dict[str, Any]:
    """Say what an entry is by itself: a person, twice the same, or nothing that can be used."""
    email = normalise_email(entry.email)
    state, problem = RowState.READY, None
    if entry.is_ragged:
        state, problem = RowState.REFUSED, "ragged"
    elif not is_plain_name(entry.name):
        state, problem = RowState.REFUSED, "control"
    elif len(entry.name) > MAX_NAME:
        state, problem = RowState.REFUSED, "long_name"
    elif entry.person_id is None and not entry.person_key:
        if not email:
            state, problem = RowState.REFUSED, "no_address"
        elif not is_address(email):
            state, problem = RowState.REFUSED, "not_address"
        elif email in seen:
            state = RowState.REPEATED
        else:
            seen.add(email)
    return {
        "batch_id": batch_id,
        "number": entry.number,
        "email": email if state is RowState.READY and not entry.person_key and email else None,
        "given_email": shown(entry.email, max_length=MAX_SHOWN_EMAIL) or None,
        "given_name": shown(entry.name, max_length=MAX_NAME) or None,
        "person_id": entry.person_id,
        "state": state,
        "problem": problem,
        "is_formula": looks_like_formula(entry.name) or looks_like_formula(entry.email),
    }


def _resolve_keys(
    session: Session,
    course: Course | None,
    entries: Sequence[Listed],
    rows: Sequence[dict[str, Any]],
    *,
    now: datetime,
) -> None:
    """Put people in the place of course person ids, and check those ticked: all of the course."""
    asked = [(entry, row) for entry, row in zip(entries, rows, strict=True) if _is_named(entry)]
    if not asked:
        return
    ids: dict[str, int] = {}
    learners: set[int] = set()
    if course is not None:
        keys = [entry.person_key for entry, _ in asked if entry.person_key]
        found = session.execute(
            select(LtiUser.sub, LtiUser.person_id).where(
                LtiUser.platform_id == course.platform_id, LtiUser.sub.in_(keys)
            )
        )
        ids = dict(found.all())
        wanted = [*ids.values(), *(entry.person_id for entry, _ in asked if entry.person_id)]
        learners = set(
            session.scalars(
                select_learners(course.id, now=now)
                .where(Person.id.in_(wanted))
                .with_only_columns(Person.id)
            )
        )
    for entry, row in asked:
        person_id = entry.person_id or ids.get(entry.person_key)
        is_here = person_id is not None and person_id in learners
        row["person_id"] = person_id if is_here else None
        if not is_here and row["state"] is RowState.READY:
            row["state"], row["problem"] = RowState.REFUSED, "not_in_course"


def _is_named(entry: Listed) -> bool:
    return entry.person_id is not None or bool(entry.person_key)


def _match(session: Session, batch: SouvenirBatch, course: Course | None, *, now: datetime) -> None:
    """Find out whom the addresses mean, and who is not to be awarded: a few statements for all."""
    _match_addresses(session, batch, course, now=now)
    ready = and_(ROW.c.batch_id == batch.id, ROW.c.state == RowState.READY)
    refuse = update(ROW).where(ready).values(state=RowState.REFUSED)
    if course is not None:
        session.execute(refuse.where(ROW.c.person_id.is_(None)).values(problem="not_in_course"))
    previews = select(Enrolment.person_id).where(Enrolment.is_test_user.is_(True))
    session.execute(refuse.where(ROW.c.person_id.in_(previews)).values(problem="preview"))
    if batch.created_by is not None:
        session.execute(refuse.where(ROW.c.person_id == batch.created_by).values(problem="own"))
    earlier = aliased(ROW)
    is_again = exists().where(
        earlier.c.batch_id == batch.id,
        earlier.c.person_id == ROW.c.person_id,
        earlier.c.state == RowState.READY,
        earlier.c.number < ROW.c.number,
    )
    session.execute(update(ROW).where(ready, is_again).values(state=RowState.REPEATED))
    mark_holders(session, batch)


def mark_holders(session: Session, batch: SouvenirBatch) -> None:
    """Mark rows of people who hold the Souvenir, by the person or by their address."""
    standing = select(Award.person_id).where(
        Award.achievement_id == batch.achievement_id, Award.revoked_at.is_(None)
    )
    addresses = (
        select(func.lower(Person.email))
        .join(Award, Award.person_id == Person.id)
        .where(
            Person.institution_id == batch.institution_id,
            Person.email.is_not(None),
            Award.achievement_id == batch.achievement_id,
            Award.revoked_at.is_(None),
        )
    )
    holds = (
        update(ROW)
        .where(ROW.c.batch_id == batch.id, ROW.c.state == RowState.READY)
        .values(state=RowState.HOLDS)
    )
    session.execute(holds.where(ROW.c.person_id.in_(standing)))
    session.execute(holds.where(ROW.c.email.in_(addresses)))


def _match_addresses(
    session: Session, batch: SouvenirBatch, course: Course | None, *, now: datetime
) -> None:
    """Find the person of each address: somebody from an LMS, else who was made known by it.

    Two people of an institution may have the same address in two LMSs; then it
    means neither of them.
    """
    is_from_lms = exists().where(LtiUser.person_id == Person.id)
    found = (
        select(ROW.c.id, func.min(Person.id), func.count())
        .join(Person, func.lower(Person.email) == ROW.c.email)
        .where(
            ROW.c.batch_id == batch.id,
            ROW.c.state == RowState.READY,
            ROW.c.person_id.is_(None),
            Person.institution_id == batch.institution_id,
        )
        .group_by(ROW.c.id)
    )
    if course is not None:
        learners = select_learners(course.id, now=now).with_only_columns(Person.id)
        found = found.where(Person.id.in_(learners))
    change = (
        update(ROW)
        .where(ROW.c.id == bindparam("key"))
        .values(
            person_id=bindparam("to_person"), state=bindparam("to_state"), problem=bindparam("why")
        )
    )
    for statement in (found.where(is_from_lms), found.where(~is_from_lms)):
        for some in _in_turn(session.execute(statement).all()):
            changes = [
                {"key": key, "to_person": person_id, "to_state": RowState.READY, "why": None}
                if people == 1
                else {"key": key, "to_person": None, "to_state": RowState.REFUSED, "why": "several"}
                for key, person_id, people in some
            ]
            session.execute(change, changes)


def _in_turn(things: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield them some hundreds at a time: statements and memory stay small."""
    rest = iter(things)
    while some := list(islice(rest, AT_ONCE)):
        yield some

"""The dry run: a list of people becomes rows, each with what would become of it.

All of a list or nothing is kept: whoever calls opens one transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.awards.addresses import MAX_NAME, is_address, is_plain_name, shown
from app.awards.bulk import require_souvenir
from app.awards.lists import Listed
from app.awards.matching import Matcher
from app.awards.souvenir_models import BatchState, RowState, SouvenirBatch, SouvenirRow
from app.catalog.models import AchievementVersion
from app.catalog.usability import require_mappable
from app.core import audit
from app.core.csv_text import is_formula
from app.core.errors import ConflictError, InvalidError
from app.core.orm import table_of
from app.courses.models import Course
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


def read_whole(entries: Iterable[Listed], *, max_rows: int) -> list[Listed]:
    """Read a list to its end, before a transaction keeps every other writer waiting.

    Raises: `InvalidError` if it is too long or cannot be read.
    """
    listed = list(islice(entries, max_rows + 1))
    if len(listed) > max_rows:
        raise InvalidError(_too_many(max_rows))
    return listed


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
    require_mappable(version, now=now)
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
    matcher = Matcher(session, batch, course, now)
    seen: set[str] = set()
    count = 0
    for some in _in_turn(entries):
        count += len(some)
        if count > max_rows:
            raise InvalidError(_too_many(max_rows))
        rows = [_judge(entry, seen, batch.id) for entry in some]
        matcher.match(some, rows)
        session.execute(insert(ROW), rows)
    if not count:
        raise InvalidError("There is nobody in this list.")


def _too_many(max_rows: int) -> str:
    return (
        f"The list has more than {max_rows} people. Part it, and send the parts one after the "
        "other. Nothing was taken over."
    )


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
        "person_id": None,
        "state": state,
        "problem": problem,
        "is_formula": is_formula(entry.name) or is_formula(entry.email),
    }


def _in_turn(things: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield them some hundreds at a time: statements and memory stay small."""
    rest = iter(things)
    while some := list(islice(rest, AT_ONCE)):
        yield some

"""A batch at work: set going and stopped by people, carried out by the worker in chunks."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, false, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.awards.bulk import Issued, issue_awards
from app.awards.models import Award
from app.awards.revoking import take_back
from app.awards.souvenir_models import BatchState, RowState, SouvenirBatch, SouvenirRow
from app.awards.souvenirs import is_finished, may_start, may_still_give
from app.core import audit
from app.core.clock import utcnow
from app.core.crypto import Vault
from app.core.db import db, transaction
from app.core.errors import ConflictError, DomainError, InvalidError, RetryLaterError
from app.core.orm import table_of
from app.courses.addresses import make_known
from app.courses.models import Person
from app.credentials.openbadge import normalise_email
from app.outbox import service as outbox
from app.outbox.worker import Handler, Message

AWARD_KIND: Final = "souvenirs.award"
REVOKE_KIND: Final = "souvenirs.revoke"
CHUNK: Final = 200
TRIES: Final = 3
RIGHT_ENDED: Final = (
    "Whoever began this may no longer give the Souvenir: the appointment has ended. Somebody else "
    "who may give it can go on with it."
)
ROW = table_of(SouvenirRow)


def start_batch(
    session: Session,
    batch: SouvenirBatch,
    *,
    person_id: int | None = None,
    actor: str,
    now: datetime,
) -> None:
    """Set a planned or stopped batch going: owe its chunks to the worker.

    It goes on in the name of whoever sets it going, who gives themselves nothing.

    Raises: `ConflictError` if it is under way or over; `InvalidError` if nobody is left to award.
    """
    session.refresh(batch, with_for_update={"of": SouvenirBatch})
    if not may_start(batch):
        raise ConflictError("This list is under way already, or finished. Load the page again.")
    if person_id is not None:
        batch.created_by, batch.actor = person_id, actor
    _refuse_own(session, batch, 1, None)
    if is_finished(session, batch.id):
        raise InvalidError("There is nobody in this list who could be awarded.")
    batch.state = BatchState.RUNNING
    batch.started_at = batch.started_at or now
    batch.ended_at = batch.problem = None
    for first, last in _chunks(session, batch.id, RowState.READY):
        _owe(session, batch, AWARD_KIND, first, last, now=now)
    _audit(session, batch, "souvenirs.started", actor=actor, now=now)


def stop_batch(session: Session, batch: SouvenirBatch, *, actor: str, now: datetime) -> None:
    """Stop a batch after the chunk that is in hand; what was awarded stands.

    Raises: `ConflictError` if it is not under way.
    """
    session.refresh(batch, with_for_update={"of": SouvenirBatch})
    if batch.state is not BatchState.RUNNING:
        raise ConflictError("This list is not under way. Load the page again.")
    _end(batch, BatchState.STOPPED, None, now=now)
    _audit(session, batch, "souvenirs.stopped", actor=actor, now=now)


def revoke_batch(
    session: Session, batch: SouvenirBatch, *, reason: str, actor: str, now: datetime
) -> None:
    """Owe the revocation of every award of a batch to the worker.

    Raises: `InvalidError` without a reason; `ConflictError` if it is under way
        or revoked already.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidError("Say why the awards are revoked: their public pages show the reason.")
    session.refresh(batch, with_for_update={"of": SouvenirBatch})
    if batch.state not in {BatchState.DONE, BatchState.STOPPED}:
        raise ConflictError("Stop the list first, or wait until it is finished.")
    if batch.revoked_at is not None:
        raise ConflictError("This list has been revoked already.")
    batch.revoked_at, batch.revocation_reason, batch.revoked_by = now, reason, actor
    for first, last in _chunks(session, batch.id, RowState.AWARDED):
        _owe(session, batch, REVOKE_KIND, first, last, now=now)
    _audit(session, batch, "souvenirs.revoked", actor=actor, now=now)


def award_chunk(
    session: Session,
    batch: SouvenirBatch,
    *,
    first: int,
    last: int,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Award the rows of one chunk that are still to be; in a batch that goes on.

    Done again, it finds nothing left to do. What forbids the whole batch
    stops it and says why.

    Raises: `IntegrityError` if a person or an award is being made elsewhere: begin again.
    """
    session.refresh(batch, with_for_update={"of": SouvenirBatch})
    if batch.state is not BatchState.RUNNING:
        return
    if batch.created_by is not None and not may_still_give(
        session, batch.achievement_id, batch.created_by, course_id=batch.course_id, now=now
    ):
        _end(batch, BatchState.STOPPED, RIGHT_ENDED, now=now)
        return
    _refuse_own(session, batch, first, last)
    rows = session.execute(
        select(ROW.c.id, ROW.c.person_id, ROW.c.email, ROW.c.given_name).where(
            ROW.c.batch_id == batch.id,
            ROW.c.number.between(first, last),
            ROW.c.state == RowState.READY,
        )
    ).all()
    names = {row.email: row.given_name for row in rows if row.person_id is None and row.email}
    known = make_known(session, batch.institution_id, names, now=now) if names else {}
    people = {row.id: row.person_id or known.get(row.email) for row in rows}
    try:
        issued = issue_awards(
            session,
            version=batch.version,
            person_ids=[person_id for person_id in people.values() if person_id],
            awarded_by=batch.created_by,
            actor=batch.actor,
            vault=vault,
            base_url=base_url,
            now=now,
        )
    except DomainError as error:  # what is wrong is wrong for every row
        _end(batch, BatchState.STOPPED, str(error), now=now)
        return
    _record(session, people, issued)
    if is_finished(session, batch.id):
        _end(batch, BatchState.DONE, None, now=now)


def delivery_handlers(
    vault: Vault, base_url: str, *, clock: Callable[[], datetime] = utcnow
) -> dict[str, Handler]:
    """Return who carries batches out, for the outbox worker."""

    def award(message: Message) -> None:
        _run_chunk(message.payload, vault=vault, base_url=base_url, clock=clock)

    def revoke(message: Message) -> None:
        with transaction() as session:
            batch = session.get_one(SouvenirBatch, message.payload["batch_id"])
            revoke_chunk(
                session,
                batch,
                first=message.payload["first"],
                last=message.payload["last"],
                vault=vault,
                base_url=base_url,
                now=clock(),
            )

    return {AWARD_KIND: award, REVOKE_KIND: revoke}


def award_now(batch_id: int, *, vault: Vault, base_url: str) -> None:
    """Award a batch that is under way, here instead of in the worker: for a command.

    The worker may do some of it at the same time; nobody is awarded twice.
    """
    last = -1
    while True:
        session = db.session()
        chunk = next(_chunks(session, batch_id, RowState.READY, after=last), None)
        is_running = session.get_one(SouvenirBatch, batch_id).state is BatchState.RUNNING
        session.rollback()
        if chunk is None or not is_running:
            return
        first, last = chunk
        payload = {"batch_id": batch_id, "first": first, "last": last}
        _run_chunk(payload, vault=vault, base_url=base_url, clock=utcnow)


def revoke_chunk(
    session: Session,
    batch: SouvenirBatch,
    *,
    first: int,
    last: int,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Revoke the awards of one chunk that stand; done again, it finds none."""
    awards = session.scalars(
        select(Award)
        .join(SouvenirRow, SouvenirRow.award_id == Award.id)
        .where(
            SouvenirRow.batch_id == batch.id,
            SouvenirRow.number.between(first, last),
            SouvenirRow.state == RowState.AWARDED,
            Award.revoked_at.is_(None),
        )
        .order_by(SouvenirRow.number)
    ).all()
    take_back(
        session,
        awards,
        reason=batch.revocation_reason or "",
        actor=batch.revoked_by or batch.actor,
        vault=vault,
        base_url=base_url,
        now=now,
    )


def _run_chunk(
    payload: Mapping[str, Any], *, vault: Vault, base_url: str, clock: Callable[[], datetime]
) -> None:
    for _ in range(TRIES):
        try:
            with transaction() as session:
                batch = session.get_one(SouvenirBatch, payload["batch_id"])
                award_chunk(
                    session,
                    batch,
                    first=payload["first"],
                    last=payload["last"],
                    vault=vault,
                    base_url=base_url,
                    now=clock(),
                )
        except IntegrityError:  # somebody else made one of the awards, or people, meanwhile
            continue
        return
    raise RetryLaterError("Others are awarding the same people right now.")


def _refuse_own(session: Session, batch: SouvenirBatch, first: int, last: int | None) -> None:
    """Leave out whoever gives: the person may have changed, or become one with another, since."""
    if batch.created_by is None:
        return
    email = normalise_email(session.get_one(Person, batch.created_by).email or "")
    by_address = ROW.c.person_id.is_(None) & (ROW.c.email == email) if email else false()
    session.execute(
        update(ROW)
        .where(
            ROW.c.batch_id == batch.id,
            ROW.c.number >= first,
            ROW.c.number <= last if last is not None else true(),
            ROW.c.state == RowState.READY,
            (ROW.c.person_id == batch.created_by) | by_address,
        )
        .values(state=RowState.REFUSED, problem="own")
    )


def _record(session: Session, people: dict[int, int | None], issued: Issued) -> None:
    change = (
        update(ROW)
        .where(ROW.c.id == bindparam("key"))
        .values(
            person_id=bindparam("to_person"),
            state=bindparam("to_state"),
            problem=bindparam("why"),
            award_id=bindparam("to_award"),
        )
    )
    rows = [_outcome(row_id, person_id, issued) for row_id, person_id in people.items()]
    if rows:
        session.execute(change, rows)


def _outcome(row_id: int, person_id: int | None, issued: Issued) -> dict[str, Any]:
    outcome: dict[str, Any] = {"key": row_id, "to_person": person_id, "why": None, "to_award": None}
    if person_id in issued.awards:
        return outcome | {"to_state": RowState.AWARDED, "to_award": issued.awards[person_id]}
    if person_id in issued.held:
        return outcome | {"to_state": RowState.HOLDS}
    why = issued.failed.get(person_id or 0, "This person is no longer known.")
    return outcome | {"to_state": RowState.FAILED, "why": why[:500]}


def _chunks(
    session: Session, batch_id: int, state: RowState, *, after: int = -1
) -> Iterator[tuple[int, int]]:
    """Yield the first and last number of each chunk of rows of a state."""
    while True:
        numbers = session.scalars(
            select(ROW.c.number)
            .where(ROW.c.batch_id == batch_id, ROW.c.state == state, ROW.c.number > after)
            .order_by(ROW.c.number)
            .limit(CHUNK)
        ).all()
        if not numbers:
            return
        after = numbers[-1]
        yield numbers[0], after


def _owe(
    session: Session, batch: SouvenirBatch, kind: str, first: int, last: int, *, now: datetime
) -> None:
    outbox.queue(
        session,
        batch.institution_id,
        kind=kind,
        subject=f"{kind}:{batch.id}:{first}",
        payload={"batch_id": batch.id, "first": first, "last": last},
        due_at=now,
        # The chain of the audit log lets one writer of an institution pass at a time anyhow.
        lane=f"souvenirs:{batch.institution_id}",
        now=now,
    )


def _end(batch: SouvenirBatch, state: BatchState, problem: str | None, *, now: datetime) -> None:
    batch.state, batch.problem, batch.ended_at = state, problem, now


def _audit(
    session: Session, batch: SouvenirBatch, action: str, *, actor: str, now: datetime
) -> None:
    session.flush()
    audit.record(
        session,
        batch.institution_id,
        actor=actor,
        action=action,
        subject=f"souvenir_batch:{batch.id}",
        facts={"version": batch.version_id, "course": batch.course_id},
        now=now,
    )

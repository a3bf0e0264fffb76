"""The statement that each of a group signs, before one of them hands in for all.

A signature is for one attempt, whatever the others still change in it, until it
is handed in; whoever does not stand by it any more takes it back. An attempt that
is revised, or was taken back, is signed anew.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.core.audit import record
from app.core.errors import ConflictError, InvalidError
from app.courses.models import Person
from app.courses.people import select_learners
from app.evidence.beginning import lock_submission
from app.evidence.drafts import begin_attempt, find_draft
from app.evidence.group_models import AttemptSignature
from app.evidence.groups import list_author_ids
from app.evidence.models import OPEN_STATES, Attempt, Submission
from app.mapping.models import Assignment


def list_signatures(session: Session, attempts: Sequence[Attempt]) -> list[AttemptSignature]:
    """Return what others than those who handed in signed, first one first."""
    if not attempts:
        return []
    return list(
        session.scalars(
            select(AttemptSignature)
            .where(AttemptSignature.attempt_id.in_([attempt.id for attempt in attempts]))
            .options(joinedload(AttemptSignature.person))
            .order_by(AttemptSignature.id)
        )
    )


def map_signatures(
    session: Session, assignment: Assignment, attempts: Sequence[Attempt]
) -> dict[int, list[AttemptSignature]]:
    """Return what the others of a group signed, by attempt id."""
    signed: dict[int, list[AttemptSignature]] = {}
    if assignment.takes_groups and assignment.statement:
        who_handed_in = {attempt.id: attempt.signed_by for attempt in attempts}
        for each in list_signatures(session, attempts):
            if each.person_id != who_handed_in[each.attempt_id]:
                signed.setdefault(each.attempt_id, []).append(each)
    return signed


def list_unsigned(
    session: Session, assignment: Assignment, lead: Submission, *, learner_id: int, now: datetime
) -> list[Person]:
    """Return whose signature is missing before `learner_id` can hand in; of these very words.

    Whom the LMS no longer counts to the course cannot sign, and is not waited for.
    """
    if not (assignment.statement and assignment.takes_groups):
        return []
    others = list_author_ids(session, lead) - {learner_id}
    if not others:
        return []
    draft = find_draft(lead)
    signed = {
        each.person_id
        for each in (list_signatures(session, [draft]) if draft else ())
        if each.statement == assignment.statement
    }
    return list(
        session.scalars(
            select_learners(assignment.course_id, now=now)
            .where(Person.id.in_(others - signed))
            .order_by(Person.name, Person.id)
        )
    )


def find_signed_at(
    session: Session, assignment: Assignment, draft: Attempt | None, person_id: int
) -> datetime | None:
    """Return when one of a group signed these very words for a draft; `None` if they did not."""
    if draft is None or not (assignment.statement and assignment.takes_groups):
        return None
    known = _find(session, draft, person_id)
    return known.signed_at if known and known.statement == assignment.statement else None


def sign(
    session: Session, assignment: Assignment, *, learner_id: int, statement: str, now: datetime
) -> None:
    """Sign the statement for what the group is about to hand in.

    `statement`: the words as they stood on the page.
    Raises: `ConflictError` if there is nothing to sign now; `InvalidError` if the words
        have changed since.
    """
    lead = _lock_open(session, assignment, learner_id)
    if statement != assignment.statement:
        raise InvalidError("The statement has changed. Load the page again, and read it.")
    draft = find_draft(lead) or begin_attempt(session, lead, now=now)
    known = _find(session, draft, learner_id)
    if known is not None and known.statement == statement:
        return  # a double click
    if known is None:
        known = AttemptSignature(attempt_id=draft.id, person_id=learner_id)
        session.add(known)
    known.statement, known.signed_at = statement, now
    session.flush()
    facts = {"attempt": draft.number, "signed_statement_sha256": digest_of(statement)}
    _audit(session, lead, learner_id, "submission.signed", facts, now=now)


def take_signature_back(
    session: Session, assignment: Assignment, *, learner_id: int, now: datetime
) -> None:
    """Take one's signature back while the work is a draft.

    Raises: `ConflictError` once it is handed in.
    """
    lead = _lock_open(session, assignment, learner_id)
    draft = find_draft(lead)
    known = _find(session, draft, learner_id) if draft else None
    if draft is None or known is None:
        return
    session.delete(known)
    facts = {"attempt": draft.number}
    _audit(session, lead, learner_id, "submission.signature_taken_back", facts, now=now)


def digest_of(statement: str) -> str:
    """Return the digest by which words are told apart, as a form sends it."""
    return hashlib.sha256(statement.encode()).hexdigest()


def _lock_open(session: Session, assignment: Assignment, learner_id: int) -> Submission:
    lead = lock_submission(session, assignment, learner_id)
    if lead is None or lead.status not in OPEN_STATES:
        raise ConflictError("There is nothing to sign here now: the work has been handed in.")
    if not assignment.statement:
        raise ConflictError("This assignment asks for no signature.")
    return lead


def _find(session: Session, draft: Attempt, learner_id: int) -> AttemptSignature | None:
    return session.scalar(
        select(AttemptSignature).where(
            AttemptSignature.attempt_id == draft.id, AttemptSignature.person_id == learner_id
        )
    )


def _audit(
    session: Session,
    lead: Submission,
    person_id: int,
    action: str,
    facts: dict[str, Any],
    *,
    now: datetime,
) -> None:
    record(
        session,
        lead.institution_id,
        actor=f"person:{person_id}",
        action=action,
        subject=f"submission:{lead.id}",
        facts=facts,
        now=now,
    )

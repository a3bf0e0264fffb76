"""What has been kept long enough: rows by class, when each became due, and what holds it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, null, or_, select
from sqlalchemy.orm import Session

from app.assessment.dialogue_models import Appeal, SubmissionMessage
from app.assessment.models import Assessment, AttemptDecision
from app.core.months import add_months
from app.evidence.consent_models import Consent, ConsentItem, Disclosure
from app.evidence.groups import list_group
from app.evidence.hold_models import LegalHold
from app.evidence.models import Artifact, Attempt, Submission, SubmissionStatus
from app.programme.rules import RetentionClass
from app.programme.service import get_rules
from app.retention import copies

# A decision was made and told; until then nothing about the work is closed.
CLOSED = (
    SubmissionStatus.MET,
    SubmissionStatus.AWARDED,
    SubmissionStatus.NOT_MET,
    SubmissionStatus.REVOKED,
)


# Of two months, one may have three days less.
A_FEW_DAYS = timedelta(days=3)


@dataclass(frozen=True)
class Due:
    """One row that has been kept long enough.

    `subject`: as in the audit log, such as `artifact:7`. `sha256`: of its content,
    or `None`. `held`: why it stays all the same; else empty.
    """

    class_key: str
    subject: str
    row_id: int
    sha256: str | None
    due_at: datetime
    held: str = ""


@dataclass(frozen=True)
class Holds:
    """What may not be deleted now: people, submissions."""

    people: frozenset[int]
    submissions: frozenset[int]


def list_classes(session: Session, institution_id: int) -> list[RetentionClass]:
    """Return the institution's classes, in the order of its preset."""
    return get_rules(session, institution_id).retention


def iterate_due(session: Session, institution_id: int, *, now: datetime) -> Iterator[Due]:
    """Return everything that has been kept long enough, class by class, oldest row first."""
    holds = read_holds(session, institution_id)
    for rule in list_classes(session, institution_id):
        if rule.months is not None:
            yield from iterate_class(session, institution_id, rule, holds, now=now)


def iterate_class(
    session: Session, institution_id: int, rule: RetentionClass, holds: Holds, *, now: datetime
) -> Iterator[Due]:
    """Return the rows of one class that have been kept long enough, held ones too."""
    if rule.months is None:
        return
    # The end of a month may be a few days off: the exact moment is found per row.
    cutoff = add_months(now, -rule.months) + A_FEW_DAYS
    for called, find in _FINDERS.get(rule.kind, ()):
        rows: Sequence[Any] = session.execute(find(institution_id, cutoff, now)).all()
        for row_id, sha256, begins_at, submission_id, person_id in rows:
            due_at = add_months(begins_at, rule.months)
            if due_at <= now:
                held = _find_hold(session, holds, submission_id, person_id)
                yield Due(rule.key, f"{called}:{row_id}", row_id, sha256, due_at, held)


def read_holds(session: Session, institution_id: int) -> Holds:
    """Return the legal holds that stand."""
    rows = session.execute(
        select(LegalHold.person_id, LegalHold.submission_id).where(
            LegalHold.institution_id == institution_id, LegalHold.lifted_at.is_(None)
        )
    ).all()
    return Holds(
        frozenset(person for person, _ in rows if person is not None),
        frozenset(submission for _, submission in rows if submission is not None),
    )


def digest_plan(due: Iterable[Due]) -> str:
    """Return the SHA-256 over what would be deleted, in hexadecimal: held rows do not count."""
    digest = hashlib.sha256()
    for each in due:
        if not each.held:
            line = f"{each.class_key}\t{each.subject}\t{each.sha256 or '-'}\n"
            digest.update(line.encode())
    return digest.hexdigest()


def _find_hold(session: Session, holds: Holds, submission_id: int | None, person_id: int) -> str:
    """Return why a row that is due stays; empty if it need not."""
    if person_id in holds.people or submission_id in holds.submissions:
        return "legal hold"
    if submission_id is None:
        return ""
    group = list_group(session, session.get_one(Submission, submission_id))
    if any(each.id in holds.submissions or each.learner_id in holds.people for each in group):
        return "legal hold"
    open_appeal = exists().where(Appeal.submission_id == submission_id, Appeal.closed_at.is_(None))
    pending = exists().where(
        AttemptDecision.submission_id == submission_id,
        AttemptDecision.released_at.is_(None),
        AttemptDecision.undone_at.is_(None),
    )
    if session.scalar(select(open_appeal)):
        return "open appeal"
    return "a decision waits" if session.scalar(select(pending)) else ""


def _decided_at() -> Any:
    """When the last decision on a row's submission was told."""
    return (
        select(func.max(AttemptDecision.released_at))
        .where(AttemptDecision.submission_id == Submission.id, AttemptDecision.undone_at.is_(None))
        .scalar_subquery()
    )


def _is_or_was_shared() -> ColumnElement[bool]:
    return exists().where(ConsentItem.artifact_id == Artifact.id)


def _is_shared(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        ConsentItem.artifact_id == Artifact.id,
        Consent.id == ConsentItem.consent_id,
        copies.is_standing(now),
    )


def _artifacts(institution_id: int, begins: Any) -> Select[Any]:
    return (
        select(
            Artifact.id,
            Artifact.sha256,
            begins.label("begins_at"),
            Submission.id,
            Submission.learner_id,
        )
        .join(Attempt, Attempt.id == Artifact.attempt_id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .where(
            Artifact.institution_id == institution_id,
            Artifact.deleted_at.is_(None),
            Submission.institution_id == institution_id,
        )
        .order_by(Artifact.id)
    )


def _drafts(institution_id: int, cutoff: datetime, _now: datetime) -> Select[Any]:
    """Drafts that nobody touched; of work that was never handed in, or was taken back."""
    newest = (
        select(func.max(Artifact.created_at))
        .where(Artifact.attempt_id == Attempt.id)
        .correlate(Attempt)
        .scalar_subquery()
    )
    return _artifacts(institution_id, newest).where(
        or_(Attempt.submitted_at.is_(None), Attempt.withdrawn_at.is_not(None)),
        newest <= cutoff,
        ~_is_or_was_shared(),
    )


def _unshared(institution_id: int, cutoff: datetime, _now: datetime) -> Select[Any]:
    begins = _decided_at()
    return _artifacts(institution_id, begins).where(
        Attempt.submitted_at.is_not(None),
        Attempt.withdrawn_at.is_(None),
        Submission.status.in_(CLOSED),
        begins <= cutoff,
        ~_is_or_was_shared(),
    )


def _shared(institution_id: int, cutoff: datetime, now: datetime) -> Select[Any]:
    begins = copies.last_ended_at(ConsentItem.artifact_id == Artifact.id)
    return _artifacts(institution_id, begins).where(
        _is_or_was_shared(), ~_is_shared(now), begins <= cutoff, Submission.status.in_(CLOSED)
    )


def _assessments(institution_id: int, cutoff: datetime, _now: datetime) -> Select[Any]:
    """Submissions about which words are still kept: of assessments, questions, appeals."""
    begins = _decided_at()
    has_words = or_(
        exists().where(
            Assessment.attempt_id == Attempt.id,
            Attempt.submission_id == Submission.id,
            or_(Assessment.reason.is_not(None), Assessment.staff_note.is_not(None)),
        ),
        exists().where(
            SubmissionMessage.submission_id == Submission.id, SubmissionMessage.body != ""
        ),
        exists().where(Appeal.submission_id == Submission.id, Appeal.reason != ""),
    )
    return (
        select(
            Submission.id,
            _no_digest(),
            begins.label("begins_at"),
            Submission.id,
            Submission.learner_id,
        )
        .where(
            Submission.institution_id == institution_id,
            Submission.status.in_(CLOSED),
            Submission.lead_id.is_(None),
            begins <= cutoff,
            has_words,
        )
        .order_by(Submission.id)
    )


def _disclosures(institution_id: int, cutoff: datetime, _now: datetime) -> Select[Any]:
    """Disclosures of consents that have ended."""
    return (
        select(
            Disclosure.id,
            _no_digest(),
            Consent.withdrawn_at.label("begins_at"),
            Consent.submission_id,
            Disclosure.person_id,
        )
        .join(Consent, Consent.id == Disclosure.consent_id)
        .where(
            and_(
                Disclosure.institution_id == institution_id,
                Consent.withdrawn_at.is_not(None),
                Consent.withdrawn_at <= cutoff,
            )
        )
        .order_by(Disclosure.id)
    )


def _no_digest() -> Any:

    return null()


# What is found by each kind of class: how its rows are called, and which are due.
_Finder = Callable[[int, datetime, datetime], Select[Any]]
_FINDERS: dict[str, tuple[tuple[str, _Finder], ...]] = {
    "draft": (("artifact", _drafts), ("redacted_copy", copies.find_unsigned)),
    "unshared_artifact": (("artifact", _unshared),),
    "shared_artifact": (("artifact", _shared), ("redacted_copy", copies.find_signed)),
    "assessment_record": (("submission", _assessments),),
    "disclosure": (("disclosure", _disclosures),),
}

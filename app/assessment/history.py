"""One submission's history: every entry of the audit log that somebody may know. Reads only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.assessment.seeing import find_blind_since, find_viewer
from app.awards.models import Award
from app.core.audit import GENESIS, AuditEntry, find_head
from app.core.errors import NotFoundError
from app.core.principal import Principal
from app.courses.models import Person
from app.evidence.groups import list_group
from app.evidence.models import Artifact, Attempt, Submission
from app.evidence.naming import FileNames, read_file_names
from app.evidence.reading import ReadingRight, find_reading_right
from app.mapping.models import Assignment

MAX_ENTRIES = 500
# What a learner is told of anyhow; the rest is the business of those who assess.
TOLD_TO_LEARNERS = (
    "submission.", "artifact.", "consent.", "appeal.", "question.", "decision.released", "award.",
)  # fmt: skip
TOLD_IN_FULL = frozenset({"decision.released"})
# What only learners do: whoever did it has, or had, a part in the work.
DEEDS_OF_LEARNERS = ("submission.", "consent.", "appeal.", "question.asked")
# What those who assess may not know of each other before it is told.
DEEDS_OF_ASSESSING = ("assessment.", "decision.", "allocation.", "conflict.")


class Reader(StrEnum):
    """As what somebody reads a history; who is several of these, as the first."""

    AUTHOR = "author"
    GRANTOR = "grantor"
    STAFF = "staff"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Deed:
    """One entry, ready for the page.

    `who`: a name; empty where this reader is not told. `is_author`: the learner,
    or one of the group. `artifacts`: pairs of digest and name; a name may be
    empty. `is_sound`: what it says has its hash, and its neighbours in the chain
    are there and fit.
    """

    at: datetime
    action: str
    who: str
    is_author: bool
    facts: dict[str, Any]
    artifacts: tuple[tuple[str, str], ...]
    number: int
    hash: str
    is_sound: bool


@dataclass(frozen=True)
class History:
    """A submission and what was done to it, oldest first.

    `hides_authors`: this reader is not told whose work it is. `hides_some`: what they
    may not know yet is left out. `is_cut`: there is more.
    """

    submission: Submission
    reader: Reader
    deeds: Sequence[Deed]
    hides_authors: bool
    hides_some: bool = False
    is_cut: bool = False


@dataclass(frozen=True)
class _Sight:
    """What one reader may know.

    `learner_ids`: of the authors, and of all who ever had a part in the work.
    """

    reader: Reader
    hidden_since: datetime | None
    author_ids: frozenset[int]
    learner_ids: frozenset[int]
    hides_authors: bool
    person_id: int
    names: dict[int, str] = field(default_factory=dict)


def read_history(
    session: Session,
    submission_id: int,
    *,
    principal: Principal,
    rights_last: timedelta,
    now: datetime,
) -> History:
    """Return the history of a submission to its learners, grantors, staff and administrators.

    Raises: `NotFoundError`, whether it does not exist or is not theirs to see;
        `ForbiddenError` to whoever has declared a conflict of interest, or has withdrawn.
    """
    submission = _find(session, submission_id, principal)
    group = list_group(session, submission) if submission else []
    reader = _find_reader(session, group, principal, rights_last=rights_last, now=now)
    if submission is None or reader is None:
        raise NotFoundError("There is no such submission, or it is not yours to see.")
    lead = group[0]
    author_ids = frozenset(each.learner_id for each in group)
    entries = _list_entries(session, group)
    names = read_file_names(session, lead, principal.person_id, now=now)
    sight = _Sight(
        reader=reader,
        hidden_since=_find_hidden_since(session, lead, reader, principal.person_id, now=now),
        author_ids=author_ids,
        learner_ids=author_ids | _find_learner_ids(entries),
        hides_authors=names.are_hidden,
        person_id=principal.person_id,
        names=_read_names(session, entries),
    )
    shown = [entry for entry in entries if _may_know(entry, sight)]
    listed = shown[:MAX_ENTRIES]
    sound = _find_sound(session, principal.institution_id, listed)
    files = _read_file_names(session, lead, names)
    return History(
        submission,
        reader,
        [_describe(entry, sight, files, is_sound=entry.id in sound) for entry in listed],
        hides_authors=sight.hides_authors,
        hides_some=reader is not Reader.AUTHOR and len(shown) < len(entries),
        is_cut=len(shown) > MAX_ENTRIES,
    )


def _find(session: Session, submission_id: int, principal: Principal) -> Submission | None:
    assignment = joinedload(Submission.assignment)
    return session.scalar(
        select(Submission)
        .where(
            Submission.id == submission_id, Submission.institution_id == principal.institution_id
        )
        .options(
            joinedload(Submission.learner),
            assignment.joinedload(Assignment.course),
            assignment.joinedload(Assignment.version),
        )
    )


def _find_reader(
    session: Session,
    group: Sequence[Submission],
    principal: Principal,
    *,
    rights_last: timedelta,
    now: datetime,
) -> Reader | None:
    if not group:
        return None
    lead, person_id = group[0], principal.person_id
    if any(each.learner_id == person_id for each in group):
        return Reader.AUTHOR
    right = find_reading_right(session, lead, principal, rights_last=rights_last, now=now)
    if right is ReadingRight.GRANTOR:
        return Reader.GRANTOR
    if principal.is_administrator:
        return Reader.ADMINISTRATOR
    return Reader.STAFF if right is ReadingRight.STAFF else None


def _find_hidden_since(
    session: Session, lead: Submission, reader: Reader, person_id: int, *, now: datetime
) -> datetime | None:
    """Return since when this reader may not know what others who assess did; `None`: they may.

    As the workbench says it to those who assess; staff learn of a decision when it is told.
    """
    if reader in {Reader.AUTHOR, Reader.ADMINISTRATOR}:
        return None
    return find_blind_since(session, lead, find_viewer(session, lead, person_id, now=now))


def _may_know(entry: AuditEntry, sight: _Sight) -> bool:
    if sight.reader is Reader.AUTHOR:
        return entry.action.startswith(TOLD_TO_LEARNERS)
    if sight.hidden_since is None or entry.at <= sight.hidden_since:
        return True
    if entry.action in TOLD_IN_FULL:
        return True
    is_own = entry.actor == f"person:{sight.person_id}"
    return is_own or not entry.action.startswith(DEEDS_OF_ASSESSING)


def _list_entries(session: Session, group: Sequence[Submission]) -> list[AuditEntry]:
    """Return every entry about the work, its artifacts, and the awards it may have led to."""
    lead = group[0]
    awards = session.scalars(
        select(Award.id).where(
            Award.institution_id == lead.institution_id,
            Award.achievement_id == lead.achievement_id,
            Award.person_id.in_([each.learner_id for each in group]),
            Award.awarded_at >= lead.created_at,
        )
    )
    artifacts = session.scalars(
        select(Artifact.id).join(Artifact.attempt).where(Attempt.submission_id == lead.id)
    )
    subjects = [
        *(f"submission:{each.id}" for each in group),
        *(f"award:{award_id}" for award_id in awards),
        *(f"artifact:{artifact_id}" for artifact_id in artifacts),
    ]
    return list(
        session.scalars(
            select(AuditEntry)
            .where(
                AuditEntry.institution_id == lead.institution_id, AuditEntry.subject.in_(subjects)
            )
            .order_by(AuditEntry.number)
            .limit(MAX_ENTRIES + 1)
        )
    )


def _find_sound(
    session: Session, institution_id: int, entries: Sequence[AuditEntry]
) -> frozenset[int]:
    """Return the ids of the entries that are as they were written, and linked on both sides.

    A look at their own links only: whether the whole chain holds, `audit verify` says.
    """
    numbers = {entry.number + step for entry in entries for step in (-1, 1)}
    rows = session.execute(
        select(AuditEntry.number, AuditEntry.hash, AuditEntry.previous_hash).where(
            AuditEntry.institution_id == institution_id, AuditEntry.number.in_(numbers)
        )
    )
    beside = {number: (own, previous) for number, own, previous in rows}
    head = find_head(session, institution_id)
    ends = {head.number: head.hash} if head else {}

    def is_sound(entry: AuditEntry) -> bool:
        before = beside.get(entry.number - 1, (None, None))[0]
        after = beside.get(entry.number + 1, (None, ends.get(entry.number)))[1]
        expected = GENESIS if entry.number == 1 else before
        return (
            entry.hash == entry.digest() and entry.previous_hash == expected and after == entry.hash
        )

    return frozenset(entry.id for entry in entries if is_sound(entry))


def _read_names(session: Session, entries: Collection[AuditEntry]) -> dict[int, str]:
    ids = {person_id for entry in entries if (person_id := _person_id(entry.actor)) is not None}
    people = session.scalars(select(Person).where(Person.id.in_(ids)))
    return {person.id: person.display_name for person in people}


def _find_learner_ids(entries: Sequence[AuditEntry]) -> frozenset[int]:
    """Return who did what only learners do, also who has declined, or left the group since."""
    actors = {_person_id(each.actor) for each in entries if _is_by_learner(each)}
    return frozenset(person_id for person_id in actors if person_id is not None)


def _is_by_learner(entry: AuditEntry) -> bool:
    return entry.action.startswith(DEEDS_OF_LEARNERS)


def _read_file_names(session: Session, lead: Submission, names: FileNames) -> dict[int, str]:
    attempts = session.scalars(
        select(Attempt)
        .where(Attempt.submission_id == lead.id)
        .options(selectinload(Attempt.artifacts))
    )
    return {
        artifact.id: names.of(artifact) for attempt in attempts for artifact in attempt.artifacts
    }


def _describe(entry: AuditEntry, sight: _Sight, files: dict[int, str], *, is_sound: bool) -> Deed:
    person_id = _person_id(entry.actor)
    is_author = person_id in sight.author_ids
    hides_name = (person_id in sight.learner_ids and sight.hides_authors) or (
        sight.reader is Reader.AUTHOR and not is_author
    )
    told = entry.facts.get("artifacts")
    listed = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    # An administrator sees what was done, not what was handed in.
    shows_names = sight.reader is not Reader.ADMINISTRATOR
    knows_facts = sight.reader is not Reader.AUTHOR or is_author or entry.action in TOLD_IN_FULL
    return Deed(
        at=entry.at,
        action=entry.action,
        who="" if hides_name or person_id is None else sight.names.get(person_id, ""),
        is_author=is_author,
        facts=entry.facts if knows_facts else {},
        artifacts=tuple(
            (str(each.get("sha256", "")), files.get(each.get("id", 0), "") if shows_names else "")
            for each in listed
        ),
        number=entry.number,
        hash=entry.hash,
        is_sound=is_sound,
    )


def _person_id(actor: str) -> int | None:
    kind, _, number = actor.partition(":")
    return int(number) if kind == "person" and number.isdigit() else None

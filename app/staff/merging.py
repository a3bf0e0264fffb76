"""Two people turn out to be one: everything that refers to the second refers to the first.

Only the person says so, by a code (`same_person.py`); no e-mail address and no
administrator does.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Table, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from app.assessment.models import Assessment
from app.awards.models import Award
from app.awards.souvenir_models import Claim, ClaimUse, RowState, SouvenirBatch, SouvenirRow
from app.core import audit
from app.core.errors import ConflictError
from app.core.orm import Base
from app.courses.models import Enrolment, LtiUser, Person
from app.evidence.groups import is_author
from app.evidence.models import Attempt, Submission

OF_A_PERSON = "person.id"


@dataclass(frozen=True)
class MergedRow:
    """Somebody who was known twice.

    `own_work`: how many assessments of theirs turned out to be of their own work.
    """

    former: Person
    person: Person
    own_work: int


def list_references() -> list[tuple[Table, "Column[Any]"]]:
    """Return every column of the database that refers to a person.

    Read from the tables themselves, so that a new one cannot be forgotten.
    """
    return [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(_is_of_a_person(key) for key in column.foreign_keys)
    ]


def refuse_pair(session: Session, first: Person, second: Person) -> None:
    """Refuse two people who cannot be one.

    The same LMS would know them by two user ids, and no gradebook cell could be
    told apart; a student preview is nobody.
    Raises: `ConflictError`.
    """
    if first.id == second.id or first.merged_into_id or second.merged_into_id:
        raise ConflictError("These are one person already.")
    if first.institution_id != second.institution_id:
        raise ConflictError("The two belong to different institutions and stay apart.")
    preview = exists().where(
        Enrolment.person_id.in_([first.id, second.id]), Enrolment.is_test_user.is_(True)
    )
    if session.scalar(select(preview)):
        raise ConflictError("One of the two is the student preview of an LMS: that is nobody.")
    if _work_together(session, first, second):
        raise ConflictError(
            "The two are in one group: they handed in, or are working on, one work as two people, "
            "and each has a status and a credential of their own in it."
        )
    shared = _platforms(session, first.id) & _platforms(session, second.id)
    if shared:
        raise ConflictError(
            "Both come from the same LMS, which tells Assay that they are two users. "
            "Ask whoever runs that LMS to join the two accounts there."
        )


def merge_people(session: Session, kept: Person, other: Person, *, now: datetime) -> None:
    """Make one person of two: all that refers to the other refers to the kept one.

    Where both hold an award of the same achievement, both stay valid; the older
    one counts, and the other is marked as its duplicate. The other's row stays
    and says whom it became; its sessions go on as the kept person's.

    Raises: as `refuse_pair`; `ConflictError` if both left a record where there
        is room for one, and then nothing is changed.
    """
    session.scalars(
        select(Person)
        .where(Person.id.in_([kept.id, other.id]))
        .order_by(Person.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    refuse_pair(session, kept, other)
    duplicates = _mark_duplicates(session, kept, other)
    _forget_second_claims(session, kept, other)
    moved = _move_rows(session, kept, other)
    other.merged_into_id, other.merged_at = kept.id, now
    if kept.forgotten_at is None:
        kept.name, kept.email = kept.name or other.name, kept.email or other.email
    session.flush()
    facts = {
        "into": kept.id,
        "moved": moved,
        "duplicate_awards": duplicates,
        "assessed_own_work": _list_own_work(session, kept.id),
        "gave_own_souvenirs": _list_own_souvenirs(session, kept.id),
    }
    for subject in (kept.id, other.id):
        audit.record(
            session,
            kept.institution_id,
            actor=f"person:{other.id}",
            action="person.merged",
            subject=f"person:{subject}",
            facts={"person": other.id, **facts},
            now=now,
        )
    session.expire_all()


def list_merged(session: Session, institution_id: int) -> list[MergedRow]:
    """Return who was known twice, newest first."""
    former = session.scalars(
        select(Person)
        .where(Person.institution_id == institution_id, Person.merged_into_id.is_not(None))
        .order_by(Person.merged_at.desc(), Person.id.desc())
    ).all()
    rows = []
    for each in former:
        person = session.get_one(Person, each.merged_into_id)
        rows.append(MergedRow(each, person, len(_list_own_work(session, person.id))))
    return rows


def _is_of_a_person(key: ForeignKey) -> bool:
    return key.target_fullname == OF_A_PERSON


def _work_together(session: Session, first: Person, second: Person) -> bool:
    one, other = aliased(Submission), aliased(Submission)
    together = exists().where(
        one.learner_id == first.id,
        other.learner_id == second.id,
        func.coalesce(one.lead_id, one.id) == func.coalesce(other.lead_id, other.id),
    )
    return bool(session.scalar(select(together)))


def _platforms(session: Session, person_id: int) -> set[int]:
    return set(session.scalars(select(LtiUser.platform_id).where(LtiUser.person_id == person_id)))


def _mark_duplicates(session: Session, kept: Person, other: Person) -> list[int]:
    """Mark the newer of two standing awards of one achievement; return which ones."""
    standing = session.scalars(
        select(Award)
        .where(
            Award.person_id.in_([kept.id, other.id]),
            Award.revoked_at.is_(None),
            Award.ended_at.is_(None),
            Award.duplicate_of_id.is_(None),
        )
        .order_by(Award.awarded_at, Award.id)
        .with_for_update()
    ).all()
    older: dict[int, Award] = {}
    marked = []
    for award in standing:
        first = older.setdefault(award.achievement_id, award)
        if first is not award:
            award.duplicate_of_id = first.id
            marked.append(award.id)
    session.flush()
    return marked


def _forget_second_claims(session: Session, kept: Person, other: Person) -> None:
    """Let one use of a code stand where both used it: a person uses it once.

    The award of the other use stays, as a duplicate of the first.
    """
    used = select(ClaimUse.claim_id).where(ClaimUse.person_id == kept.id)
    session.execute(
        delete(ClaimUse).where(ClaimUse.person_id == other.id, ClaimUse.claim_id.in_(used))
    )


def _move_rows(session: Session, kept: Person, other: Person) -> dict[str, int]:
    """Let every column that refers to the other refer to the kept one; count the rows."""
    moved = {}
    try:
        for table, column in list_references():
            result: Any = session.execute(
                update(table)
                .where(column == other.id)
                .values({column.name: kept.id})
                .execution_options(synchronize_session=False)
            )
            if result.rowcount:
                moved[f"{table.name}.{column.name}"] = result.rowcount
    except IntegrityError as error:
        raise ConflictError(
            "Both left a record where there is room for one, such as two assessments of the same "
            "work, so they stay two. Tell whoever runs Assay."
        ) from error
    return moved


def _list_own_work(session: Session, person_id: int) -> list[int]:
    return list(
        session.scalars(
            select(Assessment.id)
            .join(Attempt, Attempt.id == Assessment.attempt_id)
            .join(Submission, Submission.id == Attempt.submission_id)
            .where(Assessment.grantor_id == person_id, is_author(person_id))
            .order_by(Assessment.id)
        )
    )


def _list_own_souvenirs(session: Session, person_id: int) -> list[int]:
    """Return the awards that turned out to be of a code or list of the person's own."""
    by_code = (
        select(ClaimUse.award_id)
        .join(Claim, Claim.id == ClaimUse.claim_id)
        .where(ClaimUse.person_id == person_id, Claim.created_by == person_id)
    )
    by_list = (
        select(SouvenirRow.award_id)
        .join(SouvenirBatch, SouvenirBatch.id == SouvenirRow.batch_id)
        .where(
            SouvenirRow.person_id == person_id,
            SouvenirBatch.created_by == person_id,
            SouvenirRow.state == RowState.AWARDED,
        )
    )
    is_own = Award.id.in_(by_code) | Award.id.in_(by_list)
    return list(session.scalars(select(Award.id).where(is_own).order_by(Award.id)))

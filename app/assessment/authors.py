"""Those whose work it is, for pages of those who assess or teach. Reads only."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from app.courses.models import Person
from app.evidence.group_lists import list_members
from app.evidence.models import Submission
from app.mapping.models import Assignment


def list_co_authors(session: Session, submission: Submission) -> list[Person]:
    """Return who else handed a work in; nobody where each works alone."""
    if not submission.assignment.takes_groups:
        return []
    lead = submission.lead or submission
    return [each.learner for each in list_members(session, lead) if each.id != submission.id]


def count_co_authors(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Return how many others handed in with those who began, by submission id."""
    if not ids:
        return {}
    rows = session.execute(
        select(Submission.lead_id, func.count())
        .where(Submission.lead_id.in_(ids))
        .group_by(Submission.lead_id)
    )
    return {lead_id: count for lead_id, count in rows if lead_id is not None}


def map_groups(session: Session, assignment: Assignment) -> dict[int, list[Person]]:
    """Return with whom each learner of an assignment works, by person id."""
    if not assignment.takes_groups:
        return {}
    submissions = session.scalars(
        select(Submission)
        .where(Submission.assignment_id == assignment.id)
        .options(joinedload(Submission.learner))
        .order_by(Submission.lead_id.is_not(None), Submission.id)
    ).all()
    groups: dict[int, list[Submission]] = {}
    for each in submissions:
        groups.setdefault(each.lead_id or each.id, []).append(each)
    return {
        each.learner_id: [other.learner for other in group if other is not each]
        for group in groups.values()
        for each in group
        if len(group) > 1
    }

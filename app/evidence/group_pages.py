"""What the pages of a group need: prepared here, drawn by `_group.html` and `group.html`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import ngettext

from app.core.clock import utcnow
from app.core.db import db
from app.core.principal import current_principal
from app.courses.models import Person
from app.courses.people import select_learners
from app.evidence.drafts import find_draft
from app.evidence.group_lists import (
    Asked,
    AskedState,
    can_change,
    is_over,
    list_asked,
    list_members,
    list_unanswered_of,
)
from app.evidence.group_models import GroupInvitation
from app.evidence.models import Submission
from app.evidence.service import is_open
from app.evidence.signing import digest_of, list_signatures
from app.mapping.models import Assignment


@dataclass(frozen=True)
class Member:
    """One of a group. `is_in_course`: the LMS still counts them to it.

    `signed_at`: when they signed what is about to be handed in; `None` if they did not.
    """

    person: Person
    is_you: bool
    began: bool
    is_in_course: bool
    signed_at: datetime | None


@dataclass(frozen=True)
class Group:
    """A learner's group. `members`: empty while nobody has joined and nobody was asked.

    `invitations`: open ones of this learner to others' work, with that work. `missed`:
    whose work was handed in before this learner answered. `asked`: those whom this
    group invited who have not joined. `signs`: the statement is to be
    signed by each, now. `statement_digest`: of the words on this page.
    """

    members: Sequence[Member]
    asked: Sequence[Asked]
    invitations: Sequence[tuple[GroupInvitation, Submission]]
    missed: Sequence[Person]
    is_lead: bool
    can_change: bool
    signs: bool
    statement_digest: str

    @property
    def is_shared(self) -> bool:
        """Whether others work on it too."""
        return len(self.members) > 1

    @property
    def me(self) -> Member | None:
        """The learner who looks."""
        return next((member for member in self.members if member.is_you), None)

    @property
    def size(self) -> int:
        """How many are in it, or have been asked and have not declined."""
        return max(1, len(self.members)) + sum(each.state is AskedState.OPEN for each in self.asked)


def describe_group(assignment: Assignment, work: Submission | None) -> Group | None:
    """Return a learner's group of one assignment; `None` where each works alone."""
    if not assignment.takes_groups:
        return None
    session, person_id = db.session(), current_principal().person_id
    asked = list_asked(session, work) if work else []
    members = _describe_members(assignment, work, person_id) if work else []
    is_lead = work is None or work.learner_id == person_id
    is_shared = len(members) > 1
    unanswered = [] if is_shared else list_unanswered_of(session, assignment, person_id)
    return Group(
        members=members if is_shared or asked else [],
        asked=asked,
        invitations=[
            (invitation, lead)
            for invitation, lead in unanswered
            if can_change(lead) and not is_over(invitation, lead)
        ],
        missed=[
            lead.learner
            for invitation, lead in unanswered
            if is_over(invitation, lead) and is_open(work)
        ],
        is_lead=is_lead,
        can_change=can_change(work),
        signs=bool(assignment.statement) and is_shared and is_open(work),
        statement_digest=digest_of(assignment.statement),
    )


def describe_group_next(group: Group | None) -> str | None:
    """Say who acts next where a learner has signed and others have not; `None` elsewhere."""
    if group is None or not group.signs or group.me is None or group.me.signed_at is None:
        return None
    missing = [each for each in group.members if each.is_in_course and each.signed_at is None]
    if not missing:
        return None
    words: str = ngettext(
        "%(names)s acts next: the statement is not signed by all yet. Then one of you hands in.",
        "%(names)s act next: the statement is not signed by all yet. Then one of you hands in.",
        len(missing),
        names=", ".join(each.person.display_name for each in missing),
    )
    return words


def _describe_members(assignment: Assignment, work: Submission, person_id: int) -> list[Member]:
    session = db.session()
    members = list_members(session, work)
    if len(members) == 1:
        present = {members[0].learner_id}
    else:
        ids = [each.learner_id for each in members]
        learners = select_learners(assignment.course_id, now=utcnow())
        present = {person.id for person in session.scalars(learners.where(Person.id.in_(ids)))}
    draft = find_draft(work)
    signatures = list_signatures(session, [draft] if draft else [])
    signed = {
        each.person_id: each.signed_at
        for each in signatures
        if each.statement == assignment.statement
    }
    return [
        Member(
            person=each.learner,
            is_you=each.learner_id == person_id,
            began=each.id == work.id,
            is_in_course=each.learner_id in present,
            signed_at=signed.get(each.learner_id),
        )
        for each in members
    ]

"""An approval that was made elsewhere, written down here."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from app.approval.beginning import add_proposal, find_open_proposal
from app.approval.documents import ReceivedDocument, attach
from app.approval.history import add_event, set_status
from app.approval.models import EventKind, Proposal, ProposalStatus
from app.catalog.approving import approve_version, check_reference, submit_version
from app.catalog.models import OPEN_STATUSES, AchievementVersion, VersionStatus
from app.core.errors import ConflictError, ForbiddenError, InvalidError
from app.core.principal import Principal

MAX_NAME = 200


@dataclass(frozen=True)
class Elsewhere:
    """What an administrator says of a decision made elsewhere.

    `reference`: such as a Curriculog number. `decided_by`: a body or a person.
    `until`: the last day on which it holds; `None`: it holds until it is changed.
    """

    reference: str
    decided_on: date
    decided_by: str
    until: date | None


def register_approval(
    session: Session,
    version: AchievementVersion,
    elsewhere: Elsewhere,
    *,
    document: ReceivedDocument | None,
    principal: Principal,
    now: datetime,
) -> Proposal:
    """Approve a draft or a version in review on the strength of a decision made elsewhere.

    The steps of the route are skipped; the history says so, and by whose word.
    Raises: `ForbiddenError` for who is no administrator; `ConflictError` for any other
        version; `InvalidError` for an incomplete draft, a bad reference or a date to come.
    """
    if not principal.is_administrator:
        raise ForbiddenError("Only an administrator can register an approval made elsewhere.")
    if version.status not in OPEN_STATUSES:
        raise ConflictError("Only a draft or a version in review can be approved.")
    if version.achievement.retired_at is not None:
        raise ConflictError("This micro-credential is retired: bring it back first.")
    reference = check_reference(elsewhere.reference)
    if elsewhere.decided_on > now.date():
        raise InvalidError("The day of the decision is still to come: correct the date.")
    if not elsewhere.decided_by.strip():
        raise InvalidError("Say who decided, such as a committee.")
    proposal = find_open_proposal(session, version.id)
    if proposal is None:
        proposal = add_proposal(session, version, principal, now=now)
    step = proposal.step
    if version.status is VersionStatus.DRAFT:
        submit_version(session, version, actor=principal.actor, now=now)
    approve_version(
        session,
        version,
        reference=reference,
        until=_end_of(elsewhere.until),
        actor=principal.actor,
        now=now,
    )
    if document is not None:
        attach(session, proposal, document, principal, now=now)
    set_status(proposal, ProposalStatus.APPROVED, now=now)
    proposal.unit = version.issuing_unit
    add_event(
        session,
        proposal,
        EventKind.REGISTERED,
        person_id=principal.person_id,
        step_key=step.key if step else None,
        once="over",
        facts={
            "reference": reference,
            "decided_on": elsewhere.decided_on.isoformat(),
            "decided_by": elsewhere.decided_by.strip(),
            "until": elsewhere.until.isoformat() if elsewhere.until else None,
        },
        now=now,
    )
    return proposal


def _end_of(day: date | None) -> datetime | None:
    """Return the moment after a day, so that the day itself is included."""
    if day is None or day == date.max:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)

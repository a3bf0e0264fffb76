"""Where a submission stands, as a line of steps, and who acts next: in words for people."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_date
from flask_babel import gettext as _

from app.evidence.models import Submission, SubmissionStatus

STATUSES_WITH_FEEDBACK = frozenset(
    {
        SubmissionStatus.REVISION_REQUESTED,
        SubmissionStatus.MET,
        SubmissionStatus.AWARDED,
        SubmissionStatus.NOT_MET,
        SubmissionStatus.REVOKED,
    }
)


@dataclass(frozen=True)
class Step:
    """One step. `state`: done, current, upcoming or stopped; `at`: `None` if not yet."""

    label: str
    state: str
    at: datetime | None = None
    note: str = ""


def describe_steps(submission: Submission | None) -> list[Step]:
    """Return the line from the first draft to the award."""
    if submission is None:
        return [Step(_("Not started"), "current"), *_upcoming(0)]
    status, changed = submission.status, submission.status_changed_at
    if status is SubmissionStatus.DRAFT:
        return [Step(_("Draft saved"), "current", changed), *_upcoming(0)]
    done = [
        Step(_("Started"), "done", submission.created_at),
        Step(_("Submitted"), "done", submission.submitted_at),
    ]
    if status is SubmissionStatus.SUBMITTED:
        return [done[0], Step(_("Submitted"), "current", submission.submitted_at), *_upcoming(1)]
    if status is SubmissionStatus.IN_ASSESSMENT:
        started = submission.assessment_started_at or changed
        words = _("Waiting for a grantor") if waits_again(submission) else _("In assessment")
        return [*done, Step(words, "current", started), *_upcoming(2)]
    if status is SubmissionStatus.REVISION_REQUESTED:
        return [*done, Step(_("Revision requested"), "current", changed), *_upcoming(2)]
    assessed = Step(_("Assessed"), "done")
    last = {
        SubmissionStatus.MET: Step(_("Criteria met"), "done", changed),
        SubmissionStatus.AWARDED: Step(_("Awarded"), "done", changed),
        SubmissionStatus.NOT_MET: Step(_("Not met"), "stopped", changed),
        SubmissionStatus.REVOKED: Step(_("Revoked"), "stopped", changed),
    }[status]
    return [*done, assessed, last]


def waits_again(submission: Submission) -> bool:
    """Return whether it is to be assessed anew, and nobody has started: after an appeal, say."""
    work = submission.lead or submission
    return (
        submission.status is SubmissionStatus.IN_ASSESSMENT and work.assessment_started_at is None
    )


def describe_next(submission: Submission | None, *, can_withdraw: bool) -> str:
    """Say who acts next, and how."""
    status = submission.status if submission else None
    if submission is not None and waits_again(submission):
        waits: str = _(
            "A grantor acts next: your work is waiting to be assessed. You have nothing to do."
        )
        return waits + _promise(submission)
    words: dict[SubmissionStatus | None, str] = {
        None: _("You act next: add your work below and hand it in."),
        SubmissionStatus.DRAFT: _(
            "You act next: your draft is saved, but nobody can see it until you hand it in."
        ),
        SubmissionStatus.SUBMITTED: (
            _(
                "A grantor acts next: your work is waiting to be assessed. "
                "To change it, take it back as long as nobody has started."
            )
            if can_withdraw
            else _(
                "A grantor acts next: your work is waiting to be assessed. "
                "You cannot change it in the meantime."
            )
        )
        + _promise(submission),
        SubmissionStatus.IN_ASSESSMENT: _(
            "A grantor is assessing your work now. You have nothing to do."
        )
        + _promise(submission),
        SubmissionStatus.REVISION_REQUESTED: _(
            "You act next: read what the grantor asks for, then hand in again below."
        ),
        SubmissionStatus.MET: _(
            "This assignment is complete. The badge is awarded once enough of its criteria are "
            "met; what is missing belongs to other assignments."
        ),
        SubmissionStatus.AWARDED: _("Congratulations: you have earned this badge."),
        SubmissionStatus.NOT_MET: _(
            "Your work was assessed as not met. The feedback tells the reason; "
            "your instructor can tell you what is possible now."
        ),
        SubmissionStatus.REVOKED: _(
            "The award was revoked. Ask your instructor or the programme if you do not know why."
        ),
    }
    return words[status]


def _promise(submission: Submission | None) -> str:
    """Say by when it is to be decided, if that was promised."""
    promised_at = submission.promised_at if submission else None
    if promised_at is None:
        return ""
    words: str = _("It is to be decided by %(day)s.", day=format_date(promised_at, "long"))
    return f" {words}"


def _upcoming(passed: int) -> list[Step]:
    labels = [_("Submitted"), _("In assessment"), _("Awarded")]
    return [Step(label, "upcoming") for label in labels[passed:]]

"""What the learner's page of one assignment needs: prepared here, drawn by `work.html`."""

from dataclasses import dataclass

from flask import current_app, render_template, request
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from app.catalog.usability import why_unusable
from app.core.clock import utcnow
from app.core.db import db
from app.core.markdown import render_markdown
from app.core.principal import Role, current_principal
from app.evidence.drafts import find_draft, find_previous, mark_of
from app.evidence.forms import PartForm, WorkForm
from app.evidence.group_lists import list_open
from app.evidence.group_pages import describe_group, describe_group_next
from app.evidence.models import Artifact, ArtifactKind, Attempt, Submission
from app.evidence.parts import find_text, is_locked, list_of_part
from app.evidence.progress import STATUSES_WITH_FEEDBACK, describe_next, describe_steps
from app.evidence.reusing import has_earlier_work
from app.evidence.service import find_submission, is_open
from app.evidence.signing import find_signed_at, map_signatures
from app.evidence.withdrawing import can_withdraw
from app.mapping.artifact_kinds import KINDS, extensions_of
from app.mapping.models import Assignment
from app.passback.service import find_newest_delivery


@dataclass(frozen=True)
class Difference:
    """What another window has saved for one part, where it is not what stands in the field."""

    part: str
    text: str | None = None
    links: list[str] | None = None


@dataclass(frozen=True)
class Conflict:
    """Two windows typed into one draft. `mark`: how it stands now."""

    mark: str
    differences: list[Difference]


def make_form(assignment: Assignment, submission: Submission | None) -> WorkForm:
    """Return the form of one work, filled with its draft unless it was sent."""
    draft = find_draft(submission)
    max_file_bytes: int = current_app.extensions["assay.settings"].max_upload_bytes
    asked = list_open(db.session(), submission) if submission and assignment.takes_groups else []
    return WorkForm.for_draft(
        assignment,
        draft,
        mark_of(draft),
        unanswered=asked,
        has_signed=find_signed_at(db.session(), assignment, draft, current_principal().person_id)
        is not None,
        max_file_bytes=max_file_bytes,
    )


def describe_conflict(form: WorkForm, assignment: Assignment, draft: Attempt | None) -> Conflict:
    """Return what the other window saved, beside what this one sent."""
    names = {criterion.id: criterion.name for criterion in assignment.criteria}
    found = [_compare(part, names, draft) for part in form.parts]
    return Conflict(mark_of(draft), [each for each in found if each is not None])


def work_page(
    assignment: Assignment,
    work: Submission | None,
    *,
    form: WorkForm | None,
    conflict: Conflict | None = None,
) -> str:
    """Return the page: where the work stands, what was handed in, and the draft.

    `work`: the submission that holds it; where it stands is each learner's own.
    """
    principal = current_principal()
    submission = work
    if work is not None and work.learner_id != principal.person_id:
        submission = find_submission(db.session(), assignment.id, principal.person_id)
    is_learner = principal.role is Role.LEARNER
    why_closed = why_unusable(assignment.version, now=utcnow())
    handed_in = [a for a in reversed(work.attempts) if a.submitted_at] if work else []
    draft = find_draft(work)
    preview = request.args.get("preview")
    group = describe_group(assignment, work) if is_learner else None
    return render_template(
        "evidence/work.html",
        assignment=assignment,
        instructions=render_markdown(assignment.instructions),
        version=assignment.version,
        level=assignment.version.achievement.level,
        submission=submission,
        work=work,
        group=group,
        steps=describe_steps(submission),
        what_next=None
        if why_closed and is_open(submission)
        else describe_group_next(group)
        or describe_next(submission, can_withdraw=can_withdraw(work)),
        why_closed=why_closed,
        form=form,
        sections=form.sections(assignment, draft) if form else [],
        loose=_list_loose(assignment, draft),
        conflict=conflict,
        preview=preview,
        to_revise=[each for each in assignment.criteria if not is_locked(draft, each.id)]
        if draft and draft.open_parts
        else [],
        accept=",".join(f".{name}" for name in sorted(extensions_of(assignment.file_kinds))),
        accepted=", ".join(KINDS[name].label for name in assignment.file_kinds),
        can_keep_earlier=draft is None and find_previous(work) is not None,
        has_earlier_work=form is not None
        and has_earlier_work(db.session(), assignment, principal.person_id),
        parts={criterion.id: criterion.name for criterion in assignment.criteria},
        act=FlaskForm(),
        can_withdraw=is_learner and can_withdraw(work),
        handed_in=handed_in,
        signatures=map_signatures(db.session(), assignment, handed_in),
        has_feedback=submission is not None and submission.status in STATUSES_WITH_FEEDBACK,
        is_learner=is_learner,
        person_id=principal.person_id,
        is_rehearsal=is_learner and form is None and is_open(submission) and not why_closed,
        delivery=find_newest_delivery(
            db.session(), assignment_id=assignment.id, person_id=principal.person_id
        )
        if is_learner
        else None,
    )


def _compare(part: PartForm, names: dict[int, str], draft: Attempt | None) -> Difference | None:
    theirs = find_text(draft, part.criterion_id)
    text = (theirs.text or "") if theirs else ""
    links = [each.url or "" for each in list_of_part(draft, ArtifactKind.LINK, part.criterion_id)]
    has_other_text = "text" in part and _plain(part.text.data) != text
    has_other_links = "link" in part and [row.url.strip() for row in part.link.data or ()] != links
    if not has_other_text and not has_other_links:
        return None
    return Difference(
        names.get(part.criterion_id or 0, _("Your work")),
        text=text if has_other_text else None,
        links=links if has_other_links else None,
    )


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()


def _list_loose(assignment: Assignment, draft: Attempt | None) -> list[Artifact]:
    """Return what a draft by criterion holds for the whole assignment: taken over from before."""
    if not assignment.is_by_criterion or draft is None:
        return []
    return [each for each in draft.artifacts if each.criterion_id is None]

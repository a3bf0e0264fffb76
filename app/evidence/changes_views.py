"""What changed from one attempt to the next, for all who may read both."""

from datetime import timedelta

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue

from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db
from app.core.errors import NotFoundError
from app.core.principal import current_principal
from app.evidence.blueprint import bp
from app.evidence.changes import compare_attempts, describe_changes
from app.evidence.compared import compare_contents
from app.evidence.models import Attempt
from app.evidence.naming import read_file_names
from app.evidence.reading import get_readable_submission, is_own_work
from app.evidence.storage import open_storage
from app.programme.service import find_appointment

# What the workbench says of an attempt is worked out where it stands: from rows that are loaded.
bp.add_app_template_global(describe_changes)


@bp.get("/submissions/<int:submission_id>/attempts/<int:number>/changes")
@signed_in
def changes(submission_id: int, number: int) -> ResponseReturnValue:
    """Compare an attempt with the one before it, or with the one that is asked for."""
    principal, settings = current_principal(), current_app.extensions["assay.settings"]
    submission = get_readable_submission(
        db.session(),
        submission_id,
        principal=principal,
        rights_last=timedelta(hours=settings.session_hours),
        now=utcnow(),
    )
    handed_in = {attempt.number: attempt for attempt in submission.attempts if attempt.counts}
    after = handed_in.get(number)
    before = _find_before(handed_in, number, request.args.get("with", type=int))
    if after is None or before is None:
        raise NotFoundError("There are no two attempts to compare.")
    found = compare_attempts(before, after)
    return render_template(
        "evidence/changes.html",
        submission=submission,
        changes=found,
        compared=compare_contents(found, open_storage(settings)),
        names=read_file_names(db.session(), submission, principal.person_id, now=utcnow()),
        others=[each for each in handed_in.values() if each.number < number and each is not before],
        is_own=is_own_work(db.session(), submission, principal.person_id),
        may_assess=find_appointment(
            db.session(),
            person_id=principal.person_id,
            achievement_id=submission.achievement_id,
            course_id=submission.course_id,
            now=utcnow(),
        )
        is not None,
    )


def _find_before(handed_in: dict[int, Attempt], number: int, asked: int | None) -> Attempt | None:
    if asked is not None:
        return handed_in.get(asked) if asked < number else None
    return handed_in.get(max((each for each in handed_in if each < number), default=0))

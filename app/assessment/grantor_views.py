"""The grantor's queue, and the way from one submission to the next."""

from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.approval.queries import count_waiting
from app.assessment.authors import count_co_authors
from app.assessment.blueprint import bp
from app.assessment.queries import Place, find_beside, find_next, list_queue
from app.awards.souvenirs import Giver, list_givable
from app.catalog.usability import why_unusable
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db
from app.core.principal import current_principal
from app.evidence.quarantine import list_scan_marks
from app.evidence.service import get_submission
from app.programme.reviewers import is_reviewer


@bp.get("/assessment/queue")
@requires_grantor
def queue() -> str:
    """Show what waits for this grantor, oldest first."""
    grantor, now = current_principal(), utcnow()
    after = Place.find(request.args.get("after", ""))
    page = list_queue(db.session(), grantor, after=after, now=now)
    reviews = is_reviewer(db.session(), grantor.person_id, now=now)
    return render_template(
        "assessment/queue.html",
        page=page,
        scan_marks=list_scan_marks(db.session(), [each.id for each in page.submissions]),
        co_authors=count_co_authors(db.session(), page.submissions),
        is_first_page=after is None,
        next_submission=find_next(db.session(), grantor, now=now),
        why_unusable=partial(why_unusable, now=now),
        grantor=grantor,
        is_reviewer=reviews,
        review_count=count_waiting(db.session(), grantor, now=now) if reviews else 0,
        gives_souvenirs=bool(list_givable(db.session(), Giver.of(grantor), now=now)),
        now=now,
    )


@bp.get("/assessment/submissions/<int:submission_id>/beside")
@requires_grantor
def beside(submission_id: int) -> ResponseReturnValue:
    """Lead on to the submission after this one, or before it, as the queue stands now."""
    is_forward = request.args.get("way") != "previous"
    session, grantor = db.session(), current_principal()
    submission = get_submission(session, submission_id, institution_id=grantor.institution_id)
    found = find_beside(session, grantor, submission, is_forward=is_forward, now=utcnow())
    if found is not None:
        return redirect(url_for(".assess", submission_id=found.id), 303)
    if is_forward:
        flash(_("That was the last one that is free for you."), "success")
    else:
        flash(_("There is none before it that is free for you."), "success")
    return redirect(url_for(".queue"), 303)

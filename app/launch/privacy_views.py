"""`/privacy/…`: what Assay holds about one person, after a data privacy launch, or to oneself."""

import tempfile

from flask import Response, current_app, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.core.forms import Form
from app.core.principal import current_principal
from app.courses.privacy import find_open_request, list_open_requests, request_erasure
from app.courses.service import get_person
from app.evidence.storage import open_storage
from app.launch.blueprint import bp
from app.launch.privacy import find_holdings, get_visit, hand_out, open_own_visit
from app.retention.about import list_files, write_archive
from app.retention.erasing import list_what_stays


@bp.post("/privacy")
@signed_in
def own_privacy() -> ResponseReturnValue:
    """Open what is held about whoever asks; by POST, since that it was opened is written down."""
    with transaction() as session:
        token = open_own_visit(session, current_principal(), now=utcnow())
    return redirect(url_for(".privacy", token=token), 303)


@bp.get("/privacy/<token>")
@signed_in
def privacy(token: str) -> str:
    """Show what is held about the person for whom the LMS opened this."""
    read, viewer = db.session(), current_principal()
    visit = get_visit(read, token, viewer_id=viewer.person_id, now=utcnow())
    holdings = find_holdings(read, visit)
    return render_template(
        "launch/privacy.html",
        form=Form(),
        visit=visit,
        holdings=holdings,
        stays=list_what_stays(read, visit.institution_id),
        is_own=visit.subject_id == viewer.person_id,
        request_=find_open_request(read, visit.subject_id) if visit.subject_id else None,
        open_requests=(
            list_open_requests(
                read, institution_id=visit.institution_id, platform_id=visit.platform_id
            )
            if visit.is_administrator
            else []
        ),
    )


@bp.post("/privacy/<token>/export.json")
@signed_in
def privacy_export(token: str) -> Response:
    """Hand out what is held as a file; by POST, since that it was handed out is written down."""
    now, viewer = utcnow(), current_principal()
    base_url = current_app.extensions["assay.settings"].base_url
    with transaction() as session:
        visit = get_visit(session, token, viewer_id=viewer.person_id, now=now)
        person_id, held = hand_out(session, visit, base_url=base_url, actor=viewer.actor, now=now)
    text = current_app.json.dumps(held, indent=2, default=_written)
    response = Response(text, mimetype="application/json")
    name = f"assay-person-{person_id}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.post("/privacy/<token>/export.zip")
@signed_in
def privacy_archive(token: str) -> ResponseReturnValue:
    """Hand out what is held with every file of the person's work, as one archive."""
    now, viewer = utcnow(), current_principal()
    settings = current_app.extensions["assay.settings"]
    with transaction() as session:
        visit = get_visit(session, token, viewer_id=viewer.person_id, now=now)
        person_id, held = hand_out(
            session, visit, base_url=settings.base_url, actor=viewer.actor, now=now
        )
    # On disk, not in memory: a person's videos may be large. It goes when the answer is sent.
    archive = tempfile.TemporaryFile()  # noqa: SIM115 (`send_file` closes it)
    write_archive(archive, open_storage(settings), held, list_files(db.session(), person_id))
    archive.seek(0)
    response = send_file(
        archive,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"assay-person-{person_id}.zip",
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/privacy/<token>/erasure")
@signed_in
def ask_erasure(token: str) -> ResponseReturnValue:
    """Record that this person is to be forgotten."""
    now, viewer = utcnow(), current_principal()
    with transaction() as session:
        visit = get_visit(session, token, viewer_id=viewer.person_id, now=now)
        if visit.subject_id is None:
            raise NotFoundError("Assay holds nothing about this person.")
        person = get_person(session, visit.subject_id, institution_id=viewer.institution_id)
        request_erasure(
            session,
            person,
            platform_id=visit.platform_id,
            requested_by=viewer.person_id,
            now=now,
        )
    flash(_("The request was recorded. The administrator of Assay sees it and carries it out."))
    return redirect(url_for(".privacy", token=token), 303)


def _written(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

"""The administrators' page of files: the storage, the scanner, and what is locked away."""

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.forms import Form
from app.core.principal import current_principal
from app.evidence.blueprint import bp
from app.evidence.quarantine import ask_again, find_backlog, list_quarantined
from app.evidence.scan_jobs import JOB_NAME
from app.evidence.scanning import ScannerUnavailableError, find_scanner
from app.evidence.storage import StorageUnavailableError, open_storage
from app.outbox.timers import list_timers


@bp.get("/admin/files")
@requires_administrator
def storage() -> str:
    """Show how the storage and the scanner are, and what is in quarantine."""
    settings = current_app.extensions["assay.settings"]
    session, institution_id = db.session(), current_principal().institution_id
    place = problem = scanner = scanner_problem = None
    try:
        place = open_storage(settings).check()
    except StorageUnavailableError as error:
        problem = error.reason
    try:
        daemon = find_scanner(settings)
        scanner = daemon.describe() if daemon else None
    except ScannerUnavailableError as error:
        scanner_problem = str(error)
    return render_template(
        "evidence/storage.html",
        place=place,
        problem=problem,
        scanner=scanner,
        scanner_problem=scanner_problem,
        backlog=find_backlog(session, institution_id=institution_id),
        last_run_at=next(
            (timer.last_run_at for timer in list_timers(session) if timer.name == JOB_NAME), None
        ),
        quarantined=list_quarantined(session, institution_id=institution_id),
        form=Form(),
    )


@bp.post("/admin/files/<kind>/<int:file_id>/scan-again")
@requires_administrator
def scan_again(kind: str, file_id: int) -> ResponseReturnValue:
    """Let the scanner look again at a file in quarantine."""
    Form().validate()
    principal = current_principal()
    with transaction() as session:
        ask_again(
            session,
            kind,
            file_id,
            institution_id=principal.institution_id,
            actor=principal.actor,
            now=utcnow(),
        )
    flash(_("The scanner looks at it again within a minute. Until then it stays locked away."))
    return redirect(url_for(".storage"), 303)

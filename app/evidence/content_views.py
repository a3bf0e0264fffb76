"""The bytes of what was handed in, at addresses apart from the pages."""

from datetime import timedelta

from flask import current_app, request
from flask.typing import ResponseReturnValue

from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db
from app.core.errors import NotFoundError
from app.core.principal import current_principal
from app.evidence.blueprint import bp
from app.evidence.groups import list_author_ids
from app.evidence.models import Artifact, ScanState
from app.evidence.naming import read_file_names
from app.evidence.quarantine import require_safe
from app.evidence.sending import send_stored
from app.evidence.service import get_readable_artifact
from app.evidence.storage import open_storage


@bp.get("/files/artifacts/<int:artifact_id>")
@signed_in
def content(artifact_id: int) -> ResponseReturnValue:
    """Send a file's bytes: what a browser shows safely in place, the rest as a download."""
    settings, principal = current_app.extensions["assay.settings"], current_principal()
    found = get_readable_artifact(
        db.session(),
        artifact_id,
        principal=principal,
        rights_last=timedelta(hours=settings.session_hours),
        now=utcnow(),
    )
    require_open_file(found)
    if found.storage_key is None:
        raise NotFoundError("This artifact is no file.")
    names = read_file_names(
        db.session(), found.attempt.submission, principal.person_id, now=utcnow()
    )
    return send_stored(
        open_storage(settings),
        found.storage_key,
        media_type=found.media_type,
        name=names.of(found) or "file",
        wants_inline="download" not in request.args,
    )


def require_open_file(artifact: Artifact) -> None:
    """Refuse a file that this person may not open now. Raises: as `quarantine.require_safe`."""
    is_author = artifact.scan_state is ScanState.WAITING and (
        current_principal().person_id in list_author_ids(db.session(), artifact.attempt.submission)
    )
    require_safe(artifact, is_author=is_author)

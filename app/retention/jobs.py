"""What the worker does each night about what has been kept long enough."""

from datetime import datetime

import structlog
from flask import current_app
from sqlalchemy import func, select

from app.core.db import db, transaction
from app.evidence.models import Artifact
from app.evidence.redacting import list_unswept_copies, sweep_copies
from app.evidence.storage import open_storage
from app.platforms.service import list_institutions
from app.retention.deleting import delete_due, drop_released, list_unswept, make_plan, sweep_bytes

log = structlog.get_logger()

# More than this share of all artifacts at once is rather a wrong clock than a good night's work.
ALARMING_SHARE = 0.5
ALARMING_COUNT = 100


def delete_each_night(now: datetime) -> None:
    """Delete what is due, if the installation lets the worker do it; and sweep bytes left over."""
    settings = current_app.extensions["assay.settings"]
    if settings.retention_job:
        for institution in list_institutions(db.session()):
            delete_for(institution.id, actor="job:retention", now=now)
    sweep()


def delete_for(institution_id: int, *, actor: str, now: datetime) -> None:
    """Delete what is due at one institution, unless it is so much that something is wrong."""
    if is_alarming(institution_id, now=now):
        log.error("retention stopped: too much is due at once", institution_id=institution_id)
        return
    with transaction() as session:
        delete_due(session, institution_id, confirmed=None, actor=actor, now=now)


def is_alarming(institution_id: int, *, now: datetime) -> bool:
    """Return whether so much is due at once that somebody has to look at it first."""
    session = db.session()
    due = [
        each
        for each in make_plan(session, institution_id, now=now).free
        if each.subject.startswith("artifact:")
    ]
    kept = session.scalar(
        select(func.count()).where(
            Artifact.institution_id == institution_id, Artifact.deleted_at.is_(None)
        )
    )
    return len(due) > ALARMING_COUNT and len(due) > ALARMING_SHARE * (kept or 0)


def sweep() -> int:
    """Delete the bytes of what was deleted, and what no hold keeps; return how many files went."""
    storage = open_storage(current_app.extensions["assay.settings"])
    with transaction() as session:
        gone = drop_released(session, storage)
    while True:
        with transaction() as session:
            artifacts, copies = list_unswept(session), list_unswept_copies(session)
            if not artifacts and not copies:
                return gone
            gone += sweep_bytes(session, storage, artifacts)
            gone += sweep_copies(session, storage, copies)

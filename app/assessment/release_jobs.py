"""What the worker does with decisions whose time to be undone has passed."""

from datetime import datetime

from flask import current_app
from structlog import get_logger

from app.assessment.models import AttemptDecision
from app.assessment.releasing import list_due, release
from app.core.db import db, transaction
from app.core.errors import DomainError

log = get_logger()


def release_decisions(now: datetime) -> None:
    """Release every decision that is due, each in a transaction of its own.

    One that cannot be released now (its achievement may not be used any more) says
    why, and is tried again at the next turn.
    """
    for decision_id in list_due(db.session(), now=now):
        try:
            with transaction() as session:
                release(
                    session,
                    session.get_one(AttemptDecision, decision_id),
                    vault=current_app.extensions["assay.vault"],
                    base_url=current_app.extensions["assay.settings"].base_url,
                    now=now,
                )
        except DomainError as error:
            log.warning(
                "decision not released", decision_id=decision_id, cause=type(error).__name__
            )
            with transaction() as session:
                session.get_one(AttemptDecision, decision_id).problem = str(error)

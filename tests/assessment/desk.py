"""What the tests of the workbench share: addresses, and reading anew what was committed."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.evidence.models import Artifact, ArtifactKind, Submission
from tests.assessment.work import form_data


def url(submission: Submission, *parts: str) -> str:
    return "/".join([f"/assessment/submissions/{submission.id}", *parts])


def rows(session: Session, model: Any) -> list[Any]:
    """Return all rows of a table as they are now."""
    session.rollback()
    session.expire_all()
    return session.query(model).order_by(model.id).all()


def wait_before_telling(app: Any, minutes: int = 10) -> None:
    """Let decisions wait, as they do by default."""
    settings = app.extensions["assay.settings"]
    app.extensions["assay.settings"] = settings.model_copy(update={"undo_minutes": minutes})


def draft_data(submission: Submission, *steps: str, revision: int = 0, **changes: Any) -> dict:
    """Fill in the workbench to be saved rather than recorded."""
    return form_data(submission, *steps) | {"draft_revision": revision} | changes


def add_artifact(session, attempt, text="More", **facts):
    artifact = Artifact(
        institution_id=attempt.submission.institution_id,
        attempt_id=attempt.id,
        kind=ArtifactKind.TEXT,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        created_at=datetime.now(UTC),
        **facts,
    )
    session.add(artifact)
    session.flush()
    return artifact

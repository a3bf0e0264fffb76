"""What legal holds keep of drafts beyond what their learners see: for whoever needs the record."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.evidence.groups import list_group
from app.evidence.hold_models import HeldArtifact
from app.evidence.models import Submission
from app.retention.about import HeldFile


def list_kept(session: Session, submission: Submission) -> list[HeldArtifact]:
    """Return what was taken out of the drafts of a work, or of its group's, while it was held."""
    ids = [each.id for each in list_group(session, submission)]
    return list(
        session.scalars(
            select(HeldArtifact)
            .where(HeldArtifact.submission_id.in_(ids))
            .order_by(HeldArtifact.id)
        )
    )


def describe_kept(kept: list[HeldArtifact]) -> dict[str, Any]:
    """Return that as plain data, without the files themselves."""
    return {
        "kept": [
            {
                "submission": each.submission_id,
                "attempt": each.attempt_number,
                "kind": each.kind.value,
                "added_at": each.created_at,
                "removed_at": each.removed_at,
                "sha256": each.sha256,
                "file": _name_in_archive(each) if each.storage_key else None,
                "text": each.text,
                "url": each.url,
                "note": each.note,
            }
            for each in kept
        ]
    }


def list_kept_files(kept: list[HeldArtifact]) -> Iterator[HeldFile]:
    """Return the files of it, by their names in an archive."""
    for each in kept:
        if each.storage_key:
            yield HeldFile(_name_in_archive(each), each.storage_key)


def _name_in_archive(kept: HeldArtifact) -> str:
    return f"work-{kept.submission_id}/kept/{kept.id}-{kept.file_name}"

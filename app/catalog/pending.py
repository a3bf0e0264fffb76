"""Files that were handed in and wait until somebody says that they shall be imported."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.catalog.skill_models import PendingImport
from app.core.errors import NotFoundError

ACHIEVEMENTS: Final = "achievements"
SKILLS: Final = "skills"
KEPT_FOR: Final = timedelta(days=1)
MAX_PER_PERSON: Final = 5


def keep_import(
    session: Session,
    institution_id: int,
    *,
    person_id: int,
    kind: str,
    file_name: str,
    options: dict[str, str],
    content: bytes,
    now: datetime,
) -> PendingImport:
    """Keep a file for a day; old ones, and all but a few of the same person's, go."""
    session.execute(delete(PendingImport).where(PendingImport.created_at < now - KEPT_FOR))
    own = session.scalars(
        select(PendingImport.id)
        .where(PendingImport.person_id == person_id)
        .order_by(PendingImport.id.desc())
    ).all()
    session.execute(delete(PendingImport).where(PendingImport.id.in_(own[MAX_PER_PERSON - 1 :])))
    pending = PendingImport(
        institution_id=institution_id,
        person_id=person_id,
        kind=kind,
        file_name=file_name,
        options=options,
        content=content,
        created_at=now,
    )
    session.add(pending)
    session.flush()
    return pending


def get_import(
    session: Session, import_id: int, *, institution_id: int, person_id: int
) -> PendingImport:
    """Return a file that one handed in oneself.

    Raises: `NotFoundError` if it is gone: imported, or given up.
    """
    pending = session.get(PendingImport, import_id)
    if pending is None or (pending.institution_id, pending.person_id) != (
        institution_id,
        person_id,
    ):
        raise NotFoundError(
            "This import is over: it was done, or its file was not kept. Hand it in again."
        )
    return pending


def give_up_import(session: Session, pending: PendingImport) -> None:
    """Forget a file."""
    session.delete(pending)
    session.flush()

"""Somebody's own bank of comments: kept, inserted, changed, thrown away."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, selectinload

from app.assessment.desk_models import SavedComment
from app.catalog.models import Achievement
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.core.principal import Principal
from app.programme.models import Level

MAX_COMMENT = 4000
MAX_COMMENTS = 500
OFFERED = 50


def list_offered(
    session: Session, *, person_id: int, achievement_id: int
) -> Sequence[SavedComment]:
    """Return the comments of somebody's bank that fit an achievement, most used first."""
    return session.scalars(
        select(SavedComment)
        .where(
            SavedComment.person_id == person_id,
            or_(
                SavedComment.achievement_id == achievement_id,
                SavedComment.achievement_id.is_(None),
            ),
        )
        .order_by(SavedComment.uses.desc(), SavedComment.id.desc())
        .limit(OFFERED)
    ).all()


def list_bank(
    session: Session, person_id: int, *, achievement_id: int | None
) -> Sequence[SavedComment]:
    """Return somebody's comments, most used first; of one achievement, with those for any."""
    statement = select(SavedComment).where(SavedComment.person_id == person_id)
    if achievement_id is not None:
        statement = statement.where(
            or_(
                SavedComment.achievement_id == achievement_id,
                SavedComment.achievement_id.is_(None),
            )
        )
    return session.scalars(
        statement.order_by(SavedComment.uses.desc(), SavedComment.id.desc()).limit(MAX_COMMENTS)
    ).all()


def list_granted(session: Session, grantor: Principal) -> Sequence[Achievement]:
    """Return the achievements that somebody may assess for, with their versions' names."""
    return session.scalars(
        select(Achievement)
        .join(Achievement.level)
        .where(
            Achievement.institution_id == grantor.institution_id,
            Achievement.id.in_(sorted(grantor.grants)),
            Level.needs_artifact,  # a Souvenir is given without work that could be commented on
        )
        .options(selectinload(Achievement.versions))
        .order_by(Achievement.id)
    ).all()


def get_comment(session: Session, comment_id: int, *, person_id: int) -> SavedComment:
    """Return one comment of somebody's own bank.

    Raises: `NotFoundError`, also for anybody else's.
    """
    comment = session.scalar(
        select(SavedComment).where(
            SavedComment.id == comment_id, SavedComment.person_id == person_id
        )
    )
    if comment is None:
        raise NotFoundError("There is no such comment among yours.")
    return comment


def keep_comment(
    session: Session,
    text: str,
    *,
    institution_id: int,
    person_id: int,
    achievement_id: int | None,
    now: datetime,
) -> SavedComment:
    """Put a comment into somebody's bank; the same words for the same badge are there once.

    Raises: `InvalidError` if it is empty or too long; `ConflictError` if the bank is full.
    """
    words = _check(text)
    own = session.scalars(select(SavedComment).where(SavedComment.person_id == person_id)).all()
    for known in own:
        if (known.text, known.achievement_id) == (words, achievement_id):
            return known
    if len(own) >= MAX_COMMENTS:
        raise ConflictError(f"You have kept {MAX_COMMENTS} comments: delete one first.")
    comment = SavedComment(
        institution_id=institution_id,
        person_id=person_id,
        achievement_id=achievement_id,
        text=words,
        uses=0,
        created_at=now,
    )
    session.add(comment)
    session.flush()
    return comment


def change_comment(comment: SavedComment, text: str, *, achievement_id: int | None) -> None:
    """Say a kept comment in other words, or keep it for something else.

    What was assessed with it stays as it was recorded.
    Raises: `InvalidError` if it is empty or too long.
    """
    comment.text = _check(text)
    comment.achievement_id = achievement_id


def count_use(session: Session, comment: SavedComment) -> None:
    """Count that a comment was inserted: those used most are offered first."""
    session.execute(
        update(SavedComment).where(SavedComment.id == comment.id).values(uses=SavedComment.uses + 1)
    )


def insert_comment(typed: str, saved: str) -> str:
    """Return what was typed with a saved comment after it, on a line of its own."""
    return f"{typed.rstrip()}\n{saved}" if typed.strip() else saved


def _check(text: str) -> str:
    words = text.strip()
    if not words:
        raise InvalidError("Write the comment first: an empty one cannot be kept.")
    if len(words) > MAX_COMMENT:
        raise InvalidError(f"Keep it under {MAX_COMMENT} characters.")
    return words

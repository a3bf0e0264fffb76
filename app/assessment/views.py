"""All pages of the room: importing this fills the blueprint."""

from app.assessment import (
    column_views,
    comment_views,
    conflict_views,
    consent_views,
    course_views,
    decision_views,
    dialogue_views,
    disclosure_views,
    draft_views,
    grantor_views,
    history_views,
    moderation_views,
    presence_views,
    withdraw_views,
    workbench_views,
)
from app.assessment.blueprint import bp

__all__ = [
    "bp",
    "column_views",
    "comment_views",
    "conflict_views",
    "consent_views",
    "course_views",
    "decision_views",
    "dialogue_views",
    "disclosure_views",
    "draft_views",
    "grantor_views",
    "history_views",
    "moderation_views",
    "presence_views",
    "withdraw_views",
    "workbench_views",
]

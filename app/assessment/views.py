"""All pages of the room: importing this fills the blueprint."""

from app.assessment import (
    column_views,
    consent_views,
    course_views,
    dialogue_views,
    disclosure_views,
    grantor_views,
    history_views,
    withdraw_views,
)
from app.assessment.blueprint import bp

__all__ = [
    "bp",
    "column_views",
    "consent_views",
    "course_views",
    "dialogue_views",
    "disclosure_views",
    "grantor_views",
    "history_views",
    "withdraw_views",
]

"""All pages of the room: importing this fills the blueprint."""

from app.assessment import (
    column_views,
    conflict_views,
    course_views,
    grantor_views,
    moderation_views,
)
from app.assessment.blueprint import bp

__all__ = [
    "bp",
    "column_views",
    "conflict_views",
    "course_views",
    "grantor_views",
    "moderation_views",
]

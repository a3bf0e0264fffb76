"""All pages of the room: importing this fills the blueprint."""

from app.assessment import (
    absence_views,
    allocation_views,
    column_views,
    course_views,
    grantor_views,
    queue_views,
)
from app.assessment.blueprint import bp

__all__ = [
    "absence_views",
    "allocation_views",
    "bp",
    "column_views",
    "course_views",
    "grantor_views",
    "queue_views",
]

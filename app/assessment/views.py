"""All pages of the room: importing this fills the blueprint."""

from app.assessment import (
    column_views,
    comment_views,
    course_views,
    decision_views,
    draft_views,
    grantor_views,
    presence_views,
    workbench_views,
)
from app.assessment.blueprint import bp

__all__ = [
    "bp",
    "column_views",
    "comment_views",
    "course_views",
    "decision_views",
    "draft_views",
    "grantor_views",
    "presence_views",
    "workbench_views",
]

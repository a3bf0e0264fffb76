"""All pages of the room: importing this fills the blueprint."""

from app.assessment import course_views, grantor_views
from app.assessment.blueprint import bp

__all__ = ["bp", "course_views", "grantor_views"]

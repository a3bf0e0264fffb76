"""All pages of the room: importing this fills the blueprint."""

from app.launch import (
    course_views,
    deep_link_views,
    handover_views,
    login_views,
    notice_views,
)
from app.launch.blueprint import bp

__all__ = ["bp", "course_views", "deep_link_views", "handover_views", "login_views", "notice_views"]

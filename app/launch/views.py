"""All pages of the room: importing this fills the blueprint."""

from app.launch import (
    cookie_views,
    course_views,
    deep_link_views,
    deployment_views,
    erasure_views,
    handover_views,
    ladder_views,
    login_views,
    notice_views,
    privacy_views,
)
from app.launch.blueprint import bp

__all__ = [
    "bp",
    "cookie_views",
    "course_views",
    "deep_link_views",
    "deployment_views",
    "erasure_views",
    "handover_views",
    "ladder_views",
    "login_views",
    "notice_views",
    "privacy_views",
]

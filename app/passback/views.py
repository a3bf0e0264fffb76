"""All pages of the room: importing this fills the blueprint."""

from app.passback import class_views, status_views
from app.passback.blueprint import bp

__all__ = ["bp", "class_views", "status_views"]

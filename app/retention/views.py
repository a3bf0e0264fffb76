"""All pages of the room: importing this fills the blueprint."""

from app.retention import admin_views
from app.retention.blueprint import bp

__all__ = ["admin_views", "bp"]

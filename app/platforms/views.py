"""All pages of the room: importing this fills the blueprint."""

from app.platforms import admin_views, invitation_views, public_views, register_views
from app.platforms.blueprint import bp

__all__ = ["admin_views", "bp", "invitation_views", "public_views", "register_views"]

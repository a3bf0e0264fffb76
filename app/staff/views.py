"""All pages of the room: importing this fills the blueprint."""

from app.staff.blueprint import bp

__all__ = ["bp"]

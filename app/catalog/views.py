"""All pages of the room: importing this fills the blueprint."""

from app.catalog.blueprint import bp

__all__ = ["bp"]

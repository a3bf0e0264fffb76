"""All pages of the room: importing this fills the blueprint."""

from app.catalog import picture_views  # noqa: F401 (registers its views)
from app.catalog.blueprint import bp

__all__ = ["bp"]

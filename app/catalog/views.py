"""All pages of the room: importing this fills the blueprint."""

from app.catalog import (
    compare_views,
    editor_views,
    export_views,
    import_views,
    list_views,
    picture_views,
    promise_views,
    skill_views,
    version_views,
)
from app.catalog.blueprint import bp

__all__ = [
    "bp",
    "compare_views",
    "editor_views",
    "export_views",
    "import_views",
    "list_views",
    "picture_views",
    "promise_views",
    "skill_views",
    "version_views",
]

"""All pages of the room: importing this fills the blueprint."""

from app.approval import (
    admin_views,
    document_views,
    proposal_views,
    review_views,
    reviewer_views,
    version_views,
)
from app.approval.blueprint import bp

__all__ = [
    "admin_views",
    "bp",
    "document_views",
    "proposal_views",
    "review_views",
    "reviewer_views",
    "version_views",
]

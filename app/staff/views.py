"""All pages of the room: importing this fills the blueprint."""

from app.staff import (
    account_views,
    administrator_views,
    grantor_views,
    same_person_views,
    sign_in_views,
)
from app.staff.blueprint import bp

__all__ = [
    "account_views",
    "administrator_views",
    "bp",
    "grantor_views",
    "same_person_views",
    "sign_in_views",
]

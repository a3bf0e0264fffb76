"""The addresses of gradebook columns, which each LMS writes in its own way. Pure.

A tool must take them as they are: Moodle's end in a query, those of others are opaque.
"""

from uuid import NAMESPACE_URL, uuid5

from app.sandbox.config import LmsConfig
from app.sandbox.models import TYPE_ID, LineItem
from app.sandbox.profiles import Profile


def line_items_url(config: LmsConfig, profile: Profile, course_id: str) -> str:
    """Return the address of a course's line items."""
    return f"{config.course_url(course_id)}/lineitems{_query(profile)}"


def line_item_url(config: LmsConfig, profile: Profile, item: LineItem) -> str:
    """Return a line item's id."""
    return f"{line_item_path(config, profile, item)}{_query(profile)}"


def below_line_item(config: LmsConfig, profile: Profile, item: LineItem, name: str) -> str:
    """Return the address of what stands below a line item: its results."""
    return f"{line_item_path(config, profile, item)}/{name}{_query(profile)}"


def line_item_path(config: LmsConfig, profile: Profile, item: LineItem) -> str:
    """Return a line item's address without its query."""
    return f"{config.course_url(item.course_id)}/lineitems/{line_item_key(profile, item.id)}"


def line_item_key(profile: Profile, item_id: int) -> str:
    """Return what stands for a line item in its address."""
    if profile.hides_ids:
        return str(uuid5(NAMESPACE_URL, f"{profile.name}/line-item/{item_id}"))
    return str(item_id)


def has_query(profile: Profile) -> bool:
    """Say whether addresses end in `?type_id=`."""
    return not profile.hides_ids


def _query(profile: Profile) -> str:
    return f"?type_id={TYPE_ID}" if has_query(profile) else ""

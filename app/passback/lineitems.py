"""Gradebook columns: find the one that is meant, or make it; never two. Change and delete them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.outbox.errors import ParkedError, PermanentError
from app.passback.ags import LINEITEM, AgsClient, Gradebook, reading_scope
from app.passback.wire import origin, raise_unless_taken, read_json_object
from app.platforms.quirks import line_item_to_put, may_set_resource_link, own_column

TAG = "badge"
STATUS_TAG = "credential-status"
WITHOUT_LINK = frozenset({404, 412})
# When something has been handed in, there is something to see.
REVIEWABLE = ("InProgress", "Submitted", "Completed")


@dataclass(frozen=True)
class Column:
    """What a gradebook column is, whatever its address.

    `resource_id`: the assignment's uuid, or the status column's own.
    `resource_link_id`: `None` until the LMS has launched the assignment's link,
    and always for a status column. `inherited_ids`: uuids of what the assignment
    was copied from, nearest first; a copied column still carries one of them.
    `taken_urls`: columns of the course's other assignments. `review`: how the
    gradebook opens our page of a learner's work, as the line item says it; empty
    if it does not.
    """

    label: str
    max_points: int
    resource_id: str
    resource_link_id: str | None
    tag: str = TAG
    review: dict[str, Any] = field(default_factory=dict)
    inherited_ids: tuple[str, ...] = ()
    taken_urls: frozenset[str] = frozenset()

    @property
    def has_link(self) -> bool:
        """Whether the column belongs to a link; a status column never does."""
        return self.tag != STATUS_TAG


def describe_review(launch_url: str, assignment_uuid: str) -> dict[str, Any]:
    """Return how a gradebook opens our page of a learner's work.

    Source: LTI Submission Review 1.0, line item member `submissionReview`.
    """
    return {
        "reviewableStatus": list(REVIEWABLE),
        "label": "Open in Assay",
        "url": launch_url,
        "custom": {"assay_assignment": assignment_uuid},
    }


def find_column(ags: AgsClient, gradebook: Gradebook, column: Column) -> str | None:
    """Return the address of a column, or `None` if there is none.

    A platform may ignore the filters, so each item is looked at; two items may
    carry the same tag and id (Moodle, when one deep link is picked twice), so
    one that is coupled to another link is not ours.
    Source: AGS 2.0 §3.2.9 (filters), §3.2.8 (copied columns keep tag and id).
    """
    if reading_scope(gradebook) is None or gradebook.lineitems_url is None:
        return None
    if column.resource_link_id is not None:
        link_id = column.resource_link_id
        coupled = [
            item
            for item in ags.list_line_items(gradebook, resource_link_id=link_id)
            if item.get("resourceLinkId") == link_id and item.get("tag") != STATUS_TAG
        ]
        found = _pick(gradebook, _ours_first(coupled, column))
        if found:
            return found
    own = ags.list_line_items(gradebook, resource_id=column.resource_id, tag=column.tag)
    found = _pick_tagged(gradebook, own, column, (column.resource_id,))
    if found is None and column.inherited_ids:
        tagged = ags.list_line_items(gradebook, tag=column.tag)
        found = _pick_tagged(gradebook, tagged, column, column.inherited_ids)
    return found


def _pick_tagged(
    gradebook: Gradebook,
    listed: Iterable[dict[str, Any]],
    column: Column,
    resource_ids: tuple[str, ...],
) -> str | None:
    """Return the listed column with the first of these ids that is nobody else's."""
    items = [
        item
        for item in listed
        if item.get("resourceId") in resource_ids and not _is_anothers(item, column)
    ]
    return _pick(gradebook, sorted(items, key=lambda item: resource_ids.index(item["resourceId"])))


def make_column(ags: AgsClient, gradebook: Gradebook, column: Column) -> str:
    """Make the column and return its address; call it only after `find_column` found none.

    Raises: `ParkedError` if the tool may not make columns there.
    Source: AGS 2.0 §3.2.4; Canvas line items API (404 or 412 for a link that it
        cannot couple).
    """
    if gradebook.lineitems_url is None or LINEITEM not in gradebook.scopes:
        raise ParkedError(
            "The activity has no column in the LMS's gradebook, and the tool may not make one. "
            "Make the activity graded there and open it once; then we send this by ourselves."
        )
    wanted: dict[str, Any] = {
        "label": column.label,
        "scoreMaximum": column.max_points,
        "resourceId": column.resource_id,
        "tag": column.tag,
    }
    if column.review:
        wanted["submissionReview"] = column.review
    if not column.has_link:
        wanted |= own_column(gradebook.family)
    linked = wanted | {"resourceLinkId": column.resource_link_id}
    may_link = column.resource_link_id is not None and may_set_resource_link(gradebook.family)
    reply = ags.post_line_item(gradebook, linked if may_link else wanted)
    if may_link and reply.status in WITHOUT_LINK:
        reply = ags.post_line_item(gradebook, wanted)
    raise_unless_taken(reply, gradebook.family)
    made = _pick(gradebook, [read_json_object(reply)]) or find_column(ags, gradebook, column)
    if made is None:
        raise PermanentError(
            "The LMS said that it made a gradebook column, but not where. "
            "Tell its administrator, then send this again."
        )
    return made


def change_column(
    ags: AgsClient, gradebook: Gradebook, url: str, changes: dict[str, Any]
) -> dict[str, Any] | None:
    """Change some members of a column and leave the others as they are; `None` if nothing differs.

    A PUT replaces everything, so everything is read first.
    Source: AGS 2.0 §3.2.6.
    """
    item = ags.get_line_item(gradebook, url)
    if all(item.get(name) == value for name, value in changes.items()):
        return None
    wanted = line_item_to_put(gradebook.family, item | changes)
    ags.put_line_item(gradebook, url, wanted)
    return wanted


def _ours_first(items: Iterable[dict[str, Any]], column: Column) -> list[dict[str, Any]]:
    """Put the item with our id first, then our tag; among equals the oldest stays first."""
    return sorted(
        items,
        key=lambda item: (
            item.get("resourceId") != column.resource_id,
            item.get("tag") != column.tag,
        ),
    )


def _is_anothers(item: dict[str, Any], column: Column) -> bool:
    if item.get("id") in column.taken_urls:
        return True
    link_id = item.get("resourceLinkId")
    if link_id and not column.has_link:
        return True
    return bool(link_id and column.resource_link_id and link_id != column.resource_link_id)


def _pick(gradebook: Gradebook, items: list[dict[str, Any]]) -> str | None:
    """Return the first item's address, if it is on the gradebook's own host."""
    host = origin(gradebook.lineitems_url or "")
    urls = (item.get("id") for item in items)
    return next((url for url in urls if isinstance(url, str) and origin(url) == host), None)

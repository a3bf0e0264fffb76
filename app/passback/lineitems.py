"""Gradebook columns: find the one of an assignment, or make it; never two."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.outbox.errors import ParkedError, PermanentError
from app.passback.ags import (
    CONTAINER_TYPE,
    LINEITEM,
    LINEITEM_READONLY,
    LINEITEM_TYPE,
    AgsClient,
    Gradebook,
    origin,
    raise_unless_taken,
    read_json_object,
    with_query,
)
from app.platforms.quirks import may_set_resource_link

TAG = "badge"
WITHOUT_LINK = frozenset({404, 412})


@dataclass(frozen=True)
class Column:
    """What the gradebook column of an assignment is, whatever its address.

    `resource_id`: the assignment's uuid. `resource_link_id`: `None` until the
    LMS has launched the assignment's link. `inherited_ids`: uuids of what it was
    copied from, nearest first; a copied column still carries one of them.
    `taken_urls`: columns of the course's other assignments.
    """

    label: str
    max_points: int
    resource_id: str
    resource_link_id: str | None
    inherited_ids: tuple[str, ...] = ()
    taken_urls: frozenset[str] = frozenset()


def find_column(ags: AgsClient, gradebook: Gradebook, column: Column) -> str | None:
    """Return the address of the assignment's column, or `None` if there is none.

    A platform may ignore the filters, so each item is looked at; two items may
    carry the same tag and id (Moodle, when one deep link is picked twice), so
    one that is coupled to another link is not ours.
    Source: AGS 2.0 §3.2.9 (filters), §3.2.8 (copied columns keep tag and id).
    """
    scope = _reading_scope(gradebook)
    if scope is None or gradebook.lineitems_url is None:
        return None
    if column.resource_link_id is not None:
        url = with_query(gradebook.lineitems_url, resource_link_id=column.resource_link_id)
        coupled = [
            item
            for item in ags.list_items(gradebook, scope, url, accept=CONTAINER_TYPE)
            if item.get("resourceLinkId") == column.resource_link_id
        ]
        found = _pick(gradebook, _ours_first(coupled, column))
        if found:
            return found
    own = with_query(gradebook.lineitems_url, resource_id=column.resource_id, tag=TAG)
    found = _find_tagged(
        ags, gradebook, scope, own, column=column, resource_ids=(column.resource_id,)
    )
    if found is None and column.inherited_ids:
        tagged = with_query(gradebook.lineitems_url, tag=TAG)
        found = _find_tagged(
            ags, gradebook, scope, tagged, column=column, resource_ids=column.inherited_ids
        )
    return found


def _find_tagged(
    ags: AgsClient,
    gradebook: Gradebook,
    scope: str,
    url: str,
    *,
    column: Column,
    resource_ids: tuple[str, ...],
) -> str | None:
    """Return the listed column with the first of these ids that is nobody else's."""
    items = [
        item
        for item in ags.list_items(gradebook, scope, url, accept=CONTAINER_TYPE)
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
        "tag": TAG,
    }
    linked = wanted | {"resourceLinkId": column.resource_link_id}
    may_link = column.resource_link_id is not None and may_set_resource_link(gradebook.family)
    reply = _post(ags, gradebook, linked if may_link else wanted)
    if may_link and reply.status in WITHOUT_LINK:
        reply = _post(ags, gradebook, wanted)
    raise_unless_taken(reply, gradebook.family)
    made = _pick(gradebook, [read_json_object(reply)]) or find_column(ags, gradebook, column)
    if made is None:
        raise PermanentError(
            "The LMS said that it made a gradebook column, but not where. "
            "Tell its administrator, then send this again."
        )
    return made


def _post(ags: AgsClient, gradebook: Gradebook, wanted: dict[str, Any]) -> Any:
    url = gradebook.lineitems_url or ""
    body = json.dumps(wanted, ensure_ascii=False)
    return ags.call(
        gradebook,
        LINEITEM,
        "POST",
        url,
        accept=LINEITEM_TYPE,
        content_type=LINEITEM_TYPE,
        body=body,
    )


def _reading_scope(gradebook: Gradebook) -> str | None:
    """Return the least scope that may list columns, if one was granted."""
    return next((s for s in (LINEITEM_READONLY, LINEITEM) if s in gradebook.scopes), None)


def _ours_first(items: Iterable[dict[str, Any]], column: Column) -> list[dict[str, Any]]:
    """Put the item with our id first, then our tag; among equals the oldest stays first."""
    return sorted(
        items,
        key=lambda item: (item.get("resourceId") != column.resource_id, item.get("tag") != TAG),
    )


def _is_anothers(item: dict[str, Any], column: Column) -> bool:
    if item.get("id") in column.taken_urls:
        return True
    link_id = item.get("resourceLinkId")
    return bool(link_id and column.resource_link_id and link_id != column.resource_link_id)


def _pick(gradebook: Gradebook, items: list[dict[str, Any]]) -> str | None:
    """Return the first item's address, if it is on the gradebook's own host."""
    host = origin(gradebook.lineitems_url or "")
    urls = (item.get("id") for item in items)
    return next((url for url in urls if isinstance(url, str) and origin(url) == host), None)

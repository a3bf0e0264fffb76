"""The client of LTI Assignment and Grade Services: columns, scores and results.

Every call has a time-out (`core.http`) and a token for the one scope that it needs.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.http import CallError, OutgoingClient, Reply
from app.outbox.errors import ParkedError, PermanentError
from app.passback.wire import (
    UNAUTHORIZED,
    ColumnGoneError,
    OutdatedError,
    below,
    next_page,
    origin,
    raise_unless_taken,
    with_query,
)
from app.platforms.quirks import may_limit_line_items
from app.platforms.tokens import Registration, TokenSource

__all__ = ["AgsClient", "ColumnGoneError", "Gradebook", "OutdatedError"]

SCOPES = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINEITEM = SCOPES + "lineitem"
LINEITEM_READONLY = SCOPES + "lineitem.readonly"
RESULT_READONLY = SCOPES + "result.readonly"
SCORE = SCOPES + "score"

LINEITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"

# More than any course has, and an end to a list that has none.
MAX_PAGES = 500
NOT_GRANTED = (
    "The LMS does not give the tool the right that this needs. When its administrator has "
    "allowed it, open the activity once; then we do it by ourselves."
)


@dataclass(frozen=True)
class Gradebook:
    """The gradebook of one course: how to reach it and what it lets the tool do."""

    registration: Registration
    family: str | None
    scopes: frozenset[str]
    lineitems_url: str | None


class AgsClient:
    """Talks to gradebooks; every call has a token for the least scopes that it needs."""

    def __init__(self, http: OutgoingClient, tokens: TokenSource) -> None:
        """Remember the outgoing client and where tokens come from."""
        self._http = http
        self._tokens = tokens

    def call(
        self,
        gradebook: Gradebook,
        scope: str,
        method: str,
        url: str,
        *,
        accept: str,
        content_type: str | None = None,
        body: str | None = None,
    ) -> Reply:
        """Send one request; after a 401 once more with a new token, at once.

        Raises: `CallError` if the platform cannot be reached.
        """
        headers = {"Accept": accept}
        if content_type:
            headers["Content-Type"] = content_type
        data = None if body is None else body.encode()
        reply = self._send(gradebook, scope, method, url, headers=headers, data=data)
        if reply.status == UNAUTHORIZED:
            reply = self._send(gradebook, scope, method, url, headers=headers, data=data)
        return reply

    def post_score(self, gradebook: Gradebook, lineitem_url: str, body: str) -> None:
        """Post one score, exactly as it is written.

        Raises: `OutdatedError`, `ColumnGoneError`, `RetryLaterError`,
            `ParkedError` or `PermanentError` if it was not taken.
        """
        url = below(lineitem_url, "scores")
        reply = self.call(
            gradebook,
            SCORE,
            "POST",
            url,
            accept="application/json, */*;q=0.5",
            content_type=SCORE_TYPE,
            body=body,
        )
        raise_unless_taken(reply, gradebook.family)

    def find_result(
        self, gradebook: Gradebook, lineitem_url: str, user_id: str
    ) -> dict[str, Any] | None:
        """Return what the gradebook holds for one learner, or `None` if nothing."""
        url = with_query(below(lineitem_url, "results"), user_id=user_id)
        pages = self.list_items(gradebook, RESULT_READONLY, url, accept=RESULTS_TYPE)
        return next((item for item in pages if item.get("userId") == user_id), None)

    def list_results(self, gradebook: Gradebook, lineitem_url: str) -> Iterator[dict[str, Any]]:
        """Yield what the gradebook holds for every learner, page by page."""
        url = below(lineitem_url, "results")
        return self.list_items(gradebook, RESULT_READONLY, url, accept=RESULTS_TYPE)

    def list_line_items(
        self,
        gradebook: Gradebook,
        *,
        resource_link_id: str | None = None,
        resource_id: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the columns of a course that pass the filters; a platform may ignore them.

        Source: AGS 2.0 §3.2.9.
        """
        filters = {"resource_link_id": resource_link_id, "resource_id": resource_id, "tag": tag}
        if limit is not None and may_limit_line_items(gradebook.family):
            filters["limit"] = str(limit)
        wanted = {name: value for name, value in filters.items() if value is not None}
        url = with_query(gradebook.lineitems_url or "", **wanted)
        scope = reading_scope(gradebook) or LINEITEM_READONLY
        return self.list_items(gradebook, scope, url, accept=CONTAINER_TYPE)

    def get_line_item(self, gradebook: Gradebook, url: str) -> dict[str, Any]:
        """Return everything that the platform says of one column.

        Raises: as `post_score`.
        """
        scope = reading_scope(gradebook) or LINEITEM_READONLY
        reply = self.call(gradebook, scope, "GET", url, accept=LINEITEM_TYPE)
        raise_unless_taken(reply, gradebook.family)
        item = reply.json()
        if not isinstance(item, dict):
            raise CallError("The answer was no gradebook column.")
        return item

    def post_line_item(self, gradebook: Gradebook, item: dict[str, Any]) -> Reply:
        """Ask for a new column; return the answer, whatever it is. Source: AGS 2.0 §3.2.4."""
        return self._write(gradebook, "POST", gradebook.lineitems_url or "", item)

    def put_line_item(self, gradebook: Gradebook, url: str, item: dict[str, Any]) -> None:
        """Replace everything that is said of a column. Source: AGS 2.0 §3.2.6.

        Raises: as `post_score`.
        """
        raise_unless_taken(self._write(gradebook, "PUT", url, item), gradebook.family)

    def delete_line_item(self, gradebook: Gradebook, url: str) -> None:
        """Delete a column with its grades; one that is gone already is deleted.

        Raises: as `post_score`.
        """
        reply = self.call(gradebook, LINEITEM, "DELETE", url, accept="*/*")
        try:
            raise_unless_taken(reply, gradebook.family)
        except ColumnGoneError:
            return

    def list_items(
        self, gradebook: Gradebook, scope: str, url: str, *, accept: str
    ) -> Iterator[dict[str, Any]]:
        """Yield the objects of a paged list; next pages are taken verbatim, on the same host only.

        Raises: `PermanentError` if it has no end, runs in a circle or leads
            elsewhere: an unfinished list must not pass for a whole one.
        """
        host, seen = origin(url), {url}
        for _ in range(MAX_PAGES):
            reply = self.call(gradebook, scope, "GET", url, accept=accept)
            raise_unless_taken(reply, gradebook.family)
            items = reply.json()
            if not isinstance(items, list):
                raise CallError("The answer was not a list.")
            yield from (item for item in items if isinstance(item, dict))
            following = next_page(reply.headers, url=url)
            if following is None:
                return
            if origin(following) != host:
                raise PermanentError("The LMS's list of columns or results leads to another host.")
            if following in seen:
                raise PermanentError("The LMS's list of columns or results runs in a circle.")
            seen.add(following)
            url = following
        raise PermanentError("The LMS's list of columns or results has no end.")

    def _write(self, gradebook: Gradebook, method: str, url: str, item: dict[str, Any]) -> Reply:
        return self.call(
            gradebook,
            LINEITEM,
            method,
            url,
            accept=LINEITEM_TYPE,
            content_type=LINEITEM_TYPE,
            body=json.dumps(item, ensure_ascii=False),
        )

    def _send(
        self,
        gradebook: Gradebook,
        scope: str,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        data: bytes | None,
    ) -> Reply:
        """Send one request with a token; forget a token that is not taken.

        A scope that was not granted is never asked for: on some platforms it
        would spoil the whole token.
        """
        if scope not in gradebook.scopes:
            raise ParkedError(NOT_GRANTED)
        scopes = frozenset({scope})
        token = self._tokens.get(gradebook.registration, scopes)
        bearer = {"Authorization": f"Bearer {token}"}
        reply = self._http.call(method, url, headers=headers | bearer, data=data)
        if reply.status == UNAUTHORIZED:
            self._tokens.drop(gradebook.registration, scopes)
        return reply


def reading_scope(gradebook: Gradebook) -> str | None:
    """Return the least scope that may read columns, if one was granted."""
    return next((s for s in (LINEITEM_READONLY, LINEITEM) if s in gradebook.scopes), None)

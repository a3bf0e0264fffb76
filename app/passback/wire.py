"""What goes over the wire of AGS: addresses, headers, and what an answer means."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from requests.utils import parse_header_links

from app.core.errors import DeliveryError
from app.core.http import Reply
from app.core.told import read_http_date, retry_after
from app.outbox.errors import ParkedError, PermanentError, RetryLaterError
from app.platforms.quirks import explain_refusal, is_outdated, is_throttled

UNAUTHORIZED, FORBIDDEN = 401, 403
GONE = frozenset({404, 410})
TRY_AGAIN = frozenset({408, 425, 429})


class OutdatedError(DeliveryError):
    """The platform holds an entry of the same or a later time. `told_at`: its clock, if told."""

    def __init__(self, told_at: datetime | None) -> None:
        """Keep the platform's clock."""
        super().__init__("The gradebook holds an entry of the same or a later time.")
        self.told_at = told_at


class ColumnGoneError(ParkedError):
    """The platform knows no such gradebook column."""


def raise_unless_taken(reply: Reply, family: str | None) -> None:
    """Say what a refusal means; return if it is none.

    Source: AGS 2.0 §3.4; RFC 9110 §15; what each LMS does differently is in
    `platforms.quirks`.
    """
    status, text = reply.status, reply.body[:4000].decode("utf-8", "replace")
    if 200 <= status < 300:  # noqa: PLR2004 (the range of success)
        if text.lstrip().startswith("<"):
            raise RetryLaterError("The LMS answered with a web page, not with a receipt.")
        return
    if is_outdated(status, text):
        raise OutdatedError(read_http_date(reply.headers.get("Date")))
    if status in TRY_AGAIN or is_throttled(status, reply.headers):
        raise RetryLaterError(
            f"The LMS asks us to slow down (HTTP {status}).", after=retry_after(reply.headers)
        )
    if status >= 500:  # noqa: PLR2004 (the range of server errors)
        raise RetryLaterError(
            f"The LMS has a fault of its own (HTTP {status}).", after=retry_after(reply.headers)
        )
    if status < 400:  # noqa: PLR2004 (a redirect: usually a page of maintenance or sign-in)
        raise RetryLaterError(f"The LMS sent us elsewhere (HTTP {status}).")
    if status == UNAUTHORIZED:
        raise RetryLaterError("The LMS does not take the access that it gave us (HTTP 401).")
    if status in GONE:
        raise ColumnGoneError(
            "The gradebook column is gone from the LMS. Make the activity graded there and open "
            "it once; then we send this again by ourselves."
        )
    if status == FORBIDDEN:
        raise ParkedError(
            "The LMS does not let the tool write to this gradebook (HTTP 403). When its "
            "administrator has allowed it, open the activity once; then we send this again."
        )
    raise PermanentError(explain_refusal(family, status, text))


def below(url: str, name: str) -> str:
    """Return the address one step below, its query kept: Moodle's column ids end in `?type_id=N`.

    Source: AGS 2.0 §3.4.1.
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def with_query(url: str, **extra: str) -> str:
    """Return the address with more query parameters behind those that it has."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *extra.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


def origin(url: str) -> tuple[str, str]:
    """Return scheme and host with port, to compare two addresses by."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def next_page(headers: Mapping[str, str], *, url: str) -> str | None:
    """Return the whole address of the page after `url`, letter by letter as it was told.

    Raises: `PermanentError` if it is no address.
    Source: RFC 8288.
    """
    for link in parse_header_links(headers.get("Link", "")):
        if "next" in link.get("rel", "").lower().split() and link.get("url"):
            told = str(link["url"])
            try:
                return told if urlsplit(told).netloc else urljoin(url, told)
            except ValueError as error:
                raise PermanentError(
                    "The LMS says that its list goes on, but not readably where."
                ) from error
    return None


def read_json_object(reply: Reply) -> dict[str, Any]:
    """Return the answer's JSON object, or an empty one if it is something else."""
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}

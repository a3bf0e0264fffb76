"""The client of LTI Assignment and Grade Services: media types, tokens, what answers mean."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from requests.utils import parse_header_links

from app.core.errors import DeliveryError
from app.core.http import CallError, OutgoingClient, Reply
from app.outbox.errors import ParkedError, PermanentError, RetryLaterError
from app.platforms.quirks import explain_refusal, is_outdated, is_throttled
from app.platforms.tokens import Registration, TokenSource

SCOPES = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINEITEM = SCOPES + "lineitem"
LINEITEM_READONLY = SCOPES + "lineitem.readonly"
RESULT_READONLY = SCOPES + "result.readonly"
SCORE = SCOPES + "score"

LINEITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"

MAX_PAGES = 20
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

    def list_items(
        self, gradebook: Gradebook, scope: str, url: str, *, accept: str
    ) -> Iterator[dict[str, Any]]:
        """Yield the objects of a paged list; next pages are taken verbatim, on the same host only.

        Raises: `PermanentError` if it has no end or leads elsewhere: an unfinished
            list must not pass for a whole one.
        """
        host = origin(url)
        for _ in range(MAX_PAGES):
            reply = self.call(gradebook, scope, "GET", url, accept=accept)
            raise_unless_taken(reply, gradebook.family)
            items = reply.json()
            if not isinstance(items, list):
                raise CallError("The answer was not a list.")
            yield from (item for item in items if isinstance(item, dict))
            following = next_page(reply.headers)
            if following is None:
                return
            if not urlsplit(following).netloc:
                following = urljoin(url, following)
            if origin(following) != host:
                raise PermanentError("The LMS's list of columns or results leads to another host.")
            url = following
        raise PermanentError("The LMS's list of columns or results has no end.")

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
        """Send one request with a token; forget a token that is not taken."""
        scopes = frozenset({scope})
        token = self._tokens.get(gradebook.registration, scopes)
        bearer = {"Authorization": f"Bearer {token}"}
        reply = self._http.call(method, url, headers=headers | bearer, data=data)
        if reply.status == UNAUTHORIZED:
            self._tokens.drop(gradebook.registration, scopes)
        return reply


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
        raise OutdatedError(_date(reply.headers.get("Date")))
    if status in TRY_AGAIN or is_throttled(status, reply.headers):
        raise RetryLaterError(
            f"The LMS asks us to slow down (HTTP {status}).", after=_retry_after(reply.headers)
        )
    if status >= 500:  # noqa: PLR2004 (the range of server errors)
        raise RetryLaterError(
            f"The LMS has a fault of its own (HTTP {status}).", after=_retry_after(reply.headers)
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


def next_page(headers: Mapping[str, str]) -> str | None:
    """Return the address of the next page, letter by letter as it was told. Source: RFC 8288."""
    for link in parse_header_links(headers.get("Link", "")):
        if "next" in link.get("rel", "").lower().split() and link.get("url"):
            return str(link["url"])
    return None


def read_json_object(reply: Reply) -> dict[str, Any]:
    """Return the answer's JSON object, or an empty one if it is something else."""
    try:
        answer = json.loads(reply.body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read `Retry-After`: seconds, or a date measured by the platform's own clock."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return timedelta(seconds=min(int(value), 10**7))
    until, told = _date(value), _date(headers.get("Date"))
    return max(until - told, timedelta(0)) if until and told else None


def _date(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

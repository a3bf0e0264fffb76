"""The client of LTI Names and Role Provisioning Services: a whole roster, or an error."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.core.errors import DeliveryError
from app.core.http import READ_SECONDS, CallError, OutgoingClient, Reply
from app.core.told import UnreadablePageLinkError, next_page, same_origin
from app.courses.members import Member, merge, read_member
from app.platforms.quirks import is_throttled
from app.platforms.tokens import Registration, TokenSource

SCOPES = frozenset({"https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"})
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
# A hint only: some platforms send a whole course at once unless asked for less.
PAGE_SIZE = 500
MAX_PAGES = 1000
MAX_MEMBERS = 100_000
SHORTEST_WAIT_SECONDS = 1.0
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, GONE, SLOW_DOWN = 200, 401, 403, 404, 410, 429


class RosterError(DeliveryError):
    """There is no whole roster; the message says in plain words why, and what can be done."""


class UnreachableError(RosterError):
    """The LMS did not answer."""


class TooSlowError(RosterError):
    """The roster is longer, or the LMS slower, than there is time for."""


class Clock(Protocol):
    """Tells the present moment."""

    def __call__(self) -> datetime:
        """Return aware UTC."""


@dataclass(frozen=True)
class Roster:
    """A whole roster, each person once; `unreadable`: entries that name nobody."""

    members: Mapping[str, Member]
    unreadable: int


class NrpsClient:
    """Reads rosters, with a token for their scope alone."""

    def __init__(self, http: OutgoingClient, tokens: TokenSource, *, clock: Clock) -> None:
        """Remember the outgoing client, where tokens come from, and the clock."""
        self._http, self._tokens, self._clock = http, tokens, clock

    def read(self, registration: Registration, url: str, *, until: datetime) -> Roster:
        """Return everybody in a course; not before the last page was read.

        Source: Names and Role Provisioning Services 2.0 §2.4.
        Raises: `TooSlowError` if it is not done by `until`; `RosterError` if the
            platform refuses or breaks off, or if it cannot be said where the list ends.
        """
        members: dict[str, Member] = {}
        unreadable = 0
        for page in self._pages(registration, _with_limit(url), until=until):
            for raw in page:
                member = read_member(raw)
                if member is None:
                    unreadable += 1
                    continue
                known = members.get(member.sub)
                members[member.sub] = member if known is None else merge(known, member)
            if len(members) > MAX_MEMBERS:
                raise RosterError(
                    f"The LMS lists more than {MAX_MEMBERS:,} people, more than one course holds."
                )
        return Roster(members, unreadable)

    def _pages(
        self, registration: Registration, first_url: str, *, until: datetime
    ) -> Iterator[list[Any]]:
        url: str | None = first_url
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise RosterError("The pages of the LMS's list lead round in a circle.")
            if len(seen) >= MAX_PAGES:
                raise RosterError("The LMS's list has no end: there is always one more page.")
            seen.add(url)
            reply = self._get(registration, url, until=until)
            yield _read_page(reply)
            url = _following(reply, url, first_url)

    def _get(self, registration: Registration, url: str, *, until: datetime) -> Reply:
        """Fetch one page; after a 401 once more with a new token, at once."""
        try:
            reply = self._send(registration, url, until=until)
            if reply.status == UNAUTHORIZED:
                reply = self._send(registration, url, until=until)
        except CallError as error:
            raise UnreachableError(f"The LMS could not be reached. {error}") from error
        except RosterError:
            raise
        except DeliveryError as error:  # no token: its words are for people already
            raise RosterError(str(error)) from error
        _raise_unless_ok(reply)
        return reply

    def _send(self, registration: Registration, url: str, *, until: datetime) -> Reply:
        left = (until - self._clock()).total_seconds()
        if left <= 0:
            raise TooSlowError("The LMS takes longer to list everybody than a page can wait.")
        headers = {
            "Accept": MEDIA_TYPE,
            "Authorization": f"Bearer {self._tokens.get(registration, SCOPES)}",
        }
        wait = min(READ_SECONDS, max(left, SHORTEST_WAIT_SECONDS))
        reply = self._http.call("GET", url, headers=headers, read_seconds=wait)
        if reply.status == UNAUTHORIZED:
            self._tokens.drop(registration, SCOPES)
        return reply


def _with_limit(url: str) -> str:
    """Return the address with a wish for the size of a page; the query that it has is kept."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise RosterError("The address that the LMS told for its list cannot be read.") from error
    if any(name == "limit" for name, _ in parse_qsl(parts.query)):
        return url
    extra = urlencode({"limit": PAGE_SIZE})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, extra)))))


def _read_page(reply: Reply) -> list[Any]:
    """Return the entries of one page.

    An answer without the array `members` is no roster, whatever its status: an
    empty one must not pass for a course that everybody has left.
    """
    try:
        body = reply.json()
    except CallError as error:
        raise RosterError("The LMS answered with something that is no list of people.") from error
    members = body.get("members") if isinstance(body, dict) else None
    if not isinstance(members, list):
        raise RosterError("The LMS answered with something that is no list of people.")
    return members


def _following(reply: Reply, url: str, first_url: str) -> str | None:
    try:
        following = next_page(reply.headers, url=url)
    except UnreadablePageLinkError as error:
        raise RosterError("The LMS says that the list goes on, but not readably where.") from error
    # The token goes to the host that it was given for, and to no other.
    if following is not None and not same_origin(following, first_url):
        raise RosterError("The next page of the LMS's list is on another host; it is not read.")
    return following


def _raise_unless_ok(reply: Reply) -> None:
    status = reply.status
    if status == OK:
        return
    if status == UNAUTHORIZED:
        raise RosterError("The LMS does not take the access that it gave the tool (HTTP 401).")
    if status == SLOW_DOWN or is_throttled(status, reply.headers):
        raise RosterError(f"The LMS asks the tool to slow down (HTTP {status}).")
    if status == FORBIDDEN:
        raise RosterError(
            "The LMS does not let the tool read who is in this course (HTTP 403). Its "
            "administrator can allow it: “Names and Role Provisioning Services”."
        )
    if status in {NOT_FOUND, GONE}:
        raise RosterError(
            f"The LMS no longer has this list (HTTP {status}). Open an activity of the course "
            "once; the launch tells its new address."
        )
    if status >= 500:  # noqa: PLR2004 (the range of server errors)
        raise RosterError(f"The LMS has a fault of its own (HTTP {status}).")
    raise RosterError(f"The LMS did not answer with a list of people (HTTP {status}).")

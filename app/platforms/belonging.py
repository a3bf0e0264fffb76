"""Where a registration may send what the tool signs: to its own LMS, never to another's.

The tool signs towards every LMS with one key. What an assertion is good for is
settled by its client id and its audience, so those two must not be borrowed
from somebody else's registration.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import ConflictError, InvalidError
from app.platforms.configuration import host_of, related
from app.platforms.models import Platform

USUAL_PORTS = {None, 80, 443}
THIS_MACHINE = frozenset({"127.0.0.1", "::1"})
COLUMNS = (
    *(Platform.issuer, Platform.auth_url, Platform.jwks_url),
    *(Platform.token_url, Platform.token_audience),
)


class Addresses(NamedTuple):
    """The addresses of one registration; `token_audience` is `None` for the token URL itself."""

    issuer: str
    auth_url: str
    jwks_url: str
    token_url: str
    token_audience: str | None

    @classmethod
    def of(cls, platform: Platform) -> "Addresses":
        """Return what stands in a row."""
        return cls(
            platform.issuer,
            platform.auth_url,
            platform.jwks_url,
            platform.token_url,
            platform.token_audience,
        )

    def hosts(self) -> set[str]:
        """Return the hosts that it stands on."""
        return {_host(address) for address in self if address and _host(address)}

    def places(self) -> set[str]:
        """Return host and port of every address."""
        return {_place(address) for address in self if address and _host(address)}


def check_audience(addresses: Addresses) -> None:
    """Check that token requests speak to the LMS that they are sent to.

    Raises: `InvalidError`.
    """
    audience = addresses.token_audience
    if audience is None:
        return
    host = _host(audience)
    if not host or urlsplit(audience).scheme not in {"http", "https"}:
        raise InvalidError("The audience of token requests must be a whole http(s) address.")
    if not any(related(host, _host(own)) for own in (addresses.token_url, addresses.issuer)):
        raise InvalidError(
            f"The audience of token requests stands at {host}, which belongs neither to the "
            "access token URL nor to the issuer. It must be an address of the same LMS."
        )


def check_is_apart(
    session: Session, addresses: Addresses, *, client_id: str, besides: int | None = None
) -> None:
    """Check that no other LMS knows the tool by this client id on the same hosts.

    All institutions' registrations count, in whatever state: an LMS believes the
    tool's key whether or not it is switched off here. Related hosts count as
    well, since an LMS often has more names than are registered; except where both
    registrations stand wholly in one domain (two Moodles of a university, Canvas
    and its test copy), whose owner answers for both. Client ids are compared
    without regard to capitals: some LMSs do not tell them apart.
    Raises: `ConflictError`.
    """
    known = session.execute(select(Platform.id, Platform.client_id, *COLUMNS))
    for number, known_id, *columns in known:
        if number == besides or known_id.strip().casefold() != client_id.strip().casefold():
            continue
        if _meet(addresses, Addresses._make(columns)):
            raise ConflictError(
                "This client id is registered here for another LMS, to which some of these "
                "addresses belong. Give the LMS its own issuer, client id and addresses; if "
                "they are right, ask whoever runs Assay to look for the other registration."
            )


def _meet(one: Addresses, other: Addresses) -> bool:
    if one.places() & other.places():
        return True
    ours, theirs = one.hosts(), other.hosts()
    if not any(related(mine, their) for mine in ours for their in theirs):
        return False
    first = next(iter(ours))
    return not all(related(first, host) for host in ours | theirs)


def _host(address: str) -> str:
    host = host_of(address)
    return "localhost" if host in THIS_MACHINE else host


def _place(address: str) -> str:
    try:
        port = urlsplit(address).port
    except ValueError:
        port = None
    return _host(address) if port in USUAL_PORTS else f"{_host(address)}:{port}"

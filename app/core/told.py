"""Reading what another system tells: texts cleaned, the next page of a list. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

LINK = re.compile(r"<(?P<url>[^<>]*)>(?P<rest>[^<]*)")
LINK_TARGET = re.compile(r"<[^<>]*>")
REL = re.compile(r""";\s*rel\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[\w.-]+))""", re.IGNORECASE)
SAYS_NEXT = re.compile(r"\brel\s*=\W*(?:\w+\s+)*next\b", re.IGNORECASE)
DEFAULT_PORTS = {"https": 443, "http": 80}


class UnreadablePageLinkError(ValueError):
    """There is a next page, but where it is cannot be read."""


def clean_text(raw: Any, *, max_length: int) -> str | None:
    """Return a text without what does not print, or `None` if it says nothing.

    A substitution variable that the platform did not resolve arrives as its
    own name ("$User.name") or empty: both are no value. Source: LTI 1.3 core, appendix B.
    """
    if not isinstance(raw, str):
        return None
    shown = raw if raw.isprintable() else "".join(char for char in raw if char.isprintable())
    text = shown.strip()
    return None if not text or text.startswith("$") else text[:max_length]


def next_page(headers: Mapping[str, str], *, url: str) -> str | None:
    """Return the whole address of the page after `url`, letter by letter as it was told.

    Raises: `UnreadablePageLinkError` if the header speaks of a next page in a way
        that cannot be read: a list that goes on must not pass for a whole one.
    Source: RFC 8288 §3; Moodle has been seen to send curly quotes there.
    """
    header = headers.get("Link", "")
    for link in LINK.finditer(header):
        rel = REL.search(link["rest"])
        words = (rel["quoted"] or rel["bare"] or "").lower().split() if rel else []
        if "next" in words and link["url"].strip():
            told = link["url"].strip()
            try:
                return told if urlsplit(told).netloc else urljoin(url, told)
            except ValueError as error:  # half an IPv6 address
                raise UnreadablePageLinkError(told[:200]) from error
    if SAYS_NEXT.search(LINK_TARGET.sub("", header)):
        raise UnreadablePageLinkError(header[:200])
    return None


def same_origin(one: str, other: str) -> bool:
    """Return whether two addresses have the same scheme, host and port."""
    try:
        return _origin(one) == _origin(other)
    except ValueError:  # a port that is no number, half an IPv6 address
        return False


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read `Retry-After`: seconds, or a date measured by the platform's own clock."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        # Python reads no number of thousands of digits; the first few say “long” as well.
        return timedelta(seconds=min(int(value[:20]), 10**7))
    until, told = read_http_date(value), read_http_date(headers.get("Date"))
    return max(until - told, timedelta(0)) if until and told else None


def read_http_date(value: str | None) -> datetime | None:
    """Return the moment that a header names, `None` if it names none."""
    try:
        moment = parsedate_to_datetime(value or "")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the last day of 9999, west of Greenwich
        return None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)

"""Which text and addresses every verifier reads the same way."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

from app.core.errors import InvalidError

# Tab and line breaks stay; lone surrogates cannot be written as UTF-8 at all, and U+FFFE and
# U+FFFF, like the control characters, are escaped by some libraries only.
_UNSIGNABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_PLAIN = r"[A-Za-z0-9\-._~:/?@!$&'()*+,;=]*"
_CHARACTERS = rf"{_PLAIN}(?:%[0-9A-Fa-f]{{2}}{_PLAIN})*"
_IRI = re.compile(rf"[A-Za-z][A-Za-z0-9+.\-]*:(?=[^#]){_CHARACTERS}(?:#{_CHARACTERS})?")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LAST_BEFORE_SURROGATES = "\uffff"


def clean_text(text: str) -> str:
    """Return the text without the characters that libraries escape differently, and trimmed.

    Such a character would be signed in one spelling and checked in another.
    """
    return _UNSIGNABLE.sub("", text).strip()


def is_signable(text: str) -> bool:
    """Say whether the text holds none of the characters that `clean_text` removes."""
    return _UNSIGNABLE.search(text) is None


def encode_iri(address: str) -> str:
    """Percent-encode an address down to the ASCII that every verifier accepts as an IRI.

    Raises: `InvalidError` if it is not an absolute address afterwards.
    Source: RFC 3986 section 2; a verifier silently drops a node whose id has a space.
    """
    if is_absolute_iri(address):  # nothing in it would change
        return address
    text = _STRAY_PERCENT.sub("%25", clean_text(address))
    head, mark, fragment = text.partition("#")
    safe = "%:/?@!$&'()*+,;=~"
    encoded = quote(head, safe=safe) + mark + quote(fragment, safe=safe)
    if not is_absolute_iri(encoded):
        raise InvalidError(f"“{text}” is not a complete address; it must start as https://… does.")
    return encoded


def is_absolute_iri(text: str) -> bool:
    """Say whether the text is an absolute IRI in plain, well-formed ASCII."""
    return _IRI.fullmatch(text) is not None


def sorts_alike(lines: list[bytes]) -> bool:
    """Say whether sorted UTF-8 lines stand in the same order when sorted as UTF-16.

    JavaScript verifiers sort by UTF-16 units and would hash an emoji and a full-width letter
    in the other order.
    Source: RDFC-1.0 section 4.4.3 demands code point order.
    """
    texts = [line.decode() for line in lines]
    if not any(map(is_beyond_first_plane, texts)):
        return True
    return texts == sorted(texts, key=lambda text: text.encode("utf-16-be"))


def is_beyond_first_plane(text: str) -> bool:
    """Say whether the text has a character that JavaScript writes as two, such as an emoji."""
    return not text.isascii() and max(text) > _LAST_BEFORE_SURROGATES


def timestamp(moment: datetime) -> str:
    """Return a moment as the standard writes it: UTC, whole seconds, `Z`.

    Raises: `ValueError` if the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("A credential's times must have a time zone.")
    in_utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{in_utc.isoformat(timespec='seconds')}Z"

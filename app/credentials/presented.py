"""What somebody presents to be verified: taken apart with care, and believed in nothing. Pure."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.errors import InvalidError
from app.credentials.baking import unbake
from app.credentials.png_chunks import SIGNATURE

MAX_BYTES: Final = 1_000_000  # of a picture
MAX_TEXT_BYTES: Final = 300_000
# Many times what any badge has; what is more is made to keep a canonicaliser busy.
_MAX_OBJECTS: Final = 1000
_MAX_DEPTH: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_ADDRESS: Final = re.compile(r"https?://[!-~]{1,2000}")
_UNKNOWN: Final = (
    "This is no badge that can be read here: a PNG or SVG with a credential inside, a credential "
    "as JSON, or a token of three parts with dots between."
)


@dataclass(frozen=True, slots=True)
class Presented:
    """What was found: one of the three, the others `None`.

    `credential`: a document with its proof, or what claims to be one. `token`: a
    signed token. `address`: where a hosted badge says that it stands.
    """

    credential: Mapping[str, Any] | None = None
    token: str | None = None
    address: str | None = None


def read_presented(data: bytes) -> Presented:
    """Find the credential in a file or a pasted text; the newer one if there are two.

    Raises: `InvalidError` if there is none, or it is too large.
    """
    if len(data) > MAX_BYTES:
        raise InvalidError("The file is too large for a badge: a megabyte is the most.")
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if data.startswith(SIGNATURE) or start == b"<":
        found = unbake(data)
        return _read_text(found.ob3 or found.ob2 or "")
    try:
        return _read_text(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidError(_UNKNOWN) from error


def claimed_issuer(presented: Presented) -> str | None:
    """Return the id of whom a credential or token names as its issuer, unproven."""
    claimed: Any = presented.credential
    if presented.token is not None:
        claimed = _read_part(presented.token, 1)
    issuer = claimed.get("issuer") if isinstance(claimed, Mapping) else None
    found = issuer.get("id") if isinstance(issuer, Mapping) else issuer
    return found if isinstance(found, str) else None


def check_header(token: str) -> None:
    """Refuse a token whose header asks for a trick, and name it.

    Raises: `InvalidError`.
    Source: RFC 8725 sections 2.1 and 3.1 (algorithms), 2.10 and 3.10 (keys in the header).
    """
    header = _read_part(token, 0)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm.lower() == "none" or token.endswith("."):
        raise InvalidError("The token is not signed at all.")
    if algorithm != "RS256":
        raise InvalidError(
            f"The token is signed by “{algorithm[:20]}”; tokens of this issuer are signed by RS256."
        )
    if header.keys() & {"jwk", "jku", "x5c", "x5u"}:
        raise InvalidError(
            "The token brings its own key along. That proves nothing: only the keys that the "
            "issuer publishes count."
        )


def _read_text(text: str) -> Presented:
    text = text.strip()
    if not text:
        raise InvalidError("There is nothing in it.")
    if len(text) > MAX_TEXT_BYTES:
        raise InvalidError("The credential is larger than any badge.")
    if _ADDRESS.fullmatch(text):
        return Presented(address=text)
    if _TOKEN.fullmatch(text):
        return Presented(token=text)
    if not text.startswith("{"):
        raise InvalidError(_UNKNOWN)
    document = _read_json(text)
    if document.get("type") == "Assertion" or "badge" in document:
        address = document.get("id")
        if not isinstance(address, str):
            raise InvalidError("The badge does not say where it stands.")
        return Presented(address=address)
    return Presented(credential=document)


def _read_json(text: str) -> dict[str, Any]:
    """Read one JSON object; no name twice in it, for readers differ in which they take."""
    objects = 0

    def build(members: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal objects
        objects += 1
        built = dict(members)
        if len(built) != len(members):
            raise InvalidError("The credential says one thing twice.")
        if objects > _MAX_OBJECTS:
            raise InvalidError("The credential has more parts than any badge.")
        return built

    if _depth(text) > _MAX_DEPTH:
        raise InvalidError("The credential is nested too deeply.")
    try:
        document = json.loads(text, object_pairs_hook=build, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidError("The credential cannot be read: it is no JSON.") from error
    if not isinstance(document, dict):
        raise InvalidError(_UNKNOWN)
    return document


def _depth(text: str) -> int:
    """Return the greatest depth of brackets, those in texts counted too."""
    depth = deepest = 0
    for letter in re.findall(r"[\[\]{}]", text):
        depth += 1 if letter in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _read_part(token: str, number: int) -> dict[str, Any]:
    part = token.split(".")[number]
    try:
        return _read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())
    except ValueError as error:
        raise InvalidError("The token cannot be read.") from error

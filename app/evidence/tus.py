"""The words of the tus protocol, 1.0.0: what a script sends in headers. Pure.

Source: https://tus.io/protocols/resumable-upload, core and the extensions
Creation, Expiration, Termination and Checksum.
"""

import base64
import re

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination,checksum"
PIECE_TYPE = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460
# More than 15 digits is no file, and no database column.
NUMBER = re.compile(r"[0-9]{1,15}")


class HeaderError(ValueError):
    """A header is missing or makes no sense; its text says which."""


def read_number(name: str, value: str | None) -> int:
    """Return a header that is a number of bytes. Raises: `HeaderError`."""
    if value is None or not NUMBER.fullmatch(value):
        raise HeaderError(f"{name} must be a number of bytes.")
    return int(value)


def read_metadata(value: str | None) -> dict[str, str]:
    """Return the pairs of `Upload-Metadata`, decoded. Raises: `HeaderError`."""
    pairs: dict[str, str] = {}
    for pair in (value or "").split(","):
        key, _, encoded = pair.strip().partition(" ")
        if not key:
            continue
        try:
            pairs[key] = base64.b64decode(encoded, validate=True).decode()
        except ValueError as error:
            raise HeaderError(f"Upload-Metadata: {key} is no Base64 of UTF-8.") from error
    return pairs

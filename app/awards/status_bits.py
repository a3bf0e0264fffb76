"""Bitstring status lists: the bits, and the credential that publishes them. Pure."""

import base64
import gzip
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from app.core.errors import InvalidError
from app.credentials.text import encode_iri, timestamp

# The smallest list that the standard allows: among fewer, an award would be found by its number.
SMALLEST: Final = 131_072
CONTEXTS: Final = ("https://www.w3.org/ns/credentials/v2",)
TYPES: Final = ("VerifiableCredential", "BitstringStatusListCredential")
PURPOSE: Final = "revocation"
_BITS: Final = 8
# The highest level takes thirty times as long on a sparse list, for a tenth of its size.
_LEVEL: Final = 6


def with_bits(bits: bytes, numbers: Iterable[int], *, is_set: bool) -> bytes:
    """Return the bitstring with these bits set or cleared; bit 0 is the first byte's highest.

    Source: W3C Bitstring Status List 1.0, section 3.3 (Bitstring Encoding).
    """
    changed = bytearray(bits)
    for number in numbers:
        mask = 0x80 >> number % _BITS
        if is_set:
            changed[number // _BITS] |= mask
        else:
            changed[number // _BITS] &= ~mask
    return bytes(changed)


def is_bit_set(bits: bytes, number: int) -> bool:
    """Return one bit.

    Raises: `InvalidError` if the list has no such bit.
    """
    if not 0 <= number < len(bits) * _BITS:
        raise InvalidError("The status list has no such entry.")
    return bool(bits[number // _BITS] & 0x80 >> number % _BITS)


def encode_bits(bits: bytes) -> str:
    """Return the bits as they are published: multibase, base64url, gzip.

    The same bits are always the same text: gzip's time is left out.
    """
    packed = gzip.compress(bits, _LEVEL, mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def build_list(address: str, *, issuer_did: str, bits: bytes, now: datetime) -> dict[str, Any]:
    """Build the unsigned credential of a status list.

    Raises: `InvalidError` if it is shorter than the standard allows.
    Source: W3C Bitstring Status List 1.0, section 2.2 (BitstringStatusListCredential).
    """
    if len(bits) * _BITS < SMALLEST:
        raise InvalidError("The status list is too short to hide an award among others.")
    return {
        "@context": list(CONTEXTS),
        "id": encode_iri(address),
        "type": list(TYPES),
        "issuer": issuer_did,
        "validFrom": timestamp(now),
        "credentialSubject": {
            "id": encode_iri(f"{address}#list"),
            "type": "BitstringStatusList",
            "statusPurpose": PURPOSE,
            "encodedList": encode_bits(bits),
        },
    }

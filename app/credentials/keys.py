"""Ed25519 keys, written as Multikeys."""

from functools import lru_cache
from typing import Final

import base58
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from app.core.errors import InvalidError

_ED25519_PUBLIC: Final = b"\xed\x01"  # multicodec 0xed as a varint
_PUBLIC_BYTES: Final = 32
_DIGITS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PAIRS: Final = [first + second for first in _DIGITS for second in _DIGITS]
_TWO_DIGITS: Final = len(_PAIRS)
_PART_PAIRS: Final = 5
_PART: Final = _TWO_DIGITS**_PART_PAIRS  # what fits into one machine word


def generate_private_key() -> bytes:
    """Return a new private key: the 32 raw bytes, to be sealed before they are stored."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


@lru_cache(maxsize=64)
def load_private_key(private: bytes) -> Ed25519PrivateKey:
    """Return the key of the 32 raw bytes; it is read once, for reading costs as much as signing."""
    return Ed25519PrivateKey.from_private_bytes(private)


def public_multikey(private: bytes) -> str:
    """Return the public half as a Multikey, which starts with `z6Mk`.

    Source: W3C Controlled Identifiers 1.0, Multikey.
    """
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return encode_multibase(_ED25519_PUBLIC + public)


def multikey_to_public(multikey: str) -> Ed25519PublicKey:
    """Read a public key from a Multikey.

    Raises: `InvalidError` if it is not an Ed25519 Multikey.
    """
    raw = decode_multibase(multikey)
    if not raw.startswith(_ED25519_PUBLIC) or len(raw) != len(_ED25519_PUBLIC) + _PUBLIC_BYTES:
        raise InvalidError("The key is not an Ed25519 key in Multikey form.")
    return Ed25519PublicKey.from_public_bytes(raw.removeprefix(_ED25519_PUBLIC))


def verification_method(issuer_did: str, multikey: str) -> str:
    """Return the id of a key of the issuer.

    Some verifiers take the key out of the fragment and others look the id up in the DID
    document, so the one spelling that suits both is used.
    """
    return f"{issuer_did}#{multikey}"


def encode_multibase(raw: bytes) -> str:
    """Write bytes as base58btc with its multibase prefix `z`."""
    number = int.from_bytes(raw, "big")
    written = []
    while number:  # a long number is divided as seldom as can be
        number, part = divmod(number, _PART)
        for _ in range(_PART_PAIRS):
            written.append(_PAIRS[part % _TWO_DIGITS])
            part //= _TWO_DIGITS
    digits = "".join(reversed(written)).lstrip(_DIGITS[0])
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return "z" + _DIGITS[0] * zeros + digits


def decode_multibase(text: str) -> bytes:
    """Read base58btc with its multibase prefix `z`.

    Raises: `InvalidError` if it is anything else.
    """
    if not text.startswith("z"):
        raise InvalidError("Only base58btc values, which start with z, are understood.")
    try:
        return bytes(base58.b58decode(text[1:]))
    except ValueError as error:
        raise InvalidError("A key or signature is not written in base58btc.") from error

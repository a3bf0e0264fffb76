"""Base58 of whole signatures, read quickly. Pure."""

from typing import Final

from app.core.errors import InvalidError

_DIGITS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
# So many digits stay a small number, which costs far less than a large one.
_CHUNK: Final = 10
_POWERS: Final = tuple(58**length for length in range(_CHUNK + 1))


def decode_signature(text: str, *, size: int) -> bytes:
    """Read so many bytes of base58btc with its multibase prefix `z`.

    Raises: `InvalidError` if it is anything else.
    """
    if not text.startswith("z") or len(text) > 2 * size:
        raise InvalidError("Only base58btc values of the right length, which start with z, do.")
    number = 0
    try:
        for start in range(1, len(text), _CHUNK):
            chunk, part = text[start : start + _CHUNK], 0
            for digit in chunk:
                part = part * 58 + _VALUES[digit]
            number = number * _POWERS[len(chunk)] + part
        raw = number.to_bytes(size, "big")
    except (KeyError, OverflowError) as error:
        raise InvalidError("The signature is not written in base58btc.") from error
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    if len(text) - 1 - len(text[1:].lstrip("1")) != zeros:
        raise InvalidError("The signature has the wrong length.")
    return raw

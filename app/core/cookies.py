"""Cookies that work inside an LMS's frame, and how their values are signed.

Every launch sets and drops a few of them, and their attributes are always the same.
"""

from typing import Any

from itsdangerous import Signer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from itsdangerous.serializer import Serializer
from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

ATTRIBUTES = dump_cookie(
    "a", path="/", secure=True, httponly=True, samesite="None", partitioned=True
).removeprefix("a=; ")


class PlainSerializer(URLSafeTimedSerializer):
    """Signs as `URLSafeTimedSerializer` does, but faster.

    It does not compress, which takes longer than what it saves of so short a text,
    and derives the keys from the secret ones once instead of for each signature.
    """

    _ready: Signer | None = None

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        """Return the signer, with its keys derived."""
        if salt is not None and salt != self.salt:
            return super().make_signer(salt)
        if self._ready is None:
            made = super().make_signer()
            keys = [made.derive_key(key) for key in made.secret_keys]
            derived = {**self.signer_kwargs, "key_derivation": "none"}
            self._ready = self.signer(keys, salt=self.salt, **derived)
        return self._ready

    def dump_payload(self, obj: Any) -> bytes:
        """Return the text to sign; `URLSafeTimedSerializer` reads it too."""
        return base64_encode(Serializer.dump_payload(self, obj))


def without_compression(made: URLSafeTimedSerializer | None) -> PlainSerializer:
    """Return the same signer as one that does not compress.

    Raises: `RuntimeError` if there is none, because the app has no secret key.
    """
    if made is None:
        raise RuntimeError("The app has no secret key.")
    return PlainSerializer(
        made.secret_keys,
        salt=made.salt,
        serializer=made.serializer,
        signer_kwargs=made.signer_kwargs,
    )


def set_framed_cookie(
    response: Response, name: str, value: str, *, max_age: int | None = None
) -> None:
    """Set a cookie, for the session of the browser or for longer; 0 takes it away.

    Name and value are ours, and of letters that need no quotes. Units: `max_age` in seconds.
    """
    lasts = "" if max_age is None else f"Max-Age={max_age}; "
    response.headers.add("Set-Cookie", f"{name}={value}; {lasts}{ATTRIBUTES}")

"""The parts of a running practice LMS, and how its pages reach them."""

from typing import cast

from flask import Flask, current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.sandbox.config import LmsConfig
from app.sandbox.database import SECRET, SIGNING_KEY, Database
from app.sandbox.keys import SigningKey, ToolKeys

EXTENSION = "practice_lms"
HINT_SECONDS = 300
CHOOSING_SECONDS = 3600


class SignedValueError(Exception):
    """A value that this LMS did not sign, or signed too long ago."""


class Lms:
    """Configuration, database and keys of one practice LMS."""

    def __init__(self, config: LmsConfig) -> None:
        """Open the database and read the keys."""
        self.config = config
        self.database = Database(config.database_path)
        self.signing_key = SigningKey(self.database.setting(SIGNING_KEY))
        self.tool_keys = ToolKeys(f"{config.tool_url}/lti/jwks.json")
        self._secret = self.database.setting(SECRET)

    def seal(self, kind: str, value: dict[str, str]) -> str:
        """Sign a value that travels through the browser and the tool."""
        return self._serializer(kind).dumps(value)

    def unseal(self, kind: str, sealed: str, *, max_age_seconds: int) -> dict[str, str]:
        """Return a value that `seal` made.

        Raises: `SignedValueError` if it is forged or too old.
        """
        try:
            value = self._serializer(kind).loads(sealed, max_age=max_age_seconds)
        except BadSignature as error:
            raise SignedValueError("It is not ours, or it is too old.") from error
        return cast("dict[str, str]", value)

    def _serializer(self, kind: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret, salt=f"practice-lms-{kind}")


def install_lms(app: Flask, config: LmsConfig) -> None:
    """Give an application its LMS."""
    app.extensions[EXTENSION] = Lms(config)


def current_lms() -> Lms:
    """Return the LMS of the current request."""
    return cast("Lms", current_app.extensions[EXTENSION])

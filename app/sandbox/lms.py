"""The parts of a running practice LMS, and how its pages reach them."""

from typing import cast

from flask import Flask, current_app, g
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.sandbox.config import LmsConfig
from app.sandbox.database import SECRET, SIGNING_KEY, Database
from app.sandbox.identities import PRIVACY_LEVELS
from app.sandbox.keys import SigningKey, ToolKeys
from app.sandbox.profiles import STANDARD, Profile, find_profile

EXTENSION = "practice_lms"
HINT_SECONDS = 300
CHOOSING_SECONDS = 3600
PROFILE = "profile"
PRIVACY_LEVEL = "privacy_level"
ALLOWED_ATTEMPTS = "allowed_attempts"


class SignedValueError(Exception):
    """A value that this LMS did not sign, or signed too long ago."""


class Lms:
    """Configuration, database and keys of one practice LMS."""

    def __init__(self, config: LmsConfig) -> None:
        """Open the database and read the keys."""
        self.config = config
        self.database = Database(config.database_path)
        if config.profile:
            self.database.choose(PROFILE, config.profile)
        self._signing_key = SigningKey(self.database.setting(SIGNING_KEY))
        self.tool_keys = ToolKeys(f"{config.tool_url}/lti/jwks.json")
        self._secret = self.database.setting(SECRET)

    @property
    def signing_key(self) -> SigningKey:
        """Return the key that launches are signed with now: it may be rotated."""
        pem = self.database.setting(SIGNING_KEY)
        if pem != self._signing_key.pem:
            self._signing_key = SigningKey(pem)
        return self._signing_key

    @property
    def profile(self) -> Profile:
        """Return which LMS this one behaves as now."""
        return find_profile(self.database.find_setting(PROFILE)) or STANDARD

    def privacy_level(self, profile: Profile) -> str:
        """Return what launches tell of people, where the profile lets one choose."""
        chosen = self.database.find_setting(PRIVACY_LEVEL, PRIVACY_LEVELS[0])
        return chosen if profile.has_privacy_levels else PRIVACY_LEVELS[0]

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


def current_profile() -> Profile:
    """Return which LMS this one behaves as, the same throughout a request."""
    if "profile" not in g:
        g.profile = current_lms().profile
    profile: Profile = g.profile
    return profile

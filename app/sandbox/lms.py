"""The parts of a running practice LMS, and how its pages reach them."""

from dataclasses import replace
from typing import cast

from flask import Flask, current_app, g
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select

from app.sandbox.config import LmsConfig
from app.sandbox.database import SECRET, SIGNING_KEY, Database
from app.sandbox.identities import PRIVACY_LEVELS
from app.sandbox.keys import SigningKey, ToolKeys
from app.sandbox.models import Setting, Tool
from app.sandbox.profiles import STANDARD, Profile, find_profile

EXTENSION = "practice_lms"
CHOSEN_TOOL = "chosen_tool"
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
        self._own = config
        self._config: LmsConfig | None = None
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
    def behaviour(self) -> Profile:
        """Return which LMS this one behaves as now, towards the tool that was set up by hand."""
        return find_profile(self.database.find_setting(PROFILE)) or STANDARD

    @property
    def profile(self) -> Profile:
        """Return which LMS this one behaves as now, towards the tool that courses launch."""
        chosen = self.database.find_setting(CHOSEN_TOOL)
        return (self.profile_of(chosen) if chosen else None) or self.behaviour

    def profile_of(self, client_id: str) -> Profile | None:
        """Return the behaviour towards an active tool; `None` if this is the id of none."""
        behaviour = self.behaviour
        if client_id == behaviour.client_id:
            return behaviour
        tool = self._find_tool(client_id)
        if tool is None or not tool.is_active:
            return None
        return replace(behaviour, client_id=tool.client_id, deployment_id=tool.deployment_id)

    @property
    def config(self) -> LmsConfig:
        """Return how the tool that courses launch today is known."""
        if self._config is None:
            chosen = self.database.find_setting(CHOSEN_TOOL)
            tool = self._find_tool(chosen) if chosen else None
            self._config = replace(self._own, custom=dict(tool.custom)) if tool else self._own
        return self._config

    def use_tool(self, client_id: str) -> bool:
        """Switch a tool on and launch it from now on; return whether there is one."""
        with self.database.writing() as session:
            tool = session.scalar(select(Tool).where(Tool.client_id == client_id))
            if tool is None and client_id != self.behaviour.client_id:
                return False
            if tool is not None:
                tool.is_active = True
            session.merge(Setting(name=CHOSEN_TOOL, value=client_id if tool else ""))
        self._config = None
        return True

    def privacy_level(self, profile: Profile) -> str:
        """Return what launches tell of people, where the profile lets one choose."""
        chosen = self.database.find_setting(PRIVACY_LEVEL, PRIVACY_LEVELS[0])
        return chosen if profile.has_privacy_levels else PRIVACY_LEVELS[0]

    def _find_tool(self, client_id: str) -> Tool | None:
        with self.database.reading() as session:
            return session.scalar(select(Tool).where(Tool.client_id == client_id))

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

"""The parts of a running practice LMS, and how its pages reach them."""

from dataclasses import replace
from typing import cast

from flask import Flask, current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select

from app.sandbox.config import LmsConfig
from app.sandbox.database import SECRET, SIGNING_KEY, Database
from app.sandbox.keys import SigningKey, ToolKeys
from app.sandbox.models import Setting, Tool

EXTENSION = "practice_lms"
CHOSEN_TOOL = "chosen_tool"
HINT_SECONDS = 300
CHOOSING_SECONDS = 3600


class SignedValueError(Exception):
    """A value that this LMS did not sign, or signed too long ago."""


class Lms:
    """Configuration, database and keys of one practice LMS."""

    def __init__(self, config: LmsConfig) -> None:
        """Open the database and read the keys."""
        self._own = config
        self._config: LmsConfig | None = None
        self.database = Database(config.database_path)
        self.signing_key = SigningKey(self.database.setting(SIGNING_KEY))
        self.tool_keys = ToolKeys(f"{config.tool_url}/lti/jwks.json")
        self._secret = self.database.setting(SECRET)

    @property
    def own_client_id(self) -> str:
        """Return the client id of the tool that was set up by hand."""
        return self._own.client_id

    @property
    def config(self) -> LmsConfig:
        """Return how the tool that courses launch today is known."""
        if self._config is None:
            with self.database.reading() as session:
                chosen = session.get(Setting, CHOSEN_TOOL)
            self._config = (self.config_of(chosen.value) if chosen else None) or self._own
        return self._config

    def config_of(self, client_id: str) -> LmsConfig | None:
        """Return how an active tool is known; `None` if there is none of this client id."""
        if client_id == self._own.client_id:
            return self._own
        with self.database.reading() as session:
            tool = session.scalar(
                select(Tool).where(Tool.client_id == client_id, Tool.is_active.is_(True))
            )
            if tool is None:
                return None
            return replace(
                self._own,
                client_id=tool.client_id,
                deployment_id=tool.deployment_id,
                custom=dict(tool.custom),
            )

    def use_tool(self, client_id: str) -> bool:
        """Switch a tool on and launch it from now on; return whether there is one."""
        with self.database.writing() as session:
            tool = session.scalar(select(Tool).where(Tool.client_id == client_id))
            if tool is None and client_id != self._own.client_id:
                return False
            if tool is not None:
                tool.is_active = True
            session.merge(Setting(name=CHOSEN_TOOL, value=client_id))
        self._config = None
        return True

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

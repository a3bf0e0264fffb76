"""What PyLTI1p3 wants to be handed: the request, the registrations, and empty stores.

State, nonce and session are rows of ours (see `lookups`), so the stores hold nothing.
"""

from collections.abc import Mapping
from typing import Any

from pylti1p3.cookie import CookieService
from pylti1p3.launch_data_storage.base import LaunchDataStorage
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config import ToolConfAbstract

from app.core.db import reading
from app.launch.lookups import TrustedPlatform, find_deployment, list_platforms_of_issuer
from app.launch.refusal import LaunchRefusedError, Mender
from app.platforms.models import PlatformStatus


class Parameters(Request):
    """The request's parameters, as PyLTI1p3 asks for them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Keep them."""
        self._values = values

    def is_secure(self) -> bool:
        """Say yes: the settings refuse plain http for any host but localhost."""
        return True

    def get_param(self, key: str) -> str | None:
        """Return one parameter, or `None`."""
        return self._values.get(key)


class NoStorage(LaunchDataStorage[Any]):
    """PyLTI1p3 keeps nothing by itself: state, nonce and session are our rows."""


class NoSession(SessionService):
    """See `NoStorage`."""

    def __init__(self) -> None:
        """Replace the default store, which would write into the session cookie."""
        self.data_storage = NoStorage()


class NoCookies(CookieService):
    """Cookies are set by the views, with attributes that PyLTI1p3 does not know."""


class Registrations(ToolConfAbstract[Parameters]):
    """The registrations in the database."""

    def check_iss_has_one_client(self, iss: str) -> bool:
        """Say no: hosted Canvas has one issuer for everybody, so the client id decides."""
        del iss
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        """Say yes: see above."""
        del iss
        return True

    def find_registration_by_params(
        self, iss: str, client_id: str | None, *_args: Any, **kwargs: Any
    ) -> Registration:
        """Return the registration; without client id only where there can be no doubt.

        A registration that waits, or is switched off, casts no doubt on one that
        stands: whoever made it needed no approval. Where none stands, it only
        chooses the words.
        Raises: `LaunchRefusedError`.
        """
        request: Parameters | None = kwargs.get("request")
        deployment_id = request.get_param("lti_deployment_id") if request else None
        with reading() as wire:
            found = [
                platform
                for platform in list_platforms_of_issuer(wire, iss)
                if client_id is None or platform.client_id == client_id
            ]
            if client_id is None:
                found = _active_or_telling(found)
            if len(found) > 1 and deployment_id:
                found = [
                    item
                    for item in found
                    if find_deployment(wire, platform_id=item.id, deployment_id=deployment_id)
                ]
        if len(found) != 1:
            raise LaunchRefusedError(
                "This LMS is not registered here, or it does not say under which client id.",
                cause="unknown_registration",
                mender=Mender.TOOL_ADMINISTRATOR,
            )
        return as_registration(found[0])


def _active_or_telling(found: list[TrustedPlatform]) -> list[TrustedPlatform]:
    """Return those that may launch; if none may, the one that says best why not."""
    for status in PlatformStatus.ACTIVE, PlatformStatus.PENDING:
        having = [platform for platform in found if platform.status is status]
        if having:
            return having if status is PlatformStatus.ACTIVE else having[:1]
    return found[:1]


class PlatformRegistration(Registration):
    """PyLTI1p3's registration with the row behind it."""

    platform: TrustedPlatform


def as_registration(platform: TrustedPlatform) -> PlatformRegistration:
    """Return a platform in PyLTI1p3's shape.

    Raises: `LaunchRefusedError` if it is switched off, or waits for approval.
    """
    if platform.status is PlatformStatus.PENDING:
        raise LaunchRefusedError(
            "Assay is registered with this LMS, and waits for its own administrator's approval. "
            "Once that is given, open the activity again; nothing else is left to do.",
            cause="platform_pending",
            mender=Mender.TOOL_ADMINISTRATOR,
            title="Not open yet",
        )
    if platform.status is not PlatformStatus.ACTIVE:
        raise LaunchRefusedError(
            "Launches from this LMS are switched off here.",
            cause="platform_disabled",
            mender=Mender.TOOL_ADMINISTRATOR,
        )
    registration = PlatformRegistration()
    registration.platform = platform
    registration.set_issuer(platform.issuer).set_client_id(platform.client_id)
    registration.set_auth_login_url(platform.auth_url).set_auth_token_url(platform.token_url)
    return registration

"""What every launch reads, in the fewest statements.

A launch is the one request that comes in bursts: a whole class opens an
activity at once. So these are prepared statements, which give plain rows
(`NamedTuple`: a frozen dataclass takes six times as long to make).
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Text, and_, bindparam, cast, exists, insert, or_, select, update

from app.core.orm import table_of
from app.core.prepared import Prepared, Wire
from app.core.principal import Role
from app.courses.models import Enrolment
from app.launch.models import LaunchSession, OidcLogin
from app.mapping.models import Assignment
from app.platforms.models import Deployment, DeploymentStatus, Platform, PlatformStatus
from app.programme.models import Administrator


class TrustedPlatform(NamedTuple):
    """A registration as login and launch need it; see `Platform` for the columns.

    `jwks_text`: its keys as they stand in the row; most launches need not read them.
    """

    id: int
    institution_id: int
    issuer: str
    client_id: str
    auth_url: str
    token_url: str
    jwks_url: str
    jwks_text: str | None
    jwks_checked_at: datetime | None
    product_family: str | None
    status: PlatformStatus


class StartedLogin(NamedTuple):
    """A login in progress; see `OidcLogin` for the columns."""

    id: int
    nonce_hash: str
    state_hash: str
    browser_hash: str
    storage_hash: str | None
    parameters: dict[str, Any]
    expires_at: datetime
    used_at: datetime | None


class SignedIn(NamedTuple):
    """A running session, with its platform and the role in the course asked for."""

    institution_id: int
    person_id: int
    platform_id: int
    frame_origin: str
    return_url: str | None
    issuer: str
    auth_url: str
    role: Role | None
    is_administrator: bool


class MappedLink(NamedTuple):
    """The assignment that a link is mapped to, as far as a launch asks."""

    assignment_id: int
    lineitem_url: str | None
    opens_at: datetime | None
    due_at: datetime | None
    closes_at: datetime | None


_login = table_of(OidcLogin).c
_platform = table_of(Platform).c
_deployment = table_of(Deployment).c
_running = table_of(LaunchSession).c
_enrolment = table_of(Enrolment).c
_assignment = table_of(Assignment).c
_administrator = table_of(Administrator).c

_PLATFORM_COLUMNS = tuple(
    cast(_platform.jwks, Text) if name == "jwks_text" else _platform[name]
    for name in TrustedPlatform._fields
)
_LOGIN_COLUMNS = tuple(_login[name] for name in StartedLogin._fields)

_PLATFORMS_OF_ISSUER = Prepared(
    select(*_PLATFORM_COLUMNS).where(_platform.issuer == bindparam("issuer"))
)
_LOGIN_OF_STATE = Prepared(
    select(*_LOGIN_COLUMNS, *_PLATFORM_COLUMNS)
    .join(table_of(Platform), _platform.id == _login.platform_id)
    .where(_login.state_hash == bindparam("state_hash"))
)
_DEPLOYMENT = Prepared(
    select(_deployment.id, _deployment.status).where(
        _deployment.platform_id == bindparam("platform_id"),
        _deployment.deployment_id == bindparam("deployment_id"),
    )
)
_signed_in = (
    select(
        _running.institution_id,
        _running.person_id,
        _running.platform_id,
        _running.frame_origin,
        _running.return_url,
        _platform.issuer,
        _platform.auth_url,
        _enrolment.role,
        # One look into a small index, so every page may show an administrator the way.
        exists()
        .where(
            _administrator.person_id == _running.person_id,
            _administrator.institution_id == _running.institution_id,
            _administrator.begins_at <= bindparam("now"),
            or_(_administrator.ended_at.is_(None), _administrator.ended_at > bindparam("now")),
        )
        .label("is_administrator"),
    )
    .join(table_of(Platform), _platform.id == _running.platform_id)
    .outerjoin(
        table_of(Enrolment),
        and_(
            _enrolment.person_id == _running.person_id,
            _enrolment.course_id == bindparam("course_id"),
            _enrolment.last_launched_at > bindparam("since"),
        ),
    )
    .where(
        _running.sid_hash == bindparam("sid_hash"),
        _running.expires_at > bindparam("now"),
        _platform.status == PlatformStatus.ACTIVE,
    )
)
_SIGNED_IN = Prepared(_signed_in.where(_running.idle_until.is_(None)))
_SIGNED_IN_BY_ADDRESS = Prepared(
    _signed_in.where(_running.idle_until > bindparam("now")).add_columns(_running.idle_until)
)
_STAY_SIGNED_IN = Prepared(
    update(table_of(LaunchSession))
    .where(_running.sid_hash == bindparam("sid"), _running.idle_until > bindparam("now"))
    .values(idle_until=bindparam("until"))
)
_FRAMES = Prepared(
    select(_running.frame_origin, _platform.auth_url, _platform.issuer)
    .join(table_of(Platform), _platform.id == _running.platform_id)
    .where(_running.sid_hash == bindparam("sid"))
)
_MAPPED_LINK = Prepared(
    select(
        _assignment.id,
        _assignment.lineitem_url,
        _assignment.opens_at,
        _assignment.due_at,
        _assignment.closes_at,
    ).where(_assignment.resource_link_pk == bindparam("link_pk"))
)
_USE_UP_LOGIN = Prepared(
    update(table_of(OidcLogin))
    .where(
        _login.id == bindparam("login_id"),
        _login.used_at.is_(None),
        _login.expires_at > bindparam("now"),
    )
    .values(used_at=bindparam("now"))
)
_ADD_LOGIN = Prepared(
    insert(table_of(OidcLogin)),
    columns=(
        *("state_hash", "nonce_hash", "browser_hash", "storage_hash", "platform_id"),
        *("parameters", "created_at", "expires_at"),
    ),
)
_ADD_SESSION = Prepared(
    insert(table_of(LaunchSession)),
    columns=(
        *("sid_hash", "institution_id", "platform_id", "person_id"),
        *("frame_origin", "return_url", "created_at", "expires_at"),
    ),
)


def list_platforms_of_issuer(wire: Wire, issuer: str) -> list[TrustedPlatform]:
    """Return every registration of one issuer."""
    return [TrustedPlatform(*row) for row in _PLATFORMS_OF_ISSUER.all(wire, {"issuer": issuer})]


def find_login(wire: Wire, state_hash: str) -> tuple[StartedLogin, TrustedPlatform] | None:
    """Return the login that began with this state, and the platform it was started for."""
    row = _LOGIN_OF_STATE.first(wire, {"state_hash": state_hash})
    if row is None:
        return None
    size = len(_LOGIN_COLUMNS)
    return StartedLogin(*row[:size]), TrustedPlatform(*row[size:])


def find_deployment(
    wire: Wire, *, platform_id: int, deployment_id: str
) -> tuple[int, DeploymentStatus] | None:
    """Return key and status of a platform's deployment, if it is known."""
    facts = {"platform_id": platform_id, "deployment_id": deployment_id}
    row = _DEPLOYMENT.first(wire, facts)
    return (row[0], row[1]) if row else None


def find_signed_in(
    wire: Wire, sid_hash: str, *, course_id: int | None, since: datetime, now: datetime
) -> SignedIn | None:
    """Return a running session of a cookie, with the role of a launch since then."""
    facts = {"sid_hash": sid_hash, "course_id": course_id or 0, "since": since, "now": now}
    row = _SIGNED_IN.first(wire, facts)
    return SignedIn(*row) if row else None


def find_signed_in_by_address(
    wire: Wire, sid_hash: str, *, course_id: int | None, since: datetime, now: datetime
) -> tuple[SignedIn, datetime] | None:
    """Return a running session of an address, and when it ends if nobody opens a page."""
    facts = {"sid_hash": sid_hash, "course_id": course_id or 0, "since": since, "now": now}
    row = _SIGNED_IN_BY_ADDRESS.first(wire, facts)
    return (SignedIn(*row[:-1]), row[-1]) if row else None


def stay_signed_in(wire: Wire, sid_hash: str, *, until: datetime, now: datetime) -> None:
    """Put the end of an idle session of an address off."""
    _STAY_SIGNED_IN.change(wire, {"sid": sid_hash, "until": until, "now": now})


def find_frame(wire: Wire, sid_hash: str) -> tuple[str, str, str] | None:
    """Return where a session is, or was, framed: origin, authorisation address, issuer."""
    row = _FRAMES.first(wire, {"sid": sid_hash})
    return (row[0], row[1], row[2]) if row else None


def find_mapped_link(wire: Wire, link_pk: int) -> MappedLink | None:
    """Return what a link is mapped to, if it is."""
    row = _MAPPED_LINK.first(wire, {"link_pk": link_pk})
    return MappedLink(*row) if row else None


def add_login(wire: Wire, **facts: Any) -> None:
    """Keep a login that begins; see `OidcLogin` for the columns."""
    _ADD_LOGIN.change(wire, facts)


def mark_login_used(wire: Wire, login_id: int, *, now: datetime) -> bool:
    """Use a login up; return whether it was unused and fresh."""
    return _USE_UP_LOGIN.change(wire, {"login_id": login_id, "now": now}) == 1


def add_session(wire: Wire, **facts: Any) -> None:
    """Keep a session that begins; see `LaunchSession` for the columns."""
    _ADD_SESSION.change(wire, facts)

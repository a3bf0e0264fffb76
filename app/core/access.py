"""Default deny: every view states who may call it, or the program does not start."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from flask import Flask, Request, Response, abort, g, request, session
from flask.globals import request_ctx
from flask.sessions import (
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionMixin,
)
from itsdangerous import URLSafeTimedSerializer

from app.core.address_sessions import (
    SECRET_KEY,
    AddressSession,
    SaidMessages,
    address_secret,
    comes_from_its_own_page,
)
from app.core.cookies import set_framed_cookie, without_compression
from app.core.errors import ForbiddenError, NotFoundError
from app.core.principal import Principal, Role

SESSION_KEY = "sid"
NUL = re.compile(rb"\0|%00")  # in a query, as it is sent
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    """Who may call a view.

    `is_public`: anybody, signed in or not. `roles`: one of these in the course
    that the address names (`course_id`). `needs_appointment`: a grantor of at
    least one achievement today. `needs_administrator`: an administrator of the
    person's institution today. `needs_seat`: a reviewer in some group today, or
    an administrator. None of these: any signed-in person.
    """

    is_public: bool = False
    roles: frozenset[Role] = frozenset()
    needs_appointment: bool = False
    needs_administrator: bool = False
    needs_seat: bool = False

    def __str__(self) -> str:
        """Say the rule in the access table's words."""
        if self.is_public:
            return "public"
        if self.needs_appointment:
            return "grantor"
        if self.needs_administrator:
            return "administrator"
        if self.needs_seat:
            return "reviewer"
        return " ".join(sorted(self.roles)) if self.roles else "signed in"


class SignInRequiredError(ForbiddenError):
    """Nobody is signed in, or the session has run out."""


class PrincipalLoader(Protocol):
    """Finds the person behind a session; `launch` provides it."""

    def __call__(
        self, sid: str, *, course_id: int | None, wants_grants: bool, wants_seats: bool
    ) -> Principal | None:
        """Return the principal, or `None` if the session is unknown or has run out."""


def public(view: View) -> View:
    """Let anybody call this view."""
    return _mark(view, Rule(is_public=True))


def signed_in(view: View) -> View:
    """Let any person with a running session call this view; the service decides the rest."""
    return _mark(view, Rule())


def requires(*roles: Role) -> Callable[[View], View]:
    """Let those call this view who have one of the roles in the course `course_id`."""
    return lambda view: _mark(view, Rule(roles=frozenset(roles)))


def requires_grantor(view: View) -> View:
    """Let grantors call this view; the service checks for which achievement."""
    return _mark(view, Rule(needs_appointment=True))


def requires_administrator(view: View) -> View:
    """Let administrators call this view, for what belongs to their own institution."""
    return _mark(view, Rule(needs_administrator=True))


def requires_reviewer(view: View) -> View:
    """Let reviewers and administrators call this view; the service checks for which proposal."""
    return _mark(view, Rule(needs_seat=True))


class SignedCookies(SecureCookieSessionInterface):
    """Flask's signed session cookie, with its signer made once instead of per request."""

    def __init__(self, app: Flask) -> None:
        """Make the signer from the app's secret key."""
        self._signer = without_compression(super().get_signing_serializer(app))
        self._said = SaidMessages(str(app.secret_key))

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return the signer."""
        del app
        return self._signer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie; where the address names the session, that one counts alone."""
        is_sent = self.get_cookie_name(app) in request.cookies
        from_cookie = super().open_session(app, request) if is_sent else self.session_class()
        secret = request.environ.get(SECRET_KEY)
        if secret is None:
            return from_cookie
        opened = self._said.open(secret, request, sid_key=SESSION_KEY)
        opened.cookie_sid = from_cookie.get(SESSION_KEY) if from_cookie else None
        return opened

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie if it changed; most requests only read it, if at all."""
        if type(session) is AddressSession:
            self._said.carry(session, response)
        elif session.modified and session and not session.permanent:
            value = self._signer.dumps(dict(session))
            set_framed_cookie(response, self.get_cookie_name(app), str(value))
            response.vary.add("Cookie")
        elif session.modified or session.permanent:
            super().save_session(app, session, response)
        elif session.accessed:
            response.vary.add("Cookie")


def install_access(app: Flask, loader: PrincipalLoader) -> None:
    """Check each request against its view's rule, before anything reads the body."""
    app.session_interface = SignedCookies(app)

    def check() -> None:
        asked = request_ctx.request  # once: each look through the proxy costs a microsecond
        if "\0" in asked.path or NUL.search(asked.query_string):
            abort(404)  # no row has it, and PostgreSQL would not even be asked for it
        if asked.url_rule is None:
            return
        rule = access_rule(app, asked.url_rule.endpoint)
        if rule.is_public and SECRET_KEY in asked.environ:
            abort(404)  # nothing links there: whoever sees the answer must not see the address
        if not rule.is_public:
            g.principal = _authorise(rule, loader)

    app.before_request_funcs.setdefault(None, []).insert(0, check)


def access_rule(app: Flask, endpoint: str) -> Rule:
    """Return the rule of one endpoint.

    Raises: `RuntimeError` if its view has none.
    """
    if endpoint == "static" or endpoint.endswith(".static"):
        return Rule(is_public=True)
    rule = getattr(app.view_functions[endpoint], "access_rule", None)
    if not isinstance(rule, Rule):
        raise RuntimeError(  # noqa: TRY004 (no wrong type: a forgotten decorator)
            f"The view {endpoint} does not say who may call it."
        )
    return rule


def access_table(app: Flask) -> dict[str, str]:
    """Return who may call what: endpoint → rule in words.

    Raises: `RuntimeError` if a view has no rule, or asks for a role in a
    course that its address does not name.
    """
    table = {}
    for rule in app.url_map.iter_rules():
        access = access_rule(app, rule.endpoint)
        if access.roles and "course_id" not in rule.arguments:
            raise RuntimeError(f"{rule.endpoint} asks for a role, but names no course.")
        table[rule.endpoint] = str(access)
    app.extensions["assay.access"] = table
    return table


def _mark(view: View, rule: Rule) -> View:
    view.access_rule = rule  # type: ignore[attr-defined]
    return view


def _authorise(rule: Rule, loader: PrincipalLoader) -> Principal:
    course_id = (request.view_args or {}).get("course_id")
    secret = address_secret()
    if secret is not None and not comes_from_its_own_page(secret):
        raise SignInRequiredError(
            "This address works only inside your course's page, for the person who opened it "
            "there. Open Assay again from your course."
        )
    sid = session.get(SESSION_KEY)
    principal = (
        loader(
            sid,
            course_id=course_id,
            wants_grants=rule.needs_appointment,
            wants_seats=rule.needs_seat,
        )
        if sid
        else None
    )
    if principal is None:
        raise SignInRequiredError(
            "Your session has ended, or your browser did not send it. "
            "Open Assay again from your course."
        )
    if course_id is not None and principal.role is None:
        raise NotFoundError("There is no such course, or you have not opened it from the LMS.")
    if rule.roles and principal.role not in rule.roles:
        raise ForbiddenError("Your role in this course does not allow this.")
    if rule.needs_appointment and not principal.grants:
        raise ForbiddenError(
            "You are not appointed as a grantor today. "
            "The programme administrator of your institution can appoint you."
        )
    if rule.needs_administrator and not principal.is_administrator:
        raise ForbiddenError(
            "You are not an administrator of Assay. Whoever runs Assay at your institution can "
            "appoint you."
        )
    if rule.needs_seat and not (principal.groups or principal.is_administrator):
        raise ForbiddenError(
            "You are not appointed as a reviewer today. "
            "The programme administrator of your institution can appoint you."
        )
    return principal

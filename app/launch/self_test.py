"""“Test now”: the calls that a deployment needs, each tried once and told in plain words."""

import json
from collections.abc import Callable, Iterable, Sized
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.clock import utcnow
from app.core.errors import DeliveryError
from app.core.http import CallError, OutgoingClient, Reply
from app.courses.models import Course, Enrolment
from app.platforms.models import Deployment, Platform
from app.platforms.tokens import Registration, TokenSource
from app.platforms.tool_document import AGS, CORE_SCOPES, NRPS

READ_SECONDS = 5.0
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MAX_QUOTE = 160


@dataclass(frozen=True)
class Plan:
    """What is tried: read before any call, so that no row is held while the LMS thinks.

    `course`: the title of the course whose services are tried; `None` if no launch told one.
    """

    registration: Registration
    jwks_url: str
    course: str | None
    scopes: frozenset[str]
    lineitems_url: str | None
    memberships_url: str | None


@dataclass(frozen=True)
class Step:
    """One call and what came of it. `advice`: what to do; empty if all is well."""

    key: str
    name: str
    is_good: bool
    words: str
    advice: str = ""


class _Listening:
    """The outgoing client with a shorter patience, remembering the last answer."""

    def __init__(self, http: OutgoingClient) -> None:
        self._http = http
        self.last: Reply | None = None

    def call(self, method: str, url: str, **request: Any) -> Reply:
        """Send one request."""
        self.last = None
        self.last = self._http.call(method, url, **{"read_seconds": READ_SECONDS, **request})
        return self.last


def make_plan(session: Session, platform: Platform, deployment: Deployment) -> Plan:
    """Return what to try: the platform's endpoints, and the services of the course seen last."""
    course = session.scalar(
        select(Course)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(Course.deployment_pk == deployment.id)
        .order_by(Enrolment.last_launched_at.desc(), Course.id.desc())
        .limit(1)
    )
    return Plan(
        registration=Registration.of(platform, deployment),
        jwks_url=platform.jwks_url,
        course=course.display_title if course else None,
        scopes=frozenset(course.ags_scopes if course else ()),
        lineitems_url=course.lineitems_url if course else None,
        memberships_url=course.memberships_url if course else None,
    )


def run(
    plan: Plan, http: OutgoingClient, *, signing_key: Callable[[], tuple[str, str]]
) -> list[Step]:
    """Try everything once, in order; no failure of the LMS ends it."""
    listening: Any = _Listening(http)
    tokens = TokenSource(listening, signing_key=signing_key, clock=utcnow)
    return [
        _keys(plan, listening),
        _token(plan, listening, tokens),
        _line_items(plan, listening, tokens),
        _roster(plan, listening, tokens),
    ]


def as_result(steps: Iterable[Step], plan: Plan, *, actor: str, now: datetime) -> dict[str, Any]:
    """Return what is kept of a test."""
    return {
        "steps": [asdict(step) for step in steps],
        "course": plan.course,
        "actor": actor,
        "at": now.isoformat(),
    }


def _keys(plan: Plan, http: _Listening) -> Step:
    name = "Keys of the LMS"
    try:
        reply = http.call("GET", plan.jwks_url, headers={"Accept": "application/json"})
        document = reply.json() if reply.status == OK else None
    except CallError as error:
        return Step("keys", name, is_good=False, words=str(error), advice=_ADDRESS)
    if reply.status != OK:
        return Step("keys", name, is_good=False, words=f"HTTP {reply.status}.", advice=_ADDRESS)
    keys = document.get("keys") if isinstance(document, dict) else None
    listed = keys if isinstance(keys, list) else []
    usable = [key for key in listed if isinstance(key, dict) and key.get("kty") == "RSA"]
    if not usable:
        words = "There is no RSA key in the answer."
        return Step("keys", name, is_good=False, words=words, advice=_ADDRESS)
    return Step("keys", name, is_good=True, words=f"The LMS publishes {_count(usable, 'key')}.")


def _token(plan: Plan, http: _Listening, tokens: TokenSource) -> Step:
    name = "Access token for grades"
    wanted = frozenset(plan.scopes & set(CORE_SCOPES)) or frozenset({f"{AGS}lineitem"})
    try:
        tokens.get(plan.registration, wanted)
    except DeliveryError as error:
        words, advice = _explain_token(http.last, str(error), plan)
        return Step("token", name, is_good=False, words=words, advice=advice)
    return Step("token", name, is_good=True, words="The LMS gave Assay an access token.")


def _line_items(plan: Plan, http: _Listening, tokens: TokenSource) -> Step:
    name = "Gradebook columns"
    if plan.lineitems_url is None:
        return _nothing_told("line_items", name, plan, "gradebook")
    readable = {f"{AGS}lineitem", f"{AGS}lineitem.readonly"} & plan.scopes
    scope = min(readable, default=f"{AGS}lineitem")
    found = _fetch(plan, http, tokens, scope=scope, url=plan.lineitems_url, accept=LINE_ITEMS_TYPE)
    if isinstance(found, tuple):
        return Step("line_items", name, is_good=False, words=found[0], advice=found[1])
    try:
        items = found.json()
    except CallError as error:
        return Step("line_items", name, is_good=False, words=str(error), advice=_SERVICE)
    if not isinstance(items, list):
        words = "The answer is no list of columns."
        return Step("line_items", name, is_good=False, words=words, advice=_SERVICE)
    words = f"{_count(items, 'column')} of Assay on the first page of “{plan.course}”."
    return Step("line_items", name, is_good=True, words=words)


def _roster(plan: Plan, http: _Listening, tokens: TokenSource) -> Step:
    name = "Roster"
    if plan.memberships_url is None:
        return _nothing_told("roster", name, plan, "roster")
    found = _fetch(plan, http, tokens, scope=NRPS, url=plan.memberships_url, accept=MEMBERS_TYPE)
    if isinstance(found, tuple):
        return Step("roster", name, is_good=False, words=found[0], advice=found[1])
    try:
        document = found.json()
    except CallError as error:
        return Step("roster", name, is_good=False, words=str(error), advice=_SERVICE)
    members = document.get("members") if isinstance(document, dict) else None
    if not isinstance(members, list):
        words = "The answer lists no members."
        return Step("roster", name, is_good=False, words=words, advice=_SERVICE)
    named = sum(1 for each in members if isinstance(each, dict) and each.get("name"))
    words = f"{len(members)} people on the first page of “{plan.course}”, {named} with a name."
    return Step("roster", name, is_good=True, words=words)


def _fetch(
    plan: Plan, http: _Listening, tokens: TokenSource, *, scope: str, url: str, accept: str
) -> Reply | tuple[str, str]:
    """Return a service's first page, or what is wrong and what to do."""
    try:
        token = tokens.get(plan.registration, frozenset({scope}))
    except DeliveryError as error:
        return _explain_token(http.last, str(error), plan)
    try:
        reply = http.call(
            "GET", url, headers={"Accept": accept, "Authorization": f"Bearer {token}"}
        )
    except CallError as error:
        return str(error), _SERVICE
    if reply.status == OK:
        return reply
    advice = {
        UNAUTHORIZED: "The LMS does not take its own token. Try again; if it stays so, the "
        "deployment may have been removed there.",
        FORBIDDEN: "The registration there does not allow this service, or not in this course.",
        NOT_FOUND: "The course or the service is gone from the LMS: open Assay there once, then "
        "test again.",
    }.get(reply.status, _SERVICE)
    return f"HTTP {reply.status}.", advice


def _explain_token(reply: Reply | None, words: str, plan: Plan) -> tuple[str, str]:
    """Say why no token came, with the LMS's own reason, and what to do about it.

    Source: RFC 6749 §5.2 (`error`, `error_description`).
    """
    if reply is None:
        return words, _ADDRESS
    code, quote = _reason(reply)
    said = f"HTTP {reply.status}" + (f": {quote}" if quote else "") + "."
    text = f"{code} {quote}".lower()
    is_page, is_refusal = reply.body.lstrip().startswith(b"<"), reply.status != OK
    advice = "Try again later; then ask the administrator of the LMS."
    if is_page or not is_refusal:
        said, advice = f"{said} Something else came instead of a token.", _ADDRESS
    elif "aud" in text:
        advice = (
            f"Tokens are asked for in the name of {plan.registration.audience}. Enter the audience "
            "that the LMS shows (Brightspace: “OAuth2 Audience”) in this platform’s settings."
        )
    elif "scope" in text:
        advice = "The registration there does not have this scope: switch the service on."
    elif code in {"invalid_client", "unauthorized_client"} or reply.status == UNAUTHORIZED:
        advice = (
            "The LMS does not know this client id, or cannot check Assay’s signature: compare the "
            "client id, and the public keyset URL that is entered there."
        )
    return said, advice


def _reason(reply: Reply) -> tuple[str, str]:
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError):
        return "", ""
    found = answer if isinstance(answer, dict) else {}
    parts = [found.get(name) for name in ("error", "error_description", "message")]
    texts = [part for part in parts if isinstance(part, str)]
    quote = "".join(letter for letter in " – ".join(texts) if letter.isprintable())
    return str(found.get("error") or ""), quote[:MAX_QUOTE].rstrip(". ")


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}" if len(things) == 1 else f"{len(things)} {name}s"


def _nothing_told(key: str, name: str, plan: Plan, what: str) -> Step:
    if plan.course is None:
        words = "No course is known yet."
        advice = "Open Assay from a course of this LMS once, then test again."
    else:
        words = f"The last launch, from “{plan.course}”, brought no {what}."
        advice = "Switch the service on in the LMS, open Assay there once, then test again."
    return Step(key, name, is_good=False, words=words, advice=advice)


_ADDRESS = "Compare the address in this platform’s settings with the one that the LMS shows."
_SERVICE = "Try again later; then ask the administrator of the LMS what the service answers."

"""What a launch tells of its deployment, for the self-test page; written only when it is news."""

import re
from collections.abc import Iterator
from datetime import datetime

from flask import current_app
from sqlalchemy.orm import Session

from app.launch import claims as rules
from app.platforms.models import Deployment
from app.platforms.seen import merge, words_of
from app.platforms.variables import CONTEXT_HISTORY_KEY

MEMORY = "assay.seen"
PLACEMENT = "https://www.instructure.com/placement"
NOTICES = f"{rules.CLAIM}platformnotificationservice"
AGS_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
AGS_SCOPES = frozenset({"lineitem", "lineitem.readonly", "result.readonly", "score"})
TARGETS = frozenset({"iframe", "frame", "window"})
WORD = re.compile(r"[A-Za-z0-9_.-]{1,40}")
MAX_PRODUCT = 60


def observe(body: rules.Claims, *, has_cookie: bool, has_storage: bool) -> frozenset[str]:
    """Return the words that this launch tells of its deployment; the claims are checked."""
    return frozenset(_words(body, has_cookie=has_cookie, has_storage=has_storage))


def note_seen(
    session: Session, deployment_pk: int, words: frozenset[str], *, now: datetime
) -> None:
    """Keep what is news today; a launch that tells nothing new costs one comparison.

    This process remembers what it has found in the row, never what it has just
    written: that may be rolled back.
    """
    memory = current_app.extensions.setdefault(MEMORY, {})
    today = now.date()
    day, known = memory.get(deployment_pk, (None, frozenset()))
    if day == today and words <= known:
        return
    deployment = session.get_one(Deployment, deployment_pk)
    known = words_of(deployment.seen, today=today)
    if words <= known:
        memory[deployment_pk] = (today, known)
        return
    deployment.seen = merge(deployment.seen, words, today=today)


def _words(body: rules.Claims, *, has_cookie: bool, has_storage: bool) -> Iterator[str]:
    message = body[f"{rules.CLAIM}message_type"]
    yield f"message:{message if message in rules.KNOWN_MESSAGES else 'other'}"
    yield "cookie" if has_cookie else "no_cookie"
    if has_storage:
        yield "storage"
    yield "name" if body.get("name") or body.get("given_name") else "no_name"
    yield "email" if body.get("email") else "no_email"
    yield from _services(body, message)
    target = rules.part(body, f"{rules.CLAIM}launch_presentation").get("document_target")
    if isinstance(target, str) and target in TARGETS:
        yield f"target:{target}"
    placement = body.get(PLACEMENT)
    if isinstance(placement, str) and WORD.fullmatch(placement):
        yield f"placement:{placement}"
    platform = rules.part(body, f"{rules.CLAIM}tool_platform")
    product = rules.value(platform.get("product_family_code"), max_length=MAX_PRODUCT)
    if product:
        version = rules.value(platform.get("version"), max_length=MAX_PRODUCT)
        yield f"product:{f'{product} {version}' if version else product}"


def _services(body: rules.Claims, message: str) -> Iterator[str]:
    ags = rules.part(body, rules.AGS)
    if ags:
        yield "ags"
        scopes = ags.get("scope")
        for scope in scopes if isinstance(scopes, list) else ():
            name = scope.removeprefix(AGS_SCOPE) if isinstance(scope, str) else ""
            if name in AGS_SCOPES:
                yield f"scope:{name}"
        if ags.get("lineitem"):
            yield "lineitem"
    elif message == rules.RESOURCE_LINK:
        yield "no_ags"
    if rules.part(body, rules.NRPS).get("context_memberships_url"):
        yield "roster"
    elif rules.part(body, f"{rules.CLAIM}context"):
        yield "no_roster"
    if rules.part(body, NOTICES):
        yield "notices"
    history = rules.part(body, f"{rules.CLAIM}custom").get(CONTEXT_HISTORY_KEY)
    if isinstance(history, str) and not history.startswith("$"):
        yield "history"

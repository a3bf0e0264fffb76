"""`/lti/notices`: what platforms tell without anybody clicking."""

import json
from collections import Counter
from typing import Any

import structlog
from flask import Response, current_app, jsonify, request
from sqlalchemy.exc import IntegrityError

from app.core.access import public
from app.core.clock import utcnow
from app.core.db import transaction
from app.launch.blueprint import bp
from app.launch.notices import Fate, NoticeChecker, record_notice, replayed
from app.launch.refusal import LaunchRefusedError

log = structlog.get_logger()

MAX_BYTES = 512 * 1024
MAX_NOTICES = 100


@bp.record_once
def _exempt_from_csrf(state: Any) -> None:
    """Platforms post here; each notice's signature stands in for the form token."""
    state.app.extensions["csrf"].exempt(f"{__name__}.notices")


@bp.post("/lti/notices")
@public
def notices() -> tuple[Response, int]:
    """Take a platform's notices, each by itself: a bad one costs no other."""
    request.max_content_length = MAX_BYTES
    if (request.content_length or 0) > MAX_BYTES:
        return _answer(413, error="This is more than is taken at once.")
    try:
        sent = json.loads(request.get_data())
        tokens = [each["jwt"] for each in sent["notices"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return _answer(400, error='Send {"notices": [{"jwt": "…"}]} as JSON.')
    if len(tokens) > MAX_NOTICES:
        return _answer(413, error="These are more notices than are taken at once.")
    checker = NoticeChecker(current_app.extensions["assay.http"], now=utcnow())
    fates: Counter[str] = Counter()
    causes: list[str] = []
    for token in tokens:
        try:
            fates[_take(checker, token)] += 1
        except LaunchRefusedError as refusal:
            causes.append(refusal.cause)
    log.info("notices", **fates, refused=causes)
    return _answer(403 if causes else 200, **fates, refused=causes)


def _take(checker: NoticeChecker, token: Any) -> Fate:
    checked = checker.check(token)
    try:
        with transaction() as session:
            return record_notice(session, checked, now=utcnow())
    except IntegrityError as error:  # the same notice is in another request's hands
        raise replayed() from error


def _answer(status: int, **facts: Any) -> tuple[Response, int]:
    response = jsonify(facts)
    response.headers["Cache-Control"] = "no-store"
    return response, status

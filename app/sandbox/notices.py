"""Notices to the tool, and the service by which it says where they go.

Source: Platform Notification Service 1.0. As in Canvas, a notice is sent once.
"""

import secrets
import time
from datetime import UTC, datetime
from typing import Any

import requests
from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.sandbox.lms import Lms, current_lms
from app.sandbox.models import NoticeHandler
from app.sandbox.replies import ServiceError, read_json, reply
from app.sandbox.tokens import requires_scope
from app.sandbox.vocabulary import (
    CLAIM,
    COPY_NOTICE,
    HELLO_NOTICE,
    NOTICE_HANDLERS,
    NOTICE_TYPES,
)

bp = Blueprint("notices", __name__, url_prefix="/lti/notice-handlers")

JSON = "application/json"
SEND_SECONDS = 5
TOKEN_SECONDS = 300


@bp.get("")
@requires_scope(NOTICE_HANDLERS)
def show() -> ResponseReturnValue:
    """Show which notices go where."""
    with current_lms().database.reading() as session:
        kept = session.scalars(select(NoticeHandler).order_by(NoticeHandler.notice_type))
        handlers = [{"notice_type": each.notice_type, "handler": each.handler} for each in kept]
    return reply({"notice_handlers": handlers}, JSON)


@bp.put("")
@requires_scope(NOTICE_HANDLERS)
def put() -> ResponseReturnValue:
    """Take the address for one kind of notice; an empty one ends it. A hello goes there at once."""
    body = read_json(JSON)
    notice_type, handler = body.get("notice_type"), body.get("handler")
    if notice_type not in NOTICE_TYPES:
        raise ServiceError(400, "This kind of notice is not sent here.")
    origin = current_lms().config.tool_origin
    if not isinstance(handler, str) or (handler and not handler.startswith(f"{origin}/")):
        raise ServiceError(400, "A handler is an address of the tool's own.")
    with current_lms().database.writing() as session:
        if handler:
            session.merge(NoticeHandler(notice_type=notice_type, handler=handler))
        elif kept := session.get(NoticeHandler, notice_type):
            session.delete(kept)
    if handler and notice_type == HELLO_NOTICE:
        send_notice(current_lms(), HELLO_NOTICE, {})
    return reply({"notice_type": notice_type, "handler": handler}, JSON)


def send_copy_notice(lms: Lms, *, course_id: str, origin_ids: list[str]) -> int | None:
    """Tell the tool that a course was copied; return its answer's status, `None` if it had none."""
    facts = {f"{CLAIM}context": {"id": course_id}, f"{CLAIM}origin_contexts": origin_ids}
    return send_notice(lms, COPY_NOTICE, facts)


def send_notice(lms: Lms, notice_type: str, facts: dict[str, Any]) -> int | None:
    """Send one notice to whoever asked for its kind, once; return the answer's status."""
    with lms.database.reading() as session:
        kept = session.get(NoticeHandler, notice_type)
    if kept is None:
        return None
    token = lms.signing_key.sign(_claims(lms, notice_type) | facts)
    try:
        answer = requests.post(
            kept.handler,
            json={"notices": [{"jwt": token}]},
            timeout=SEND_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException:
        return None
    return answer.status_code


def _claims(lms: Lms, notice_type: str) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": lms.config.issuer,
        "aud": lms.profile.client_id,
        "azp": lms.profile.client_id,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "nonce": secrets.token_urlsafe(16),
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": lms.profile.deployment_id,
        f"{CLAIM}notice": {
            "id": secrets.token_urlsafe(12),
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat(),
            "type": notice_type,
        },
    }

"""What is chosen in the tool and becomes no activity: links from the editor, homework.

Source: Deep Linking 2.0 §3.1 (link), §3.3 (file), §3.4 (html).
"""

import hashlib
from typing import Any

import requests
from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.sandbox.claims import WANTED
from app.sandbox.lms import current_lms
from app.sandbox.lookup import get_course
from app.sandbox.messages import may_choose
from app.sandbox.models import Placed
from app.sandbox.signing_in import current_person
from app.sandbox.vocabulary import (
    DEEP_LINKING_CLAIM,
    EDITOR_PLACEMENT,
    HOMEWORK_PLACEMENT,
)

bp = Blueprint("placements", __name__, url_prefix="/courses/<course_id>")

FETCH_SECONDS = 10
MAX_FILE_BYTES = 20 * 1024 * 1024


class AnswerRefusedError(Exception):
    """An answer of the tool's that is not accepted; the message says why."""


@bp.get("/links/new")
def add_link(course_id: str) -> ResponseReturnValue:
    """Hold the tool in which an instructor chooses a link for the course page."""
    return _hold(course_id, EDITOR_PLACEMENT, "Add a link from Assay")


@bp.get("/homework")
def homework(course_id: str) -> ResponseReturnValue:
    """Show a student what they have handed in from the tool."""
    person = current_person()
    if not person.is_student:
        abort(403, "Only students hand in homework.")
    with current_lms().database.reading() as session:
        handed_in = session.scalars(
            select(Placed)
            .where(Placed.course_id == course_id, Placed.person_id == person.id)
            .order_by(Placed.id.desc())
        ).all()
        course = get_course(session, course_id)
        return render_template("sandbox/homework.html", course=course, handed_in=handed_in)


@bp.get("/homework/new")
def choose_homework(course_id: str) -> ResponseReturnValue:
    """Hold the tool in which a student chooses what to hand in."""
    return _hold(course_id, HOMEWORK_PLACEMENT, "Hand in from Assay")


def split_items(claims: dict[str, Any], placement: str) -> tuple[list[Any], list[Any]]:
    """Return the resource links of an answer, and its other items; each of a kind asked for.

    Raises: `AnswerRefusedError`.
    """
    raw = claims.get(f"{DEEP_LINKING_CLAIM}content_items", [])
    if not isinstance(raw, list):
        raise AnswerRefusedError("Its content_items are no list.")
    asked = WANTED[placement]
    types = asked["accept_types"]
    if any(not isinstance(each, dict) or each.get("type") not in types for each in raw):
        raise AnswerRefusedError(f"This LMS takes only items of the type {', '.join(types)}.")
    if len(raw) > 1 and not asked["accept_multiple"]:
        raise AnswerRefusedError("This LMS asked for one item, not several.")
    links = [each for each in raw if each["type"] == "ltiResourceLink"]
    if not asked["accept_lineitem"] and any("lineItem" in each for each in links):
        raise AnswerRefusedError("This LMS asked for no gradebook column.")
    return links, [each for each in raw if each["type"] != "ltiResourceLink"]


def read_placed(items: list[Any], data: dict[str, str]) -> list[Placed]:
    """Return what is kept of links, pieces of HTML and files; a file is fetched at once.

    Raises: `AnswerRefusedError`.
    """
    owner = data["person"] if data["placement"] == HOMEWORK_PLACEMENT else ""
    return [_read(item, course_id=data["course"], person_id=owner) for item in items]


def _read(item: dict[str, Any], *, course_id: str, person_id: str) -> Placed:
    placed = Placed(
        course_id=course_id,
        person_id=person_id,
        kind=item["type"],
        title=_text(item, "title") or _text(item, "url") or item["type"],
        url=_text(item, "url"),
        html=_text(item, "html"),
        media_type="",
        sha256="",
        size_bytes=0,
    )
    if placed.kind == "html":
        if not placed.html:
            raise AnswerRefusedError("An item has no html.")
        return placed
    if not placed.url.startswith(("http://", "https://")):
        raise AnswerRefusedError("An item has no web address.")
    if placed.kind == "file":
        _fetch(placed)
    return placed


def _fetch(placed: Placed) -> None:
    try:
        answer = requests.get(placed.url, timeout=FETCH_SECONDS, allow_redirects=False)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise AnswerRefusedError(f"The file could not be fetched: {error}") from error
    if answer.is_redirect or len(answer.content) > MAX_FILE_BYTES:
        raise AnswerRefusedError("The file is elsewhere, or too large.")
    placed.size_bytes = len(answer.content)
    placed.sha256 = hashlib.sha256(answer.content).hexdigest()
    placed.media_type = answer.headers.get("Content-Type", "")


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name, "")
    if not isinstance(value, str):
        raise AnswerRefusedError(f"An item's {name} is no text.")
    return value


def _hold(course_id: str, placement: str, title: str) -> ResponseReturnValue:
    if not may_choose(current_person(), placement):
        abort(403, "This is not offered to you.")
    with current_lms().database.reading() as session:
        return render_template(
            "sandbox/tool.html",
            course=get_course(session, course_id),
            title=title,
            frame_url=url_for("launches.deep_linking", course_id=course_id, placement=placement),
        )

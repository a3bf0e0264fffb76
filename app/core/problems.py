"""Refusals as data, for scripts: `application/problem+json` in place of a page."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, current_app, json, request

View = TypeVar("View", bound=Callable[..., Any])


def answers_problems(view: View) -> View:
    """Let every refusal of this view be data: it is called by a script, not by a page."""
    view.answers_problems = True  # type: ignore[attr-defined]
    return view


def wants_problem() -> bool:
    """Return whether the view of this request is one that a script calls."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "answers_problems", False)


def problem(code: int, title: str, message: str, **members: object) -> Response:
    """Return one refusal; `message` is for the person, `members` for the script.

    Source: RFC 9457, §3.
    """
    content = {"title": title, "status": code, "detail": message, **members}
    response = Response(json.dumps(content), status=code)
    response.content_type = "application/problem+json"
    return response

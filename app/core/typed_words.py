"""What somebody typed into a form that was refused: shown once more, so that it is not lost."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request
from werkzeug.exceptions import HTTPException

View = TypeVar("View", bound=Callable[..., Any])


def returns_words(*names: str) -> Callable[[View], View]:
    """Have a refusal of this view show what was typed: to lose it costs somebody an evening.

    `names`: of the fields, without the prefix of the part that they belong to.
    """

    def mark(view: View) -> View:
        view.returned_fields = frozenset(names)  # type: ignore[attr-defined]
        return view

    return mark


def typed_words() -> list[str]:
    """Return the words of a refused form, in its order; none for other views.

    Only for what a page of the tool itself sent: nobody else puts words on our pages.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    names: frozenset[str] = getattr(view, "returned_fields", frozenset())
    if request.method != "POST" or not names:
        return []
    if (request.referrer or "").split("/")[2:3] != [request.host]:
        return []
    try:
        sent = list(request.form.items(multi=True))
    except HTTPException:  # larger than a form may be for somebody who is refused
        return []
    return [
        value.strip() for name, value in sent if name.rpartition("-")[2] in names and value.strip()
    ]

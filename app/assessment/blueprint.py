"""The room's blueprint; its pages stand in the `…_views` modules. What they share."""

from typing import Any

from flask import Blueprint, current_app, request

from app.assessment.queue_filters import Filters
from app.core.principal import current_principal
from app.settings import Settings

bp = Blueprint("assessment", __name__)

FROM_REVIEW = "from_review"


def find_return_url() -> str | None:
    """Return where the LMS wants its person back, if they came from its gradebook.

    Source: LTI 1.3 core §5.4.4, `launch_presentation.return_url`.
    """
    return current_principal().return_url if FROM_REVIEW in request.args else None


def review_marks() -> dict[str, Any]:
    """Return what keeps an address remembering where its person came from.

    From the gradebook; and from a queue that was narrowed, so that “next” stays in it.
    """
    from_review = {FROM_REVIEW: 1} if FROM_REVIEW in request.args else {}
    return from_review | queue_marks()


def queue_marks() -> dict[str, Any]:
    """Return to what the queue was narrowed from which this page was reached."""
    return dict[str, Any](asked_filters().args)


def asked_filters() -> Filters:
    """Return what the address narrows the queue to."""
    return Filters.read(request.args)


def settings() -> Settings:
    """Return the installation's settings."""
    found: Settings = current_app.extensions["assay.settings"]
    return found

"""`/verify`: whether a badge that somebody was given holds. What is sent is kept nowhere."""

from typing import Any

from flask import Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from app.core.access import public
from app.core.clock import utcnow
from app.core.db import db
from app.core.uploads import keeps_uploads_in_memory
from app.public import responses
from app.public.blueprint import bp
from app.public.checking import Answer, check_presented
from app.public.verify_forms import VerifyForm

FORM_POLICY = responses.PAGE_POLICY.replace("form-action 'none'", "form-action 'self'")


@bp.record_once
def _exempt_from_csrf(state: Any) -> None:
    """Ask for no token where nothing changes: it would need a cookie."""
    state.app.extensions["csrf"].exempt(f"{__name__}.check")


@bp.get("/verify")
@public
def verify() -> ResponseReturnValue:
    """Ask for a badge."""
    return responses.page(_render(VerifyForm(formdata=None), None), policy=FORM_POLICY)


@bp.post("/verify")
@public
@keeps_uploads_in_memory
def check() -> ResponseReturnValue:
    """Say whether the badge holds, in the answer itself: there is nothing to be led to."""
    answer, status = None, 200
    try:
        form = VerifyForm(formdata=_sent())
    except RequestEntityTooLarge:
        form, status = VerifyForm(formdata=None), 413
        form.file.errors = [_("This is too large for a badge: a megabyte is the most.")]
    else:
        data = form.read()
        if data is not None:
            base_url = current_app.extensions["assay.settings"].base_url
            answer = check_presented(db.session(), data, base_url=base_url, now=utcnow())
            form.text.data = ""  # nothing unproven is shown, and nothing said twice
        status = form.status
    response = Response(_render(form, answer), status=status, mimetype=responses.HTML)
    response.headers["Content-Security-Policy"] = FORM_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _sent() -> MultiDict[str, Any]:
    return CombinedMultiDict([request.files, request.form])


def _render(form: VerifyForm, answer: Answer | None) -> str:
    return render_template("public/verify.html", form=form, answer=answer)

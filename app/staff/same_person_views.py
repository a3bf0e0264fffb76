"""`/my/other-lms`: somebody whom two LMSs know says so, and becomes one person."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.core.principal import current_principal
from app.courses.models import Person
from app.courses.service import get_person
from app.staff import same_person as service
from app.staff.blueprint import bp
from app.staff.forms import ActForm, CodeForm
from app.staff.people import name_platforms


@bp.get("/my/other-lms")
@signed_in
def same_person() -> ResponseReturnValue:
    """Explain it; show both sides to who typed a good code, and then to who made it."""
    return _page(CodeForm(formdata=None), code=None)


@bp.post("/my/other-lms/code")
@signed_in
def show_code() -> ResponseReturnValue:
    """Make a code, and show it in this one answer: only its hash is kept."""
    with transaction() as write:
        code = service.make_code(write, _person(write), now=utcnow())
    return _page(CodeForm(formdata=None), code=code)


@bp.post("/my/other-lms/enter")
@signed_in
def enter_code() -> ResponseReturnValue:
    """Take a code that was made in another LMS."""
    form = CodeForm()
    if form.validate_on_submit():
        try:
            with transaction() as write:
                is_good = service.enter_code(write, _person(write), form.code.data, now=utcnow())
        except InvalidError as error:
            form.code.errors = [str(error)]
        else:
            if is_good:
                return redirect(url_for(".same_person"), 303)
            form.code.errors = [
                _("No such code: it may be mistyped, used, or older than ten minutes")
            ]
    return _page(form, code=None)


@bp.post("/my/other-lms/<int:code_id>/confirm")
@signed_in
def confirm_same(code_id: int) -> ResponseReturnValue:
    """Say that both are oneself; the other side is asked, too."""
    with transaction() as write:
        service.confirm(write, code_id, _person(write), now=utcnow())
    return redirect(url_for(".same_person"), 303)


@bp.post("/my/other-lms/<int:code_id>/agree")
@signed_in
def agree_same(code_id: int) -> ResponseReturnValue:
    """Say so where the code was made, and become one person."""
    with transaction() as write:
        service.agree(write, code_id, _person(write), now=utcnow())
    flash(_("You are one person now. Your work and credentials stand together."), "success")
    return redirect(url_for("awards.mine"), 303)


@bp.post("/my/other-lms/<int:code_id>/deny")
@signed_in
def deny_same(code_id: int) -> ResponseReturnValue:
    """Say that the other one is somebody else."""
    with transaction() as write:
        service.deny(write, code_id, _person(write), now=utcnow())
    flash(_("Nothing was changed. The code opens nothing any more."))
    return redirect(url_for(".same_person"), 303)


@bp.post("/my/other-lms/<int:code_id>/refuse")
@signed_in
def refuse_same(code_id: int) -> ResponseReturnValue:
    """Say where the code was made that who typed it is somebody else."""
    with transaction() as write:
        service.refuse(write, code_id, _person(write), now=utcnow())
    flash(_("Nothing was changed. The code opens nothing any more."))
    return redirect(url_for(".same_person"), 303)


def _person(session: Session) -> Person:
    principal = current_principal()
    return get_person(session, principal.person_id, institution_id=principal.institution_id)


def _page(form: CodeForm, *, code: str | None) -> ResponseReturnValue:
    read, now = db.session(), utcnow()
    person = _person(read)
    page = render_template(
        "staff/same_person.html",
        person=person,
        platforms=name_platforms(read, person.id),
        pair=service.find_pair(read, person, now=now),
        asked=service.find_asked(read, person, now=now),
        seems_known=service.looks_known_elsewhere(read, person),
        form=form,
        act=ActForm(formdata=None),
        code=code,
    )
    return page, form.status, {"Cache-Control": "no-store"}

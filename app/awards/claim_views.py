"""Codes for events: made and shown by those who give Souvenirs, typed by those who came."""

import csv
import io

import segno
from flask import Response, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.awards.blueprint import bp
from app.awards.claim_codes import group_code, read_code
from app.awards.claim_misses import TooManyMissesError, note_miss, refuse_after_misses
from app.awards.claims import (
    UnknownCodeError,
    claim_souvenir,
    describe_state,
    get_claim,
    list_uses,
    make_claim,
    open_code,
    pause_claim,
    stop_claim,
)
from app.awards.facts import award_address
from app.awards.forms import ActForm, ClaimForm, CodeForm
from app.awards.souvenir_models import Claim
from app.awards.souvenir_views import COURSE_ROLES, tell
from app.awards.souvenirs import Giver, get_givable, require_giver
from app.awards.wording import CLAIM_ICONS, claim_label
from app.core.access import SESSION_KEY, public, requires, signed_in
from app.core.clock import utcnow
from app.core.csv_text import guard
from app.core.db import db, transaction
from app.core.errors import ConflictError, ForbiddenError, InvalidError
from app.core.principal import current_principal
from app.courses.models import Course
from app.courses.service import get_course, get_person

CLAIM = "/souvenirs/codes/<int:claim_id>"
TOO_MANY = 429


@bp.route("/souvenirs/<int:achievement_id>/code", methods=["GET", "POST"])
@signed_in
def make_code(achievement_id: int) -> ResponseReturnValue:
    """Make a code by which anybody who can sign in claims a Souvenir."""
    return _make(achievement_id, None)


@bp.route("/courses/<int:course_id>/souvenirs/<int:achievement_id>/code", methods=["GET", "POST"])
@requires(*COURSE_ROLES)
def make_code_in_course(course_id: int, achievement_id: int) -> ResponseReturnValue:
    """Make a code by which the learners of a course claim a Souvenir."""
    institution_id = current_principal().institution_id
    return _make(achievement_id, get_course(db.session(), course_id, institution_id=institution_id))


@bp.get(CLAIM)
@signed_in
def code(claim_id: int) -> str:
    """Show a code to whoever made it, and who claimed so far."""
    claim = _claim(db.session(), claim_id)
    return render_template(
        "awards/code.html",
        **_shown(claim),
        uses=list_uses(db.session(), claim),
        version=claim.version,
        level=claim.version.achievement.level,
        act_form=ActForm(formdata=None),
        form=None,
    )


@bp.get(f"{CLAIM}/poster")
@signed_in
def code_poster(claim_id: int) -> str:
    """Show a code as large as the screen or the sheet allows."""
    claim = _claim(db.session(), claim_id)
    return render_template("awards/poster.html", **_shown(claim), version=claim.version)


@bp.get(f"{CLAIM}/qr.svg")
@signed_in
def code_picture(claim_id: int) -> Response:
    """Draw the QR code of a code's address. Source: ISO/IEC 18004; a quiet zone of 4 modules."""
    claim = _claim(db.session(), claim_id)
    drawn = io.BytesIO()
    # Without `xmldecl` and sizes, the picture is as large as its place.
    segno.make(_address(claim), error="m", micro=False).save(
        drawn, kind="svg", border=4, scale=10, omitsize=True, light="#fff", xmldecl=False
    )
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@bp.post(f"{CLAIM}/pause")
@signed_in
def pause_code(claim_id: int) -> ResponseReturnValue:
    """Take a code out of use for a while, or let it go on."""
    principal, now = current_principal(), utcnow()
    with transaction() as write:
        claim = _claim(write, claim_id)
        giver = Giver.of(principal).in_course(claim.course_id)
        require_giver(write, claim.achievement_id, giver, now=now)
        pause_claim(write, claim, actor=principal.actor, now=now)
        is_paused = claim.paused_at is not None
    tell(_("Paused: nobody can use the code now.") if is_paused else _("The code is in use again."))
    return redirect(url_for(".code", claim_id=claim_id), 303)


@bp.post(f"{CLAIM}/stop")
@signed_in
def stop_code(claim_id: int) -> ResponseReturnValue:
    """Stop a code at once and for good."""
    with transaction() as write:
        stop_claim(write, _claim(write, claim_id), actor=current_principal().actor, now=utcnow())
    tell(_("Stopped: nobody can use the code any more. What was claimed stands."))
    return redirect(url_for(".code", claim_id=claim_id), 303)


@bp.get(f"{CLAIM}/claimed.csv")
@signed_in
def code_uses(claim_id: int) -> Response:
    """Hand out who claimed, with the addresses of the awards."""
    claim = _claim(db.session(), claim_id)
    base_url = current_app.extensions["assay.settings"].base_url
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(["claimed_at", "name", "email", "address"])
    for use in list_uses(db.session(), claim):
        cells = (
            use.claimed_at.isoformat(timespec="seconds"),
            use.person.display_name,
            use.person.email or "",
            award_address(base_url, use.award.public_id),
        )
        writer.writerow([guard(cell) for cell in cells])
    response = Response(text.getvalue(), mimetype="text/csv")
    name = f"claimed-{claim.achievement.slug}-{claim.id}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.get("/claim/<typed>")
@public
def claim_here(typed: str) -> ResponseReturnValue:
    """Where a QR code leads: into the session if there is one, else how to claim.

    It says nothing of whether the code is right, so that nobody can try codes here.
    """
    if SESSION_KEY in session:
        return redirect(url_for(".claim", code=typed), 303)
    known = read_code(typed)
    return render_template(
        "awards/claim_here.html", code=group_code(known) if known else None, typed=typed
    )


@bp.route("/my/claim", methods=["GET", "POST"])
@signed_in
def claim() -> ResponseReturnValue:
    """Ask for the code of an event, and award its Souvenir."""
    asked = request.args.get("code", "")[:40]
    known = read_code(asked)
    form = CodeForm(code=group_code(known) if known else asked)
    status = form.status
    if form.validate_on_submit():
        status, why = _try_code(form.code.data)
        if why is None:
            return redirect(url_for(".mine"), 303)
        form.code.errors = [why]
    page = render_template("awards/claim.html", form=form)
    return page, status if form.errors else 200


def _try_code(typed: str) -> tuple[int, str | None]:
    """Claim; return the status and, if it did not work, why not. A wrong code is counted."""
    principal, now = current_principal(), utcnow()
    try:
        refuse_after_misses(db.session(), principal.person_id, now=now)
        with transaction() as write:
            person = get_person(write, principal.person_id, institution_id=principal.institution_id)
            award = claim_souvenir(
                write,
                typed,
                person,
                vault=current_app.extensions["assay.vault"],
                base_url=current_app.extensions["assay.settings"].base_url,
                now=now,
            )
            name = award.version.name
    except TooManyMissesError as error:
        return TOO_MANY, str(error)
    except UnknownCodeError as error:
        with transaction() as write:
            note_miss(write, principal.person_id, now=now)
        return 422, str(error)
    except (InvalidError, ConflictError, ForbiddenError) as error:
        return 422, str(error)
    flash(_("“%(name)s” is yours. It stands below with its public address.", name=name), "success")
    return 303, None


def _make(achievement_id: int, course: Course | None) -> ResponseReturnValue:
    principal, now = current_principal(), utcnow()
    giver = Giver.of(principal)
    version = get_givable(db.session(), achievement_id, giver, now=now)
    form = ClaimForm.fresh()
    if form.validate_on_submit():
        try:
            with transaction() as write:
                made = make_claim(
                    write,
                    get_givable(write, achievement_id, giver, now=now),
                    title=form.title.data,
                    max_count=form.max_count.data,
                    course=course,
                    created_by=principal.person_id,
                    vault=current_app.extensions["assay.vault"],
                    now=now,
                    **form.moments,
                )
                claim_id = made.id
            return redirect(url_for(".code", claim_id=claim_id), 303)
        except InvalidError as error:
            form.ends_at.errors = [str(error)]
    page = render_template(
        "awards/code_new.html",
        form=form,
        version=version,
        level=version.achievement.level,
        course=course,
    )
    return page, form.status


def _claim(read: Session, claim_id: int) -> Claim:
    return get_claim(read, claim_id, Giver.of(current_principal()), now=utcnow())


def _address(claim: Claim) -> str:
    code = open_code(claim, current_app.extensions["assay.vault"])
    base_url = current_app.extensions["assay.settings"].base_url
    return f"{base_url}/claim/{group_code(code)}"


def _shown(claim: Claim) -> dict[str, object]:
    state = describe_state(claim, now=utcnow())
    return {
        "claim": claim,
        "code": group_code(open_code(claim, current_app.extensions["assay.vault"])),
        "address": _address(claim),
        "state": state,
        "label": claim_label(state),
        "icon": CLAIM_ICONS[state],
    }

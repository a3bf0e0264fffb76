"""`/souvenirs/lists/…`: one list of Souvenirs, from its dry run to its results."""

import csv
import io
from collections.abc import Iterator

from flask import Response, current_app, redirect, render_template, request, url_for
from flask import stream_with_context as streamed
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.awards.blueprint import bp
from app.awards.facts import award_address
from app.awards.forms import ActForm, RevokeForm
from app.awards.revoking import revoke_award
from app.awards.running import revoke_batch, start_batch, stop_batch
from app.awards.souvenir_models import SouvenirBatch, SouvenirRow
from app.awards.souvenir_views import tell
from app.awards.souvenirs import (
    PER_PAGE,
    Giver,
    count_revoked,
    count_rows,
    get_batch,
    get_row,
    iterate_rows,
    list_rows,
    may_start,
    require_giver,
)
from app.awards.wording import (
    BATCH_ICONS,
    ROW_ICONS,
    batch_label,
    row_label,
    row_reason,
    source_label,
)
from app.core.access import requires_administrator, signed_in
from app.core.clock import utcnow
from app.core.csv_text import guard
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.core.principal import current_principal

BATCH = "/souvenirs/lists/<int:batch_id>"


@bp.get(BATCH)
@signed_in
def batch(batch_id: int) -> ResponseReturnValue:
    """Show a list: what will become of each row, how far it is, or what came of it."""
    return _page(batch_id, RevokeForm())


@bp.get(f"{BATCH}/progress")
@signed_in
def batch_progress(batch_id: int) -> ResponseReturnValue:
    """Answer how far a list is, for the page that stands open."""
    found = _batch(db.session(), batch_id)
    fragment = render_template("awards/_progress.html", **_standing(found))
    return fragment, {"Vary": "X-Fragment"}


@bp.post(f"{BATCH}/start")
@signed_in
def start(batch_id: int) -> ResponseReturnValue:
    """Set a list going; the worker does the rest."""
    principal, now = current_principal(), utcnow()
    with transaction() as session:
        found = _batch(session, batch_id)
        giver = Giver.of(principal).in_course(found.course_id)
        require_giver(session, found.achievement_id, giver, now=now)
        start_batch(session, found, person_id=principal.person_id, actor=principal.actor, now=now)
    return redirect(url_for(".batch", batch_id=batch_id), 303)


@bp.post(f"{BATCH}/stop")
@signed_in
def stop(batch_id: int) -> ResponseReturnValue:
    """Stop a list that is under way."""
    with transaction() as session:
        found = _batch(session, batch_id)
        stop_batch(session, found, actor=current_principal().actor, now=utcnow())
    tell(_("Stopped. What was awarded so far stands; you can go on with the rest."))
    return redirect(url_for(".batch", batch_id=batch_id), 303)


@bp.post(f"{BATCH}/revoke")
@requires_administrator
def revoke_all(batch_id: int) -> ResponseReturnValue:
    """Revoke every award of a list, with a reason."""
    form = RevokeForm()
    if not form.validate():
        return _page(batch_id, form), form.status
    with transaction() as session:
        revoke_batch(
            session,
            _batch(session, batch_id),
            reason=form.reason.data,
            actor=current_principal().actor,
            now=utcnow(),
        )
    tell(_("The awards of this list are being revoked."))
    return redirect(url_for(".batch", batch_id=batch_id), 303)


@bp.route(f"{BATCH}/rows/<int:number>/revoke", methods=["GET", "POST"])
@requires_administrator
def revoke_one(batch_id: int, number: int) -> ResponseReturnValue:
    """Ask why, and revoke the award of one row."""
    form = RevokeForm()
    found = _batch(db.session(), batch_id)
    row = get_row(db.session(), found, number)
    if row.award is None:
        raise ConflictError("Nobody was awarded by this row.")
    if form.validate_on_submit():
        with transaction() as session:
            fresh = get_row(session, _batch(session, batch_id), number)
            if fresh.award is not None:
                revoke_award(
                    session,
                    fresh.award,
                    reason=form.reason.data,
                    actor=current_principal().actor,
                    vault=current_app.extensions["assay.vault"],
                    base_url=current_app.extensions["assay.settings"].base_url,
                    now=utcnow(),
                )
        tell(_("The award is revoked."))
        return redirect(url_for(".batch", batch_id=batch_id), 303)
    page = render_template("awards/revoke_one.html", form=form, batch=found, row=row)
    return page, form.status


@bp.get(f"{BATCH}/results.csv")
@signed_in
def batch_results(batch_id: int) -> Response:
    """Hand out every row with what became of it, and the addresses of the awards."""
    found = _batch(db.session(), batch_id)
    name = f"souvenirs-{found.achievement.slug}-{found.id}.csv"
    response = Response(streamed(_csv(found)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _batch(session: Session, batch_id: int) -> SouvenirBatch:
    return get_batch(session, batch_id, Giver.of(current_principal()), now=utcnow())


def _standing(found: SouvenirBatch) -> dict[str, object]:
    revoked = count_revoked(db.session(), found.id) if found.revoked_at else 0
    return {
        "batch": found,
        "counts": count_rows(db.session(), found.id),
        "revoked": revoked,
        "label": batch_label(found),
        "icon": BATCH_ICONS[found.state],
    }


def _page(batch_id: int, revoke_form: RevokeForm) -> str:
    found = _batch(db.session(), batch_id)
    standing = _standing(found)
    counts = standing["counts"]
    only_problems = request.args.get("show") == "problems"
    shown = counts.problems if only_problems else counts.total  # type: ignore[attr-defined]
    pages = max(1, -(-shown // PER_PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    rows = list_rows(db.session(), found.id, only_problems=only_problems, page=page)
    return render_template(
        "awards/batch.html",
        **standing,
        version=found.version,
        level=found.version.achievement.level,
        rows=[
            (row, row_label(row), row_reason(row, is_outside=not found.course_id)) for row in rows
        ],
        row_icons=ROW_ICONS,
        only_problems=only_problems,
        page=page,
        pages=pages,
        can_start=may_start(found),
        source=source_label(found),
        form=revoke_form if revoke_form.errors else None,
        act_form=ActForm(formdata=None),
        revoke_form=revoke_form,
    )


def _csv(found: SouvenirBatch) -> Iterator[str]:
    base_url = current_app.extensions["assay.settings"].base_url
    # A mark by which Excel knows UTF-8.
    yield "\ufeff"
    yield _line(["line", "email", "name", "result", "reason", "note", "address"])
    for row in iterate_rows(db.session(), found.id):
        yield _line(_cells(row, found, base_url))


def _cells(row: SouvenirRow, found: SouvenirBatch, base_url: str) -> list[str]:
    email = row.given_email or (row.person.email if row.person else None) or ""
    name = row.given_name or (row.person.display_name if row.person else "")
    return [
        str(row.number),
        email,
        name,
        row_label(row),
        row_reason(row, is_outside=not found.course_id),
        _("A cell looks like a formula; it was kept as text.") if row.is_formula else "",
        award_address(base_url, row.award.public_id) if row.award else "",
    ]


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([guard(cell) for cell in cells])
    return text.getvalue()

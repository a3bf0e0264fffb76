"""“My comments”: somebody's own bank, kept in order."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.assessment.blueprint import bp
from app.assessment.comment_forms import ANY, CommentForm
from app.assessment.comments import (
    change_comment,
    get_comment,
    keep_comment,
    list_bank,
    list_granted,
)
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.forms import Form
from app.core.principal import current_principal


@bp.route("/assessment/comments", methods=["GET", "POST"])
@requires_grantor
def comments() -> ResponseReturnValue:
    """Show the comments of somebody's bank, most used first; on POST keep one more."""
    grantor = current_principal()
    achievements = list_granted(db.session(), grantor)
    form = CommentForm.among(achievements)
    if form.validate_on_submit():
        with transaction() as session:
            keep_comment(
                session,
                form.text.data,
                institution_id=grantor.institution_id,
                person_id=grantor.person_id,
                achievement_id=form.achievement_id,
                now=utcnow(),
            )
        flash(_("Kept among your comments."), "success")
        return redirect(url_for(".comments"), 303)
    shown = request.args.get("achievement", ANY, type=int)
    is_known = shown in {achievement.id for achievement in achievements}
    page = render_template(
        "assessment/comments.html",
        form=form,
        delete_form=Form(formdata=None),
        achievements=achievements,
        names={each.id: each.versions[-1].name for each in achievements},
        shown=shown if is_known else None,
        bank=list_bank(db.session(), grantor.person_id, achievement_id=shown if is_known else None),
    )
    return page, form.status


@bp.route("/assessment/comments/<int:comment_id>", methods=["GET", "POST"])
@requires_grantor
def change_saved_comment(comment_id: int) -> ResponseReturnValue:
    """Say a kept comment in other words, or keep it for another micro-credential."""
    grantor = current_principal()
    achievements = list_granted(db.session(), grantor)
    comment = get_comment(db.session(), comment_id, person_id=grantor.person_id)
    form = CommentForm.among(
        achievements, text=comment.text, achievement=comment.achievement_id or ANY
    )
    if form.validate_on_submit():
        with transaction() as session:
            change_comment(
                get_comment(session, comment_id, person_id=grantor.person_id),
                form.text.data,
                achievement_id=form.achievement_id,
            )
        flash(_("Changed. What was assessed with it stays as it was recorded."), "success")
        return redirect(url_for(".comments"), 303)
    page = render_template("assessment/comment.html", form=form, comment=comment)
    return page, form.status


@bp.post("/assessment/comments/<int:comment_id>/delete")
@requires_grantor
def delete_saved_comment(comment_id: int) -> ResponseReturnValue:
    """Throw a kept comment away; a second press finds it gone already."""
    with transaction() as session:
        session.delete(get_comment(session, comment_id, person_id=current_principal().person_id))
    flash(_("Deleted. What was assessed with it stays as it was recorded."), "success")
    return redirect(url_for(".comments"), 303)

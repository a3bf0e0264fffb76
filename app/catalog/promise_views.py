"""What an administrator sets for the work of an achievement, without a new version."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalog.blueprint import bp
from app.catalog.promise_forms import PromiseForm
from app.catalog.promises import change_promise
from app.catalog.versions import current_version, get_achievement_by_id
from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal


@bp.route("/catalog/achievements/<int:achievement_id>/promise", methods=["GET", "POST"])
@requires_administrator
def promise(achievement_id: int) -> ResponseReturnValue:
    """Show by when work is decided and how it is given out; on POST change it."""
    principal = current_principal()
    achievement = get_achievement_by_id(
        db.session(), achievement_id, institution_id=principal.institution_id
    )
    form = PromiseForm(obj=achievement)
    if form.validate_on_submit():
        with transaction() as write:
            change_promise(
                write,
                get_achievement_by_id(
                    write, achievement_id, institution_id=principal.institution_id
                ),
                promise_days=form.promise_days.data,
                is_allocated=form.is_allocated.data,
                actor=principal.actor,
                now=utcnow(),
            )
        flash(_("Kept. It holds for what is handed in from now on."), "success")
        return redirect(url_for(".show", achievement_id=achievement_id), 303)
    page = render_template(
        "catalog/promise.html",
        form=form,
        achievement=achievement,
        version=current_version(achievement.versions),
    )
    return page, form.status

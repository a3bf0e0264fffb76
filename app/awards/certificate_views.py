"""`/admin/certificates`: the sets that a rule awards, who holds them, and who would now."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.awards.blueprint import bp
from app.awards.certificate_jobs import (
    count_due,
    count_holders,
    get_certificate,
    is_usable,
    list_administered,
)
from app.awards.forms import ActForm
from app.catalog.stacks import list_problems, owe_awards, show_parts
from app.core import audit
from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.core.principal import current_principal


@bp.get("/admin/certificates")
@requires_administrator
def certificates() -> str:
    """List the certificates that are awarded now or are in review."""
    session = db.session()
    found = list_administered(session, current_principal().institution_id)
    return render_template(
        "awards/certificates.html",
        rows=[(version, count_holders(session, version)) for version in found],
        parts=show_parts(session, [version.id for version in found]),
    )


@bp.get("/admin/certificates/<int:version_id>")
@requires_administrator
def certificate(version_id: int) -> str:
    """Show one certificate: its parts, what is wrong with them, and who would be awarded it."""
    session, now = db.session(), utcnow()
    version = get_certificate(
        session, version_id, institution_id=current_principal().institution_id
    )
    return render_template(
        "awards/certificate.html",
        version=version,
        groups=show_parts(session, [version.id])[version.id],
        problems=list_problems(session, version, now=now),
        holders=count_holders(session, version),
        due=count_due(session, version, now=now),
        is_usable=is_usable(session, version, now=now),
        form=ActForm(),
    )


@bp.post("/admin/certificates/<int:version_id>/award")
@requires_administrator
def award_certificate(version_id: int) -> ResponseReturnValue:
    """Let the worker award a certificate to whoever holds its set already."""
    principal, now = current_principal(), utcnow()
    with transaction() as session:
        version = get_certificate(session, version_id, institution_id=principal.institution_id)
        if not is_usable(session, version, now=now):
            raise ConflictError("This certificate is not approved, or no longer.")
        owe_awards(session, version, now=now)
        audit.record(
            session,
            version.institution_id,
            actor=principal.actor,
            action="certificate.awarded_to_holders",
            subject=f"achievement:{version.achievement_id}",
            facts={"version": version.id},
            now=now,
        )
    flash(_("The certificates are being awarded. Load the page again to see how far it has come."))
    return redirect(url_for(".certificate", version_id=version_id), 303)

"""`/admin/platforms/…/deployments/…`: one deployment, what works there, and a test.

It stands in this room because it looks at what launches told of courses and
services, and because blocking a deployment ends running sessions.
"""

from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.core import audit
from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.core.principal import current_principal
from app.launch.blueprint import bp
from app.launch.forms import ActForm
from app.launch.self_test import as_result, make_plan, run
from app.launch.service import end_sessions
from app.platforms.guides import is_known
from app.platforms.health import State, report
from app.platforms.models import Deployment, DeploymentStatus, Platform, PlatformStatus
from app.platforms.seen import values_of
from app.platforms.service import (
    active_tool_key,
    get_deployment,
    get_platform_of,
    set_deployment_status,
)

ADDRESS = "/admin/platforms/<int:platform_id>/deployments/<int:deployment_pk>"


@bp.get(ADDRESS)
@requires_administrator
def self_test(platform_id: int, deployment_pk: int) -> str:
    """Show how each service of a deployment stands, and where it is switched on."""
    platform, deployment = _find(db.session(), platform_id, deployment_pk)
    findings = report(deployment.seen, platform.product_family, deployment.check_result)
    return render_template(
        "platforms/self_test.html",
        platform=platform,
        deployment=deployment,
        findings=findings,
        missing=[finding for finding in findings if finding.state is State.MISSING],
        is_known=is_known(platform.product_family),
        products=values_of(deployment.seen, "product"),
        targets=values_of(deployment.seen, "target"),
        placements=values_of(deployment.seen, "placement"),
        form=ActForm(),
    )


@bp.post(f"{ADDRESS}/test")
@requires_administrator
def test_deployment(platform_id: int, deployment_pk: int) -> ResponseReturnValue:
    """Call the LMS as deliveries do, and keep what came of it.

    One of the calls that a page waits for: somebody asked, and each has a time-out.
    """
    principal, vault = current_principal(), current_app.extensions["assay.vault"]
    read = db.session()
    platform, deployment = _find(read, platform_id, deployment_pk)
    if platform.status is not PlatformStatus.ACTIVE:
        raise ConflictError("This platform is not switched on, so nothing is asked of it.")
    plan, key = make_plan(read, platform, deployment), active_tool_key(read, vault)
    read.rollback()
    steps = run(plan, current_app.extensions["assay.http"], signing_key=lambda: key)
    now = utcnow()
    with transaction() as write:
        _platform, deployment = _find(write, platform_id, deployment_pk)
        deployment.check_result = as_result(steps, plan, actor=principal.actor, now=now)
        deployment.checked_at = now
        audit.record(
            write,
            principal.institution_id,
            actor=principal.actor,
            action="deployment.tested",
            subject=f"deployment:{deployment.id}",
            facts={step.key: step.is_good for step in steps},
            now=now,
        )
    return redirect(url_for(".self_test", **_place(platform_id, deployment_pk)), 303)


@bp.post(f"{ADDRESS}/approve")
@requires_administrator
def approve_deployment(platform_id: int, deployment_pk: int) -> ResponseReturnValue:
    """Accept launches from a deployment."""
    _set_status(platform_id, deployment_pk, DeploymentStatus.ACTIVE)
    flash(_("Approved. Assay can be opened from this deployment now."))
    return redirect(url_for("platforms.show", platform_id=platform_id), 303)


@bp.post(f"{ADDRESS}/block")
@requires_administrator
def block_deployment(platform_id: int, deployment_pk: int) -> ResponseReturnValue:
    """Refuse launches from a deployment, and end the platform's running sessions."""
    _set_status(platform_id, deployment_pk, DeploymentStatus.BLOCKED)
    if current_principal().platform_id == platform_id:
        return redirect(url_for("platforms.closed"), 303)  # one's own session is among those ended
    flash(_("Blocked. Everybody who came from this LMS has to open Assay once more."))
    return redirect(url_for("platforms.show", platform_id=platform_id), 303)


def _set_status(platform_id: int, deployment_pk: int, status: DeploymentStatus) -> None:
    with transaction() as write:
        platform, deployment = _find(write, platform_id, deployment_pk)
        set_deployment_status(
            write,
            platform,
            deployment.deployment_id,
            status,
            actor=current_principal().actor,
            now=utcnow(),
        )
        if status is DeploymentStatus.BLOCKED:
            # A session does not know its deployment; people of the others launch once more.
            end_sessions(write, platform.id)


def _find(session: Session, platform_id: int, deployment_pk: int) -> tuple[Platform, Deployment]:
    principal = current_principal()
    platform = get_platform_of(session, platform_id, institution_id=principal.institution_id)
    return platform, get_deployment(session, deployment_pk, platform=platform)


def _place(platform_id: int, deployment_pk: int) -> dict[str, Any]:
    return {"platform_id": platform_id, "deployment_pk": deployment_pk}

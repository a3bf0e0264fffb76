"""`/admin`: the platforms of an institution, for its administrators."""

from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.access import requires_administrator
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, InvalidError
from app.core.principal import current_principal
from app.platforms.blueprint import bp
from app.platforms.configuration import host_of, related
from app.platforms.deployments import MAX_PENDING
from app.platforms.forms import ActForm, AddPlatformForm, ApproveForm, ChangePlatformForm
from app.platforms.keys import ensure_tool_key, list_keys
from app.platforms.models import DeploymentStatus, Platform, PlatformStatus
from app.platforms.service import (
    approve_platform,
    get_platform_of,
    list_platforms,
    register_platform,
    set_platform_status,
    update_platform,
)
from app.platforms.tool_document import (
    SCOPE_WORDS,
    SCOPES,
    ToolAddresses,
)
from app.platforms.variables import VARIABLES


@bp.get("/admin")
@requires_administrator
def overview() -> str:
    """List the platforms, and first what waits."""
    platforms = list_platforms(db.session(), institution_id=current_principal().institution_id)
    waiting = {
        platform.id: sum(
            deployment.status is DeploymentStatus.PENDING for deployment in platform.deployments
        )
        for platform in platforms
    }
    return render_template("platforms/overview.html", platforms=platforms, waiting=waiting)


@bp.get("/admin/platforms/<int:platform_id>")
@requires_administrator
def show(platform_id: int) -> str:
    """Show one platform: its values, hosts and deployments."""
    platform = _platform(platform_id)
    waiting = [each for each in platform.deployments if each.status is DeploymentStatus.PENDING]
    known = [each for each in platform.deployments if each.status is not DeploymentStatus.PENDING]
    return render_template(
        "platforms/show.html",
        platform=platform,
        deployments=waiting[:MAX_PENDING] + known,
        has_many_waiting=len(waiting) >= MAX_PENDING,
        hosts=_hosts(platform),
        told=platform.told or {},
        scopes=[
            (SCOPE_WORDS.get(scope, scope), scope)
            for scope in (platform.told or {}).get("scopes", [])
        ],
        form=ApproveForm() if platform.status is PlatformStatus.PENDING else ActForm(),
    )


@bp.post("/admin/platforms/<int:platform_id>/approve")
@requires_administrator
def approve(platform_id: int) -> ResponseReturnValue:
    """Accept launches from a platform that registered itself."""
    principal, form = current_principal(), ApproveForm()
    with transaction() as write:
        platform = get_platform_of(write, platform_id, institution_id=principal.institution_id)
        approve_platform(write, platform, actor=principal.actor, now=utcnow())
        platform.approves_deployments = bool(form.approves_deployments.data)
    flash(_("Approved. Assay can be opened from this LMS now."))
    return redirect(url_for(".show", platform_id=platform_id), 303)


@bp.post("/admin/platforms/<int:platform_id>/disable")
@requires_administrator
def disable(platform_id: int) -> ResponseReturnValue:
    """Refuse launches from a platform; whoever came from it is signed out."""
    _set_status(platform_id, PlatformStatus.DISABLED)
    if current_principal().platform_id == platform_id:
        # One's own way in is closed with it; no page that asks who one is would open now.
        return redirect(url_for(".closed", platform=platform_id), 303)
    flash(_("Switched off. Nobody can open Assay from this LMS."))
    return redirect(url_for(".show", platform_id=platform_id), 303)


@bp.post("/admin/platforms/<int:platform_id>/enable")
@requires_administrator
def enable(platform_id: int) -> ResponseReturnValue:
    """Accept launches from a platform again."""
    _set_status(platform_id, PlatformStatus.ACTIVE)
    flash(_("Switched on. Assay can be opened from this LMS again."))
    return redirect(url_for(".show", platform_id=platform_id), 303)


@bp.route("/admin/platforms/add", methods=["GET", "POST"])
@requires_administrator
def add() -> ResponseReturnValue:
    """Enter a registration by hand."""
    principal, form = current_principal(), AddPlatformForm()
    if form.validate_on_submit():
        now = utcnow()
        try:
            with transaction() as write:
                platform = register_platform(
                    write,
                    principal.institution_id,
                    issuer=form.issuer.data,
                    client_id=form.client_id.data,
                    deployment_ids=[form.deployment_id.data] if form.deployment_id.data else [],
                    actor=principal.actor,
                    now=now,
                    **form.said(),
                )
                platform.approves_deployments = form.approves_deployments.data
                ensure_tool_key(write, current_app.extensions["assay.vault"], now=now)
                platform_id = platform.id
        except ConflictError as error:
            form.client_id.errors = [str(error)]
        except InvalidError as error:
            form.token_audience.errors = [str(error)]
        else:
            flash(_("The platform is registered."))
            return redirect(url_for(".show", platform_id=platform_id), 303)
    page = render_template("platforms/edit.html", form=form, platform=None, addresses=_addresses())
    return page, form.status


@bp.route("/admin/platforms/<int:platform_id>/edit", methods=["GET", "POST"])
@requires_administrator
def edit(platform_id: int) -> ResponseReturnValue:
    """Change the addresses and settings of a registration."""
    principal, platform = current_principal(), _platform(platform_id)
    form = ChangePlatformForm(obj=platform)
    if form.validate_on_submit():
        try:
            with transaction() as write:
                update_platform(
                    write,
                    get_platform_of(write, platform_id, institution_id=principal.institution_id),
                    approves_deployments=form.approves_deployments.data,
                    actor=principal.actor,
                    now=utcnow(),
                    **form.said(),
                )
        except ConflictError as error:
            form.token_url.errors = [str(error)]
        except InvalidError as error:
            form.token_audience.errors = [str(error)]
        else:
            flash(_("Saved."))
            return redirect(url_for(".show", platform_id=platform_id), 303)
    page = render_template(
        "platforms/edit.html", form=form, platform=platform, addresses=_addresses()
    )
    return page, form.status


@bp.get("/admin/connect")
@requires_administrator
def connect() -> str:
    """Show every value that an LMS may ask for, to copy."""
    return render_template(
        "platforms/connect.html",
        addresses=_addresses(),
        scopes=[(scope, SCOPE_WORDS[scope]) for scope in SCOPES],
        custom=VARIABLES,
    )


@bp.get("/admin/keys")
@requires_administrator
def keys() -> str:
    """Show the tool's keys and where they stand in their lives."""
    return render_template(
        "platforms/keys.html",
        keys=list_keys(db.session()),
        addresses=_addresses(),
        days=current_app.extensions["assay.settings"].key_rotation_days,
    )


def _platform(platform_id: int) -> Platform:
    return get_platform_of(
        db.session(), platform_id, institution_id=current_principal().institution_id
    )


def _set_status(platform_id: int, status: PlatformStatus) -> None:
    principal = current_principal()
    with transaction() as write:
        platform = get_platform_of(write, platform_id, institution_id=principal.institution_id)
        if platform.status is PlatformStatus.PENDING and status is PlatformStatus.ACTIVE:
            raise ConflictError("This platform waits for approval: look at it first.")
        set_platform_status(write, platform, status, actor=principal.actor, now=utcnow())


def _hosts(platform: Platform) -> list[dict[str, Any]]:
    """Return the hosts behind a platform's addresses, those that are not the issuer's marked."""
    issuer = host_of(platform.issuer)
    named = {
        _("Sign-in"): platform.auth_url,
        _("Access tokens"): platform.token_url,
        _("Public keys"): platform.jwks_url,
    }
    if platform.token_audience:
        named[_("Audience of token requests")] = platform.token_audience
    return [
        {
            "use": use,
            "host": host_of(url),
            "url": url,
            "is_strange": not related(host_of(url), issuer),
        }
        for use, url in named.items()
    ]


def _addresses() -> ToolAddresses:
    return ToolAddresses(current_app.extensions["assay.settings"].base_url)

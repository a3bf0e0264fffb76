"""Commands: the learning platforms that may launch the tool."""

from datetime import timedelta

import click
from flask import current_app
from sqlalchemy.orm import Session

from app.cli.border import (
    CommandGroup,
    Words,
    choose_institution,
    current_actor,
    if_missing_option,
    institution_option,
    json_option,
    print_json,
    print_rows,
)
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError
from app.launch.service import end_sessions
from app.platforms.invitations import (
    LIFETIME,
    MAX_HOURS,
    get_invitation,
    invite,
    list_invitations,
    withdraw_invitation,
)
from app.platforms.models import DeploymentStatus, Institution, PlatformStatus
from app.platforms.service import (
    approve_platform,
    create_institution,
    ensure_tool_key,
    find_platform,
    get_platform,
    list_institutions,
    list_platforms,
    platform_as_dict,
    register_platform,
    set_deployment_status,
    set_platform_status,
)

platforms = CommandGroup("platforms", help="The learning platforms (LMS) that are trusted.")


@platforms.command()
@institution_option
@click.option("--name", required=True, type=Words(200), help="For your own lists.")
@click.option("--issuer", required=True, type=Words(255))
@click.option("--client-id", required=True, type=Words(255))
@click.option("--auth-url", required=True, type=Words(1000), help="Authorisation endpoint.")
@click.option("--token-url", required=True, type=Words(1000), help="Access token endpoint.")
@click.option("--jwks-url", required=True, type=Words(1000), help="The platform's public keys.")
@click.option("--token-audience", type=Words(1000), help="Where it differs from --token-url.")
@click.option(
    "--deployment-id", "deployment_ids", multiple=True, type=Words(255), help="May be repeated."
)
@if_missing_option
def add(
    *,
    institution_slug: str | None,
    name: str,
    issuer: str,
    client_id: str,
    auth_url: str,
    token_url: str,
    jwks_url: str,
    token_audience: str | None,
    deployment_ids: tuple[str, ...],
    if_missing: bool,
) -> None:
    """Register a platform and print it as JSON.

    A deployment that is not named here waits for approval when it is first
    seen (approve-deployment).
    """
    now = utcnow()
    with transaction() as session:
        institution = _choose_or_make_institution(session, institution_slug)
        platform = find_platform(session, issuer=issuer, client_id=client_id)
        if platform is not None and platform.institution_id != institution.id:
            raise ConflictError("Another institution has registered this issuer and client id.")
        if platform is None or not if_missing:
            platform = register_platform(
                session,
                institution.id,
                name=name,
                issuer=issuer,
                client_id=client_id,
                auth_url=auth_url,
                token_url=token_url,
                jwks_url=jwks_url,
                token_audience=token_audience,
                deployment_ids=deployment_ids,
                actor=current_actor(),
                now=now,
            )
        ensure_tool_key(session, current_app.extensions["assay.vault"], now=now)
        row = platform_as_dict(platform)
    print_json(row)


@platforms.command("invite")
@institution_option
@click.option("--name", type=Words(200), help="What to call the LMS; by its address if not given.")
@click.option(
    "--hours",
    default=int(LIFETIME.total_seconds() // 3600),
    show_default=True,
    type=click.IntRange(1, MAX_HOURS),
    help="How long the link can be used.",
)
def invite_lms(*, institution_slug: str | None, name: str | None, hours: int) -> None:
    """Print a link with which one LMS registers itself, once; it then waits for `approve`."""
    now = utcnow()
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        invitation, secret = invite(
            session,
            institution.id,
            name=name,
            lifetime=timedelta(hours=hours),
            actor=current_actor(),
            now=now,
        )
        said = (
            f"Invitation {invitation.id} for “{institution.slug}”: it can be used once, until "
            f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC. It is shown only now."
        )
    click.echo(said, err=True)
    base_url = current_app.extensions["assay.settings"].base_url
    click.echo(f"{base_url}/lti/register?invite={secret}")


@platforms.command()
@institution_option
@json_option
def invitations(institution_slug: str | None, *, as_json: bool) -> None:
    """List the invitations, newest first."""
    session, now = db.session(), utcnow()
    institution = choose_institution(session, institution_slug)
    rows = [
        {
            "id": item.id,
            "name": item.name,
            "state": item.state(now).value,
            "expires": item.expires_at.strftime("%Y-%m-%dT%H:%MZ"),
            "platform": item.platform_pk,
        }
        for item in list_invitations(session, institution.id)
    ]
    print_rows(rows, as_json=as_json, nothing="No LMS was invited yet.")


@platforms.command()
@click.argument("invitation_id", type=int)
@institution_option
def withdraw(invitation_id: int, institution_slug: str | None) -> None:
    """Take an invitation back; INVITATION_ID is in the list of invitations."""
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        invitation = get_invitation(session, invitation_id, institution_id=institution.id)
        withdraw_invitation(session, invitation, actor=current_actor(), now=utcnow())
    click.echo(f"Withdrew the invitation {invitation_id}.")


@platforms.command()
@click.argument("platform_id", type=int)
def approve(platform_id: int) -> None:
    """Accept launches from a platform that registered itself, and print it."""
    with transaction() as session:
        platform = get_platform(session, platform_id)
        approve_platform(session, platform, actor=current_actor(), now=utcnow())
        row = platform_as_dict(platform)
    print_json(row)


@platforms.command("list")
def list_all() -> None:
    """Print every platform as JSON."""
    print_json([platform_as_dict(platform) for platform in list_platforms(db.session())])


@platforms.command()
@click.argument("platform_id", type=int)
def show(platform_id: int) -> None:
    """Print one platform as JSON."""
    print_json(platform_as_dict(get_platform(db.session(), platform_id)))


@platforms.command()
@click.argument("platform_id", type=int)
def disable(platform_id: int) -> None:
    """Refuse launches from a platform."""
    _set_status(platform_id, PlatformStatus.DISABLED)


@platforms.command()
@click.argument("platform_id", type=int)
def enable(platform_id: int) -> None:
    """Accept launches from a platform again."""
    _set_status(platform_id, PlatformStatus.ACTIVE)


@platforms.command("approve-deployment")
@click.argument("platform_id", type=int)
@click.argument("deployment_id", type=Words(255))
def approve_deployment(platform_id: int, deployment_id: str) -> None:
    """Accept launches from one deployment of a platform."""
    _set_deployment_status(platform_id, deployment_id, DeploymentStatus.ACTIVE)


@platforms.command("block-deployment")
@click.argument("platform_id", type=int)
@click.argument("deployment_id", type=Words(255))
def block_deployment(platform_id: int, deployment_id: str) -> None:
    """Refuse launches from one deployment, and end the platform's running sessions."""
    _set_deployment_status(platform_id, deployment_id, DeploymentStatus.BLOCKED)


def _set_deployment_status(platform_id: int, deployment_id: str, status: DeploymentStatus) -> None:
    now = utcnow()
    with transaction() as session:
        platform = get_platform(session, platform_id)
        set_deployment_status(
            session, platform, deployment_id, status, actor=current_actor(), now=now
        )
        if status is DeploymentStatus.BLOCKED:
            # A session does not know its deployment; people of the others launch once more.
            end_sessions(session, platform.id)
        row = platform_as_dict(platform)
    print_json(row)


def _set_status(platform_id: int, status: PlatformStatus) -> None:
    with transaction() as session:
        platform = get_platform(session, platform_id)
        set_platform_status(session, platform, status, actor=current_actor(), now=utcnow())
        row = platform_as_dict(platform)
    print_json(row)


def _choose_or_make_institution(session: Session, slug: str | None) -> Institution:
    """Return the institution; make the first one, because an operator's first command must work."""
    if slug is not None or list_institutions(session):
        return choose_institution(session, slug)
    click.echo("There was no institution: made “My institution” (main).", err=True)
    return create_institution(
        session, slug="main", name="My institution", actor=current_actor(), now=utcnow()
    )

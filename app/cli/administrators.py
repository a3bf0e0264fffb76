"""Commands: who may administer the institution's part of the installation."""

import click

from app.cli.border import (
    CommandGroup,
    Words,
    choose_institution,
    current_actor,
    institution_option,
    json_option,
    print_rows,
)
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.courses.service import ensure_person, find_lti_sub
from app.platforms.service import get_platform_of, list_platforms
from app.programme.administrators import (
    appoint_administrator,
    end_administrator,
    get_administrator,
    list_administrators,
)

administrators = CommandGroup("administrators", help="Who may administer Assay here.")


@administrators.command()
@institution_option
@click.option("--platform", "platform_pk", required=True, metavar="ID", type=int)
@click.option("--sub", required=True, type=Words(255), help="The person's LTI user id there.")
@click.option("--name", type=Words(255), help="For somebody who has never launched.")
def appoint(*, institution_slug: str | None, platform_pk: int, sub: str, name: str | None) -> None:
    """Make a person an administrator; doing it again changes nothing.

    The person is named by platform and LTI user id, as a grantor is. They find
    the administration at the foot of every page, after any launch.
    """
    now = utcnow()
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        platform = get_platform_of(session, platform_pk, institution_id=institution.id)
        person = ensure_person(
            session,
            institution_id=institution.id,
            platform_id=platform.id,
            sub=sub,
            name=name,
            now=now,
        )
        administrator = appoint_administrator(
            session, institution.id, person_id=person.id, actor=current_actor(), now=now
        )
        said = f"Administrator {administrator.id}: {person.display_name}."
    click.echo(said)


@administrators.command()
@click.argument("administrator_id", type=int)
@institution_option
def end(administrator_id: int, institution_slug: str | None) -> None:
    """End somebody's rights now; ADMINISTRATOR_ID is in the list. What they did stands."""
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        administrator = get_administrator(session, administrator_id, institution_id=institution.id)
        end_administrator(session, administrator, actor=current_actor(), now=utcnow())
    click.echo(f"Ended the administrator {administrator_id}.")


@administrators.command("list")
@institution_option
@json_option
def list_all(institution_slug: str | None, *, as_json: bool) -> None:
    """List the administrators, former ones too."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    platforms = list_platforms(session, institution_id=institution.id)
    rows = [
        {
            "id": item.id,
            "person": item.person.display_name,
            "lti_users": [
                f"{platform.id}:{sub}"
                for platform in platforms
                if (sub := find_lti_sub(session, platform_id=platform.id, person_id=item.person_id))
            ],
            "from": item.begins_at.strftime("%Y-%m-%dT%H:%MZ"),
            "ended": item.ended_at.strftime("%Y-%m-%dT%H:%MZ") if item.ended_at else None,
        }
        for item in list_administrators(session, institution.id)
    ]
    print_rows(rows, as_json=as_json, nothing="There is no administrator yet.")

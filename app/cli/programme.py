"""Commands: the levels of an institution's programme."""

from pathlib import Path

import click

from app.cli.border import (
    CommandGroup,
    choose_institution,
    current_actor,
    institution_option,
    json_option,
    print_rows,
)
from app.cli.pictures import write_previews
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.programme.preset import read_preset
from app.programme.service import list_levels, load_programme

programme = CommandGroup("programme", help="The levels of micro-credentials and their rules.")


@programme.command()
@click.argument("file", type=click.Path(path_type=Path))
@institution_option
def load(file: Path, institution_slug: str | None) -> None:
    """Load the levels of a preset FILE (TOML); levels of the same key are changed."""
    preset = read_preset(file)
    with transaction() as session:
        institution = choose_institution(session, institution_slug)
        loaded = load_programme(
            session, institution.id, preset, actor=current_actor(), now=utcnow()
        )
    click.echo(
        f"Loaded “{preset.name}”: {len(loaded.added)} added, {len(loaded.changed)} changed, "
        f"{len(loaded.unchanged)} as before."
    )
    if loaded.kept:
        click.echo(f"Kept, though the preset has them not: {', '.join(loaded.kept)}.", err=True)


@programme.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
def preview(file: Path, out: Path) -> None:
    """Write the pictures of a preset FILE with sample titles into a folder, for its designer."""
    count = write_previews(read_preset(file), out)
    click.echo(f"Wrote {count} pictures to {out}.")


@programme.command("list")
@institution_option
@json_option
def list_all(institution_slug: str | None, *, as_json: bool) -> None:
    """List the levels."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    rows = [
        {
            "key": level.key,
            "name": level.name,
            "award_by": level.award_by,
            "environment": level.environment,
            "approval_route": level.approval_route,
            "achievement_type": level.achievement_type,
            "family": level.family,
        }
        for level in list_levels(session, institution.id)
    ]
    print_rows(rows, as_json=as_json, nothing="No programme is loaded yet.")

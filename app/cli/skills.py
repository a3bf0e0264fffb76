"""Commands: the skill frameworks that achievements may be aligned to."""

from pathlib import Path

import click

from app.catalog.skill_files import read_skills
from app.catalog.skill_import import import_skills, plan_skills
from app.catalog.skills import find_skills, list_frameworks
from app.cli.border import (
    CommandGroup,
    Words,
    choose_institution,
    current_actor,
    institution_option,
    json_option,
    print_rows,
)
from app.cli.plans import dry_run_option, print_counts, print_plan, read_bytes
from app.core.clock import utcnow
from app.core.db import db, transaction

skills = CommandGroup("skills", help="The skill frameworks that achievements may be aligned to.")


@skills.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--framework",
    type=Words(200),
    help="The framework's name, where the table has no column for it.",
)
@dry_run_option
@institution_option
def import_file(
    file: Path, framework: str | None, institution_slug: str | None, *, dry_run: bool
) -> None:
    """Import a framework from a FILE (CSV or CASE JSON), all of it or nothing.

    What is imported again is found by its identifier and changed; nothing is removed.
    """
    read = read_skills(read_bytes(file), framework=framework or "")
    if dry_run:
        session = db.session()
        institution = choose_institution(session, institution_slug)
        print_plan(plan_skills(session, institution.id, read))
        return
    with transaction() as write:
        institution = choose_institution(write, institution_slug)
        plan = import_skills(write, institution.id, read, actor=current_actor(), now=utcnow())
    print_counts(plan)


@skills.command("list")
@institution_option
@json_option
def list_all(institution_slug: str | None, *, as_json: bool) -> None:
    """List the frameworks with the number of their skills."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    rows = [
        {
            "name": item.framework.name,
            "skills": item.count,
            "identifier": item.framework.identifier,
            "imported": item.framework.imported_at.isoformat(),
        }
        for item in list_frameworks(session, institution.id)
    ]
    print_rows(rows, as_json=as_json, nothing="There is no skill framework yet.")


@skills.command("search")
@click.argument("words")
@institution_option
@json_option
def search(words: str, institution_slug: str | None, *, as_json: bool) -> None:
    """List the skills that have all of the WORDS."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    found = find_skills(session, institution.id, words=words, framework_id=None)
    rows = [
        {"framework": item.framework.name, "code": item.code, "name": item.name, "url": item.url}
        for item in found.items
    ]
    print_rows(rows, as_json=as_json, nothing="No skill has all of these words.")

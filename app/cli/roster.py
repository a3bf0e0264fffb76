"""Commands: the class lists that an LMS shares."""

from datetime import datetime

import click
from flask import current_app

from app.cli.border import CommandGroup, current_actor
from app.core.errors import ConflictError
from app.courses.nrps import RosterError
from app.courses.roster import RosterReader

roster = CommandGroup("roster", help="The class lists that an LMS shares.")


@roster.command()
@click.option("--course", "course_id", metavar="ID", type=int, help="One course, due or not.")
def refresh(*, course_id: int | None) -> None:
    """Read the class list of one course, or of every course whose list is due.

    A whole list only: if the LMS breaks off, nothing is changed.
    """
    reader = _reader()
    if course_id is None:
        click.echo(f"Read {reader.refresh_due()} class lists.")
        return
    try:
        outcome = reader.refresh(course_id, actor=current_actor())
    except RosterError as error:
        raise ConflictError(str(error)) from error
    click.echo(f"New: {outcome.added}, changed: {outcome.changed}, gone: {outcome.gone}.")


def refresh_rosters(now: datetime) -> None:
    """Read the class lists that are due; for the worker's timer."""
    del now  # a long round is measured by the clock, not by the moment at which it began
    _reader().refresh_due()


def _reader() -> RosterReader:
    return RosterReader(current_app.extensions["assay.vault"], current_app.extensions["assay.http"])

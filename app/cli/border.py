"""What every command shares: the border where errors become one line, and the options."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from app.core.errors import DomainError, InvalidError, NotFoundError
from app.platforms.models import Institution
from app.platforms.service import find_default_institution, find_institution, list_institutions
from app.programme.wording import is_clean

Row = dict[str, Any]


class CommandGroup(AppGroup):
    """A group whose refusals are one line on standard error and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; say a refusal plainly, without a traceback."""
        try:
            return super().invoke(ctx)
        except DomainError as error:
            raise click.ClickException(str(error)) from error
        except (OperationalError, ProgrammingError) as error:
            reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
            raise click.ClickException(
                f"The database cannot be used ({reason}). If it is new or the program is newer "
                "than it, run: flask --app app db upgrade"
            ) from error


class Words(click.ParamType[str]):
    """One line of text that is not empty, not too long and has no control characters."""

    name = "text"

    def __init__(self, max_length: int) -> None:
        """Set the longest text that the column takes."""
        self.max_length = max_length

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text without white space around it."""
        text = str(value).strip()
        if not text or len(text) > self.max_length:
            self.fail(f"give 1 to {self.max_length} characters.", param, ctx)
        if not is_clean(text) or "\n" in text or "\t" in text:
            self.fail("control characters are refused.", param, ctx)
        return text


class Day(click.ParamType[datetime]):
    """A day written as 2026-11-24: the moment at which it begins, in UTC."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the beginning of the day."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"“{value}” is no date; write it as 2026-11-24.", param, ctx)


institution_option = click.option(
    "--institution",
    "institution_slug",
    metavar="SLUG",
    help="Which institution; not needed while there is one.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
if_missing_option = click.option(
    "--if-missing", is_flag=True, help="Do nothing, and succeed, if there is one already."
)


def current_actor() -> str:
    """Return how the audit log names the running command."""
    context = click.get_current_context()
    group = context.parent.info_name if context.parent else None
    return f"command:{group} {context.info_name}" if group else f"command:{context.info_name}"


def choose_institution(session: Session, slug: str | None) -> Institution:
    """Return the named institution, or the only one there is.

    Raises: `NotFoundError` if there is none; `InvalidError` if there are several.
    """
    if slug is not None:
        institution = find_institution(session, slug)
        if institution is None:
            raise NotFoundError(f"There is no institution “{slug}”.")
        return institution
    institution = find_default_institution(session)
    if institution is not None:
        return institution
    if list_institutions(session):
        raise InvalidError("There are several institutions: say which with --institution SLUG.")
    raise NotFoundError(
        "There is no institution yet: flask --app app institutions add --slug SLUG --name NAME"
    )


def end_of(day: datetime | None) -> datetime | None:
    """Return the moment after the last of a day, so that the day itself is included."""
    return day + timedelta(days=1) if day else None


def print_json(value: Any) -> None:
    """Print data for another program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_rows(rows: Sequence[Row], *, as_json: bool, nothing: str) -> None:
    """Print a table for people, or JSON; `nothing` is said to people where there is no row."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        click.echo(nothing, err=True)
        return
    table = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        value = " ".join(str(item) for item in value) or "-"
    # Names come from an LMS; a terminal must not obey what they contain.
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))

"""What the commands that import share: reading the file, and saying what would happen."""

from pathlib import Path

import click

from app.catalog.document import MAX_DOCUMENT_BYTES
from app.catalog.importing import RESULTS, ImportPlan
from app.cli.border import print_rows
from app.core.errors import InvalidError

MOST_SHOWN = 50

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what would happen, row by row, and change nothing."
)


def read_bytes(file: Path) -> bytes:
    """Return what a file says, up to the limit of all imports.

    Raises: `InvalidError` if it cannot be read or is too large.
    """
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidError(f"{file.name or file} cannot be read: {reason}.") from error
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise InvalidError(f"{file.name} is larger than {MAX_DOCUMENT_BYTES // 2**20} MB.")
    return raw


def print_plan(plan: ImportPlan) -> None:
    """Print what an import would do: each row, what is refused first; exit code 1 if any is."""
    rows = [
        {
            "place": row.where,
            "result": row.result,
            "name": row.name[:60],
            "notes": " ".join(row.notes) or None,
        }
        for row in plan.first(MOST_SHOWN)
    ]
    print_rows(rows, as_json=False, nothing="There is nothing in the file.")
    if len(plan.rows) > MOST_SHOWN:
        click.echo(f"… and {len(plan.rows) - MOST_SHOWN} more.")
    for note in plan.notes:
        click.echo(note)
    print_counts(plan)
    if plan.is_refused:
        raise InvalidError("Nothing can be imported while something is refused.")


def print_counts(plan: ImportPlan) -> None:
    """Print how many rows have which result."""
    click.echo(", ".join(f"{plan.count(result)} {result}" for result in RESULTS[1:]) + ".")

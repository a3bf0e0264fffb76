"""Commands: Souvenirs, given to the people of a file."""

import csv
import hashlib
import tempfile
from pathlib import Path
from typing import IO

import click
from flask import current_app
from sqlalchemy.orm import Session

from app.awards.facts import award_address
from app.awards.lists import ListFile
from app.awards.planning import Plan, plan_batch
from app.awards.running import award_now, start_batch
from app.awards.souvenir_models import BatchState, RowState, SouvenirBatch
from app.awards.souvenirs import Counts, count_rows, get_souvenir, iterate_rows
from app.cli.border import (
    CommandGroup,
    Words,
    choose_institution,
    current_actor,
    institution_option,
)
from app.core.clock import utcnow
from app.core.csv_text import guard
from app.core.db import db, transaction
from app.core.errors import InvalidError

souvenirs = CommandGroup("souvenirs", help="Souvenirs, given to the people of a list.")


@souvenirs.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--achievement", "achievement_slug", required=True, metavar="SLUG", type=Words(80))
@click.option("--dry-run", is_flag=True, help="Say what would become of each line; keep nothing.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    help="Write each line's result, and the award's address, to this CSV file.",
)
@institution_option
def award(
    file: Path,
    achievement_slug: str,
    results: Path | None,
    institution_slug: str | None,
    *,
    dry_run: bool,
) -> None:
    """Give a Souvenir to the people of a CSV FILE, with the columns email and name.

    The same file again goes on where it was stopped, and awards nobody twice.
    """
    try:
        opened = file.open("rb")
    except OSError as error:
        raise InvalidError(f"{file} cannot be opened: {error.strerror}.") from error
    with opened as stream, transaction() as session:
        institution = choose_institution(session, institution_slug)
        batch = _plan(session, stream, file.name, achievement_slug, institution.id)
        batch_id = batch.id
        if dry_run:
            _tell(session, batch, results, is_plan=True)
            session.rollback()
            return
        if batch.state in {BatchState.PLANNED, BatchState.STOPPED}:
            is_waiting = count_rows(session, batch_id)[RowState.READY]
            if is_waiting:
                start_batch(session, batch, actor=current_actor(), now=utcnow())
    award_now(
        batch_id,
        vault=current_app.extensions["assay.vault"],
        base_url=current_app.extensions["assay.settings"].base_url,
    )
    session = db.session()
    batch = session.get_one(SouvenirBatch, batch_id)
    _tell(session, batch, results, is_plan=False)
    if batch.problem:
        raise InvalidError(batch.problem)


def _plan(
    session: Session, stream: IO[bytes], name: str, slug: str, institution_id: int
) -> SouvenirBatch:
    version = get_souvenir(session, slug, institution_id=institution_id, now=utcnow())
    # A copy, for reading it closes what it reads.
    with tempfile.TemporaryFile() as copy:
        digest = hashlib.sha256(f"{version.id}\n".encode())
        while some := stream.read(64 * 1024):
            digest.update(some)
            copy.write(some)
        listed = ListFile(copy)
        for note in listed.notes:
            click.echo(note, err=True)
        plan = Plan(
            version=version,
            key=digest.hexdigest(),
            source="command",
            actor=current_actor(),
            file_name=name[-200:],
        )
        max_rows = current_app.extensions["assay.settings"].souvenir_rows
        return plan_batch(
            session, plan, listed, notes=listed.notes, max_rows=max_rows, now=utcnow()
        )


def _tell(session: Session, batch: SouvenirBatch, results: Path | None, *, is_plan: bool) -> None:
    counts = count_rows(session, batch.id)
    first = (
        f"{counts['ready']} would be awarded ({counts.new} not known yet)"
        if is_plan
        else f"{counts['awarded']} awarded"
    )
    click.echo(
        f"{first}, {counts['holds']} hold it already, {counts['repeated']} twice in the list, "
        f"{counts['refused'] + counts['failed']} with a problem."
    )
    if results is not None:
        _write_results(session, batch, results)
    _tell_problems(session, batch, counts)


def _tell_problems(session: Session, batch: SouvenirBatch, counts: Counts) -> None:
    if not counts["refused"] + counts["failed"]:
        return
    told = 0
    for row in iterate_rows(session, batch.id):
        if row.state in {RowState.REFUSED, RowState.FAILED}:
            click.echo(f"  line {row.number}: {row.problem}", err=True)
            told += 1
        if told == _MOST_TOLD:
            click.echo("  … the others stand in the --results file", err=True)
            return


def _write_results(session: Session, batch: SouvenirBatch, results: Path) -> None:
    base_url = current_app.extensions["assay.settings"].base_url
    with results.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "email", "name", "result", "problem", "address"])
        for row in iterate_rows(session, batch.id):
            cells = (
                str(row.number),
                row.given_email or "",
                row.given_name or "",
                row.state.value,
                row.problem or "",
                award_address(base_url, row.award.public_id) if row.award else "",
            )
            writer.writerow([guard(cell) for cell in cells])


_MOST_TOLD = 20

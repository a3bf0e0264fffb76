"""Commands: what has been kept long enough, and its deletion."""

from pathlib import Path

import click
from flask import current_app

from app.cli.border import (
    CommandGroup,
    choose_institution,
    current_actor,
    institution_option,
    json_option,
    print_rows,
)
from app.core import audit
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import InvalidError
from app.evidence.service import get_submission
from app.evidence.storage import open_storage
from app.retention.about import write_archive
from app.retention.deleting import delete_due, make_plan, prove
from app.retention.jobs import is_alarming, sweep
from app.retention.kept import describe_kept, list_kept, list_kept_files

retention = CommandGroup("retention", help="What has been kept long enough, and its deletion.")


@retention.command()
@institution_option
@json_option
def plan(institution_slug: str | None, *, as_json: bool) -> None:
    """Say what would be deleted now, and what is held: a dry run, which changes nothing."""
    session = db.session()
    institution = choose_institution(session, institution_slug)
    made = make_plan(session, institution.id, now=utcnow())
    rows = [
        {
            "class": each.class_key,
            "what": each.subject,
            "due": each.due_at.date().isoformat(),
            "held": each.held or None,
            "sha256": each.sha256,
        }
        for each in made.due
    ]
    print_rows(rows, as_json=as_json, nothing="Nothing has been kept long enough.")
    if not as_json and made.free:
        click.echo(f"{len(made.free)} would be deleted. To delete exactly that:")
        click.echo(f"flask --app app retention run --confirm {made.digest}")


@retention.command()
@institution_option
@click.option("--confirm", metavar="DIGEST", help="The digest that `retention plan` printed.")
@click.option("--yes-really", is_flag=True, help="Also if it is most of what there is.")
def run(institution_slug: str | None, confirm: str | None, *, yes_really: bool) -> None:
    """Delete what was planned; what it was and its digests stay as proof."""
    institution = choose_institution(db.session(), institution_slug)
    if confirm is None:
        raise InvalidError(
            "Look at `flask --app app retention plan` first; it prints the digest to --confirm."
        )
    if not yes_really and is_alarming(institution.id, now=utcnow()):
        raise InvalidError(
            "This is most of what there is. If the clock and the programme are right, add "
            "--yes-really."
        )
    with transaction() as session:
        done = delete_due(
            session, institution.id, confirmed=confirm, actor=current_actor(), now=utcnow()
        )
        told = f"Run {done.id}: {sum(done.counts.values())} deleted." if done else "Nothing is due."
    files = sweep()
    click.echo(f"{told} {files} files removed from storage.")


@retention.command("prove")
@click.argument("run_id", metavar="RUN", type=int)
@institution_option
def prove_run(run_id: int, institution_slug: str | None) -> None:
    """Check that the proofs of a RUN come to the digest that was written down."""
    institution = choose_institution(db.session(), institution_slug)
    found = prove(db.session(), run_id, institution_id=institution.id)
    click.echo(f"Run {found.id} of {found.at.isoformat()} is unchanged: {found.digest}")


@retention.command()
@click.argument("submission_id", metavar="SUBMISSION", type=int)
@institution_option
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
def kept(submission_id: int, institution_slug: str | None, out: Path) -> None:
    """Write what legal holds kept of a SUBMISSION's drafts, with its files, into a ZIP.

    That is what learners took out or typed over meanwhile; what is still in the work, `people
    export` has. Files are as they were sent, malware too.
    """
    session = db.session()
    institution = choose_institution(session, institution_slug)
    submission = get_submission(session, submission_id, institution_id=institution.id)
    found = list_kept(session, submission)
    if not found:
        raise InvalidError("No hold has kept anything of this submission.")
    institution_id = institution.id
    storage = open_storage(current_app.extensions["assay.settings"])
    with out.open("xb") as target:
        write_archive(target, storage, describe_kept(found), list_kept_files(found))
    with transaction() as writing:
        audit.record(
            writing,
            institution_id,
            actor=current_actor(),
            action="hold.exported",
            subject=f"submission:{submission_id}",
            facts={"pieces": len(found)},
            now=utcnow(),
        )
    click.echo(f"Wrote {out}: {len(found)} pieces.")

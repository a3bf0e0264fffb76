"""Commands: the periodic jobs."""

import click

from app.cli.border import CommandGroup, json_option, print_rows
from app.cli.jobs import JOBS
from app.core.clock import utcnow
from app.core.db import db
from app.core.errors import InvalidError
from app.outbox.timers import list_timers, run_due_jobs, run_job

timers = CommandGroup("timers", help="The periodic jobs; the worker runs them, or cron.")


@timers.command()
@click.argument("name", required=False)
def run(name: str | None) -> None:
    """Run what is due, or the job NAME at once; several may run at once."""
    if name is None:
        done = run_due_jobs(JOBS, clock=utcnow)
        click.echo(f"Ran {len(done)} jobs." if done else "Nothing is due.")
        return
    job = next((job for job in JOBS if job.name == name), None)
    if job is None:
        known = ", ".join(job.name for job in JOBS)
        raise InvalidError(f"There is no job “{name}”. There are: {known}.")
    if not run_job(job, clock=utcnow):
        raise InvalidError(f"The job “{name}” failed; the log says why. It is tried again later.")
    click.echo(f"Ran {name}.")


@timers.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """List the periodic jobs: when each ran last, and when it is due."""
    known = {timer.name: timer for timer in list_timers(db.session())}
    rows = []
    for job in JOBS:
        timer = known.get(job.name)
        last_run_at = timer.last_run_at if timer else None
        rows.append(
            {
                "name": job.name,
                "due_at": timer.due_at.isoformat(timespec="seconds") if timer else "now",
                "last_run_at": last_run_at.isoformat(timespec="seconds") if last_run_at else None,
                "last_error": timer.last_error if timer else None,
            }
        )
    print_rows(rows, as_json=as_json, nothing="There are no periodic jobs.")

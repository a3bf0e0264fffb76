"""Commands: the messages that are owed to the outside."""

import signal
import threading
from datetime import timedelta

import click
from flask import current_app

from app.cli.border import CommandGroup, json_option, print_rows
from app.cli.deliveries import delivery_handlers
from app.cli.jobs import JOBS
from app.core.clock import utcnow
from app.core.db import db
from app.outbox.models import Delivery, DeliveryState
from app.outbox.service import list_newest_by_prefix
from app.outbox.worker import LEASE, run_due, run_forever

outbox = CommandGroup("outbox", help="The messages that are owed to the outside.")


@outbox.command()
@click.option("--once", is_flag=True, help="Try what is due now, once each, and stop.")
@click.option(
    "--lanes",
    type=click.IntRange(1, 32),
    default=4,
    show_default=True,
    help="To how many LMSs it talks at once.",
)
@click.option(
    "--lease",
    "lease_seconds",
    type=click.IntRange(1, 3600),
    default=int(LEASE.total_seconds()),
    show_default=True,
    help="For how many seconds a worker that was killed keeps what it had in its hands.",
)
def run(*, once: bool, lanes: int, lease_seconds: int) -> None:
    """Deliver what is due until stopped (Ctrl-C or SIGTERM); several may run at once.

    The message in hand is finished before the command ends.
    """
    handlers = delivery_handlers(current_app)
    if once:
        tried = run_due(handlers, clock=utcnow, lease=timedelta(seconds=lease_seconds))
        click.echo(f"Tried {tried} messages.")
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    run_forever(
        handlers,
        clock=utcnow,
        stop=stop,
        jobs=JOBS,
        lanes=lanes,
        lease=timedelta(seconds=lease_seconds),
    )


@outbox.command("list")
@click.option("--all", "show_all", is_flag=True, help="Those that have arrived too.")
@json_option
def list_all(*, show_all: bool, as_json: bool) -> None:
    """List what is still owed, and what failed: the newest message of each subject."""
    deliveries = sorted(list_newest_by_prefix(db.session(), ""), key=lambda item: item.id)
    rows = [
        _row(delivery)
        for delivery in deliveries
        if show_all or delivery.state is not DeliveryState.DELIVERED
    ]
    print_rows(rows, as_json=as_json, nothing="Nothing is owed.")


def _row(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "subject": delivery.subject,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at.isoformat(timespec="seconds"),
        "last_error": delivery.last_error,
    }

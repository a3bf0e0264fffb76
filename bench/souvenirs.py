"""`make bench-souvenirs`: what 10,000 Souvenirs from a CSV file take: seconds and memory.

For each database and round a process of its own, on one core, sends the file
through the form, looks at the dry run, confirms it and is the worker. Beside it
stands the bare signing of as many documents in the same process.
SOUVENIRS.md beside this file says what the figures mean.
"""

import argparse
import io
import json
import os
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from roster import start_postgres
from servers import choose_cores

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
SLUG = "undergraduate-research-day"
LMS = "http://127.0.0.1:1"
STEPS = ("signing", "one by one", "dry run", "worker", "together")
ALONE = 50


def measure(people: int) -> dict[str, float]:
    """Give a Souvenir to so many people in this process; return what it took."""
    sys.path[:0] = [str(ROOT), str(ROOT / "deploy")]
    from app import create_app  # noqa: PLC0415 (only the measured process needs the app)
    from app.cli.deliveries import delivery_handlers  # noqa: PLC0415
    from app.core.audit import find_broken_entry  # noqa: PLC0415
    from app.core.clock import utcnow  # noqa: PLC0415
    from app.core.db import db  # noqa: PLC0415
    from app.outbox.worker import run_due  # noqa: PLC0415

    app = create_app()
    app.config["WTF_CSRF_ENABLED"] = False  # a form's token is for browsers
    figures: dict[str, float] = {}
    with app.app_context():
        from souvenirs_parts import (  # noqa: PLC0415
            award_some,
            count_awards,
            prepare,
            sign_bare,
        )

        place = prepare(db.session(), SLUG)
        figures["start_mb"] = peak_mb()
        began = time.process_time()
        figures["signing"] = timed(lambda: sign_bare(app, place, people))
        figures["signing_cpu"] = time.process_time() - began
        alone = people // ALONE
        figures["one by one"] = timed(lambda: award_some(app, place, alone)) * people / alone
        client = app.test_client()
        with client.session_transaction(base_url=app.extensions["assay.settings"].base_url) as own:
            own["sid"] = place.sid
    content = "email,name\n" + "".join(
        f"person-{number}@students.example.edu,Person Number {number}\n" for number in range(people)
    )

    def send() -> None:
        page = client.post(
            f"/souvenirs/{place.achievement_id}/give",
            base_url="https://localhost",
            data={"way": "file", "key": "k" * 32, "file": (io.BytesIO(content.encode()), "p.csv")},
            content_type="multipart/form-data",
        )
        if page.status_code != 303:
            raise SystemExit(page.text)
        figures["batch"] = float(page.location.rpartition("/")[2])
        seen = client.get(page.location, base_url="https://localhost").text
        if f"{people} people will be awarded" not in seen:
            raise SystemExit(seen)

    def work() -> None:
        client.post(f"/souvenirs/lists/{int(figures['batch'])}/start", base_url="https://localhost")
        with app.app_context():
            run_due(delivery_handlers(app), clock=utcnow)

    began = time.process_time()
    figures["dry run"] = timed(send)
    figures["worker"] = timed(work)
    figures["together_cpu"] = time.process_time() - began
    figures["together"] = figures["dry run"] + figures["worker"]
    figures["peak_mb"] = peak_mb()
    with app.app_context():
        if count_awards(db.session()) != people + alone:
            raise SystemExit("Not everybody was awarded.")
        if find_broken_entry(db.session(), place.institution_id) is not None:
            raise SystemExit("The audit log is broken.")
    return figures


def timed(act: Callable[[], object]) -> float:
    """Return how long something took. Units: seconds."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def peak_mb() -> float:
    """Return the most memory that this process has had so far. Units: megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def run(database_url: str, people: int) -> dict[str, Any]:
    """Fill a fresh installation, and measure in another process on one core."""
    env = {
        **os.environ,
        "ASSAY_BASE_URL": "http://localhost",
        "ASSAY_SECRET_KEY": secrets.token_urlsafe(48),
        "ASSAY_DATABASE_URL": database_url,
        "ASSAY_LOG_FORMAT": "json",
    }
    core = str(choose_cores()[0])
    command = [sys.executable, str(BENCH / "souvenirs.py")]
    for arguments in (["--fill"], ["--measure", str(people)]):
        done = subprocess.run(
            ["taskset", "--cpu-list", core, *command, *arguments],
            env=env,
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(done.stderr[-3000:])
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def fill() -> None:
    """Migrate and load the example, by the commands of a real installation."""
    sys.path[:0] = [str(ROOT), str(ROOT / "deploy")]
    from run import run_commands  # noqa: PLC0415 (deploy/ is no package)

    from deploy.example import example_commands  # noqa: PLC0415

    run_commands([("db", "upgrade"), *example_commands(LMS)])


def row(name: str, rounds: list[dict[str, Any]]) -> str:
    """Return the medians of some rounds as a row of the table."""
    cells = [f"{statistics.median(each[step] for each in rounds):.2f}" for step in STEPS]
    cpu = [
        f"{statistics.median(each[step] for each in rounds):.2f}"
        for step in ("signing_cpu", "together_cpu")
    ]
    cells += cpu
    peak = statistics.median(each["peak_mb"] for each in rounds)
    start = statistics.median(each["start_mb"] for each in rounds)
    return f"| {name} | {' | '.join(cells)} | {peak:.0f} | {start:.0f} |"


def main(people: int, rounds: int) -> None:
    """Measure on SQLite and PostgreSQL; print the figures as Markdown."""
    lines = [
        (
            f"| {people} Souvenirs | {' s | '.join([*STEPS, 'signing CPU', 'together CPU'])} s "
            "| peak MB | MB before |"
        ),
        "| --- |" + " --- |" * (len(STEPS) + 4),
    ]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-bench-")))
        files = [f"sqlite:///{folder / f'assay-{number}.sqlite'}" for number in range(rounds)]
        lines.append(row("SQLite", [run(url, people) for url in files]))
        servers = []
        for number in range(rounds):
            place = folder / f"server-{number}"
            place.mkdir()
            servers.append(run(start_postgres(stack, place), people))
        lines.append(row("PostgreSQL", servers))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", type=int)
    parser.add_argument("--fill", action="store_true")
    given = parser.parse_args()
    if given.fill:
        fill()
    elif given.measure:
        sys.stdout.write(json.dumps(measure(given.measure)) + "\n")
    else:
        main(given.people, given.rounds)

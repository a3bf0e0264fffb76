"""How long the first page of a grantor's queue takes, and page 1,000, with 1,000,000 works waiting.

    .venv/bin/python bench/work_queue.py           # 1,000,000 works, on SQLite and PostgreSQL
    .venv/bin/python bench/work_queue.py --quick   # 100,000

In one process per database, in turn: what the service reads (the page's rows with all that is
shown of them, and the count), and the whole page over the test client. Prints Markdown.
"""

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
sys.path[:0] = [str(ROOT), str(ROOT / "deploy")]

from queue_filling import Stage, stage_in  # noqa: E402
from run import run_commands  # noqa: E402 (deploy/ is no package)
from scores import postgres  # noqa: E402
from sqlalchemy import text  # noqa: E402

from app import create_app  # noqa: E402
from app.assessment.queue import PAGE_SIZE, list_queue  # noqa: E402
from app.assessment.queue_filters import (  # noqa: E402
    NO_FILTERS,
    Filters,
    Place,
    PromiseState,
    QueueState,
)
from app.core.clock import utcnow  # noqa: E402
from app.core.db import db  # noqa: E402
from app.core.principal import Principal  # noqa: E402
from app.evidence.models import WAITS  # noqa: E402
from deploy.example import example_commands  # noqa: E402

TIMES = 40
FAR_PAGE = 1_000
BASE_URL = "https://assay.example"


@dataclass(frozen=True)
class Figures:
    """Seconds of one kind of page: what the service took, and the whole page."""

    rows: int
    service: list[float]
    page: list[float]


class Desk:
    """A grantor's queue in one installation."""

    def __init__(self, app: Any, stage: Stage) -> None:
        """Sign the grantor in."""
        self._stage = stage
        self.grantor = Principal(stage.institution_id, stage.grantor_id, None)
        self._client = app.test_client()
        with self._client.session_transaction(base_url=BASE_URL) as cookie:
            cookie["sid"] = stage.sid

    def measure(self, filters: Filters, after: Place | None = None) -> Figures:
        """Read one page again and again, by the service and as a browser would."""
        now = utcnow()
        rows = len(list_queue(db.session(), self.grantor, filters, after=after, now=now).rows)
        query = filters.args | ({"after": str(after)} if after else {})

        def read() -> None:
            db.session().rollback()
            db.session().expunge_all()
            list_queue(db.session(), self.grantor, filters, after=after, now=utcnow())

        def open_page() -> None:
            # In a context of its own, as a server does: else all pages would share one session.
            answer = Context().run(
                self._client.get, "/assessment/queue", query_string=query, base_url=BASE_URL
            )
            if answer.status_code != 200:
                raise SystemExit(f"the page answers {answer.status}")

        return Figures(rows, _time(read), _time(open_page))

    def find_far_place(self) -> Place:
        """Return where page 1,000 begins, found the slow way."""
        row = db.session().execute(
            text(
                f"SELECT queue_at, id FROM submission WHERE {WAITS.text}"
                f" ORDER BY queue_at, id LIMIT 1 OFFSET {(FAR_PAGE - 1) * PAGE_SIZE - 1}"
            )
        )
        at, submission_id = row.one()
        place = Place.find(f"{at}+00:00~{submission_id}" if isinstance(at, str) else None)
        return place or Place(at, submission_id)

    def kinds(self) -> dict[str, tuple[Filters, Place | None]]:
        """Return the pages to read, by their names."""
        course_id = self._stage.assignments[7][1]
        achievement_id = self._stage.assignments[-1][2]
        found: dict[str, tuple[Filters, Place | None]] = {
            "first page": (NO_FILTERS, None),
            "page 1,000": (NO_FILTERS, self.find_far_place()),
            "one achievement": (Filters(achievement_id=achievement_id), None),
            "one course": (Filters(course_id=course_id), None),
            "older than a day": (Filters(age_days=1), None),
            "older than 14 days": (Filters(age_days=14), None),
            "about to be missed": (Filters(promise=PromiseState.SOON), None),
            "missed": (Filters(promise=PromiseState.MISSED), None),
        }
        for state in QueueState:
            found[state.value.replace("_", " ")] = (Filters(state=state), None)
        return found


def _time(deed: Callable[[], None]) -> list[float]:
    taken = []
    for _ in range(TIMES + 5):
        started = time.perf_counter()
        deed()
        taken.append(time.perf_counter() - started)
    return taken[5:]


def run(database_url: str, folder: Path, count: int) -> dict[str, Figures]:
    """Fill an installation and measure every kind of page."""
    os.environ |= {
        "ASSAY_BASE_URL": BASE_URL,
        "ASSAY_SECRET_KEY": secrets.token_urlsafe(48),
        "ASSAY_DATABASE_URL": database_url,
        "ASSAY_STORAGE_DIR": str(folder),
    }
    run_commands([("db", "upgrade"), *example_commands("http://127.0.0.1:1")])
    app = create_app()
    with app.app_context():
        started = time.monotonic()
        stage = stage_in(db.engine, count, utcnow())
        sys.stderr.write(
            f"{db.engine.dialect.name}: filled in {time.monotonic() - started:.0f} s\n"
        )
        desk = Desk(app, stage)
        return {name: desk.measure(*asked) for name, asked in desk.kinds().items()}


def report(found: dict[str, dict[str, Figures]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        (
            "| database | what is read | rows | service ms, quickest | median | p95 "
            "| page ms, quickest | median | p95 |"
        ),
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for database, kinds in found.items():
        for kind, figures in kinds.items():
            cells = [database, kind, str(figures.rows)]
            for taken in (figures.service, figures.page):
                cells += [
                    f"{1000 * min(taken):.1f}",
                    f"{1000 * median(taken):.1f}",
                    f"{1000 * quantiles(taken, n=20)[-1]:.1f}",
                ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="100,000 works")
    count = 100_000 if parser.parse_args().quick else 1_000_000
    found = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-queue-")))
        found["SQLite"] = run(f"sqlite:///{folder}/queue.sqlite", folder, count)
        make_database = stack.enter_context(postgres(folder / "postgres"))
        found["PostgreSQL"] = run(make_database("assay_queue"), folder, count)
    sys.stdout.write(report(found))


if __name__ == "__main__":
    main()

"""What the look for complete certificates adds to an award, with 1,000 certificates defined.

    .venv/bin/python bench/stacks.py           # 400 awards of each kind, on SQLite and PostgreSQL
    .venv/bin/python bench/stacks.py --quick   # 60 of each

In one process per database: awards are made with the look and without it, in
turn, each in a transaction of its own, signed and committed. Prints Markdown.
"""

import argparse
import os
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
sys.path[:0] = [str(ROOT), str(ROOT / "deploy"), str(BENCH)]

from run import run_commands  # noqa: E402 (deploy/ is no package)
from scores import postgres  # noqa: E402
from sqlalchemy import func, select, update  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from app import create_app  # noqa: E402
from app.awards import issuing  # noqa: E402
from app.awards.models import Award  # noqa: E402
from app.catalog.models import Achievement, AchievementVersion, VersionStatus  # noqa: E402
from app.catalog.stack_models import StackGroup, StackPart  # noqa: E402
from app.core.clock import utcnow  # noqa: E402
from app.core.crypto import Vault  # noqa: E402
from app.core.db import transaction  # noqa: E402
from app.courses.models import Person  # noqa: E402
from app.programme.models import IssuerProfile, Level  # noqa: E402
from deploy.example import example_commands  # noqa: E402

CERTIFICATES, PARTS, BADGES, HELD = 1000, 5, 200, 4
BASE_URL = "https://assay.example"
LOOK = issuing.complete_certificates


@dataclass
class Figures:
    """Seconds of one kind of award: whole without the look, whole with it, and the look.

    `look_cpu`: what of the look was this process's own work.
    """

    without: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    look: list[float] = field(default_factory=list)
    look_cpu: list[float] = field(default_factory=list)


class Catalogue:
    """Badges and certificates, and people who earn them."""

    def __init__(self, session: Session, vault: Vault) -> None:
        """Make the badges and the certificates: half ask for all parts, half for any three."""
        self._vault = vault
        self._random = random.Random(1)  # the same certificates at every run
        by_rule = select(Level).where(Level.award_by == "rule").order_by(Level.id).limit(1)
        assessed = select(Level).where(Level.award_by == "grantor").order_by(Level.id).limit(1)
        issuer = session.scalars(select(IssuerProfile).order_by(IssuerProfile.id)).first()
        if issuer is None:
            raise SystemExit("the example has no issuer")
        badge, certificate = session.scalars(assessed).one(), session.scalars(by_rule).one()
        self.badges = [self._make(session, issuer, badge, f"b{n}") for n in range(BADGES)]
        self.common = self._make(session, issuer, badge, "common")
        self.alone = self._make(session, issuer, badge, "alone")
        self.institution_id = issuer.institution_id
        self._sets: list[tuple[int, list[int]]] = []
        for number in range(CERTIFICATES):
            version = self._make(session, issuer, certificate, f"c{number}")
            parts = self._random.sample(self.badges, PARTS)
            for place, part in enumerate([(PARTS, 3)[number % 2]]):
                self._add_group(session, version, place, part, parts)
        # A badge that is a part of every certificate, as a second group of its own.
        self._everywhere = list(
            session.scalars(select(StackGroup.version_id).order_by(StackGroup.version_id))
        )

    def put_everywhere(self, session: Session) -> None:
        """Make one badge a part of every certificate."""
        session.execute(update(StackGroup).values(group_count=2))
        for version_id in self._everywhere:
            group = StackGroup(version_id=version_id, position=1, needed=1, group_count=2)
            group.parts = [StackPart(position=0, achievement_id=self.common)]
            session.add(group)

    def make_person(self, session: Session) -> Person:
        """Make somebody who holds a few badges."""
        person = Person(
            institution_id=self.institution_id,
            email=f"{secrets.token_hex(6)}@university.example",
            created_at=utcnow(),
        )
        session.add(person)
        session.flush()
        issuing.complete_certificates = lambda *_, **__: []
        for achievement_id in self._random.sample(self.badges, HELD):
            self.award(session, person, achievement_id)
        return person

    def award(self, session: Session, person: Person, achievement_id: int) -> Award:
        """Award a badge."""
        version = session.scalars(
            select(AchievementVersion).where(AchievementVersion.achievement_id == achievement_id)
        ).one()
        return issuing.issue_award(
            session,
            person=person,
            version=version,
            awarded_by=None,
            actor="bench",
            vault=self._vault,
            base_url=BASE_URL,
            now=utcnow(),
        )

    def unheld(self, session: Session, person_id: int) -> int:
        """Return a badge that somebody has not got."""
        held = set(
            session.scalars(select(Award.achievement_id).where(Award.person_id == person_id))
        )
        return self._random.choice([badge for badge in self.badges if badge not in held])

    def _make(self, session: Session, issuer: IssuerProfile, level: Level, slug: str) -> int:
        now = utcnow()
        achievement = Achievement(
            institution_id=issuer.institution_id,
            issuer_id=issuer.id,
            level_id=level.id,
            slug=f"bench-{slug}",
            created_at=now,
        )
        session.add(achievement)
        session.flush()
        session.add(
            AchievementVersion(
                institution_id=issuer.institution_id,
                achievement_id=achievement.id,
                public_id=secrets.token_hex(16),
                number=1,
                name=f"Bench {slug}",
                description="One of many.",
                criteria_narrative="Earn it.",
                image_alt="A picture",
                tags=[],
                status=VersionStatus.APPROVED,
                approved_at=now,
                approval_reference="bench",
                created_at=now,
            )
        )
        session.flush()
        return achievement.id

    def _add_group(
        self, session: Session, certificate: int, place: int, needed: int, parts: list[int]
    ) -> None:
        version_id = session.scalars(
            select(AchievementVersion.id).where(AchievementVersion.achievement_id == certificate)
        ).one()
        group = StackGroup(version_id=version_id, position=place, needed=needed, group_count=1)
        group.parts = [
            StackPart(position=number, achievement_id=part) for number, part in enumerate(parts)
        ]
        session.add(group)


def measure(catalogue: Catalogue, times: int, choose: Callable[[Session, int], int]) -> Figures:
    """Make awards with the look and without it, in turn."""
    figures = Figures()
    with transaction() as session:
        people = [catalogue.make_person(session).id for _ in range(2 * times)]
    for number, person_id in enumerate(people):
        looks: list[tuple[float, float]] = []
        is_without = bool(number % 2)
        issuing.complete_certificates = (lambda *_, **__: []) if is_without else _timed(looks)
        with transaction() as session:
            achievement_id = choose(session, person_id)
            person = session.get_one(Person, person_id)
            started = time.perf_counter()
            catalogue.award(session, person, achievement_id)
            session.flush()
        took = time.perf_counter() - started
        (figures.without if is_without else figures.whole).append(took)
        for wall, cpu in looks[-1:]:  # the outer one: certificates that it made look too
            figures.look.append(wall)
            figures.look_cpu.append(cpu)
    issuing.complete_certificates = LOOK
    return figures


def _timed(looks: list[tuple[float, float]]) -> Callable[..., Any]:
    def look(*args: Any, **facts: Any) -> Any:
        started, cpu = time.perf_counter(), time.thread_time()
        made = LOOK(*args, **facts)
        looks.append((time.perf_counter() - started, time.thread_time() - cpu))
        return made

    return look


@contextmanager
def installation(database_url: str, folder: Path) -> Iterator[tuple[Catalogue, Any]]:
    """Fill an installation on one database; yield its catalogue."""
    os.environ |= {
        "ASSAY_BASE_URL": BASE_URL,
        "ASSAY_SECRET_KEY": secrets.token_urlsafe(48),
        "ASSAY_DATABASE_URL": database_url,
        "ASSAY_STORAGE_DIR": str(folder),
    }
    run_commands([("db", "upgrade"), *example_commands("http://127.0.0.1:1")])
    app = create_app()
    with app.app_context():
        with transaction() as session:
            catalogue = Catalogue(session, app.extensions["assay.vault"])
        yield catalogue, app


def run(database_url: str, folder: Path, times: int) -> dict[str, Figures]:
    """Measure every kind of award on one database."""
    with installation(database_url, folder) as (catalogue, _app):
        found = {
            "a part of no certificate": measure(catalogue, times, lambda *_: catalogue.alone),
            "a part of about 25": measure(catalogue, times, catalogue.unheld),
        }
        with transaction() as session:
            catalogue.put_everywhere(session)
        found["a part of all 1,000"] = measure(catalogue, times, lambda *_: catalogue.common)
        with transaction() as session:
            made = session.scalar(
                select(func.count(Award.id))
                .join(Award.achievement)
                .join(Achievement.level)
                .where(Level.award_by == "rule")
            )
        sys.stderr.write(f"{database_url.partition(':')[0]}: {made} certificates were awarded\n")
    return found


def report(found: dict[str, dict[str, Figures]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        (
            "| database | the badge is | look ms, median | look ms, p95 | look CPU ms, p95 "
            "| award without, median | award with, median |"
        ),
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {database} | {kind} | {1000 * median(figures.look):.2f} "
        f"| {1000 * quantiles(figures.look, n=20)[-1]:.2f} "
        f"| {1000 * quantiles(figures.look_cpu, n=20)[-1]:.2f} "
        f"| {1000 * median(figures.without):.2f} | {1000 * median(figures.whole):.2f} |"
        for database, kinds in found.items()
        for kind, figures in kinds.items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="60 awards of each kind")
    times = 60 if parser.parse_args().quick else 400
    found = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-stacks-")))
        found["SQLite"] = run(f"sqlite:///{folder}/stacks.sqlite", folder, times)
        make_database = stack.enter_context(postgres(folder / "postgres"))
        found["PostgreSQL"] = run(make_database("assay_stacks"), folder, times)
    sys.stdout.write(report(found))


if __name__ == "__main__":
    main()

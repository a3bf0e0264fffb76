"""Fill a fresh installation with awards; `python bench/page_filling.py COUNT` prints their ids.

The commands are those of a real installation; settings come from the environment.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "deploy")]

from run import run_commands  # noqa: E402 (deploy/ is no package)
from sqlalchemy import select  # noqa: E402

from app import create_app  # noqa: E402
from app.awards.issuing import issue_award  # noqa: E402
from app.catalog.service import list_mappable_versions  # noqa: E402
from app.core.clock import utcnow  # noqa: E402
from app.core.db import transaction  # noqa: E402
from app.courses.service import ensure_person  # noqa: E402
from app.platforms.models import Deployment  # noqa: E402
from deploy.example import example_commands  # noqa: E402


def fill(count: int) -> list[str]:
    """Migrate, load the example, award one achievement so many times."""
    run_commands([("db", "upgrade"), *example_commands("http://127.0.0.1:9")])
    app, now = create_app(), utcnow()
    with app.app_context(), transaction() as session:
        deployment = session.scalars(select(Deployment)).one()
        version = list_mappable_versions(session, deployment.institution_id, now=now)[0]
        people = [
            ensure_person(
                session,
                institution_id=deployment.institution_id,
                platform_id=deployment.platform_id,
                sub=f"bench-{number}",
                name=f"Learner Number {number}",
                now=now,
            )
            for number in range(count + 1)
        ]
        for person in people:
            person.email = f"{person.name.replace(' ', '.')}@example.edu".lower()
        session.flush()
        return [
            issue_award(
                session,
                person=person,
                version=version,
                awarded_by=people[0].id,
                actor="command:bench",
                vault=app.extensions["assay.vault"],
                base_url=app.extensions["assay.settings"].base_url,
                now=now,
            ).public_id
            for person in people[1:]
        ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(fill(int(sys.argv[1]))) + "\n")

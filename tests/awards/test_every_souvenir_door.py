"""Only approved: every door by which a Souvenir is given, and every state that it can be in.

The table is read as that of `tests/launch/test_every_door.py`: `yes`, the person is
awarded it; `no`, nobody is; `new`, they are awarded the newer version.
"""

from contextvars import Context
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.awards.models import Award
from app.catalog.approving import approve_version, submit_version
from app.catalog.drafts import start_next_version
from app.catalog.models import VersionStatus
from tests.awards.souvenir_world import work_off
from tests.awards.test_claims import claim, make_code, shown_code
from tests.awards.test_give import paste

TABLE = """
door                  draft  in_review approved expired superseded declined retired
check a list          no     no        yes      no      new        no       no
start a checked list  no     no        yes      no      new        no       no
let a list go on      no     no        yes      no      new        no       no
make a code           no     no        yes      no      new        no       no
claim with a code     no     no        yes      no      new        no       no
give by command       no     no        yes      no      new        no       no
"""
LIST = "/souvenirs/lists/1"


def change(session, souvenir, state):
    """Bring the Souvenir into a state."""
    now = datetime.now(UTC)
    if state == "superseded":
        by = {"actor": "test", "now": now}
        newer = start_next_version(session, souvenir.achievement, proposed_by=None, **by)
        submit_version(session, newer, **by)
        approve_version(session, newer, reference="Owl Life 2", until=None, **by)
    elif state == "expired":
        souvenir.approved_until = now - timedelta(seconds=1)
    elif state == "retired":
        souvenir.achievement.retired_at = now - timedelta(seconds=1)
    else:
        souvenir.status = VersionStatus(state)
    session.commit()


def by_list(*, changes_before):
    """Give by a list; the state changes before this step."""

    def go(app, giver, souvenir, learner, put, _tmp_path):
        steps = {
            "check": lambda: paste(giver, souvenir, learner.email),
            "start": lambda: giver.post(f"{LIST}/start"),
            "work": lambda: work_off(app, now=datetime.now(UTC)),
        }
        for name, step in steps.items():
            if name == changes_before:
                put()
            step()

    return go


def make_and_claim(_app, giver, souvenir, learner, put, _tmp_path):
    put()
    if make_code(giver, souvenir).status_code == 303:
        claim(learner.client, shown_code(giver))


def claim_what_was_made(_app, giver, souvenir, learner, put, _tmp_path):
    make_code(giver, souvenir)
    code = shown_code(giver)
    put()
    claim(learner.client, code)


def command(app, _giver, souvenir, learner, put, tmp_path):
    put()
    path = tmp_path / "people.csv"
    path.write_text(f"email\n{learner.email}\n")
    words = ["souvenirs", "award", str(path), "--achievement", souvenir.achievement.slug]
    Context().run(app.test_cli_runner().invoke, args=words)


DOORS = {
    "check a list": by_list(changes_before="check"),
    "start a checked list": by_list(changes_before="start"),
    "let a list go on": by_list(changes_before="work"),
    "make a code": make_and_claim,
    "claim with a code": claim_what_was_made,
    "give by command": command,
}


def rows():
    header, *lines = TABLE.strip().splitlines()
    for line in lines:
        words = line.rsplit(None, len(header.split()) - 1)
        for state, expected in zip(header.split()[1:], words[1:], strict=True):
            yield words[0].strip(), state, expected


def test_the_table_has_every_door_and_every_state():
    told = list(rows())

    assert {door for door, _, _ in told} == DOORS.keys()
    assert {state for _, state, _ in told} == {*VersionStatus, "expired", "retired"}


@pytest.mark.parametrize(("door", "state", "expected"), list(rows()))
def test_a_souvenir_is_given_only_while_it_is_approved(
    app, browser, session, world, souvenir, tmp_path, door, state, expected
):
    world.learner.email = "mei@example.edu"
    session.commit()
    learner = type("Learner", (), {"email": world.learner.email})
    learner.client = browser(world.learner)
    old = souvenir.id

    DOORS[door](
        app,
        browser(world.grantor),
        souvenir,
        learner,
        lambda: change(session, souvenir, state),
        tmp_path,
    )

    session.rollback()
    given = session.scalars(select(Award.version_id)).all()
    outcome = "no" if not given else "yes" if given == [old] else "new"
    assert (outcome, len(given) <= 1) == (expected, True)

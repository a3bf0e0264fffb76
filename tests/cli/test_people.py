"""The id that `--sub` wants is shown for everybody who has launched."""

import json

from app.core.audit import AuditEntry
from app.courses.models import LtiUser
from app.courses.service import find_lti_sub
from tests.factories import make_platform


def test_people_are_listed_with_the_id_by_which_the_lms_knows_them(run, world):
    result = run("people", "list", "--platform", str(world.platform.id), "--json")

    rows = json.loads(result.stdout)
    mei = next(row for row in rows if row["name"] == "Mei Student")
    assert mei["sub"].startswith("sub-mei-student")
    assert mei["last_launch"] is not None
    assert len(rows) == 7


def test_an_unknown_platform_is_refused_in_one_line(run, world):
    result = run("people", "list", "--platform", "999")

    assert result.exit_code == 1
    assert "no platform 999" in result.stderr


def test_somebody_is_told_to_be_known_in_a_second_lms(run, session, world):
    other, _ = make_platform(session, world.institution, "https://other.test")
    session.commit()
    sub = find_lti_sub(session, platform_id=world.platform.id, person_id=world.grantor.id)
    command = (
        *("people", "known-as", "--platform", str(world.platform.id), "--sub", sub),
        *("--also-platform", str(other.id), "--also-sub", "priya-7"),
    )

    results = [run(*command) for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0]
    known = session.query(LtiUser).filter_by(platform_id=other.id).one()
    assert (known.sub, known.person_id) == ("priya-7", world.grantor.id)
    actions = [entry.action for entry in session.query(AuditEntry)]
    assert actions.count("person.known_as") == 1


def test_nobody_becomes_whom_the_other_lms_knows_by_that_id(run, session, world):
    taken = find_lti_sub(session, platform_id=world.platform.id, person_id=world.learner.id)
    sub = find_lti_sub(session, platform_id=world.platform.id, person_id=world.grantor.id)
    platform = str(world.platform.id)

    result = run(
        *("people", "known-as", "--platform", platform, "--sub", sub),
        *("--also-platform", platform, "--also-sub", taken),
    )

    assert result.exit_code == 1
    assert "somebody else" in result.stderr

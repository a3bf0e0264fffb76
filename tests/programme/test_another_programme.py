"""Another institution's programme: the same program with other levels, words and pictures."""

import json
import re
import tomllib
from contextvars import Context
from pathlib import Path

import pytest
from sqlalchemy import select

from app.assessment.models import Assessment
from app.awards.models import Award
from app.catalog.models import AchievementVersion
from app.core.principal import Role
from app.courses.models import LtiUser
from app.evidence.models import Submission
from app.mapping.models import Assignment
from app.programme.preset import read_preset
from app.programme.service import get_rules, list_levels
from tests import campus

ROOT = Path(__file__).parents[2]
PRESETS = sorted((ROOT / "lti_config/programme").glob("*.toml"))
COLLEGE = ROOT / "lti_config/programme/college.toml"
# Keys of a preset that are also words of the program: a room, a column, an LTI role.
WORDS_OF_THE_PROGRAM = {
    *("assessment", "committee", "environment", "evidence", "grantors", "need", "skill", "skills"),
    *("staff", "students", "days"),
}
STEPS = [
    {"name": "Not yet", "description": "The joint gives way.", "points": 0},
    {"name": "Holds", "description": "The joint holds.", "points": 2},
    {"name": "Clean", "description": "The joint holds and is clean.", "points": 3},
]
WELDING = {
    "slug": "arc-welding",
    "issuer": "college",
    "level": "skill",
    "name": "Arc welding",
    "description": "Joins steel with an electric arc.",
    "criteria_narrative": "Weld **three** joints.",
    "image_alt": "A silver plate with a cogwheel.",
    "pass_rule": {"kind": "k_of_n", "k": 2},
    "issuing_unit": "Metal workshop",
    "validity_months": 36,
    "renewal": "Weld again under an assessor's eyes.",
    "criteria": [
        {
            "key": key,
            "name": f"{key.title()} joint",
            "description": "What is to be shown.",
            "required": False,
            "required_level": "Holds",
            "levels": STEPS,
        }
        for key in ("butt", "lap", "corner")
    ],
}


@pytest.fixture
def command(app):
    def run(*words):
        result = Context().run(app.test_cli_runner().invoke, args=[str(word) for word in words])
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


@pytest.fixture
def college(session, command, tmp_path):
    """A college with its own programme and one skill, all of it brought in by commands."""
    institution = campus.make_institution(session, "college")
    _, deployment = campus.make_platform(session, institution)
    session.commit()
    command("issuers", "add", "--slug", "college", "--name", "College", "--url", "https://c.test")
    command("programme", "load", COLLEGE)
    file = tmp_path / "achievements.json"
    file.write_text(json.dumps({"achievements": [WELDING]}))
    command("achievements", "import", file, "--approved-by", "Council 12")
    return deployment


@pytest.fixture
def latest(session):
    """The newest row of a model, as committed."""

    def read(model):
        session.rollback()
        session.expire_all()
        return session.scalars(select(model).order_by(model.id.desc())).first()

    return read


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_a_shipped_preset_is_whole(preset):
    read = read_preset(preset)

    assert read.rules.route
    assert all(read.images[level.key] for level in read.levels)


def test_the_second_programme_shares_no_key_with_the_first():
    first, second = (keys_of(tomllib.loads(path.read_text())) for path in PRESETS)

    assert first & second == set()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_no_key_of_a_preset_stands_in_the_program(preset):
    keys = keys_of(tomllib.loads(preset.read_text())) - WORDS_OF_THE_PROGRAM
    # The sandbox is a practice LMS; it is no part of the tool.
    sources = [path for path in (ROOT / "app").rglob("*.py") if "sandbox" not in path.parts]
    sources += (ROOT / "templates").rglob("*.html")

    named = [
        (path.name, found[2])
        for path in sources
        for found in re.finditer(r"""(["'])([a-z0-9_-]+)\1""", path.read_text(encoding="utf-8"))
        if found[2] in keys
    ]

    assert named == []


def keys_of(document):
    """The keys of levels, routes, groups, audiences and questions."""
    tables = ("level", "route", "group", "audience", "question")
    return {item["key"] for table in tables for item in document[table]}


def test_the_whole_way_from_set_up_to_award_under_it(
    app, browser, college, command, session, latest
):
    course = campus.make_course(session, college)
    link = campus.make_link(session, course)
    ines = campus.make_person(session, course, Role.INSTRUCTOR, "Ines Instructor")
    mei = campus.make_person(session, course, Role.LEARNER, "Mei Student", email="mei@c.test")
    priya = campus.make_person(session, course, Role.GRADER, "Priya Grantor")
    session.commit()
    sub = session.scalar(select(LtiUser.sub).where(LtiUser.person_id == priya.id))
    platform = course.platform_id
    command(
        *("grantors", "appoint", "--achievement", "arc-welding"),
        *("--platform", platform, "--sub", sub, "--from", "2026-01-01"),
    )
    version = latest(AchievementVersion)

    set_up = f"/courses/{course.id}/links/{link.id}/setup"
    teacher = browser(ines)
    offered = teacher.get(set_up).text
    assert "Arc welding" in offered
    assert "family-silver" in offered
    answer = teacher.post(
        f"{set_up}/{version.id}",
        data={
            "criteria": [item.id for item in version.criteria],
            "title": "Three joints",
            "instructions": "",
            "accepts_text": "y",
            "max_files": "0",
            "grade_rule": "rubric",
        },
    )
    assert answer.status_code == 303
    assignment = latest(Assignment)
    work = f"/courses/{course.id}/assignments/{assignment.id}/work"
    learner = browser(mei)
    page = learner.get(work).text
    assert "You can earn: Skill" in page
    assert "when any 2 of the 3 criteria are met" in page
    learner.post(work, data={"text": "Photographs of my joints.", "hand_in": "1"})
    submission = latest(Submission)
    rated = {
        f"criterion_{item.id}": item.rubric_levels[step].id
        for item, step in zip(assignment.criteria, (2, 1, 0), strict=True)
    }
    attempt = {"attempt_id": submission.attempts[-1].id, "decision": "met", "reason": ""}
    attempt |= {"states_no_conflict": "y"}
    answer = browser(priya).post(f"/assessment/submissions/{submission.id}", data=rated | attempt)
    assert answer.status_code == 303
    assert latest(Assessment).points == 5

    award = latest(Award)
    page = browser().get(f"/credentials/{award.public_id}").text
    for words in ("Verified", "Arc welding", "Skill", "College", "How it is renewed"):
        assert words in page
    credential = json.loads(award.credential)
    achievement = credential["credentialSubject"]["achievement"]
    assert achievement["achievementType"] == "Competency"
    assert achievement["tag"] == ["Skill"]
    assert credential["validUntil"][:4] == str(award.awarded_at.year + 3)
    picture = browser().get(f"/achievements/{version.public_id}/image.svg").text
    assert picture == (ROOT / "lti_config/programme/images/college_skill.svg").read_text()


def test_its_rules_are_kept_beside_its_levels(college, session):
    rules = get_rules(session, college.institution_id)

    assert [level.key for level in list_levels(session, college.institution_id)] == [
        "took_part",
        "skill",
        "master",
    ]
    assert [len(route.step) for route in rules.route] == [1, 3]
    assert [item.key for item in rules.questions_for("master")] == ["trade", "last_revision"]


def test_what_its_levels_do_not_allow_is_refused(app, college, tmp_path):
    file = tmp_path / "weighted.json"
    weighted = WELDING | {"slug": "tig", "pass_rule": {"kind": "weighted", "threshold": 60}}
    file.write_text(json.dumps({"achievements": [weighted]}))

    result = Context().run(
        app.test_cli_runner().invoke,
        args=["achievements", "import", str(file), "--approved-by", "Council 13"],
    )

    assert result.exit_code == 1
    assert "a Skill is not passed by the rule weighted (allowed: k_of_n, all_required)" in (
        result.output
    )

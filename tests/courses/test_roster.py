"""What a whole roster changes, and what it never does."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.errors import ConflictError
from app.core.principal import Role
from app.courses.models import (
    Enrolment,
    LtiUser,
    Person,
    RosterEntry,
    RosterReading,
    RosterStatus,
)
from app.courses.nrps import MEDIA_TYPE, RosterError
from app.courses.people import ROLE_LASTS, list_learners
from app.evidence.models import Submission
from app.platforms.models import DeploymentStatus, PlatformStatus
from tests import factories
from tests.assessment.work import hand_in
from tests.courses.roster_server import MEMBERSHIP, member

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


@pytest.fixture
def names(session, course, clock):
    """The names of the course's learners now."""

    def find():
        session.rollback()
        session.expire_all()
        return [each.display_name for each in list_learners(session, course.id, now=clock.now)]

    return find


def test_the_tool_asks_for_the_roster_as_the_standard_says(reader, lms, course):
    lms.members = [member("a")]

    reader.refresh(course.id)

    (address, headers) = lms.seen[0]
    assert address == "/people?course=7&limit=500", "the query of the claim is kept"
    assert headers["Accept"] == MEDIA_TYPE
    assert headers["Authorization"] == "Bearer t1"
    assert headers["User-Agent"].startswith("Assay/")
    assert lms.scopes == [SCOPE], "a token for the roster alone"


def test_every_page_is_read_by_its_own_address(reader, lms, course, session):
    lms.members = [member(f"s{number}") for number in range(7)]
    lms.page_size = 3

    outcome = reader.refresh(course.id)

    assert (outcome.added, outcome.changed) == (7, 0)
    assert lms.asked[1:] == ["/people?course=7&cursor=Aa3", "/people?course=7&cursor=Aa6"]
    assert session.scalar(select(func.count()).select_from(RosterEntry).where(
        RosterEntry.status == RosterStatus.ACTIVE)) == 7  # fmt: skip


def test_learners_who_never_launched_are_in_the_class(reader, lms, course, names, world, sub_of):
    lms.members = [
        member(sub_of(world.learner), name=None),
        member(sub_of(world.other_learner), name=None),
        member("new", f"{MEMBERSHIP}Learner", name="Aya New"),
        member("nameless", name=None, given_name="Noor", family_name="Aziz", email=None),
    ]

    reader.refresh(course.id)

    assert names() == ["Aya New", "Jonas Student", "Mei Student", "Noor Aziz"]


def test_a_name_that_is_not_told_wipes_none(reader, lms, course, person, world, sub_of):
    sub = sub_of(world.learner)
    lms.members = [member(sub, name=None, email=None), member("b", name="$Person.name", email="")]

    reader.refresh(course.id)

    assert (person(sub).name, person(sub).email) == ("Mei Student", "Mei@University.example")
    assert (person("b").name, person("b").email) == (None, None)


def test_a_name_that_is_told_otherwise_is_the_new_one(reader, lms, course, person, world, sub_of):
    sub = sub_of(world.learner)
    lms.members = [member(sub, name="Mei Chen", email="chen@university.example")]

    outcome = reader.refresh(course.id)

    assert (person(sub).name, person(sub).email) == ("Mei Chen", "chen@university.example")
    assert outcome.changed == 1


def test_the_same_user_id_on_another_platform_is_another_person(
    reader, lms, course, app, session, person
):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    session.add(LtiUser(platform_id=other.platform.id, sub="same", person_id=other.learner.id))
    session.commit()
    lms.members = [member("same", name="Somebody Else")]

    reader.refresh(course.id)

    assert person("same").id != other.learner.id
    session.refresh(other.learner)
    assert other.learner.name == "Mei Student"


def test_who_is_left_out_is_gone_and_nothing_is_deleted(
    reader, lms, course, names, entry, session, world, sub_of
):
    assignment = factories.make_assignment(session, course, world.level_1, link=world.link)
    hand_in(session, assignment, world.learner)
    lms.members = [member(sub_of(world.learner)), member("a", name="Aya"), member("b", name="Ben")]
    reader.refresh(course.id)
    people = session.scalar(select(func.count()).select_from(Person))
    lms.members = [member("a", name="Aya")]

    outcome = reader.refresh(course.id)

    assert names() == ["Aya"]
    assert entry("b").status is RosterStatus.GONE
    assert entry(sub_of(world.learner)).status is RosterStatus.GONE
    assert outcome.gone == 2
    assert session.scalar(select(func.count()).select_from(Person)) == people
    assert session.scalar(select(func.count()).select_from(Submission)) == 1
    assert session.scalar(select(func.count()).select_from(Enrolment)) == 7


def test_who_comes_back_is_in_the_class_again(reader, lms, course, names, entry):
    everybody = [member("a", name="Aya"), member("b", name="Ben")]
    for members in (everybody, everybody[:1], everybody):
        lms.members = members
        reader.refresh(course.id)

    assert names() == ["Aya", "Ben"]
    assert entry("b").status is RosterStatus.ACTIVE


def test_somebody_who_was_gone_and_launches_is_in_the_class(
    reader, lms, course, names, session, world
):
    lms.members = [member("a", name="Aya")]
    reader.refresh(course.id)
    assert names() == ["Aya"]

    enrolment = session.scalars(
        select(Enrolment).where(Enrolment.person_id == world.learner.id)
    ).one()
    enrolment.last_launched_at += timedelta(hours=1)
    session.commit()

    assert names() == ["Aya", "Mei Student"]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("Active", RosterStatus.ACTIVE),
        (None, RosterStatus.ACTIVE),
        ("Inactive", RosterStatus.INACTIVE),
        ("Deleted", RosterStatus.GONE),
        ("http://purl.imsglobal.org/vocab/lis/v2/status#Active", RosterStatus.ACTIVE),
        ("Suspended", RosterStatus.INACTIVE),
    ],
)
def test_the_status_is_the_one_that_is_told(reader, lms, course, entry, names, told, status):
    lms.members = [member("a", name="Aya", status=told), member("b", name="Ben")]

    reader.refresh(course.id)

    assert entry("a").status is status
    assert ("Aya" in names()) is (status is RosterStatus.ACTIVE)


def test_the_student_preview_is_left_out(reader, lms, course, person):
    lms.members = [member("preview", "Learner", TEST_USER), member("a")]

    reader.refresh(course.id)

    assert person("preview") is None


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (["Learner"], Role.LEARNER),
        (["Instructor"], Role.INSTRUCTOR),
        ([f"{MEMBERSHIP}Instructor"], Role.INSTRUCTOR),
        (["http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#Grader"], Role.GRADER),
        (["Mentor"], Role.OBSERVER),
        (["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"], Role.NONE),
        ([], Role.NONE),
    ],
)
def test_roles_are_read_short_and_long(reader, lms, course, entry, roles, role):
    lms.members = [{**member("a"), "roles": roles}]

    reader.refresh(course.id)

    assert entry("a").role is role


def test_a_roster_learner_who_launched_as_instructor_is_staff(
    reader, lms, course, names, entry, world, sub_of, browser, clock
):
    sub = sub_of(world.assistant)
    lms.members = [member(sub, "Learner", name="Tariq Assistant"), member("a", name="Aya")]

    reader.refresh(course.id)

    assert names() == ["Aya"]
    assert entry(sub).role is Role.LEARNER, "both are kept"
    setup = f"/courses/{course.id}/links/{world.link.id}/setup"
    assert browser(world.assistant).get(setup).status_code == 200
    clock.now += ROLE_LASTS + timedelta(days=1)
    assert names() == ["Aya", "Tariq Assistant"], "a launch of last year says nothing any more"


def test_a_roster_gives_no_right(reader, lms, course, world, sub_of, browser):
    lms.members = [member(sub_of(world.learner), "Instructor"), member("boss", "Instructor")]

    reader.refresh(course.id)

    setup = f"/courses/{course.id}/links/{world.link.id}/setup"
    assert browser(world.learner).get(setup).status_code == 403


def test_somebody_listed_twice_is_one_person(reader, lms, course, entry, session):
    lms.members = [
        member("a", "Learner", status="Inactive", name=None),
        member("b"),
        member("a", f"{MEMBERSHIP}Instructor", name="Aya"),
    ]
    lms.page_size = 2

    reader.refresh(course.id)

    assert (entry("a").role, entry("a").status) == (Role.INSTRUCTOR, RosterStatus.ACTIVE)
    assert session.scalar(select(func.count()).where(LtiUser.sub == "a")) == 1


def test_a_second_reading_without_news_writes_nobody(reader, lms, course, entry, clock):
    lms.members = [member("a"), member("b")]
    reader.refresh(course.id)
    before = entry("a").changed_at
    clock.now += timedelta(days=1)

    outcome = reader.refresh(course.id)

    assert (outcome.added, outcome.changed, outcome.gone) == (0, 0, 0)
    assert entry("a").changed_at == before


def test_who_was_forgotten_is_not_named_again_by_a_roster(
    reader, lms, course, session, world, sub_of, person, app
):
    sub = sub_of(world.learner)
    result = app.test_cli_runner().invoke(
        args=["people", "forget", "--platform", str(world.platform.id), "--sub", sub]
    )
    assert result.exit_code == 0, result.output
    lms.members = [member(sub, name="Mei Student")]

    reader.refresh(course.id)

    assert (person(sub).name, person(sub).email) == (None, None)


def test_one_reads_at_a_time(reader, lms, course, reading, clock, session):
    lms.members = [member("a")]
    reader.refresh(course.id)
    reading().busy_until = clock.now + timedelta(minutes=5)
    session.commit()

    with pytest.raises(ConflictError):
        reader.refresh(course.id)

    clock.now += timedelta(minutes=6)  # the one that had it in hand has died
    reader.refresh(course.id)
    assert reading().busy_until is None


def test_the_periodic_job_reads_what_is_due(reader, lms, course, reading, clock, session):
    lms.members = [member("a"), member("b")]

    assert reader.refresh_due() == 1
    assert reader.refresh_due() == 0, "once a day"
    assert (reading().member_count, reading().read_at, reading().problem) == (2, clock.now, None)
    clock.now += timedelta(hours=21)
    assert reader.refresh_due() == 1
    clock.now += timedelta(days=90)
    assert reader.refresh_due() == 0, "nobody opens the course any more"


def test_a_platform_that_is_silent_is_asked_once_per_round(reader, course, session, world):
    course.memberships_url = "http://127.0.0.1:9/people"
    world.platform.token_url = "http://127.0.0.1:9/token"
    twin = factories.make_course(session, world.deployment, "course-2")
    twin.memberships_url = "http://127.0.0.1:9/people2"
    factories.enrol(session, twin, world.instructor, Role.INSTRUCTOR)
    session.commit()

    assert reader.refresh_due() == 0

    session.rollback()
    assert session.scalars(select(RosterReading.problem)).one().startswith("The LMS could not")


@pytest.mark.parametrize("what", ["platform", "deployment"])
def test_what_is_switched_off_is_not_asked(reader, lms, course, session, world, what, reading):
    if what == "platform":
        world.platform.status = PlatformStatus.DISABLED
    else:
        world.deployment.status = DeploymentStatus.BLOCKED
    session.commit()

    with pytest.raises(RosterError, match="switched off"):
        reader.refresh(course.id)

    assert (lms.seen, lms.scopes) == ([], [])
    assert "switched off" in reading().problem

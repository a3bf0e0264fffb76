"""A copied course: its mappings work at once for learners, and an instructor confirms them."""

import pytest
from sqlalchemy import func, select

from app.courses.origins import ContextOrigin
from app.launch.claims import CLAIM
from app.mapping.models import Assignment
from tests import factories
from tests.launch.signing_lms import INSTRUCTOR, SigningLms, place_of

TEACHER = {"role": INSTRUCTOR, "sub": "teacher-of-the-copy"}


def test_a_learner_in_a_copied_course_can_work_at_once(original, launch_copy, mapped, browser):
    mei = browser()
    answer = launch_copy(custom={"assay_assignment": original.uuid}, client=mei)

    copy = mapped()
    assert place_of(answer) == f"/courses/{copy.course_id}/assignments/{copy.id}/work"
    page = mei.get(place_of(answer))
    assert "Hand in your work" in page.text
    assert copy.uuid != original.uuid
    assert copy.course_id != original.course_id
    for name in (
        *("version_id", "title", "instructions", "file_kinds", "max_files", "max_points"),
        *("max_file_mb", "is_by_criterion", "statement"),
    ):
        assert getattr(copy, name) == getattr(original, name), name
    assert [item.id for item in copy.criteria] == [item.id for item in original.criteria]
    assert copy.lineitem_url == "https://lms.test/li/link-2"
    assert copy.copied.source_id == original.id
    assert copy.copied.earlier_uuids == [original.uuid]
    assert copy.needs_confirmation


def test_the_second_launch_makes_no_second_copy(original, launch_copy, session):
    for sub in ("student-1", "student-2", "student-1"):
        launch_copy(custom={"assay_assignment": original.uuid}, sub=sub)

    assert session.scalar(select(func.count()).select_from(Assignment)) == 2


def test_work_and_awards_do_not_follow(original, launch_copy, mapped, browser, session, world):
    mei = browser(world.learner)
    mei.post(
        f"/courses/{world.course.id}/assignments/{original.id}/work",
        data={"text": "My work.", "hand_in": "y"},
    )

    launch_copy(custom={"assay_assignment": original.uuid}, **TEACHER)

    copy = mapped()
    ines = browser()
    answer = launch_copy(custom={"assay_assignment": original.uuid}, client=ines, **TEACHER)
    assert place_of(answer) == f"/courses/{copy.course_id}/assignments/{copy.id}"
    assert "My work." not in ines.get(place_of(answer)).text
    assert "No learner is known in this course" in ines.get(place_of(answer)).text


def test_a_deep_link_picked_twice_gets_a_copy_within_the_course(
    original, launch_copy, mapped, session
):
    answer = launch_copy(
        custom={"assay_assignment": original.uuid}, course="course-1", link="link-again"
    )

    copy = mapped("link-again", "course-1")
    assert place_of(answer).endswith(f"/assignments/{copy.id}/work")
    assert copy.course_id == original.course_id
    assert copy.lineitem_url == "https://lms.test/li/link-again"
    assert mapped("link-1", "course-1").id == original.id


def test_without_an_identity_the_links_history_is_followed(original, launch_copy, mapped):
    launch_copy(custom={"assay_link_history": "gone,link%2D1,link-0"})

    assert mapped().copied.source_id == original.id


def test_the_link_history_of_another_deployment_means_nothing(
    original, launch_copy, mapped, session, world
):
    from app.platforms.models import Deployment, DeploymentStatus

    other = Deployment(
        institution_id=world.institution.id,
        platform_id=world.platform.id,
        deployment_id="2",
        status=DeploymentStatus.ACTIVE,
        created_at=factories.NOON,
    )
    session.add(other)
    session.commit()

    launch_copy(custom={"assay_link_history": "link-1"}, **{f"{CLAIM}deployment_id": "2"})

    assert mapped() is None


@pytest.mark.parametrize(
    "history",
    [
        ",".join(f"link-{number}" for number in range(5000, 6000)),
        "," * 5000,
        "%%%%,%ff%fe,\x7f,  ,",
        "$ResourceLink.id.history",
        "x" * 40_000,
        "' OR 1=1 --,../../etc/passwd",
        ["link-1"],
        {"link-1": 1},
        7,
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_junk_history_copies_nothing_and_breaks_nothing(original, launch_copy, mapped, history):
    answer = launch_copy(custom={"assay_link_history": history, "assay_course_history": history})

    assert answer.status_code == 200
    assert mapped() is None


def test_a_long_history_is_followed_as_far_as_its_newest_fifty(original, launch_copy, mapped):
    older = ",".join(f"link-{number}" for number in range(5000, 6000))

    launch_copy(custom={"assay_link_history": f"link-1,{older}"})

    assert mapped().copied.source_id == original.id


@pytest.mark.parametrize(
    "uuid",
    ["00000000-0000-4000-8000-000000000000", "", "$Custom", "x" * 500, None, 5, ["a"]],
    ids=lambda value: str(value)[:12],
)
def test_an_unknown_identity_is_no_identity(original, launch_copy, mapped, uuid):
    assert launch_copy(custom={"assay_assignment": uuid}).status_code == 200
    assert mapped() is None


def test_an_identity_of_another_institution_is_unknown(
    session, world, lms_key, browser, original, app
):
    other = factories.make_world(session, app.extensions["assay.vault"], slug="other")
    lms = SigningLms(lms_key, issuer="https://other.test")
    other.platform.jwks = lms.jwks
    session.commit()

    answer = lms.launch(
        browser(),
        **{
            f"{CLAIM}resource_link": {"id": "link-2"},
            f"{CLAIM}custom": {
                "assay_assignment": original.uuid,
                "assay_link_history": "link-1",
                "assay_course_history": "course-1",
            },
        },
    )

    assert place_of(answer).endswith("/welcome")
    assert session.scalar(select(func.count()).select_from(Assignment)) == 1


def test_another_platform_of_the_institution_may_copy(session, world, lms_key, browser, original):
    platform, _ = factories.make_platform(session, world.institution, "https://second.test")
    lms = SigningLms(lms_key, issuer="https://second.test")
    platform.jwks = lms.jwks
    session.commit()

    answer = lms.launch(browser(), **{f"{CLAIM}custom": {"assay_assignment": original.uuid}})

    assert place_of(answer).endswith("/work")


def test_a_copy_of_a_copy_takes_the_nearest_original(original, launch_copy, mapped, session, world):
    launch_copy(custom={"assay_assignment": original.uuid})
    near = mapped()
    near.instructions = "Changed in the copy."
    session.commit()

    launch_copy(
        custom={"assay_assignment": original.uuid, "assay_link_history": "link-2,link-1"},
        course="course-3",
        link="link-3",
    )
    launch_copy(
        custom={"assay_assignment": original.uuid, "assay_course_history": "course-2,course-1"},
        course="course-4",
        link="link-4",
    )

    for copy in (mapped("link-3", "course-3"), mapped("link-4", "course-4")):
        assert copy.instructions == "Changed in the copy."
        assert copy.copied.earlier_uuids == [near.uuid, original.uuid]


def test_a_course_copied_back_into_its_original_makes_no_loop(
    original, launch_copy, mapped, session
):
    custom = {"assay_assignment": original.uuid}
    launch_copy(custom=custom | {"assay_course_history": "course-1"})
    launch_copy(
        custom=custom
        | {"assay_link_history": "link-2,link-1", "assay_course_history": "course-2,course-1"},
        course="course-1",
        link="link-back",
    )
    launch_copy(
        custom=custom
        | {"assay_link_history": "link-back,link-2,link-1", "assay_course_history": "course-1"},
        link="link-forth",
    )

    back, forth = mapped("link-back", "course-1"), mapped("link-forth")
    assert back.copied.earlier_uuids == [mapped().uuid, original.uuid]
    assert forth.copied.earlier_uuids == [back.uuid, mapped().uuid, original.uuid]
    assert session.scalar(select(func.count()).select_from(Assignment)) == 4


def test_a_learner_at_an_unresolved_link_is_told_so(original, launch_copy, mapped):
    answer = launch_copy(custom={"assay_course_history": "course-1"})

    assert place_of(answer).endswith("/welcome")
    assert mapped() is None


def test_a_course_is_never_its_own_origin(launch_copy, session):
    launch_copy(custom={"assay_course_history": "course-2,course-1,course-2"})
    launch_copy(custom={"assay_course_history": "course-2,course-1,course-2"})

    origins = session.scalars(select(ContextOrigin.origin_context_id)).all()
    assert origins == ["course-1"]


def test_the_dates_that_the_lms_tells_are_shown_to_learners(
    original, launch_copy, mapped, browser, session
):
    mei = browser()
    custom = {
        "assay_due": "2026-12-18T23:59:00+01:00",
        "assay_opens": "$ResourceLink.available.startDateTime",
        "assay_closes": "2027-01-10T00:00:00Z",
    }

    def launch():
        return launch_copy(custom=custom, course="course-1", link="link-1", client=mei)

    page = mei.get(place_of(launch()))
    assert 'datetime="2026-12-18T22:59:00+00:00"' in page.text
    assert 'datetime="2027-01-10T00:00:00+00:00"' in page.text
    assert "Opens" not in page.text

    custom |= {"assay_due": "", "assay_closes": "2027-01-10"}
    page = mei.get(place_of(launch()))
    assert mapped("link-1", "course-1").due_at is None
    assert "2026-12-18" not in page.text
    assert 'datetime="2027-01-10T00:00:00+00:00"' in page.text, "an unreadable date changes nothing"

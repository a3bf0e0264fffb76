"""What an instructor sees of a copied course: confirm, choose, undo; versions that moved on."""

from sqlalchemy import select

from app.catalog.models import AchievementVersion, Criterion, RubricLevel, VersionStatus
from app.core.audit import AuditEntry
from app.courses.models import ResourceLink
from tests import factories
from tests.launch.signing_lms import INSTRUCTOR, place_of

TEACHER = {"role": INSTRUCTOR, "sub": "teacher-of-the-copy"}


def new_version(session, old, *, keys=("c1", "c2")):
    """Approve a next version with criteria of these keys."""
    old.status = VersionStatus.SUPERSEDED
    version = AchievementVersion(
        institution_id=old.institution_id,
        achievement_id=old.achievement_id,
        public_id=f"{old.public_id}-2"[:40],
        number=2,
        name=old.name,
        description=old.description,
        criteria_narrative="Show it.",
        image_alt=old.image_alt,
        tags=[],
        status=VersionStatus.APPROVED,
        created_at=factories.NOON,
        criteria=[
            Criterion(
                position=number,
                key=key,
                name=f"New criterion {key}",
                description="What is to be shown.",
                required_position=0,
                rubric_levels=[RubricLevel(position=0, name="Yes", description="Yes.", points=5)],
            )
            for number, key in enumerate(keys)
        ],
    )
    session.add(version)
    session.commit()
    return version


def test_the_instructor_is_asked_to_confirm_once(
    original, launch_copy, mapped, browser, session, world
):
    ines = browser()
    answer = launch_copy(custom={"assay_assignment": original.uuid}, client=ines, **TEACHER)
    copy = mapped()
    overview = ines.get(place_of(answer))
    place = f"/courses/{copy.course_id}/assignments/{copy.id}/copy"
    assert f'href="{place}"' in overview.text
    page = ines.get(place)
    assert "Copied from “Methods”" in page.text
    assert "Confirm copied mapping" in page.text

    confirmed = ines.post(place)

    assert confirmed.status_code == 303
    assert "not confirmed yet" not in ines.get(confirmed.location).text
    assert mapped().copied.confirmed_by is not None
    assert "Confirmed" in ines.get(place).text
    assert ines.post(place).status_code == 409
    entry = session.scalar(select(AuditEntry).where(AuditEntry.action == "assignment.confirmed"))
    assert entry.subject == f"assignment:{copy.id}"


def test_confirming_leads_on_to_the_next_copy(
    original, launch_copy, mapped, browser, session, world
):
    second = factories.make_assignment(
        session, world.course, world.level_2, link=factories.make_link(session, world.course, "l9")
    )
    session.commit()
    ines = browser()
    launch_copy(custom={"assay_assignment": original.uuid}, client=ines, **TEACHER)
    launch_copy(custom={"assay_assignment": second.uuid}, link="link-3", client=ines, **TEACHER)
    first, other = mapped(), mapped("link-3")
    page = ines.get(f"/courses/{first.course_id}/assignments/{first.id}/copy")
    assert "One more copy waits" in page.text

    answer = ines.post(f"/courses/{first.course_id}/assignments/{first.id}/copy")

    assert place_of(answer) == f"/courses/{first.course_id}/assignments/{other.id}/copy"


def test_learners_confirm_nothing(original, launch_copy, mapped, browser):
    mei = browser()
    launch_copy(custom={"assay_assignment": original.uuid}, client=mei)
    copy = mapped()
    place = f"/courses/{copy.course_id}/assignments/{copy.id}/copy"

    assert mei.get(place).status_code == 403
    assert mei.post(place).status_code == 403
    assert mapped().needs_confirmation


def test_an_assignment_that_is_no_copy_has_nothing_to_confirm(original, browser, world):
    ines = browser(world.instructor)
    place = f"/courses/{world.course.id}/assignments/{original.id}/copy"

    assert ines.get(place).status_code == 404
    assert ines.post(place).status_code == 409


def test_a_newer_version_after_the_copy_is_pointed_out(
    original, launch_copy, mapped, session, world, browser
):
    ines = browser()
    launch_copy(custom={"assay_assignment": original.uuid}, client=ines, **TEACHER)
    new_version(session, world.level_1)

    copy = mapped()
    page = ines.get(f"/courses/{copy.course_id}/assignments/{copy.id}/copy")

    assert "There is a newer version" in page.text


def test_a_superseded_version_moves_to_the_newest_and_says_so(
    original, launch_copy, mapped, session, world, browser
):
    newer = new_version(session, world.level_1, keys=("c1", "c9"))
    ines = browser()

    launch_copy(custom={"assay_assignment": original.uuid}, client=ines, **TEACHER)

    copy = mapped()
    assert copy.version_id == newer.id
    assert [item.key for item in copy.criteria] == ["c1"]
    assert copy.max_points == 5
    page = ines.get(f"/courses/{copy.course_id}/assignments/{copy.id}/copy")
    assert "moved to version 2" in page.text


def test_a_version_without_any_of_the_old_criteria_shows_all_of_its_own(
    original, launch_copy, mapped, session, world
):
    new_version(session, world.level_1, keys=("x", "y"))

    launch_copy(custom={"assay_assignment": original.uuid})

    assert [item.key for item in mapped().criteria] == ["x", "y"]


def test_a_retired_credential_is_not_copied_to_learners(
    original, launch_copy, mapped, session, world
):
    world.level_1.achievement.retired_at = factories.NOON
    session.commit()

    answer = launch_copy(custom={"assay_assignment": original.uuid})

    assert place_of(answer).endswith("/welcome")
    assert mapped() is None


def test_a_credential_retired_after_the_copy_is_pointed_out(
    original, launch_copy, mapped, session, world, browser
):
    ines = browser()
    launch_copy(custom={"assay_assignment": original.uuid}, client=ines, **TEACHER)
    world.level_1.achievement.retired_at = factories.NOON
    session.commit()

    copy = mapped()
    page = ines.get(f"/courses/{copy.course_id}/assignments/{copy.id}/copy")

    assert "is retired" in page.text


def test_what_was_undone_by_hand_is_not_copied_again(original, launch_copy, mapped, browser):
    ines = browser()
    launch_copy(custom={"assay_assignment": original.uuid}, client=ines, **TEACHER)
    copy = mapped()
    assert ines.post(f"/courses/{copy.course_id}/assignments/{copy.id}/undo").status_code == 303

    answer = launch_copy(custom={"assay_assignment": original.uuid})

    assert place_of(answer).endswith("/welcome")
    assert mapped() is None


def test_the_original_can_be_undone_and_the_copy_stays(
    original, launch_copy, mapped, browser, session, world
):
    launch_copy(custom={"assay_assignment": original.uuid})
    uuid, place = original.uuid, f"/courses/{world.course.id}/assignments/{original.id}"
    session.expunge(original)

    answer = browser(world.instructor).post(f"{place}/undo")

    assert answer.status_code == 303
    assert mapped().copied.source_id is None
    assert mapped().copied.earlier_uuids == [uuid]


def test_with_a_course_history_alone_the_instructor_chooses(
    original, launch_copy, mapped, browser, session, world
):
    factories.make_assignment(
        session,
        world.course,
        world.level_2,
        link=factories.make_link(session, world.course, "l9"),
        title="Ward round",
    )
    session.commit()
    ines = browser()
    answer = launch_copy(custom={"assay_course_history": "course-1"}, client=ines, **TEACHER)
    page = ines.get(place_of(answer))
    assert page.text.index(">: Literature review</span>") < page.text.index(">: Ward round</span>")
    link = session.scalar(select(ResourceLink).where(ResourceLink.resource_link_id == "link-2"))

    chosen = ines.post(f"/courses/{link.course_id}/links/{link.id}/copy/{original.id}")

    copy = mapped()
    assert chosen.location == f"/courses/{link.course_id}/assignments/{copy.id}/copy"
    assert copy.copied.source_id == original.id
    again = ines.post(f"/courses/{link.course_id}/links/{link.id}/copy/{original.id}")
    assert again.location == f"/courses/{link.course_id}/assignments/{copy.id}"


def test_only_what_the_lms_names_as_origin_can_be_chosen(original, launch_copy, browser, session):
    ines = browser()
    launch_copy(custom={"assay_course_history": "course-9"}, client=ines, **TEACHER)
    link = session.scalar(select(ResourceLink).where(ResourceLink.resource_link_id == "link-2"))

    answer = ines.post(f"/courses/{link.course_id}/links/{link.id}/copy/{original.id}")

    assert answer.status_code == 404

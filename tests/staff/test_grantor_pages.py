"""Administrators appoint, change and end grantors on pages; grantors see what they may assess."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.catalog.models import VersionStatus
from app.core.audit import AuditEntry
from app.core.csv_text import guard
from app.core.principal import Role
from app.programme.models import GrantorAppointment
from tests import factories
from tests.staff.twins import again

DAY = timedelta(days=1)


def appoint_url(world, person="Nora", course=""):
    achievement_id = world.level_1.achievement_id
    return f"/admin/grantors/appoint?achievement={achievement_id}&person={person}&course={course}"


def terms(**changes):
    return {"starts_on": "2026-11-01", "scope": "all", "role": "grantor", **changes}


def of(session, person):
    again(session)
    return session.scalars(
        select(GrantorAppointment).where(GrantorAppointment.person_id == person.id)
    ).all()


@pytest.mark.parametrize(
    "address",
    [
        *("/admin/grantors", "/admin/grantors.csv", "/admin/grantors/appoint"),
        *("/admin/grantors/1", "/admin/administrators", "/admin/accounts", "/admin/people/merged"),
    ],
)
def test_only_an_administrator_comes_in(world, admin, browser, address):
    assert browser(world.grantor).get(address).status_code == 403
    assert admin.get(address).status_code == 200


def test_the_list_says_who_may_assess_what_where_and_how_long(session, world, admin):
    appointment = of(session, world.grantor)[0]
    appointment.is_limited, appointment.courses = True, [world.course]
    appointment.ends_at = datetime(2027, 1, 1, tzinfo=UTC)
    appointment.trained_on = datetime(2026, 9, 1, tzinfo=UTC)
    session.commit()

    text = admin.get("/admin/grantors").text

    for words in ("Priya Grantor", "Research Literacy", "Methods", "Dec 31, 2026", "Sep 1, 2026"):
        assert words in text
    assert "every course" in text
    assert "not on record" in text


def test_one_achievements_grantors_alone(world, admin):
    text = admin.get(f"/admin/grantors?achievement={world.level_2.achievement_id}").text

    assert "Luis Grantor" in text
    assert "Priya Grantor" not in text


def test_ended_ones_are_kept_as_history(session, world, admin):
    appointment = of(session, world.grantor)[0]
    appointment.ends_at = datetime.now(UTC) - DAY
    session.commit()

    assert "Priya Grantor" not in admin.get("/admin/grantors").text
    assert "Priya Grantor" in admin.get("/admin/grantors?ended=1").text
    assert "kept as it was" in admin.get(f"/admin/grantors/{appointment.id}").text


def test_somebody_who_is_known_is_appointed(session, world, admin, browser):
    page = admin.post(
        appoint_url(world),
        data=terms(
            person_id=str(world.grader.id),
            starts_on="2026-11-01",
            last_day="2031-06-30",
            trained_on="2026-09-01",
            scope="some",
            courses=[str(factories_course(session, world, admin))],
            note="Librarian since 2010.",
        ),
    )

    assert (page.status_code, page.location) == (303, "/admin/grantors"), page.text
    [appointment] = of(session, world.grader)
    assert appointment.starts_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert appointment.ends_at == datetime(2031, 7, 1, tzinfo=UTC), "the last day is included"
    assert appointment.trained_on == datetime(2026, 9, 1, tzinfo=UTC)
    assert (appointment.is_limited, appointment.note) == (True, "Librarian since 2010.")
    assert [course.id for course in appointment.courses] == [world.course.id]
    assert browser(world.grader).get("/assessment/queue").status_code == 200
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.actor) == (
        "grantor.appointed",
        f"person:{world.instructor.id}",
    )


def factories_course(session, world, admin):
    """Map the achievement in the course, so that it is offered for the scope."""
    factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    assert "Methods" in admin.get(appoint_url(world)).text
    return world.course.id


def test_a_course_is_found_by_its_title_where_nothing_is_mapped_yet(session, world, admin):
    assert "Methods" not in admin.get(appoint_url(world)).text
    assert "Methods" in admin.get(appoint_url(world, course="metho")).text


@pytest.mark.parametrize("search", ["nora", "NORA", "ora gra"])
def test_people_are_found_by_a_part_of_their_name(world, admin, search):
    assert "Nora Grader" in admin.get(appoint_url(world, search)).text


def test_people_are_found_by_e_mail_and_told_apart_by_it(world, admin):
    text = admin.get(appoint_url(world, "mei@")).text

    assert "Mei Student" in text
    assert "Mei@University.example" in text
    assert "Test LMS" in text


@pytest.mark.parametrize("search", ["%", "_", "n", "", "nobody here"])
def test_a_search_that_is_none_finds_nobody(world, admin, search):
    text = admin.get(appoint_url(world, search)).text

    assert "Nora Grader" not in text


def test_neither_student_previews_nor_other_institutions_people_are_found(
    app, session, world, admin
):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    factories.make_person(session, world.course, Role.LEARNER, "Nora Preview", is_test_user=True)
    session.commit()

    text = admin.get(appoint_url(world)).text

    assert "Nora Preview" not in text
    assert f'value="{other.grader.id}"' not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts_on": ""}, "Give the first day"),
        ({"starts_on": "soon"}, "Give the day as"),
        ({"last_day": "2026-10-31"}, "before the first one"),
        ({"last_day": "9999-12-31"}, "somebody may live to see"),
        ({"scope": "some"}, "Tick at least one course"),
        ({"scope": "some", "courses": ["999"]}, "Choose from this list only"),
        ({"scope": "some", "courses": ["x"]}, "Choose from this list only"),
        ({"scope": "elsewhere"}, "Not a valid choice"),
        ({"person_id": "999"}, "Choose from this list only"),
        ({"person_id": ""}, "Choose"),
        ({"note": "x" * 1001}, "at most 1000 characters"),
        ({"note": "turned \u202e around"}, "control character"),
    ],
)
def test_a_wrong_value_is_a_form_error_and_appoints_nobody(session, world, admin, changes, words):
    data = terms(person_id=str(world.grader.id)) | changes

    page = admin.post(appoint_url(world), data=data)

    assert page.status_code == 422
    assert words in page.text
    assert of(session, world.grader) == []


def test_somebody_who_is_appointed_already_is_changed_not_doubled(session, world, admin):
    page = admin.post(appoint_url(world, "Priya"), data=terms(person_id=str(world.grantor.id)))

    [standing] = of(session, world.grantor)
    assert page.location == f"/admin/grantors/{standing.id}"


@pytest.mark.parametrize("what", ["retired", "draft", "nonsense"])
def test_nobody_is_appointed_for_what_cannot_be_assessed(session, world, admin, what):
    achievement = world.level_1.achievement
    if what == "retired":
        achievement.retired_at = datetime.now(UTC)
    if what == "draft":
        world.level_1.status = VersionStatus.DRAFT
    session.commit()
    address = appoint_url(world)
    if what == "nonsense":
        address = address.replace(f"achievement={achievement.id}", "achievement=abc")

    page = admin.post(address, data=terms(person_id=str(world.grader.id)))

    assert page.status_code == 200
    assert of(session, world.grader) == []


def test_dates_scope_and_note_are_changed(session, world, admin):
    course = factories.make_course(session, world.deployment, "course-2", "Statistics")
    session.commit()
    [before] = of(session, world.grantor)
    began = before.starts_at
    data = terms(starts_on=began.date().isoformat(), last_day="2031-01-31", note="Note")
    address = f"/admin/grantors/{before.id}?course=Stati"
    assert "No training is on record" in admin.get(address).text

    page = admin.post(address, data=data | {"scope": "some", "courses": [str(course.id)]})

    assert page.status_code == 303, page.text
    [after] = of(session, world.grantor)
    assert after.starts_at == began, "a day that was not touched keeps its hour"
    assert after.ends_at == datetime(2031, 2, 1, tzinfo=UTC)
    assert [each.id for each in after.courses] == [course.id]


def test_an_ended_appointment_is_not_changed(session, world, admin):
    [appointment] = of(session, world.grantor)
    appointment.ends_at = ended = datetime.now(UTC) - DAY
    session.commit()

    page = admin.post(f"/admin/grantors/{appointment.id}", data=terms())

    assert page.status_code == 409
    assert of(session, world.grantor)[0].ends_at == ended


def test_ending_one_stops_the_right_at_once(session, world, admin, browser):
    grantor = browser(world.grantor)
    assert grantor.get("/assessment/queue").status_code == 200
    [appointment] = of(session, world.grantor)

    page = admin.post(f"/admin/grantors/{appointment.id}/end")

    assert page.status_code == 303
    assert grantor.get("/assessment/queue").status_code == 403
    assert admin.post(f"/admin/grantors/{appointment.id}/end").status_code == 409


def test_another_institutions_appointment_does_not_exist(app, session, world, admin):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    [foreign] = of(session, other.grantor)

    assert admin.get(f"/admin/grantors/{foreign.id}").status_code == 404
    assert admin.post(f"/admin/grantors/{foreign.id}", data=terms()).status_code == 404
    assert admin.post(f"/admin/grantors/{foreign.id}/end").status_code == 404
    assert of(session, other.grantor)[0].ends_at is None


def test_the_csv_has_every_row_and_no_formula(session, world, admin):
    of(session, world.grantor)[0].note = "+1"
    world.grantor.name = '=HYPERLINK("https://evil.test")'
    session.commit()

    page = admin.get("/admin/grantors.csv")

    assert page.mimetype == "text/csv"
    assert "attachment" in page.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(page.text.removeprefix("\ufeff"))))
    assert len(rows) == 3
    cells = [cell for row in rows for cell in row.values()]
    assert '\'=HYPERLINK("https://evil.test")' in cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


@pytest.mark.parametrize(
    "text",
    ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "\u200b =1", "＝1", "＋1", "－1", " ＠x"],
)
def test_a_cell_that_would_be_a_formula_is_quoted(text):
    assert guard(text) == f"'{text}"
    assert guard("Ines – 1") == "Ines – 1"
    assert guard(None) == ""


def test_a_grantor_sees_what_they_may_assess_and_until_when(session, world, browser):
    [appointment] = of(session, world.grantor)
    appointment.ends_at = datetime(2027, 1, 1, tzinfo=UTC)
    appointment.is_limited, appointment.courses = True, [world.course]
    session.commit()
    client = browser(world.grantor)

    text = client.get("/my/appointments").text

    for words in ("Research Literacy", "Methods", "Dec 31, 2026", "Running"):
        assert words in text
    assert "Clinical Communication" not in text
    assert "/my/appointments" in client.get("/assessment/queue").text
    assert "not appointed as a grantor" in browser(world.learner).get("/my/appointments").text

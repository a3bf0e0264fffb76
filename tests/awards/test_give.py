"""A list of people, from the form through its dry run to the awards."""

import io
import json
import re
from datetime import UTC, datetime

from sqlalchemy import func, select

from app.awards.models import Award
from app.awards.souvenir_models import BatchState, RowState, SouvenirBatch, SouvenirRow
from app.core.audit import AuditEntry, find_broken_entry
from app.core.principal import Role
from app.courses.addresses import KnownAddress
from app.courses.models import LtiUser, Person
from tests import factories
from tests.awards.souvenir_world import work_off
from tests.factories import NOON

NOW = datetime.now(UTC)


def give_url(souvenir, course=None):
    place = f"/courses/{course.id}" if course else ""
    return f"{place}/souvenirs/{souvenir.achievement_id}/give"


def paste(client, souvenir, text, *, course=None, key="k" * 32):
    data = {"way": "paste", "addresses": text, "key": key}
    return client.post(give_url(souvenir, course), data=data)


def upload(client, souvenir, content, *, course=None, key="k" * 32, name="people.csv"):
    """Send a file; by hand, for the test client leaves large ones open."""
    head = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in (("way", "file"), ("key", key))
    )
    head += f'--B\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--B--\r\n"
    return client.post(
        give_url(souvenir, course),
        input_stream=io.BytesIO(body),
        content_length=len(body),
        content_type="multipart/form-data; boundary=B",
    )


def rows_of(session):
    session.expire_all()
    rows = session.scalars(select(SouvenirRow).order_by(SouvenirRow.number)).all()
    return [(row.given_email, row.given_name, row.state.value, row.problem) for row in rows]


def count_awards(session):
    return session.scalar(select(func.count()).select_from(Award))


def start(client, app, batch_id=1):
    page = client.post(f"/souvenirs/lists/{batch_id}/start")
    assert page.status_code == 303, page.text
    work_off(app, now=datetime.now(UTC))


def test_a_pasted_list_is_checked_first_and_awards_nobody(browser, session, world, souvenir):
    grantor = browser(world.grantor)
    text = "Ada Lovelace <Ada@Example.edu>\nbob@example.edu; bob@EXAMPLE.edu\nnot an address"

    page = paste(grantor, souvenir, text)

    assert page.status_code == 303
    plan = grantor.get(page.location)
    assert "2 people will be awarded" in plan.text
    assert "Twice in the list" in plan.text
    assert "This is not an e-mail address." in plan.text
    assert rows_of(session) == [
        ("Ada@Example.edu", "Ada Lovelace", "ready", None),
        ("bob@example.edu", None, "ready", None),
        ("bob@EXAMPLE.edu", None, "repeated", None),
        ("not an address", None, "refused", "not_address"),
    ]
    assert count_awards(session) == 0


def test_confirming_awards_them_in_the_background(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "Ada Lovelace <ada@example.edu>\nMEI@university.example")

    grantor.post("/souvenirs/lists/1/start")
    under_way = grantor.get("/souvenirs/lists/1").text
    work_off(app, now=datetime.now(UTC))

    assert 'data-live="/souvenirs/lists/1/progress"' in under_way
    page = grantor.get("/souvenirs/lists/1").text
    assert "data-live" not in page
    assert "Finished" in page
    ada = session.scalars(select(Person).where(Person.email == "ada@example.edu")).one()
    assert ada.name == "Ada Lovelace"
    assert session.scalar(select(LtiUser).where(LtiUser.person_id == ada.id)) is None
    awards = {award.person_id: award for award in session.scalars(select(Award))}
    assert set(awards) == {ada.id, world.learner.id}
    assert awards[ada.id].recipient_name == "Ada Lovelace"
    assert awards[ada.id].awarded_by == world.grantor.id
    subject = json.loads(awards[ada.id].credential)["credentialSubject"]
    assert subject["identifier"][0]["identityType"] == "emailAddress"
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "award.issued")).all()
    assert {entry.subject for entry in entries} == {f"award:{a.id}" for a in awards.values()}
    assert {entry.actor for entry in entries} == {f"person:{world.grantor.id}"}
    assert find_broken_entry(session, world.institution.id) is None


def test_the_award_of_a_list_verifies_on_its_page(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu")
    start(grantor, app)
    award = session.scalars(select(Award)).one()

    page = browser().get(f"/credentials/{award.public_id}")

    assert page.status_code == 200
    assert "Research Day" in page.text
    assert "verdict-revoked" not in page.text


def test_the_same_list_twice_is_one_batch_and_one_award(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)

    first = paste(grantor, souvenir, "ada@example.edu")
    again = paste(grantor, souvenir, "ada@example.edu")
    start(grantor, app)
    late = grantor.post("/souvenirs/lists/1/start")

    assert first.location == again.location
    assert late.status_code == 409
    assert count_awards(session) == 1
    paste(grantor, souvenir, "ada@example.edu", key="other" * 5)
    assert rows_of(session)[1][2] == "holds"


def test_a_chunk_done_twice_awards_once(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu")
    start(grantor, app)
    batch = session.get_one(SouvenirBatch, 1)
    batch.state = BatchState.RUNNING
    session.execute(SouvenirRow.__table__.update().values(state=RowState.READY, person_id=None))
    session.commit()

    from app.awards.running import AWARD_KIND, delivery_handlers
    from app.outbox.worker import Message

    payload = {"batch_id": 1, "first": 1, "last": 1}
    message = Message(1, world.institution.id, AWARD_KIND, "x", payload, 1, NOON)
    with app.app_context():
        delivery_handlers(app.extensions["assay.vault"], "https://tool.test")[AWARD_KIND](message)

    assert count_awards(session) == 1
    assert rows_of(session)[0][2] == "holds"
    assert session.scalar(select(func.count()).select_from(KnownAddress)) == 1


def test_a_roster_is_ticked_without_previews_and_those_who_hold_it(
    app, browser, session, world, souvenir
):
    factories.make_person(session, world.course, Role.LEARNER, "Test Student", is_test_user=True)
    session.commit()
    grantor = browser(world.grantor)
    data = {"way": "roster", "key": "r" * 32, "people": [world.learner.id]}
    grantor.post(give_url(souvenir, world.course), data=data)
    start(grantor, app)

    page = grantor.get(give_url(souvenir, world.course)).text

    assert "Test Student" not in page
    form, holders = page.split("Hold it already")
    assert "Jonas Student" in form
    assert "Mei Student" not in form
    assert "Mei Student" in holders
    assert re.search(r'type="checkbox"[^>]*checked', form)


def test_only_learners_of_the_course_can_be_ticked(browser, session, world, souvenir):
    data = {"way": "roster", "key": "r" * 32, "people": [world.instructor.id]}

    page = browser(world.grantor).post(give_url(souvenir, world.course), data=data)

    assert page.status_code == 422
    assert session.scalar(select(SouvenirBatch)) is None


def test_inside_a_course_only_its_people_are_found(browser, session, world, souvenir):
    other = factories.make_course(session, world.deployment, "course-2", "Statistics")
    factories.make_person(session, other, Role.LEARNER, "Ada", email="ada@example.edu")
    session.commit()

    text = "ada@example.edu, mei@university.example, nobody@example.edu"
    paste(browser(world.grantor), souvenir, text, course=world.course)

    assert [row[2:] for row in rows_of(session)] == [
        ("refused", "not_in_course"),
        ("ready", None),
        ("refused", "not_in_course"),
    ]


def test_a_file_may_name_course_person_ids(browser, session, world, souvenir):
    sub = session.scalar(select(LtiUser.sub).where(LtiUser.person_id == world.other_learner.id))
    content = f"User ID;E-mail\n{sub};\nnobody;x@example.edu\n{sub};\n".encode()

    upload(browser(world.grantor), souvenir, content, course=world.course)

    assert [row[2:] for row in rows_of(session)] == [
        ("ready", None),
        ("refused", "not_in_course"),
        ("repeated", None),
    ]


def test_somebody_with_the_address_of_two_people_is_left_out(browser, session, world, souvenir):
    for name in ("One", "Two"):
        factories.make_person(session, world.course, Role.LEARNER, name, email="we@example.edu")
    session.commit()

    paste(browser(world.grantor), souvenir, "we@example.edu")

    assert rows_of(session)[0][2:] == ("refused", "several")


def test_who_launches_with_the_same_address_is_not_merged(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu")
    start(grantor, app)
    later = factories.make_person(
        session, world.course, Role.LEARNER, "Ada", email="Ada@example.edu"
    )
    session.commit()

    assert "Research Day" not in browser(later).get("/my/credentials").text
    paste(grantor, souvenir, "ada@example.edu", key="other" * 5)
    assert rows_of(session)[1][2] == "holds"


def test_nobody_gives_themselves_a_souvenir(browser, session, world, souvenir):
    world.grantor.email = "priya@example.edu"
    session.commit()

    paste(browser(world.grantor), souvenir, "priya@example.edu")

    assert rows_of(session)[0][2:] == ("refused", "own")


def test_a_row_without_identity_fails_and_stops_nobody(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu\nbob@example.edu")
    ghost = Person(institution_id=world.institution.id, name="Ghost", created_at=NOON)
    session.add(ghost)
    session.flush()
    row = session.scalars(select(SouvenirRow).order_by(SouvenirRow.number)).first()
    row.person_id = ghost.id
    session.commit()

    start(grantor, app)

    (first, second) = rows_of(session)
    assert first[2] == "failed"
    assert "could not be tied to them" in first[3]
    assert second[2] == "awarded"
    assert "Finished" in grantor.get("/souvenirs/lists/1").text


def test_a_list_is_stopped_and_goes_on(app, browser, session, world, souvenir):
    grantor = browser(world.grantor)
    paste(grantor, souvenir, "ada@example.edu")
    grantor.post("/souvenirs/lists/1/start")

    grantor.post("/souvenirs/lists/1/stop")
    work_off(app, now=datetime.now(UTC))
    stopped = grantor.get("/souvenirs/lists/1").text
    assert count_awards(session) == 0
    assert "Stopped" in stopped
    assert "Go on: 1 left" in stopped
    start(grantor, app)

    assert count_awards(session) == 1

"""What is left of somebody's draft once they are forgotten: its size and its digest."""

import io

from app.core.clock import utcnow
from app.courses.models import Person
from app.evidence.models import Artifact
from app.retention.erasing import erase_records
from tests.factories import make_assignment


def test_an_erased_draft_tells_nothing_of_who_made_it(session, world, browser):
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    place = f"/courses/{assignment.course_id}/assignments/{assignment.id}/work"
    browser(world.learner).post(
        place,
        data={
            "files": (io.BytesIO(b"%PDF-1.7\nabc"), "Mei Student CV.pdf"),
            "text": "About Mei",
            "link": "https://mei.example.org/",
            "link_note": "Mei's home page",
            "save": "1",
        },
    )

    assert session.query(Artifact.file_name).filter(Artifact.file_name.is_not(None)).all()

    erase_records(session, session.get_one(Person, world.learner.id), now=utcnow())
    session.commit()

    session.expire_all()
    artifacts = session.query(Artifact).all()
    assert len(artifacts) == 3
    assert [each.file_name for each in artifacts if each.file_name] == ["deleted"]
    for each in artifacts:
        told = (each.note, each.text, each.url, each.title, each.final_host)
        assert not any(told)
        assert each.sha256
        assert each.deleted_at
    assert browser(world.learner).get(place).status_code == 200

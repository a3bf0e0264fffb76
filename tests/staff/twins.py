"""What somebody whom two LMSs know does to become one person."""

from datetime import timedelta

from app.awards.models import Award
from tests import factories

PAGE = "/my/other-lms"


def get_code(client):
    text = client.post(f"{PAGE}/code").text
    return text.split("<code data-copy>")[1].split("<")[0]


def become_one(first, second):
    """Make a code here, type it there, say yes there and then here; return the last answer."""
    assert second.post(f"{PAGE}/enter", data={"code": get_code(first)}).status_code == 303
    page = press_first(second)
    return press_first(first) if page.status_code == 303 else page


def press_first(client):
    """Press the first button of the page, which says yes."""
    text = client.get(PAGE).text
    action = text.split(f'action="{PAGE}/')[1].split('"')[0]
    return client.post(f"{PAGE}/{action}")


def make_award(session, world, person, *, days=0, version=None):
    version = version or world.level_1
    award = Award(
        institution_id=world.institution.id,
        public_id=f"award-of-{person.id}",
        person_id=person.id,
        achievement_id=version.achievement_id,
        version_id=version.id,
        issuer_key_id=world.issuer.keys[0].id,
        awarded_by=world.grantor.id,
        recipient_name=person.name,
        awarded_at=factories.NOON + timedelta(days=days),
        credential="{}",
    )
    session.add(award)
    session.commit()
    return award


def again(session):
    """Forget what was read before."""
    session.rollback()
    session.expire_all()

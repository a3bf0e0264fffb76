"""Awards on the way up to renewals, and down again."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError


@pytest.fixture
def migrate(app):
    """Run `flask db …`; the test's database was made from the models, so it is emptied first."""
    from app.core.db import db
    from app.core.orm import Base

    with app.app_context():
        Base.metadata.drop_all(db.engine)

    def run(*words):
        result = app.test_cli_runner().invoke(args=["db", *words])
        assert result.exit_code == 0, (words, result.output, result.exception)

    return run


@pytest.fixture
def add_award(session):
    """Add an award of the one person for the one achievement."""

    def add(number, **values):
        row = {
            "id": number,
            "institution_id": 1,
            "public_id": f"award-{number}",
            "person_id": 1,
            "achievement_id": 1,
            "version_id": 1,
            "issuer_key_id": 1,
            "awarded_at": NOW,
            "credential": "{}",
            **values,
        }
        insert(session, "award", row)

    return add


NOW = "2026-11-02 12:00:00+00:00"
# What an award points at, as migration 0009 left it; each has the id 1.
PARENTS = {
    "institution": {"slug": "a", "name": "A", "created_at": NOW},
    "person": {"institution_id": 1, "created_at": NOW},
    "issuer_profile": {
        "institution_id": 1,
        "slug": "a",
        "did_path": "",
        "name": "A",
        "url": "https://a.test",
        "created_at": NOW,
    },
    "issuer_key": {
        "issuer_id": 1,
        "multikey": "z",
        "private_key_sealed": "s",
        "status": "active",
        "created_at": NOW,
    },
    "level": {
        "institution_id": 1,
        "key": "a",
        "position": 0,
        "name": "A",
        "short_name": "A",
        "description": "A",
        "needs_artifact": True,
        "shares_evidence": False,
        "award_by": "grantor",
        "approval_route": "a",
        "achievement_type": "Badge",
        "family": "silver",
        "image_svg": "<svg/>",
    },
    "achievement": {
        "institution_id": 1,
        "issuer_id": 1,
        "level_id": 1,
        "slug": "a",
        "created_at": NOW,
    },
    "achievement_version": {
        "institution_id": 1,
        "achievement_id": 1,
        "public_id": "a",
        "number": 1,
        "name": "A",
        "description": "A",
        "criteria_narrative": "A",
        "image_alt": "A",
        "tags": "[]",
        "status": "approved",
        "created_at": NOW,
    },
}


def insert(session, table, row):
    names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), row)
    session.commit()


def test_a_renewed_award_survives_the_way_up_and_down(migrate, session, add_award):
    migrate("upgrade", "0009")
    for table, row in PARENTS.items():
        insert(session, table, {"id": 1, **row})
    add_award(1)
    migrate("upgrade", "0010")

    with pytest.raises(IntegrityError):
        add_award(2)
    session.rollback()
    session.execute(text("UPDATE award SET ended_at = '2027-11-02 12:00:00+00:00' WHERE id = 1"))
    session.commit()
    add_award(2)
    migrate("downgrade", "0009")

    rows = session.execute(
        text("SELECT id, revoked_at IS NULL, revocation_reason FROM award ORDER BY id")
    ).all()
    assert [(row[0], bool(row[1]), row[2]) for row in rows] == [
        (1, False, "Expired, and awarded anew."),
        (2, True, None),
    ]
    with pytest.raises(IntegrityError):
        add_award(3)

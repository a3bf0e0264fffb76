"""What stood before registration came stays as it was, on the way up and down again."""

import pytest
from sqlalchemy import text


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


def test_a_platform_survives_the_way_up_and_down(migrate, app, session):
    migrate("upgrade", "0001")
    session.execute(
        text("INSERT INTO institution (id, slug, name, created_at) VALUES (1, 'a', 'A', :now)"),
        {"now": "2026-11-02 12:00:00+00:00"},
    )
    session.execute(
        text(
            "INSERT INTO platform (id, institution_id, name, issuer, client_id, auth_url, "
            "token_url, jwks_url, status, created_at) VALUES (1, 1, 'LMS', 'https://lms.test', "
            "'c', 'https://a', 'https://b', 'https://c', 'active', :now)"
        ),
        {"now": "2026-11-02 12:00:00+00:00"},
    )
    session.commit()

    migrate("upgrade", "0002")
    session.rollback()
    row = session.execute(text("SELECT status, approves_deployments, told FROM platform")).one()
    assert (row[0], bool(row[1]), row[2]) == ("active", False, None)
    session.execute(text("UPDATE platform SET status = 'pending'"))
    session.commit()
    migrate("downgrade", "0001")

    session.rollback()
    assert session.scalar(text("SELECT status FROM platform")) == "disabled"
    session.rollback()
    migrate("upgrade")

"""Levels and issuers: loading a preset, adding issuers and their keys."""

from pathlib import Path

import pytest
from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry, find_broken_entry
from app.core.crypto import Vault
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.credentials.keys import public_multikey
from app.platforms.models import Institution, KeyStatus
from app.programme.models import IssuerKey, IssuerProfile, Level
from app.programme.preset import Preset, read_preset
from app.programme.service import (
    add_issuer,
    find_issuer,
    get_signing_key,
    issuer_did,
    list_issuers,
    list_levels,
    list_published_multikeys,
    load_programme,
)
from tests.factories import NOON, make_institution

SHIPPED = Path(__file__).parents[2] / "lti_config/programme/kennesaw_state.toml"
BASE_URL = "https://tool.test"


@pytest.fixture
def institution(session: Session) -> Institution:
    return make_institution(session)


@pytest.fixture
def preset() -> Preset:
    return read_preset(SHIPPED)


@pytest.fixture
def vault() -> Vault:
    return Vault("a secret that only the tests know, long enough")


def add(
    session: Session, institution: Institution, vault: Vault, slug: str, url: str = "https://x.edu"
) -> IssuerProfile:
    return add_issuer(
        session,
        institution.id,
        slug=slug,
        name=f"Issuer {slug}",
        url=url,
        email="",
        description=None,
        vault=vault,
        actor="command:test",
        now=NOON,
    )


def load(session: Session, institution: Institution, preset: Preset) -> tuple[int, int, int]:
    loaded = load_programme(session, institution.id, preset, actor="command:test", now=NOON)
    return len(loaded.added), len(loaded.changed), len(loaded.unchanged)


def test_loading_twice_changes_nothing(
    session: Session, institution: Institution, preset: Preset
) -> None:
    assert load(session, institution, preset) == (5, 0, 0)
    levels = list_levels(session, institution.id)

    assert load(session, institution, preset) == (0, 0, 5)

    assert list_levels(session, institution.id) == levels
    assert [level.is_mappable for level in levels] == [False, True, True, False, False]
    assert session.scalar(select(func.count(AuditEntry.id))) == 1, "nothing done, nothing recorded"


def test_a_renamed_level_keeps_its_row(
    session: Session, institution: Institution, preset: Preset
) -> None:
    load(session, institution, preset)
    level = list_levels(session, institution.id)[1]
    renamed = preset.levels[1].model_copy(update={"name": "Ribbon", "short_name": "Ribbon"})
    changed = preset.model_copy(update={"levels": (preset.levels[0], renamed, *preset.levels[2:])})

    assert load(session, institution, changed) == (0, 1, 4)

    assert list_levels(session, institution.id)[1].id == level.id
    assert level.name == "Ribbon"
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.facts["changed"]) == ("programme.loaded", [level.key])
    assert find_broken_entry(session, institution.id) is None


def test_a_level_that_the_preset_lost_stays(
    session: Session, institution: Institution, preset: Preset
) -> None:
    load(session, institution, preset)
    shorter = preset.model_copy(update={"levels": preset.levels[1:]})

    loaded = load_programme(session, institution.id, shorter, actor="command:test", now=NOON)

    assert loaded.kept == (preset.levels[0].key,)
    assert session.scalar(select(func.count(Level.id))) == 5


def test_two_institutions_have_levels_of_their_own(
    session: Session, institution: Institution, preset: Preset
) -> None:
    other = make_institution(session, "other")

    load(session, institution, preset)
    load(session, other, preset)

    assert len(list_levels(session, institution.id)) == 5
    assert len(list_levels(session, other.id)) == 5


def test_the_first_issuer_is_known_by_the_tools_own_address(
    session: Session, institution: Institution, vault: Vault
) -> None:
    first, second = (add(session, institution, vault, slug) for slug in ("one", "two"))

    assert issuer_did(BASE_URL, first) == "did:web:tool.test"
    assert issuer_did(BASE_URL, second) == "did:web:tool.test:issuers:two"
    assert issuer_did("http://localhost:8000", second) == "did:web:localhost%3A8000:issuers:two"
    assert list_issuers(session) == [first, second]


def test_an_issuer_gets_a_key_that_is_kept_sealed(
    session: Session, institution: Institution, vault: Vault
) -> None:
    issuer = add(session, institution, vault, "one")

    key, private = get_signing_key(session, issuer.id, vault)

    assert public_multikey(private) == key.multikey
    assert private.hex() not in key.private_key_sealed
    assert list_published_multikeys(session, issuer.id) == [key.multikey]
    entry = session.scalars(select(AuditEntry)).one()
    assert entry.facts == {"slug": "one", "did_path": "", "multikey": key.multikey}


def test_a_revoked_key_is_published_no_more(
    session: Session, institution: Institution, vault: Vault
) -> None:
    issuer = add(session, institution, vault, "one")
    session.scalars(select(IssuerKey)).one().status = KeyStatus.REVOKED
    session.flush()

    assert list_published_multikeys(session, issuer.id) == []
    with pytest.raises(NotFoundError, match="no signing key"):
        get_signing_key(session, issuer.id, vault)


def test_a_slug_is_given_once_in_the_installation(
    session: Session, institution: Institution, vault: Vault
) -> None:
    add(session, institution, vault, "one")

    with pytest.raises(ConflictError, match="“one” already"):
        add(session, make_institution(session, "other"), vault, "one")
    assert find_issuer(session, "two") is None


def test_of_two_first_issuers_at_once_one_is_refused(
    session: Session, institution: Institution, vault: Vault
) -> None:
    @event.listens_for(session, "before_flush", once=True)
    def add_a_rival(*_: object) -> None:
        session.execute(
            insert(IssuerProfile).values(
                institution_id=institution.id,
                slug="rival",
                did_path="",
                name="Rival",
                url="https://x.edu",
                created_at=NOON,
            )
        )

    with pytest.raises(ConflictError, match="Another issuer has just been added"):
        add(session, institution, vault, "one")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x.edu",
        "ftp://x.edu",
        "https://",
        "https://x.edu/ a",
        "javascript:alert(1)",
        "https://user@x.edu",
        "https://x.edu:port",
        "https://x.edu/\x00",
        "https://[x",
    ],
)
def test_an_issuers_address_must_be_a_web_page(
    session: Session, institution: Institution, vault: Vault, url: str
) -> None:
    with pytest.raises(InvalidError, match="url:"):
        add(session, institution, vault, "one", url=url)
    assert find_issuer(session, "one") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "One"),
        ("slug", "one two"),
        ("slug", "-"),
        ("slug", ".well-known"),
        ("slug", "x" * 61),
        ("name", " "),
        ("name", "a\x1b[31mb"),
        ("email", "nobody"),
        ("email", "a@b@c.edu"),
        ("description", "x" * 4001),
    ],
)
def test_an_issuers_facts_are_checked(
    session: Session, institution: Institution, vault: Vault, field: str, value: str
) -> None:
    facts = {
        "slug": "one",
        "name": "One",
        "url": "https://x.edu",
        "email": "one@x.edu",
        "description": "One.",
    }

    with pytest.raises(InvalidError, match=f"^{field}:"):
        add_issuer(
            session,
            institution.id,
            **(facts | {field: value}),
            vault=vault,
            actor="command:test",
            now=NOON,
        )

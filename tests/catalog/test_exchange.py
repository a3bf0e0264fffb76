"""Achievements out as files and in again as drafts: nothing lost unsaid, nothing half-imported."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.catalog.achievement_files import read_achievements
from app.catalog.achievement_tables import COLUMNS, read_achievement_rows, write_achievement_rows
from app.catalog.content import content_of
from app.catalog.document import AchievementSpec, parse_spec
from app.catalog.draft_import import import_drafts, plan_drafts, what_is_known
from app.catalog.exporting import FORMATS, export_version
from app.catalog.importing import CHANGED, NEW, REFUSED, UNCHANGED
from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.catalog.openbadges import Badge, Known, ob3_content, to_ob3
from app.catalog.reading import shown
from app.catalog.tables import read_table, write_table
from app.core.errors import InvalidError
from tests.factories import NOON

BASE_URL = "https://tool.test"


def bring_in(session, world, raw, **options):
    raw = raw if isinstance(raw, bytes) else raw.encode()
    known = what_is_known(session, world.institution.id, **options)
    plan = import_drafts(
        session,
        world.institution.id,
        read_achievements(raw, known),
        proposed_by=None,
        actor="test",
        now=NOON,
    )
    session.commit()
    return plan


def plan_of(session, world, document):
    known = what_is_known(session, world.institution.id)
    read = read_achievements(json.dumps(document).encode(), known)
    return plan_drafts(session, world.institution.id, read)


def results(plan):
    return [row.result for row in plan.rows]


def count(session):
    return session.scalar(select(func.count(AchievementVersion.id)))


def draft_of(session, slug):
    session.expire_all()
    return session.scalar(
        select(AchievementVersion)
        .join(AchievementVersion.achievement)
        .where(Achievement.slug == slug, AchievementVersion.status == VersionStatus.DRAFT)
    )


def test_what_is_imported_is_a_draft_and_never_approved(session, world, document):
    plan = bring_in(session, world, json.dumps(document))

    assert results(plan) == [NEW, NEW]
    version = draft_of(session, document["achievements"][0]["slug"])
    assert version.number == 1
    assert version.approved_at is None
    assert parse_spec(
        version.draft
        | {name: document["achievements"][0][name] for name in ("slug", "issuer")}
        | {"level": "badge_1"}
    ) == parse_spec(document["achievements"][0])


@pytest.mark.parametrize("file_format", list(FORMATS))
def test_exported_and_imported_again_nothing_changes(session, world, file_format):
    before = count(session)

    text = export_version(world.level_2, file_format, base_url=BASE_URL)
    plan = bring_in(session, world, text)

    assert results(plan) == [UNCHANGED], plan.rows
    assert count(session) == before


@pytest.mark.parametrize("file_format", ["document", "csv"])
def test_our_own_formats_carry_everything_to_another_place(session, world, document, file_format):
    bring_in(session, world, json.dumps(document))
    slug = document["achievements"][0]["slug"]
    version = draft_of(session, slug)
    before = shown(version.draft)
    text = export_version(version, file_format, base_url=BASE_URL)

    plan = bring_in(session, world, text.replace(slug, "elsewhere"))

    assert results(plan) == [NEW]
    assert shown(draft_of(session, "elsewhere").draft) == before


def test_open_badges_carry_what_they_can_and_the_rest_is_said(session, world, document):
    bring_in(session, world, json.dumps(document))
    slug = document["achievements"][1]["slug"]
    version = draft_of(session, slug)
    text = export_version(version, "ob3", base_url=BASE_URL).replace(slug, "elsewhere")

    plan = bring_in(session, world, text)

    assert "Still to be written: criteria 1 description" in " ".join(plan.rows[0].notes)
    assert "Open Badges 3.0 does not say" in plan.notes[0]
    made, source = shown(draft_of(session, "elsewhere").draft), shown(version.draft)
    assert made.alignments == source.alignments
    assert made.tags == source.tags
    assert made.image_alt == source.image_alt
    for mine, theirs in zip(made.criteria, source.criteria, strict=True):
        assert (mine.key, mine.required_level) == (theirs.key, theirs.required_level)
        assert mine.rubric_levels == theirs.rubric_levels


def test_an_exported_achievement_is_one_of_the_standard(session, world):
    from jsonschema import Draft202012Validator

    schema_path = Path(__file__).parents[2] / (
        "app/credentials/schemas/ob_v3p0_achievementcredential_schema.formal.json"
    )
    schema = json.loads(schema_path.read_text(encoding="utf-8"))
    achievement = json.loads(export_version(world.level_2, "ob3", base_url=BASE_URL))
    achievement.pop("@context")
    part = {"$defs": schema.get("$defs", {}), "$ref": "#/$defs/Achievement"}

    assert list(Draft202012Validator(part).iter_errors(achievement)) == []


@pytest.mark.parametrize(
    "wrap",
    [
        lambda item: {"type": ["VerifiableCredential"], "credentialSubject": {"achievement": item}},
        lambda item: [item],
        lambda item: item,
    ],
)
def test_a_badge_is_found_inside_a_credential_and_in_a_list(session, world, wrap):
    item = {"type": ["Achievement"], "name": "Juggling", "tag": ["Badge Level I"]}

    plan = bring_in(session, world, json.dumps(wrap(item)))

    assert results(plan) == [NEW]
    assert draft_of(session, "juggling").name == "Juggling"
    assert results(bring_in(session, world, json.dumps(wrap(item)))) == [UNCHANGED]


def test_a_badge_class_from_elsewhere_comes_in_with_what_it_says(session, world):
    badge = {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "BadgeClass",
        "name": "臨床",
        "description": "About.",
        "image": "https://x.test/badge.png",
        "criteria": "https://x.test/criteria",
        "tags": ["one", "one", ""],
        "alignment": [{"targetName": "Skill", "targetUrl": "https://x.test/1"}],
    }

    plan = bring_in(session, world, json.dumps(badge), level="badge_2")

    assert results(plan) == [NEW]
    assert any("picture itself" in note for note in plan.rows[0].notes)
    made = session.scalars(select(Achievement).order_by(Achievement.id.desc())).first()
    assert made.level.key == "badge_2"
    draft = made.versions[0].draft
    assert draft["criteria_narrative"] == "<https://x.test/criteria>"
    assert draft["tags"] == ["one"]


def test_a_changed_file_replaces_the_draft_or_begins_the_next_version(session, world, document):
    bring_in(session, world, json.dumps(document))
    document["achievements"][0]["name"] = "Renamed"
    assert results(bring_in(session, world, json.dumps(document))) == [CHANGED, UNCHANGED]

    approved = content_of(world.level_1).model_dump(mode="json") | {"name": "Renamed too"}
    plan = bring_in(session, world, json.dumps({"achievements": [approved]}))

    assert results(plan) == [NEW]
    assert "draft of version 2" in plan.rows[0].notes[0]
    session.expire_all()
    assert world.level_1.status is VersionStatus.APPROVED
    assert draft_of(session, "research-literacy").number == 2


WRONG = [
    (("name",), ["x"], "name: must be text"),
    (("name",), "a\x00b", "name: has a control character"),
    (("name",), "x" * 201, "name: has more than 200"),
    (("name",), "\ud800", "name: has a"),
    (("slug",), "No Slug", "slug: may have small letters"),
    (("slug",), None, "slug: must be text"),
    (("level",), "nothing", "level: there is none “nothing”"),
    (("issuer",), "nobody", "issuer: there is none “nobody”"),
    (("colour",), "blue", "colour: is not known here"),
    (("tags",), "one", "tags: must be a list"),
    (("validity_months",), "24", "validity_months: must be a whole number"),
    (("validity_months",), 0, "validity_months: input should be"),
    (("criteria", 0, "levels", 1, "points"), "many", "criteria 1 levels 2 points: must be a whole"),
    (("alignments", 0, "target_url"), "javascript:alert(1)", "alignments 1 target_url: must be"),
    (("alignments", 0, "target_url"), "data:text/html,x", "alignments 1 target_url: must be"),
    (("alignments", 0, "target_url"), "https://u:p@x.test/", "alignments 1 target_url: must be"),
    (("alignments", 0, "target_type"), "Skill", "“Skill” is no target type"),
    (("criteria",), [3], "criteria 1: must be a group"),
]


@pytest.mark.parametrize(("path", "value", "said"), WRONG)
def test_one_wrong_thing_refuses_the_whole_file_and_names_the_place(
    session, world, document, path, value, said
):
    here = document["achievements"][1]
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    before = count(session)

    plan = plan_of(session, world, document)
    with pytest.raises(InvalidError, match=r"Nothing was imported\. Item 2"):
        bring_in(session, world, json.dumps(document))

    session.rollback()
    assert results(plan) == [NEW, REFUSED]
    assert said in " ".join(plan.rows[1].notes)
    assert plan.first(5)[0].result == REFUSED
    "".join(plan.first(5)[0].notes).encode()
    assert count(session) == before


def test_what_awards_or_reviews_rest_on_is_not_overrun(session, world, document):
    spec = content_of(world.level_1).model_dump(mode="json")

    moved = plan_of(session, world, {"achievements": [spec | {"level": "badge_2"}]})
    assert "keeps its level" in moved.rows[0].notes[0]

    twice = plan_of(session, world, {"achievements": [spec, spec]})
    assert "stands at Item 1 already" in twice.rows[1].notes[0]

    world.level_1.status = VersionStatus.IN_REVIEW
    session.commit()
    reviewed = plan_of(session, world, {"achievements": [spec | {"name": "x"}]})
    assert "is in review" in reviewed.rows[0].notes[0]

    world.level_1.achievement.retired_at = NOON
    session.commit()
    retired = plan_of(session, world, {"achievements": [spec]})
    assert "is retired" in retired.rows[0].notes[0]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "table is empty"),
        (b"{}", "neither an Achievement"),
        (b"[]", "no achievement in the file"),
        (b"[1, null]", "neither an Achievement"),
        (b'{"achievements": []}', "no achievement in the file"),
        (b'{"achievements": {}}', "one object with a list"),
        (b'{"achievements": [], "more": 1}', "one object with a list"),
        (b'{"achievements": [3]}', "It is no object"),
        (b'{"a": 1, "a": 2}', "said twice"),
        (b"[" * 5000 + b"]" * 5000, "nested|cannot be read"),
        (b'{"achievements": [' + b'{"slug": "a"},' * 600 + b"{}]}", "more than 500"),
        (b"name,slug\nx,y\n", "no column “row”"),
        (b"row,slug,colour\nachievement,x,blue\n", "column “colour” is not known"),
        (b"row,slug,name\nburn,x,y\n", "Row 2: row: must be achievement, level or skill"),
        (b"row,slug,criterion\nlevel,x,y\n", "Row 2: slug: no row before"),
        (b"row,slug,criterion\nachievement,x,\nlevel,x,\n", "Row 3, criterion: must not be empty"),
        (b"row,slug,name\nachievement,x,y\nachievement,x,y\n", "Row 3, slug: “x” has a row before"),
        (
            b"row,slug,criterion,criterion_required\nachievement,x,,\nlevel,x,c,maybe\n",
            "Row 3, criterion_required: must be yes or no",
        ),
        (
            b"row,slug,criterion,criterion_name\nachievement,x,,\nlevel,x,c,A\nlevel,x,c,B\n",
            "Row 4, criterion_name: a row before says something else",
        ),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_in_words(session, world, raw, said):
    with pytest.raises(InvalidError, match=said):
        bring_in(session, world, raw)


def test_a_table_with_fifty_thousand_criteria_is_refused_in_little_time(session, world):
    rows = "".join(f"level,x,c{n}\n" for n in range(49_000))

    with pytest.raises(InvalidError, match="criteria"):
        bring_in(session, world, f"row,slug,criterion\nachievement,x,\n{rows}")


LINE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
PROSE = st.lists(LINE, min_size=1, max_size=2).map("\n".join)


@st.composite
def specs(draw):
    """A complete achievement with random text in any script."""

    def criterion(number):
        names = draw(st.lists(LINE, min_size=2, max_size=3, unique=True))
        return {
            "key": f"c{number}", "name": draw(LINE), "description": draw(PROSE),
            "required": number == 0 or draw(st.booleans()), "weight": draw(st.integers(1, 100)),
            "required_level": names[-1],
            "levels": [
                {"name": name, "description": draw(PROSE), "points": points}
                for points, name in enumerate(names)
            ],
        }  # fmt: skip

    return {
        "slug": "one", "issuer": "college", "level": "badge_1",
        "name": draw(LINE), "description": draw(PROSE), "criteria_narrative": draw(PROSE),
        "image_alt": draw(LINE), "tags": draw(st.lists(LINE, max_size=2, unique=True)),
        "criteria": [criterion(number) for number in range(draw(st.integers(0, 2)))],
        "alignments": [{"target_name": draw(LINE), "target_url": "https://x.test/1"}],
        "validity_months": draw(st.none() | st.integers(1, 600)),
    }  # fmt: skip


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(specs())
def test_any_text_comes_through_a_table_and_open_badges(content):
    spec = AchievementSpec.model_validate(content)
    said = spec.model_dump(mode="json", exclude_none=True)

    text = "".join(write_table(COLUMNS, write_achievement_rows([said])))
    (read,) = read_achievement_rows(read_table(text.encode()))
    assert read.problems == ()
    assert AchievementSpec.model_validate(read.content) == spec

    badge = Badge(
        shown(said), "one", 1, f"{BASE_URL}/a", "Level", "Badge", "did:x", "C", "https://c"
    )
    known = Known({"badge_1": ("Level", "Badge")}, {"college": ("C", "https://c")})
    back, _notes = ob3_content(json.loads(json.dumps(to_ob3(badge))), known)
    assert back["slug"] == "one"
    for mine, theirs in zip(back.get("criteria", []), said["criteria"], strict=True):
        assert mine["levels"] == theirs["levels"]
        assert mine["required_level"] == theirs["required_level"]
    assert back["alignments"] == said["alignments"]

"""Skill frameworks: imported from CSV and CASE, searched, chosen; hostile files are refused."""

import json
import time
import tracemalloc
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.catalog.importing import CHANGED, NEW, REFUSED, UNCHANGED
from app.catalog.skill_files import read_skills
from app.catalog.skill_import import import_skills, plan_skills
from app.catalog.skill_models import Skill, SkillFramework
from app.catalog.skills import alignment_of
from app.core.audit import AuditEntry
from app.core.errors import InvalidError
from tests.factories import NOON

NACE = Path(__file__).parents[2] / "lti_config/skills/nace.csv"
HEAD = "framework,name,url,code,description\n"
ROW = "Local,Listen,https://skills.test/1,L1,Hears.\n"


def bring_in(session, world, text, **options):
    raw = text if isinstance(text, bytes) else text.encode()
    read = read_skills(raw, **options)
    plan = import_skills(session, world.institution.id, read, actor="test", now=NOON)
    session.commit()
    return plan


def results(plan):
    return [row.result for row in plan.rows]


def case(**changes):
    document = {
        "CFDocument": {
            "identifier": "d0", "uri": "https://case.test/d0", "title": "State Standards",
        },
        "CFItems": [
            {
                "identifier": "i1", "uri": "https://case.test/i1", "humanCodingScheme": "K.1",
                "fullStatement": "Counts to a hundred by ones and by tens.",
                "abbreviatedStatement": "Counts to 100",
            },
            {"identifier": "i2", "uri": "https://case.test/i2", "fullStatement": "Adds."},
        ],
        "CFRubrics": [
            {
                "identifier": "r1", "uri": "https://case.test/r1", "title": "Rubric",
                "CFRubricCriteria": [
                    {
                        "identifier": "c1", "uri": "https://case.test/c1", "description": "Counts",
                        "CFRubricCriterionLevels": [
                            {
                                "identifier": "l1", "uri": "https://case.test/l1",
                                "quality": "Good", "description": "Without help.",
                            }
                        ],
                    }
                ],
            }
        ],
    }  # fmt: skip
    return json.dumps(document | changes)


def test_the_eight_competencies_of_nace_come_with_the_program(session, world):
    plan = bring_in(session, world, NACE.read_bytes())

    assert results(plan) == [NEW] * 8
    skill = session.scalar(select(Skill).where(Skill.name == "Critical Thinking"))
    alignment = alignment_of(skill)
    assert alignment["target_type"] == "ext:NACECompetency"
    assert alignment["target_framework"] == "NACE Career Readiness Competencies"
    assert alignment["target_url"].startswith("https://www.naceweb.org/")


def test_importing_again_changes_nothing_and_a_change_is_found_by_its_identifier(session, world):
    bring_in(session, world, HEAD + ROW)
    entries = session.scalar(select(func.count(AuditEntry.id)))

    assert results(bring_in(session, world, HEAD + ROW)) == [UNCHANGED]
    assert session.scalar(select(func.count(AuditEntry.id))) == entries

    changed = ROW.replace("Hears.", "Hears all of it.")
    plan = bring_in(session, world, HEAD + changed + ROW.replace("/1", "/2"))
    assert results(plan) == [CHANGED, NEW]
    assert session.scalar(select(Skill.description).order_by(Skill.id)) == "Hears all of it."
    assert session.scalar(select(func.count(SkillFramework.id))) == 1


def test_case_items_and_rubrics_have_their_own_types(session, world):
    plan = bring_in(session, world, case())

    assert results(plan) == [NEW] * 5
    found = session.execute(select(Skill.name, Skill.code, Skill.target_type).order_by(Skill.id))
    assert [tuple(row) for row in found] == [
        ("K.1 Counts to 100", "i1", "CFItem"),
        ("Adds.", "i2", "CFItem"),
        ("Rubric", "r1", "CFRubric"),
        ("Counts", "c1", "CFRubricCriterion"),
        ("Good", "l1", "CFRubricCriterionLevel"),
    ]
    assert session.scalar(select(SkillFramework.name)) == "State Standards"


@pytest.mark.parametrize(
    ("text", "framework", "kind", "address"),
    [
        (
            "conceptUri,preferredLabel,status\nhttp://data.europa.eu/esco/skill/1,listen,released\n",
            "ESCO",
            "ext:ESCOSkill",
            "http://data.europa.eu/esco/skill/1",
        ),
        (
            "Element ID\tElement Name\tDescription\n2.A.1.b\tActive Listening\tGiving attention.\n",
            "O*NET",
            "ext:ONETElement",
            "https://www.onetonline.org/find/descriptor/result/2.A.1.b",
        ),
        (
            "Canonical URL,RSD Name,Skill Statement\nhttps://osmt.test/1,Listen,Listens well.\n",
            "Ours",
            "ext:RSD",
            "https://osmt.test/1",
        ),
    ],
)
def test_lists_as_others_give_them_out_are_understood(
    session, world, text, framework, kind, address
):
    bring_in(session, world, text, framework="Ours" if framework == "Ours" else "")

    skill = session.scalar(select(Skill))
    assert (skill.framework.name, skill.target_type, skill.url) == (framework, kind, address)


@pytest.mark.parametrize(
    "raw",
    [
        ("\ufeff" + HEAD + ROW).encode(),
        (HEAD + ROW).encode("utf-16"),
        (HEAD + ROW).replace(",", ";").encode(),
        (HEAD + ROW).replace(",", "\t").replace("\n", "\r\n").encode(),
        (HEAD + "\n,,,,\n" + ROW + "\n\n").encode(),
    ],
)
def test_a_table_is_read_whoever_wrote_it(session, world, raw):
    assert results(bring_in(session, world, raw)) == [NEW]
    assert session.scalar(select(Skill.name)) == "Listen"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "The table is empty"),
        (b"name,url\n\xe4,x\n", "Row 2 has a character that is not UTF-8"),
        (b"name,url\na\0,x\n", "Row 2 has a NUL"),
        (b"name,url\na\n", "Row 2 has 1 cells; the header has 2"),
        (b"name,url\na,b,c\n", "Row 2 has 3 cells; the header has 2"),
        (b"name,name\na,b\n", "Two columns are called"),
        (b"name,,url\na,b,c\n", "Column 2 has no name"),
        (b"url\nhttps://x.test\n", "no column “name”"),
        (b'name,url\n"open,x\n', "cannot be read near row 2"),
        (b'name,url\n"a"b,x\n', "cannot be read near row 2"),
        (b"name,url\n" + b"x" * 200_000 + b",u\n", "cannot be read near row 2"),
        (b"name,url\n" + b"a,b\n" * 100_000, "more than 20000 rows"),
        (b" " * 9_000_000, "larger than 8 MB"),
        (b"{", "is not valid JSON"),
        (b'{"CFDocument": {}, "CFDocument": {}}', "said twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b"[" * 100_000, "cannot be read|is not valid JSON|nested"),
        (b'{"a": ' * 60 + b"1" + b"}" * 60, "nested more than 40"),
        (b"[1, 2]", "no CASE package"),
        (b'{"CFDocument": 3}', "no CASE package"),
        (b'{"CFDocument": {"title": "x"}, "CFItems": "many"}', "neither “CFItems”"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(raw, said):
    with pytest.raises(InvalidError, match=said):
        read_skills(raw)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Local,,https://skills.test/2,,\n", "name: must not be empty"),
        ("Local,Two,,,\n", "url: must"),
        ("Local,Two,javascript:alert(1),,\n", "url: must be a whole web address"),
        ("Local,Two,data:text/html;base64,AAAA,\n", "Row 3 has|url: must be"),
        ("Local,Two,https://user:secret@skills.test/2,,\n", "url: must be a whole web address"),
        ("Local,Two,http:///x,,\n", "url: must be a whole web address"),
        (",Two,https://skills.test/2,,\n", "framework: must not be empty"),
        ("Local,T\u202ewo,https://skills.test/2,,\n", "name: has a control character"),
        ("Local,T\x07wo,https://skills.test/2,,\n", "name: has a control character"),
        (f"Local,{'x' * 301},https://skills.test/2,,\n", "name: has more than 300"),
        ("Local,Other,https://skills.test/1,L1,\n", "Row 2 says something else"),
    ],
)
def test_one_wrong_row_is_named_and_nothing_is_half_imported(session, world, row, said):
    with pytest.raises(InvalidError, match=said) as refused:
        bring_in(session, world, HEAD + ROW + row)

    session.rollback()
    assert "Row 3" in str(refused.value) or "row 3" in str(refused.value)
    assert session.scalar(select(func.count(Skill.id))) == 0


def test_a_row_that_is_there_twice_counts_once(session, world):
    plan = bring_in(session, world, HEAD + ROW + ROW)

    assert results(plan) == [NEW, UNCHANGED]
    assert plan.rows[1].notes == ("the same as Row 2.",)


def test_wrong_types_in_case_are_said_and_not_stumbled_over(session, world):
    items = [{"identifier": 3, "uri": ["x"], "fullStatement": None}, "nonsense", None]
    plan = plan_skills(session, world.institution.id, read_skills(case(CFItems=items).encode()))

    assert results(plan)[0] == REFUSED
    assert "url: must" in " ".join(plan.rows[0].notes)


def test_thousands_of_rows_take_little_time_and_memory(session, world):
    rows = "".join(f"Local,Skill {n},https://skills.test/{n},C{n},\n" for n in range(4_000))
    tracemalloc.start()
    began = time.process_time()

    plan = bring_in(session, world, HEAD + rows)

    assert time.process_time() - began < 10
    assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    tracemalloc.stop()
    assert plan.count(NEW) == 4_000
    assert session.scalar(select(func.count(Skill.id))) == 4_000


def test_the_command_imports_lists_and_searches(app, session, world, tmp_path):
    runner = app.test_cli_runner()

    dry = runner.invoke(args=["skills", "import", str(NACE), "--dry-run"])
    assert (dry.exit_code, "8 new" in dry.output) == (0, True), dry.output
    assert session.scalar(select(func.count(Skill.id))) == 0
    for counts in ("8 new, 0 changed, 0 unchanged", "0 new, 0 changed, 8 unchanged"):
        done = runner.invoke(args=["skills", "import", str(NACE)])
        assert (done.exit_code, counts in done.output) == (0, True), done.output

    assert "NACE" in runner.invoke(args=["skills", "list"]).output
    assert "Teamwork" in runner.invoke(args=["skills", "search", "common goal"]).output
    bad = tmp_path / "bad.csv"
    bad.write_text("framework,name,url\nX,Y,javascript:1\n")
    for options in ([], ["--dry-run"]):
        refused = runner.invoke(args=["skills", "import", str(bad), *options])
        assert refused.exit_code == 1
        assert "Row 2" in refused.output
    missing = runner.invoke(args=["skills", "import", str(tmp_path / "none.csv")])
    assert (missing.exit_code, "cannot be read" in missing.output) == (1, True)

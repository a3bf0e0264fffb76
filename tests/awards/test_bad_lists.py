"""Lists as people really have them: encodings, delimiters, quotes, names, and what is no list."""

import io
import tracemalloc

import pytest
from sqlalchemy import func, select

from app.awards.lists import ListFile
from app.awards.souvenir_models import SouvenirBatch, SouvenirRow
from app.courses.models import Person
from tests.awards.test_give import paste, rows_of, upload

NAMES = ["Zoë Ångström", "مریم\u200cالسادات", "שרה כהן", "山田 太郎", "Thị Hương", "O'Brien, Jr."]


def listed(names):
    rows = (f'{number}@example.edu,"{name}"' for number, name in enumerate(names, 1))
    return "\r\n".join(["E-Mail,Full name", *rows])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_names_of_any_script_arrive_in_any_unicode(browser, session, world, souvenir, encoding):
    page = upload(browser(world.grantor), souvenir, listed(NAMES).encode(encoding))

    assert page.status_code == 303
    assert [row[1:] for row in rows_of(session)] == [(name, "ready", None) for name in NAMES]
    assert session.get_one(SouvenirBatch, 1).notes == []


def test_windows_1252_is_read_and_said(browser, session, world, souvenir):
    grantor = browser(world.grantor)

    page = upload(grantor, souvenir, listed(["Zoë Ångström", "“Ana” €"]).encode("cp1252"))

    assert [row[1] for row in rows_of(session)] == ["Zoë Ångström", "“Ana” €"]
    assert "read as Windows-1252" in grantor.get(page.location).text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("email;name\na@example.edu;Ann\n", ("a@example.edu", "Ann")),
        ("name\temail\nAnn\ta@example.edu\n", ("a@example.edu", "Ann")),
        ("sep=;\nname;email\nAnn;a@example.edu\n", ("a@example.edu", "Ann")),
        (
            "First name,Last name,Email address\nAnn,Lee,a@example.edu\n",
            ("a@example.edu", "Ann Lee"),
        ),
        ("a@example.edu,Ann\n", ("a@example.edu", "Ann")),
        ("Ann;a@example.edu", ("a@example.edu", "Ann")),
        ("\n\nemail\ra@example.edu\r\r", ("a@example.edu", None)),
        ("email,name\n a@example.edu , Ann \n", ("a@example.edu", "Ann")),
        ("email\nmailto:a@example.edu\n", ("a@example.edu", None)),
        ("email\nAnn <a@example.edu>\n", ("a@example.edu", "Ann")),
        ("Status,E-Mail,Name\nok,a@example.edu,Ann\n", ("a@example.edu", "Ann")),
    ],
)
def test_columns_and_delimiters_are_found(browser, session, world, souvenir, content, expected):
    page = upload(browser(world.grantor), souvenir, content.encode())

    assert page.status_code == 303, page.text
    assert rows_of(session) == [(*expected, "ready", None)]


@pytest.mark.parametrize(
    ("row", "state", "problem"),
    [
        ("a@example.edu,Doe, Jane", "refused", "ragged"),
        ("a@example.edu", "ready", None),
        ("a@example.edu,Ann,,,", "ready", None),
        (",Ann", "refused", "no_address"),
        ("a@localhost,Ann", "refused", "not_address"),
        ("a b@example.edu,Ann", "refused", "not_address"),
        ("@example.edu,Ann", "refused", "not_address"),
        ("a@@example.edu,Ann", "refused", "not_address"),
        ("a..b@example.edu,Ann", "refused", "not_address"),
        (f"{'a' * 65}@example.edu,Ann", "refused", "not_address"),
        ("a@example.123,Ann", "refused", "not_address"),
        ("ä@müller.example,Ann", "ready", None),
        ('a@example.edu,"An\x07n"', "refused", "control"),
        ('a@example.edu,"An\nn"', "refused", "control"),
        ("a@example.edu,Ann\u202egnp.exe", "refused", "control"),
        (f"a@example.edu,{'n' * 256}", "refused", "long_name"),
    ],
)
def test_a_row_is_judged_by_itself(browser, session, world, souvenir, row, state, problem):
    page = upload(browser(world.grantor), souvenir, f"email,name\n{row}\n".encode())

    assert page.status_code == 303
    assert [each[2:] for each in rows_of(session)] == [(state, problem)]
    shown = browser(world.grantor).get(page.location)
    assert "\x07" not in shown.text
    assert "\u202e" not in shown.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "No column with e-mail"),
        (b"email,name\n", "There is nobody in this list"),
        (b"name,grade\nAnn,5\n", "No column with e-mail"),
        (b"PK\x03\x04rest of a workbook", "Excel workbook"),
        (b"email\na\x00b@example.edu\n", "NUL bytes"),
        (b"email,name\n" + b"a@example.edu,Ann\n" * 400 + b"b@example.edu,B\x00b\n", "Line 402"),
        (b"email\n\x81\x8d\x8f@example.edu\n", "cannot be read"),
        ("email".encode("utf-32"), "UTF-32"),
        ("email\nÄnn".encode("utf-16") + b"x", "cannot be read"),
        (b'email,name\na@example.edu,"Ann\nb@example.edu,Bob\n', "quotation marks"),
        (b'email,name\na@example.edu,"Ann" Lee\n', "quotation marks"),
        (b"email,name\n" + b"a" * 10_000_000, "more than 10000 characters"),
        (b"email,name\na@example.edu," + b"n" * 10_001 + b"\n", "Line 2"),
    ],
)
def test_what_is_no_list_is_refused_whole(browser, session, world, souvenir, content, words):
    page = upload(browser(world.grantor), souvenir, content)

    assert page.status_code == 422
    assert words in page.text
    assert session.scalar(select(func.count()).select_from(SouvenirRow)) == 0
    assert session.scalar(select(func.count()).select_from(SouvenirBatch)) == 0


def test_a_list_that_is_too_long_is_refused_whole(app, browser, session, world, souvenir):
    small = app.extensions["assay.settings"].model_copy(update={"souvenir_rows": 1200})
    app.extensions["assay.settings"] = small
    people = session.scalar(select(func.count()).select_from(Person))
    content = "email\n" + "".join(f"{number}@example.edu\n" for number in range(1201))

    page = upload(browser(world.grantor), souvenir, content.encode())

    assert page.status_code == 422
    assert "more than 1200 people" in page.text
    assert session.scalar(select(func.count()).select_from(SouvenirRow)) == 0
    assert session.scalar(select(func.count()).select_from(Person)) == people


def test_a_hundred_thousand_rows_are_read_in_little_memory():
    content = io.BytesIO(b"email,name\n" + b"person@example.edu,Some Body\n" * 100_000)
    tracemalloc.start()

    read = sum(1 for _ in ListFile(content))

    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == 100_000
    assert peak < 2_000_000


def test_a_file_that_is_too_large_is_named_so(app, browser, session, world, souvenir):
    app.request_class.max_file_bytes = 1000

    page = upload(browser(world.grantor), souvenir, b"email\n" + b"a@example.edu\n" * 100)

    assert page.status_code == 422
    assert "is larger than" in page.text


def test_a_file_without_a_file_is_a_form_error(browser, world, souvenir):
    page = browser(world.grantor).post(
        f"/souvenirs/{souvenir.achievement_id}/give",
        data={"way": "file", "key": "k" * 32, "file": (io.BytesIO(), "")},
        content_type="multipart/form-data",
    )

    assert page.status_code == 422
    assert "Choose a file" in page.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@example.edu b", [("a@example.edu", "b")]),
        ("Ann Lee <a@example.edu>", [("a@example.edu", "Ann Lee")]),
        ('"Lee, Ann" <a@example.edu>', [("a@example.edu", "Lee, Ann")]),
        ("Lee, Ann <a@example.edu>; Roe, Bo <b@example.edu>",
         [("a@example.edu", "Lee, Ann"), ("b@example.edu", "Roe, Bo")]),
        ("Lee, Ann <a@example.edu>, Roe, Bo <b@example.edu>",
         [("a@example.edu", "Lee, Ann"), ("b@example.edu", "Roe, Bo")]),
        ("a@example.edu,b@example.edu;c@example.edu\nd@example.edu",
         [(f"{letter}@example.edu", None) for letter in "abcd"]),
        ("Ann\ta@example.edu\nb@example.edu\tBo",
         [("a@example.edu", "Ann"), ("b@example.edu", "Bo")]),
        ("Ann Lee, a@example.edu", [("a@example.edu", "Ann Lee")]),
    ],
)  # fmt: skip
def test_pasted_addresses_are_parted(browser, session, world, souvenir, text, expected):
    paste(browser(world.grantor), souvenir, text)

    assert [row[:2] for row in rows_of(session)] == expected


def test_a_pasted_name_that_is_no_address_is_told(browser, session, world, souvenir):
    paste(browser(world.grantor), souvenir, "Ann Lee\n<>\n")

    assert {row[3] for row in rows_of(session)} == {"not_address", "no_address"}


def test_a_pasted_list_without_people_is_a_form_error(browser, session, world, souvenir):
    page = paste(browser(world.grantor), souvenir, " ;, \n ")

    assert page.status_code == 422
    assert session.scalar(select(SouvenirBatch)) is None


def test_a_pasted_entry_too_long_for_a_person_is_refused_before_anything_is_written(
    browser, session, world, souvenir
):
    page = paste(browser(world.grantor), souvenir, "b," * 50_000 + "x@y.zz,x@y.zz")

    assert "Entry 1 has more than 10000 characters" in page.text
    assert session.scalar(select(SouvenirBatch)) is None


def test_thousands_of_addresses_on_one_pasted_line_are_taken(browser, session, world, souvenir):
    paste(browser(world.grantor), souvenir, ", ".join(f"a{n}@example.edu" for n in range(2_000)))

    assert session.scalar(select(func.count()).select_from(SouvenirRow)) == 2_000

"""Several links, each with a word on what it is."""

import re

import pytest

LINKS = [f"https://example.org/{number}" for number in range(12)]


def links(artifacts):
    return [(row.url, row.note) for row in artifacts() if row.kind == "link"]


def test_links_are_kept_with_what_they_are(desk, artifacts):
    page = desk.send(link=LINKS[:3], link_note=["The  film", "", "Code"], button="save")

    assert links(artifacts) == [(LINKS[0], "The film"), (LINKS[1], None), (LINKS[2], "Code")]
    assert 'value="The film"' in page.text
    assert page.text.count('name="link"') == 4, "and an empty row for the next"


def test_a_row_that_is_emptied_is_taken_out_and_the_others_stay_the_same(desk, artifacts):
    desk.send(link=LINKS[:3], link_note=["a", "b", "c"], button="save")
    before = {row.url: row.id for row in artifacts()}

    desk.send(link=[LINKS[0], "", LINKS[2]], link_note=["a", "", "new"], button="save")

    assert links(artifacts) == [(LINKS[0], "a"), (LINKS[2], "new")]
    assert all(before[row.url] == row.id for row in artifacts())


def test_the_same_link_twice_is_there_once(desk, artifacts):
    desk.send(link=[LINKS[0], LINKS[0]], link_note=["a", "b"], button="save")

    assert links(artifacts) == [(LINKS[0], "a")]


def test_an_eleventh_link_is_refused_and_all_rows_are_shown_again(desk, artifacts):
    page = desk.send(link=LINKS[:11], text="kept", button="save")

    assert page.status_code == 422
    assert "10 links at most can be handed in here" in page.text
    assert all(f'value="{url}"' in page.text for url in LINKS[:11])
    assert [row.text for row in artifacts()] == ["kept"]


@pytest.mark.parametrize(
    ("address", "note", "words"),
    [
        ("javascript:alert(1)", "", "The link must begin with https"),
        ("", "only a note", "The link itself is missing"),
        ("https://example.org", "x" * 301, "300 characters long at most"),
    ],
)
def test_a_bad_row_is_said_at_the_row_and_costs_no_other(desk, artifacts, address, note, words):
    desk.send(link=LINKS[0], button="save")

    page = desk.send(link=[LINKS[1], address], link_note=["good", note], button="save")

    assert page.status_code == 422
    assert re.search(f'<a href="#link-2">[^<]*{words}', page.text)
    assert 'id="link-2" name="link"' in page.text
    assert 'aria-describedby="link-2-error"' in page.text
    assert f'value="{LINKS[1]}"' in page.text
    assert links(artifacts) == [(LINKS[0], None)], "the draft's links stay until all are right"


def test_another_row_is_added_without_losing_what_was_typed(desk):
    page = desk.send(link=LINKS[:2], text="typed", more="1", button="")

    assert page.status_code == 200
    assert page.text.count('name="link"') == 3
    assert "typed</textarea>" in page.text


def test_a_links_address_stands_in_its_own_card(desk):
    page = desk.send(link="https://example.org/work", link_note="My site").text

    card = page[page.index('<li class="file">') :]
    assert "https://example.org/work" in card[: card.index("</li>")]

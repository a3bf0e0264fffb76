"""The picture of an achievement: lettered in any script, all of it, the same each time."""

import io
import re
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image

from app.core.errors import InvalidError
from app.credentials.contrast import contrast
from app.credentials.drawing import PictureWords, draw_picture, has_slots
from app.credentials.fonts import shape_run
from app.credentials.lettering import Hand, clean, shape_line, split_clusters
from app.credentials.raster import draw_png
from app.credentials.slots import check_template
from app.credentials.wrapping import Box, Piece, set_text, split_further, split_pieces

IMAGES = Path(__file__).parents[2] / "lti_config/programme/images"
LEVELS = ("souvenir", "badge_1", "badge_2", "certificate_practiced", "certificate_expert")
SVG = "{http://www.w3.org/2000/svg}"
HAND = Hand("sans", 600)
BOX = Box(0, 0, 200, 100)

TEMPLATE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">
<rect width="100" height="100" fill="{ground}"/>{slot}</svg>"""
SLOT = (
    '<rect data-slot="title" data-size="20 8" x="5" y="5" width="90" height="90" fill="#111111"/>'
)


def template(slot: str = SLOT, ground: str = "#ffffff") -> str:
    return TEMPLATE.format(slot=slot, ground=ground)


def words(title: str, issuer: str = "College of Examples") -> PictureWords:
    return PictureWords(title=title, issuer=issuer, level="Level I", alt="A medal.")


def letters(svg: str, slot: str = "title") -> str:
    root = etree.fromstring(svg.encode())
    paths = root.iterfind(f".//{SVG}g[@data-words='{slot}']/{SVG}path")
    return "".join(path.get("d") for path in paths)


def ink_box(data: str) -> tuple[float, float, float, float]:
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", data)]
    across, down = numbers[::2], numbers[1::2]
    return min(across), min(down), max(across), max(down)


@pytest.mark.parametrize("level", LEVELS)
def test_each_shipped_template_can_be_read_and_is_lettered(level):
    svg = (IMAGES / f"{level}.svg").read_text()

    check_template(svg)
    drawn = draw_picture(svg, words("Research Literacy"))

    assert has_slots(svg)
    assert not has_slots(drawn)
    for slot in ("title", "issuer", "level"):
        assert letters(drawn, slot)
    assert "<text" not in drawn, "letters are outlines: they look the same everywhere"


def test_the_same_words_give_the_same_bytes():
    svg = (IMAGES / "badge_2.svg").read_text()

    first, again = (draw_picture(svg, words("研究 Research بحث")) for _ in range(2))

    assert first == again
    assert draw_png(first, 128) == draw_png(again, 128)


def test_people_who_do_not_see_it_are_told_what_it_shows():
    root = etree.fromstring(draw_picture(template(), words("Research & <Literacy>")).encode())

    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Research & <Literacy>"
    assert root.find(f"{SVG}desc").text == "A medal."
    assert root.get("aria-labelledby") == root.find(f"{SVG}title").get("id")


def test_a_plain_picture_is_used_as_it_is():
    plain = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="5"/></svg>'

    check_template(plain)

    assert draw_picture(plain, words("Anything")) == plain


@pytest.mark.parametrize(
    "title",
    [
        "Search",
        "Responsible and Reproducible Data Analysis for Early-Career Researchers in Public Health",
        "公共衛生における再現可能なデータ分析と責任ある研究実践",
        "负责任的数据分析与可重复研究",
        "책임 있는 데이터 분석",
        "التحليل المسؤول للبيانات في الصحة العامة 2026 (R)",
        "ניתוח נתונים אחראי",
        "जनस्वास्थ्य में उत्तरदायी डेटा विश्लेषण",
        "การวิเคราะห์ข้อมูลอย่างรับผิดชอบ",
        "Ответственный анализ данных",
        "Donaudampfschifffahrtsgesellschaftskapitän",
        "🎓 Graduate",
        "W" * 200,
        "界" * 200,
    ],
)
@pytest.mark.parametrize("level", ["badge_1", "certificate_expert"])
def test_a_title_of_any_script_and_length_stands_whole_in_its_place(level, title):
    svg = (IMAGES / f"{level}.svg").read_text()
    place = etree.fromstring(svg.encode()).find(".//*[@data-slot='title']")

    left, top, right, bottom = ink_box(letters(draw_picture(svg, words(title))))

    if level == "badge_1":
        x, y = float(place.get("cx")), float(place.get("cy"))
        across, down = float(place.get("rx")), float(place.get("ry"))
    else:
        across, down = float(place.get("width")) / 2, float(place.get("height")) / 2
        x, y = float(place.get("x")) + across, float(place.get("y")) + down
    assert x - across - 3 <= left < right <= x + across + 3
    assert y - down - 3 <= top < bottom <= y + down + 3


def test_no_word_of_a_long_title_is_lost():
    title = " ".join(f"word{number}" for number in range(28))
    whole = shape_line(title.replace(" ", ""), HAND, is_rtl=False, language_of=title)

    setting = set_text(title, BOX, HAND, largest=40, smallest=10, max_lines=4)

    assert setting is not None
    assert setting.size <= 10
    assert len(setting.lines) > 4
    drawn = sum(len(run.glyphs) for line in setting.lines for run in line.runs)
    spaces = title.count(" ") - (len(setting.lines) - 1)
    assert drawn == sum(len(run.glyphs) for run in whole.runs) + spaces


def test_lines_are_balanced_and_as_few_as_the_size_allows():
    setting = set_text(
        "Literature Search and Synthesis", BOX, HAND, largest=24, smallest=8, max_lines=2
    )

    assert setting is not None
    widths = [line.width * setting.size for line in setting.lines]
    assert len(widths) == 2
    assert max(widths) <= BOX.width
    assert min(widths) > 0.6 * max(widths)


def test_a_long_word_is_broken_with_a_hyphen_before_all_letters_become_tiny():
    parts = split_further([Piece("Handelsgesellschaft")])

    assert parts[0].text == "Han"
    assert all(part.hyphen for part in parts[:-1])
    assert len(parts[-1].text) >= 3
    assert split_further([Piece("Essay")]) == [Piece("Essay")]


def test_han_text_breaks_anywhere_but_before_a_closing_mark():
    assert [piece.text for piece in split_pieces("研究、実践")] == ["研", "究、", "実", "践"]
    assert [piece.text for piece in split_pieces("「研究」")] == ["「研", "究」"]
    assert [piece.text for piece in split_pieces("self-study and/or")] == [
        "self-", "study", "and/", "or",
    ]  # fmt: skip


def test_soft_hyphens_say_where_a_word_may_break_and_are_not_drawn():
    pieces = split_pieces("Wissen\u00adschaft")

    assert pieces == [Piece("Wissen", hyphen=True), Piece("schaft", gap=True)]


def test_arabic_letters_are_joined_and_run_from_right_to_left():
    joined = shape_line("بحث", HAND, is_rtl=True, language_of="بحث")
    apart = [shape_line(one, HAND, is_rtl=True, language_of="بحث") for one in "بحث"]

    assert joined.width < 0.9 * sum(line.width for line in apart), "each takes its joined form"
    last = {glyph.number for glyph in joined.runs[0].glyphs[:2]}
    ending = shape_line("بث", HAND, is_rtl=True, language_of="بحث").runs[0].glyphs[:2]
    assert last & {glyph.number for glyph in ending}, "the last letter stands on the left"


def test_numbers_and_latin_words_keep_their_direction_in_a_line_from_right_to_left():
    line = shape_line("بحث 2026 R", HAND, is_rtl=True, language_of="بحث")
    latin = shape_line("R", HAND, is_rtl=False, language_of="R").runs[0].glyphs[0].number
    face = line.runs[-1].face
    shaped = shape_run("2026", face, weight=600, is_rtl=False, tracking=0)
    digits = [glyph.number for glyph in shaped.glyphs]

    order = [glyph.number for run in line.runs for glyph in run.glyphs]

    assert order[0] == latin, "what comes last stands on the left"
    start = order.index(digits[0])
    assert order[start : start + 4] == digits


def test_devanagari_marks_are_reordered_by_the_font():
    line = shape_line("कि", HAND, is_rtl=False, language_of="कि")
    alone = shape_line("क", HAND, is_rtl=False, language_of="क")

    assert line.runs[0].glyphs[-1].number == alone.runs[0].glyphs[0].number


def test_marks_and_joined_emoji_stay_with_their_base():
    assert split_clusters("e\u0301a") == ["e\u0301", "a"]
    assert split_clusters("👩\u200d🎓x") == ["👩\u200d🎓", "x"]


def test_control_characters_and_turned_text_are_not_drawn():
    assert clean("Re\u202esearch\u0000\n Lite\u2066racy\t ") == "Research Literacy"

    dirty = draw_picture(template(), words("Re\u202esearch\u0007"))

    assert dirty == draw_picture(template(), words("Research"))


def test_a_title_that_no_font_can_write_gives_the_neutral_picture_and_keeps_its_name():
    title = "\U00013000\U00013001 Hieroglyphs"

    svg = draw_picture(template(), words(title))

    assert letters(svg) == letters(draw_picture(template(), words("Level I")))
    assert title in svg


def test_a_picture_is_drawn_as_png_of_the_width_that_is_asked_for():
    png = draw_png(draw_picture((IMAGES / "badge_1.svg").read_text(), words("A title")), 300)

    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (300, 300)
        assert image.getpixel((2, 2))[3] == 0, "what is around the badge stays clear"


def test_letters_that_do_not_stand_out_are_refused():
    with pytest.raises(InvalidError, match=r"slot “title”.*#111111.*4\.5 : 1 is needed"):
        check_template(template(ground="#444444"))
    with pytest.raises(InvalidError, match="contrast"):
        check_template('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
                       f"{SLOT}</svg>")  # fmt: skip


def test_contrast_is_that_of_wcag():
    assert contrast((0, 0, 0), (255, 255, 255)) == 21
    assert round(contrast((119, 119, 119), (255, 255, 255)), 2) == 4.48


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("title", "name"), "there is no such slot"),
        (('fill="#111111"', 'fill="black"'), "no colour like #1f2e38"),
        (('data-size="20 8"', ""), "data-size"),
        (('data-size="20 8"', 'data-size="8 20"'), "must not rise"),
        (('width="90"', 'width="90%"'), "width must be a number without unit"),
        (('width="90"', 'width="150"'), "reaches out of the picture"),
        (('x="5"', 'x="5" transform="scale(2)"'), "transform"),
        (('x="5"', 'x="5" data-font="Comic"'), "data-font must be sans or serif"),
        (('x="5"', 'x="5" data-align="left"'), "data-align must be one of"),
        (('x="5"', 'x="5" data-weight="9999"'), "data-weight must be between"),
        (('x="5"', 'x="5" data-lines="many"'), "data-lines must be a number"),
        (("<rect data", "<path data"), "rect, an ellipse or a circle"),
        ((SLOT, SLOT * 2), "two slots are called"),
        ((SLOT, SLOT.replace("title", "level")), "none for the title"),
    ],
)
def test_a_slot_that_cannot_be_read_is_named(change, said):
    with pytest.raises(InvalidError, match=said):
        check_template(template().replace(TEMPLATE[:0] or change[0], change[1]) if change[0] != SLOT
                       else template(slot=change[1]))  # fmt: skip


def test_an_issuers_name_bends_along_its_circle():
    arc = (
        '<circle data-slot="issuer" data-arc="top" data-span="120" data-size="8 4" '
        'cx="50" cy="50" r="40" fill="#111111"/>'
    )

    svg = draw_picture(template(SLOT + arc), words("T", issuer="College of the Longest Name " * 3))

    left, top, right, bottom = ink_box(letters(svg, "issuer"))
    assert top >= 1
    assert bottom < 50, "on the upper side only"
    assert left > 50 - 50 * 0.9
    assert right < 50 + 50 * 0.9


@pytest.mark.parametrize(
    "title", ["A\uffffB", "A\ufdd0B", "A\x00B", "A\ud800B", "A\u200eB", "A\ufeffB"]
)
def test_what_no_reader_sees_does_no_harm(title):
    svg = draw_picture(template(), words(title))

    assert ink_box(letters(svg)) == ink_box(letters(draw_picture(template(), words("AB"))))
    etree.fromstring(svg.encode())


def test_a_character_of_tomorrow_gives_the_neutral_picture_not_a_hole():
    svg = draw_picture(template(), words("A\U000e1000B"))

    assert letters(svg) == letters(draw_picture(template(), words("Level I")))


def test_a_plain_picture_that_brings_text_is_drawn_in_the_fonts_of_the_installation():
    png = draw_png(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 99 99"><text y="50">Abc</text></svg>',
        64,
    )

    with Image.open(io.BytesIO(png)) as image:
        assert image.getbbox() is not None

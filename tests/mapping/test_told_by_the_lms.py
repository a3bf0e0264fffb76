"""What a launch tells, read without a database: histories, dates, what is asked for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mapping.asked import read_asked
from app.mapping.history import MAX_IDS, read_dates, read_history, read_moment, read_origins
from app.mapping.schedule import list_zones, to_utc, written


def test_a_history_is_decoded_id_by_id():
    assert read_history("b%2C1, a%20b ,b%2C1,") == ("b,1", "a b")


def test_a_cut_history_has_no_half_id():
    ids = read_history(",".join(f"{number:0200}" for number in range(200)))

    assert len(ids) == MAX_IDS
    assert {len(each) for each in ids} == {200}


@given(st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text())))
def test_no_history_breaks_the_reading(raw):
    for each in read_history(raw):
        assert 0 < len(each) <= 255
        assert each.isprintable()


@given(
    st.dictionaries(st.sampled_from(["assay_due", "assay_opens", "assay_assignment"]), st.text())
)
def test_no_custom_value_breaks_the_reading(custom):
    for moment in read_dates(custom).values():
        assert moment is None or moment.tzinfo is UTC
    read_origins(custom)


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2026-12-18T23:59:00Z", datetime(2026, 12, 18, 23, 59, tzinfo=UTC)),
        ("2026-12-18T23:59:00.500+02:00", datetime(2026, 12, 18, 21, 59, 0, 500000, tzinfo=UTC)),
        ("2026-12-18T23:59:00", None),
        ("2026-12-18", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("$ResourceLink.submission.endDateTime", None),
        ("2" * 500, None),
        (5, None),
        (None, None),
    ],
)
def test_a_moment_has_a_zone_or_is_none(raw, moment):
    assert read_moment(raw) == moment


def test_canvas_own_history_counts_where_the_standard_one_is_not_filled_in():
    custom = {
        "assay_course_history": "$Context.id.history",
        "assay_canvas_course_history": "c-2,c-1",
    }

    assert read_origins(custom).context_ids == ("c-2", "c-1")


def test_a_local_time_becomes_a_moment():
    moment = to_utc(datetime.fromisoformat("2026-07-01T09:00"), "Europe/Berlin")

    assert written(moment) == "2026-07-01T07:00:00Z"


def test_a_time_that_the_clocks_show_twice_is_the_first():
    moment = to_utc(datetime.fromisoformat("2026-10-25T02:30"), "Europe/Berlin")

    assert written(moment) == "2026-10-25T00:30:00Z"


@pytest.mark.parametrize(
    ("local", "zone"),
    [("2026-03-29T02:30", "Europe/Berlin"), ("9999-12-31T23:00", "America/Los_Angeles")],
)
def test_a_time_that_never_comes_is_refused(local, zone):
    with pytest.raises(ValueError, match=r"never|far"):
        to_utc(datetime.fromisoformat(local), zone)


def test_zones_are_places():
    zones = list_zones()

    assert zones[0] == "UTC"
    assert {"Europe/Berlin", "America/New_York", "Asia/Kolkata"} <= set(zones)
    assert not [each for each in zones if each.startswith(("Etc/", "posix/"))]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (False, True, "", ())),
        ({"accept_multiple": "true", "accept_lineitem": False}, (False, False, "", ())),
        ({"accept_multiple": True, "accept_presentation_document_targets": ["embed", "window"]},
         (True, True, "window", ())),
        ({"accept_media_types": ["Text/Plain ", 7]}, (False, True, "", ("text/plain",))),
        ({"accept_media_types": "image/*, */*"}, (False, True, "", ())),
        ({"accept_types": "file", "accept_presentation_document_targets": "iframe"},
         (False, True, "", ())),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_read_strictly(settings, expected):
    asked = read_asked(settings)

    assert (asked.is_multiple, asked.takes_columns, asked.target, asked.media_types) == expected


@pytest.mark.parametrize(
    ("types", "media_type", "is_taken"),
    [
        ("application/pdf,image/*", "image/png", True),
        ("application/pdf,image/*", "text/plain", False),
        ("image/[", "image/png", False),
        (None, None, True),
        ("application/octet-stream", None, True),
    ],
)
def test_files_are_taken_by_their_kind(types, media_type, is_taken):
    asked = read_asked({"accept_types": ["file"], "accept_media_types": types})

    assert asked.takes_file(media_type) is is_taken
    assert read_asked({"accept_types": ["link"]}).takes_file(media_type) is False

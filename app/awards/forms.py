"""Forms of Souvenirs: a list of people, a code for an event, a code that somebody types."""

import secrets
from typing import Any, Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

from app.awards.claims import MAX_COUNT
from app.core.forms import Form
from app.courses.models import Person
from app.mapping.schedule import DEFAULT_ZONE, list_zones, to_utc
from app.mapping.wording import clean_line

MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
BAD_MOMENT = _l("Give day and time, such as 2026-12-18 18:00")
MAX_PASTED = 2_000_000
COUNT_WORDS = _l("Give a whole number from 1 to 100,000")
KEY_CHARACTERS = (16, 64)


class ListForm(Form):
    """A list of people; `key` makes a list that is sent twice one batch."""

    key = HiddenField(
        validators=[
            Length(*KEY_CHARACTERS, message=_l("The form is incomplete. Load the page again.")),
        ]
    )
    way = HiddenField()
    submit = SubmitField(_l("Check the list"))

    @classmethod
    def fresh(cls, **data: Any) -> Self:
        """Build the form, with a new key unless it was sent."""
        return cls(key=secrets.token_hex(16), **data)

    def point_out(self, name: str, message: str) -> None:
        """Put a message at a field."""
        self[name].errors = [*self[name].errors, message]


class RosterForm(ListForm):
    """Learners of a course, ticked."""

    people = SelectMultipleField(
        _l("Learners"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        invalid_choice_message=_l("Choose from this list only; if that does not help, reload"),
        validators=[InputRequired(_l("Tick at least one learner"))],
    )

    @classmethod
    def for_people(cls, people: list[Person], holders: set[int]) -> Self:
        """Build the form; those who hold the Souvenir cannot be chosen."""
        form = cls.fresh(way="roster")
        form.people.choices = [
            SelectChoice(person.id, person.display_name)
            for person in people
            if person.id not in holders
        ]
        if not form.is_submitted():
            form.people.data = [choice.value for choice in form.people.choices]
        return form


class PasteForm(ListForm):
    """Addresses, pasted."""

    addresses = TextAreaField(
        _l("E-mail addresses"),
        validators=[
            DataRequired(_l("Paste at least one address")),
            Length(max=MAX_PASTED, message=_l("That is too long to paste: upload it as a file")),
        ],
    )

    @classmethod
    def fresh(cls, **data: Any) -> Self:
        """Build the form; a lazy text is not escaped in a page, so the hint is none."""
        form = super().fresh(**data)
        form.addresses.description = _(
            "One per line, or parted by commas or semicolons. A name may stand with it: "
            "Ada Lovelace <ada@example.edu>. Rows copied from a spreadsheet work too."
        )
        return form


class FileForm(ListForm):
    """A CSV file."""

    file = FileField(_l("CSV file"), validators=[FileRequired(_l("Choose a file"))])


class ActForm(Form):
    """A button, guarded against forged requests."""


class RevokeForm(Form):
    """Why awards are taken back."""

    reason = TextAreaField(
        _l("Reason"),
        description=_l("It stands on the public page of each award."),
        validators=[
            DataRequired(_l("Say why: the public pages show the reason")),
            Length(max=1000, message=_l("At most 1,000 characters")),
        ],
    )
    submit = SubmitField(_l("Revoke"))


class Count(IntegerField):
    """A whole number of people."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; say plainly if it is none."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(COUNT_WORDS) from error


class ClaimForm(Form):
    """A code for an event."""

    moments: dict[str, Any]

    title = StringField(
        _l("Event"),
        description=_l("Those who claim read it, such as: Writing workshop, 12 March"),
        filters=[clean_line],
        validators=[
            DataRequired(_l("Name the event")),
            Length(max=200, message=_l("At most 200 characters")),
        ],
    )
    starts_at = DateTimeLocalField(
        _l("From"),
        format=MOMENT_FORMATS,
        invalid_value_message=BAD_MOMENT,
        validators=[InputRequired(BAD_MOMENT)],
    )
    ends_at = DateTimeLocalField(
        _l("Until"),
        format=MOMENT_FORMATS,
        invalid_value_message=BAD_MOMENT,
        validators=[InputRequired(BAD_MOMENT)],
    )
    time_zone = SelectField(
        _l("Time zone of these times"),
        choices=[SelectChoice(zone, zone.replace("_", " ")) for zone in list_zones()],
        invalid_choice_message=_l("Choose from this list only"),
        default=DEFAULT_ZONE,
    )
    max_count = Count(
        _l("At most"),
        description=_l("So many people can claim it; as many as came to the event."),
        validators=[
            InputRequired(_l("Say how many people may claim it")),
            NumberRange(1, MAX_COUNT, message=COUNT_WORDS),
        ],
    )
    submit = SubmitField(_l("Make the code"))

    @classmethod
    def fresh(cls) -> Self:
        """Build the form; until a zone is chosen, a script may propose the reader's own."""
        form = cls()
        if not form.is_submitted():
            form.time_zone.render_kw = {"data-own-zone": ""}
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then whether the times make sense together."""
        super().validate(extra_validators)
        if self.errors:
            return False
        self.moments = {}
        for name in ("starts_at", "ends_at"):
            try:
                self.moments[name] = to_utc(self[name].data, self.time_zone.data)
            except ValueError:
                self[name].errors = [_("There is no such time in this zone: the clocks skip it")]
        if not self.errors and self.moments["ends_at"] <= self.moments["starts_at"]:
            self.ends_at.errors = [_("The end must be after the beginning")]
        return not self.errors


class CodeForm(Form):
    """The code of an event, as somebody types it."""

    code = StringField(
        _l("Code from an event"),
        description=_l("Such as 7K3M-9QXT-2HC. Small letters are fine."),
        validators=[
            DataRequired(_l("Type the code that is shown at the event")),
            Length(max=40, message=_l("The code is shorter than that")),
        ],
    )
    submit = SubmitField(_l("Claim"))

"""The forms of the list: what it is narrowed to, and a new draft."""

from flask_babel import lazy_gettext as _l
from wtforms import Form as PlainForm
from wtforms import SelectField, StringField, SubmitField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp

from app.catalog.editing import MAX_SLUG
from app.catalog.editor_forms import typed_line
from app.core.forms import Form
from app.programme.wording import SLUG

NOT_LISTED = _l("Choose from the list")


class FilterForm(PlainForm):
    """What the list is narrowed to."""

    q = StringField(_l("Search"), filters=[typed_line])
    level = SelectField(_l("Level"), validate_choice=False)
    unit = SelectField(_l("Issuing unit"), validate_choice=False)
    status = SelectField(_l("Status"), validate_choice=False)


class BeginForm(Form):
    """A new achievement, of which nothing is known yet but what never changes."""

    name = StringField(
        _l("Name"),
        description=_l("What the holder can do, in a few words. It can be changed later."),
        filters=[typed_line],
        validators=[
            DataRequired(_l("Give it a name")),
            Length(max=200, message=_l("Use at most %(max)d characters for the name")),
        ],
    )
    level = SelectField(
        _l("Level"),
        description=_l("It cannot be changed later: awards rest on it."),
        validators=[InputRequired(NOT_LISTED)],
    )
    issuer = SelectField(
        _l("Issuer"),
        description=_l("In whose name it is awarded. It cannot be changed later."),
        validators=[InputRequired(NOT_LISTED)],
    )
    slug = StringField(
        _l("Short name in lists and files"),
        description=_l(
            "Small letters, digits and hyphens. Left empty, it is made from the name. "
            "It cannot be changed later."
        ),
        filters=[typed_line],
        validators=[
            Optional(),
            Length(max=MAX_SLUG, message=_l("Use at most %(max)d characters")),
            Regexp(SLUG, message=_l("Use small letters, digits and single hyphens only")),
        ],
    )
    submit = SubmitField(_l("Begin the draft"))


class ActForm(Form):
    """A button that needs nothing but to come from our own page."""

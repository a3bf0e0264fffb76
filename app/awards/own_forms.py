"""The form by which a learner says who sees a credential."""

from typing import Self

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SubmitField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from app.awards.models import Visibility
from app.core.forms import Form

WORDS = {
    Visibility.PRIVATE: _l("Nobody but me"),
    Visibility.LINK: _l("Whoever has the link"),
    Visibility.PUBLIC: _l("Everybody"),
}


class VisibilityForm(Form):
    """Who sees a credential."""

    visibility = RadioField(
        _l("It is shown to"),
        choices=[SelectChoice(each.value, words) for each, words in WORDS.items()],
        validators=[InputRequired(_l("Choose who sees it"))],
    )
    submit = SubmitField(_l("Save"))

    @classmethod
    def fresh(cls, visibility: Visibility) -> Self:
        """Build the form with what is chosen now."""
        return cls(formdata=None, visibility=visibility.value)

"""Forms by which administrators look after single awards."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form as PlainForm
from wtforms import SelectField, StringField, SubmitField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from app.awards.addresses import is_address
from app.awards.administering import State
from app.core.forms import Form
from app.mapping.wording import clean_line

STATE_WORDS = {
    State.VALID: _l("Valid"),
    State.SUSPENDED: _l("Suspended"),
    State.EXPIRED: _l("Expired"),
    State.REVOKED: _l("Revoked"),
}


class FindForm(PlainForm):
    """What awards are looked for; it is part of the address."""

    q = StringField(
        _l("Holder, micro-credential or address"),
        description=_l("A part of the name or e-mail, or the whole address of an award."),
    )
    state = SelectField(
        _l("State"),
        choices=[SelectChoice("", _l("all of them"))]
        + [SelectChoice(state.value, words) for state, words in STATE_WORDS.items()],
        validators=[Optional()],
    )
    find = SubmitField(_l("Search"))


class ReasonForm(Form):
    """Why something is done to an award."""

    reason = TextAreaField(
        _l("Reason"),
        description=_l("It stands on the award's public page. Name nobody."),
        validators=[
            DataRequired(_l("Say why: the public page shows the reason")),
            Length(max=1000, message=_l("At most 1,000 characters")),
        ],
    )
    submit = SubmitField(_l("Revoke"))


class CorrectForm(Form):
    """What is wrong in an award's credential or on its page."""

    name = StringField(
        _l("Holder's name"),
        description=_l("As it stands on the award's page. The signed credential names nobody."),
        filters=[clean_line],
        validators=[Length(max=255, message=_l("At most 255 characters"))],
    )
    email = StringField(
        _l("New e-mail address"),
        description=_l(
            "The credential then recognises its holder by this address. Left empty, it stays "
            "with the one it has."
        ),
        filters=[lambda text: (text or "").strip()],
    )
    submit = SubmitField(_l("Issue again"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then that there is something to issue."""
        super().validate(extra_validators)
        if self.email.data and not is_address(self.email.data):
            self.email.errors = [_("Give an e-mail address, such as ada@example.edu")]
        if not self.errors and not self.name.data and not self.email.data:
            self.name.errors = [_("Give a name or an address")]
        return not self.errors

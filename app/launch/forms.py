"""The form that carries a deep-linking answer to the LMS."""

from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, SubmitField


class DeepLinkReturnForm(Form):
    """Posts to the LMS, so it has no token of ours. Source: LTI Deep Linking 2.0 §4.5."""

    JWT = HiddenField()
    submit = SubmitField(_l("Add it to the course"))

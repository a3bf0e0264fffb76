"""From a click in the LMS to a known person; the only user of PyLTI1p3."""

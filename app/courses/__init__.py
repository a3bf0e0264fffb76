"""People, courses, enrolments and resource links, as the LMS tells them."""

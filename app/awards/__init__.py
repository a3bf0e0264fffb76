"""Awards: issuing, revoking, and what a learner has earned."""

"""Achievements: versions, criteria, rubrics and skills."""

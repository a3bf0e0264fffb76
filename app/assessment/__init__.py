"""The grantor's queue and workbench, rubric arithmetic, decisions."""

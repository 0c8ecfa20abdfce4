"""Pages for the quality team: decisions in a candidate's favour."""

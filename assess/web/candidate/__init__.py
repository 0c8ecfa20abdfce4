"""Pages for candidates: what is open, the statement, the attempt, the result."""

"""Pages for everybody: the start page, the accessibility statement, the health check."""

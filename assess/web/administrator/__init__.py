"""Pages for administrators: people and their roles."""

"""How do questions and documents come in from files? One reader per format, all of them bounded."""

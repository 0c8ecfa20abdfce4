"""Pages for whoever is signed in: logging in and out, password, sessions."""

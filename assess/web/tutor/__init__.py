"""Pages for tutors: the readiness queue."""

"""Pages for authors and reviewers: banks, items, specifications, reports."""

"""What do the answers say about the items and the test? Pure numpy, usable in a notebook."""

"""The floor of pages: parse, act, show. A folder for each audience, none knows another."""

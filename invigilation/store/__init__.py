"""The room's tables: sittings, their rosters, who was there, and the reports."""

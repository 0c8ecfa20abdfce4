"""Who may sit, what they get, and what it is worth: pure rules, no database, no clock, no dice."""

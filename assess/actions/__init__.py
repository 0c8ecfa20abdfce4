"""The floor of deeds: one function, one deed, one transaction, one journal entry.

The only floor that commits. Each deed takes a `Context` (who, when, where) and says what was done
or returns `Refused` with every reason.
"""

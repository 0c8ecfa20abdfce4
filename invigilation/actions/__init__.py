"""What is done in a room: one function a deed, a transaction, a journal entry."""

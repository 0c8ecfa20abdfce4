"""The pages of the room: one audience, those who invigilate."""

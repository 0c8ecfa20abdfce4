"""The JSON API of the player: the deeds of the pages, described by OpenAPI."""

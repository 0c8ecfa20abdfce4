"""The invigilated room: a house of its own beside `assess`, with the same floors inside.

It leans on `assess`; `assess` never leans on it. Only `assess.floors`, which plugs in its gate, and
`assess.app`, which plugs in its pages, may import it (see docs/decisions/0014-the-room.md).
"""

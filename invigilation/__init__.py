"""The invigilated room: a house of its own beside `assess`, empty until sittings are built.

It leans on `assess`; `assess` never leans on it. Only `assess.app` may import it, and plugs its
gate in (see docs/decisions/0001-floor-plan.md).
"""

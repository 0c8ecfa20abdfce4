"""Which pages has the room? Importing this module hangs all of them on `bp`."""

from assess.roles import Role
from invigilation.web import closing, overview, rosters, sitting, time
from invigilation.web.blueprint import bp

NAVIGATION = (("Sittings", "room.overview", (Role.INVIGILATOR,), ("/sittings",)),)
"""What stands at the top of the page for those who invigilate."""

__all__ = ["NAVIGATION", "bp", "closing", "overview", "rosters", "sitting", "time"]

"""A stretch of a room's story as one HTML page that plays without a server.

routes     GET /rooms/ROOM/story.html
page       the page: what stands in it, and what it may load, which is nothing
drawing    the moments, drawn by the templates of the room's page over a recording
still      what needs a server is left out of them
reel       every distinct text once, and who stands where
bundle     scripts and styles as one text each
"""

from __future__ import annotations

from app.web.story.routes import blueprint

__all__ = ["blueprint"]

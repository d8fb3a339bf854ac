"""The state of an episode for people: as text, as a frame of a video, and live."""

from .canvas import Pixels
from .frame import render_frame
from .live import LiveView
from .text import render_text

__all__ = ["LiveView", "Pixels", "render_frame", "render_text"]

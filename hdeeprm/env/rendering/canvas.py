"""An image that rectangles and small texts are drawn into."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]  # red, green, blue from 0 to 255

WHITE: Colour = (255, 255, 255)
INK: Colour = (64, 64, 64)
GLYPH_WIDTH, GLYPH_HEIGHT = 5, 8
"""Pixels of a character; the last row is for what reaches below the line."""
SPACING = 1  # pixels between characters


class Canvas:
    """An image, white at first. Places are in pixels from the upper left corner.

    Args:
        width: Its width in pixels.
        height: Its height in pixels.

    Attributes:
        pixels: The image so far, uint8, shape (height, width, 3).
    """

    def __init__(self, width: int, height: int) -> None:
        self.pixels: Pixels = np.full((height, width, 3), WHITE, np.uint8)

    def fill(self, left: int, top: int, width: int, height: int, colour: Colour) -> None:
        """Draw a rectangle."""
        self.pixels[top : top + height, left : left + width] = colour

    def paste(self, left: int, top: int, image: Pixels) -> None:
        """Put another image, shape (height, width, 3), over this one."""
        self.pixels[top : top + image.shape[0], left : left + image.shape[1]] = image

    def write(self, left: int, top: int, text: str, scale: int = 1, colour: Colour = INK) -> None:
        """Write a text that starts at a place; characters that have no glyph are left blank.

        Args:
            left: Where it starts.
            top: Its upper edge.
            text: One line.
            scale: How many pixels wide and high each pixel of a glyph is.
            colour: Of the characters.
        """
        for character in text:
            mask = _glyphs().get(character)
            if mask is not None:
                large = np.kron(mask, np.ones((scale, scale), np.bool_))
                area = self.pixels[top : top + large.shape[0], left : left + large.shape[1]]
                area[large[: area.shape[0], : area.shape[1]]] = colour
            left += (GLYPH_WIDTH + SPACING) * scale

    def write_before(self, right: int, top: int, text: str) -> None:
        """Write a text that ends at a place."""
        self.write(right - text_width(text), top, text)


def text_width(text: str, scale: int = 1) -> int:
    """Width of a text in pixels."""
    return max(0, len(text) * (GLYPH_WIDTH + SPACING) - SPACING) * scale


@cache
def _glyphs() -> dict[str, npt.NDArray[np.bool_]]:
    """Mask of each character, shape (GLYPH_HEIGHT, GLYPH_WIDTH), from the sheet beside this file.

    The sheet has blocks of lines: characters, and below them their pixels side by side.
    """
    lines = files(__package__).joinpath("glyphs.txt").read_text("ascii").splitlines()
    glyphs = {}
    for begin in range(0, len(lines), GLYPH_HEIGHT + 1):
        characters, *rows = lines[begin : begin + GLYPH_HEIGHT + 1]
        drawn = np.array([[pixel == "#" for pixel in row] for row in rows])
        for place, character in enumerate(characters):
            left = place * (GLYPH_WIDTH + SPACING)
            glyphs[character] = drawn[:, left : left + GLYPH_WIDTH]
    return glyphs

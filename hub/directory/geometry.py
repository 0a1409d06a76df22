"""From coordinates to the map's plane: Lambert's azimuthal equal-area projection around 52° N 10° E, in kilometres.

The outline (templates/directory/outline.svg, from Natural Earth, public domain) was drawn with the same formula. x grows to the east,
y to the south, as SVG has it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LATITUDE, _LONGITUDE, _RADIUS_KM = math.radians(52), math.radians(10), 6371
# What the outline covers; sites elsewhere are listed, not drawn.
_WEST, _NORTH, _EAST, _SOUTH = -2600, -2300, 2500, 2300
_SMALLEST_KM = 500
_MARGIN = 0.12


@dataclass(frozen=True)
class Window:
    """The part of the plane to show."""

    x: float
    y: float
    width: float
    height: float

    @property
    def view_box(self) -> str:
        """As SVG writes it."""
        return f"{self.x:.0f} {self.y:.0f} {self.width:.0f} {self.height:.0f}"

    @property
    def radius(self) -> float:
        """Of a site's dot, so that it looks the same in every window."""
        return round(self.width / 75, 2)


def project(*, latitude: float, longitude: float) -> tuple[float, float] | None:
    """This function will return x and y in km, or None where the place is off the map."""
    angle, height = math.radians(longitude) - _LONGITUDE, math.radians(latitude)
    denominator = 1 + math.sin(_LATITUDE) * math.sin(height) + math.cos(_LATITUDE) * math.cos(height) * math.cos(angle)
    if denominator < 1e-9:
        return None
    scale = _RADIUS_KM * math.sqrt(2 / denominator)
    x = scale * math.cos(height) * math.sin(angle)
    y = -scale * (math.cos(_LATITUDE) * math.sin(height) - math.sin(_LATITUDE) * math.cos(height) * math.cos(angle))
    return (round(x, 1), round(y, 1)) if _WEST <= x <= _EAST and _NORTH <= y <= _SOUTH else None


def window_around(points: Sequence[tuple[float, float]], *, ratio: float = 1.25) -> Window:
    """This function will return a window of width : height = `ratio` that holds every point with a margin; all of Europe where none."""
    if not points:
        return Window(-1900, -1900, 3900, 3900 / ratio)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    width = max((max(xs) - min(xs)) * (1 + 2 * _MARGIN), _SMALLEST_KM)
    height = max((max(ys) - min(ys)) * (1 + 2 * _MARGIN), _SMALLEST_KM / ratio)
    width, height = max(width, height * ratio), max(height, width / ratio)
    return Window((min(xs) + max(xs) - width) / 2, (min(ys) + max(ys) - height) / 2, width, height)

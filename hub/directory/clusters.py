"""Dots that lie too close are drawn as one circle with their number; a click shows the part of the map where they are apart."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.directory.geometry import Window

_COLUMNS = 22
_SMALLEST_KM = 4.0


class Dot(NamedTuple):
    """A site on the plane, in km, and how many of its charge points are free."""

    x: float
    y: float
    free: int
    evses: int


@dataclass(frozen=True)
class Cluster:
    """What one cell of the window holds: its middle, its sites, charge points and free ones, and the window to look closer."""

    x: float
    y: float
    sites: int
    evses: int
    free: int
    radius: float
    closer: str

    @property
    def is_single(self) -> bool:
        """Whether it is one site."""
        return self.sites == 1

    @property
    def text_y(self) -> float:
        """Where the number stands so that it looks centred."""
        return round(self.y + self.radius * 0.36, 2)

    @property
    def text_size(self) -> float:
        """Of the number, in km."""
        return round(self.radius * 1.05, 2)


def cluster(*, dots: Sequence[Dot], window: Window) -> list[Cluster]:
    """This function will gather the dots inside a window by cells of its grid, largest first, so that small ones stay on top."""
    cell = window.width / _COLUMNS
    cells: dict[tuple[int, int], list[Dot]] = defaultdict(list)
    for dot in dots:
        if window.x <= dot.x <= window.x + window.width and window.y <= dot.y <= window.y + window.height:
            cells[int((dot.x - window.x) / cell), int((dot.y - window.y) / cell)].append(dot)
    return sorted((_gather(inside, cell, window) for inside in cells.values()), key=lambda one: (-one.sites, one.x, one.y))


def _gather(inside: Sequence[Dot], cell: float, window: Window) -> Cluster:
    count = len(inside)
    x, y = sum(dot.x for dot in inside) / count, sum(dot.y for dot in inside) / count
    width = max(window.width / 4, _SMALLEST_KM)
    # A number needs room; a single dot does not.
    radius = cell * (0.3 if count == 1 else min(0.42 + 0.05 * len(str(count)), 0.6))
    return Cluster(
        x=round(x, 2),
        y=round(y, 2),
        sites=count,
        evses=sum(dot.evses for dot in inside),
        free=sum(dot.free for dot in inside),
        radius=round(radius, 2),
        closer=f"{x:.1f},{y:.1f},{width:.1f}",
    )


def read_window(text: str, *, ratio: float) -> Window | None:
    """This function will read a window around a point (`x,y,width`, km) from an address, or return None for what is none."""
    try:
        x, y, width = (float(part) for part in text.split(","))
    except ValueError:
        return None
    if not (-5000 <= x <= 5000 and -5000 <= y <= 5000 and _SMALLEST_KM <= width <= 5000):  # also refuses what is no number
        return None
    return Window(x - width / 2, y - width / ratio / 2, width, width / ratio)

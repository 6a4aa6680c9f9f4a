"""Memory over time as a picture: a line, and where the second pass begins; an SVG like those of `plot`."""

from collections.abc import Sequence

from benches.plot import OURS_COLOUR, STYLE, line

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 760, 320, 70, 40, 34, 20  # pixels
MOST_POINTS = 400
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)  # between the lines of a scale
LINES = 6

Point = tuple[float, float]


def drawn(points: Sequence[Point], second_pass_s: float) -> str:
    """The picture, as SVG. points: seconds, and MiB."""
    seconds, mib = (max(point[axis] for point in points) for axis in (0, 1))
    across, up = scale(seconds), scale(mib)
    x_unit = (WIDTH - LEFT - RIGHT) / seconds
    y_unit = (HEIGHT - TOP - BOTTOM) / (up[-1] or 1)
    bottom = HEIGHT - BOTTOM

    def placed(point: Point) -> Point:
        return LEFT + point[0] * x_unit, bottom - point[1] * y_unit

    places = [placed(point) for point in thinned(points)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    mark, _ = placed((second_pass_s, 0))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" role="img">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        '<text x="8" y="20">Memory of the process, MiB, by seconds since it began</text>',
        *(part for value in up for part in level(value, placed((0, value))[1])),
        *(
            f'<text x="{placed((value, 0))[0] - 8:.1f}" y="{bottom + 18}">{value}</text>'
            for value in across
            if value <= seconds
        ),
        line(mark, TOP, mark, bottom, "#333"),
        f'<text x="{mark + 6:.1f}" y="{TOP + 14}">second pass</text>',
        f'<polyline points="{path}" fill="none" stroke="{OURS_COLOUR}" stroke-width="1.5"/>',
    ]
    return "\n".join([*parts, "</svg>", ""])


def level(value: int, y: float) -> list[str]:
    """A line from left to right, and its number before it."""
    return [
        line(LEFT, y, WIDTH - RIGHT, y, "#ddd"),
        f'<text class="name" x="{LEFT - 8}" y="{y + 4:.1f}">{value}</text>',
    ]


def scale(most: float) -> list[int]:
    """Round numbers from 0 to the first one that is no less."""
    step = next((step for step in STEPS if step * LINES >= most), STEPS[-1])
    return list(range(0, int(-(-most // step)) * step + 1, step))


def thinned(points: Sequence[Point]) -> list[Point]:
    """So many points as can be seen, of each stretch the one with the most."""
    stretch = -(-len(points) // MOST_POINTS)
    return [
        max(points[first : first + stretch], key=lambda point: point[1]) for first in range(0, len(points), stretch)
    ]

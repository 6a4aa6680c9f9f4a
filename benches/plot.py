"""The results as a picture: medians as bars, the least and the most as whiskers, a group for each row, an SVG.

Seconds are drawn beside the first program of the row, which is ours: its bar has the same length in each group. The
same results give the same file. Its words are text, not outlines, and it is opaque, for white pages and dark ones.
"""

from collections.abc import Sequence
from html import escape

from benches.common import Outcome, Run, median, seconds
from benches.data import BEFORE, OURS
from benches.reports import READING
from benches.targets import TITLES, Results, in_order

ROWS = ("large", "huge", "parquet", "postgres", "csv")
WIDTH, LEFT, RIGHT = 760, 250, 60  # pixels; names to the left of LEFT, figures within RIGHT
LINE, BAR, TOP = 24, 15, 34
MOST = 4.0  # times ours: a longer bar is cut, and says so
OURS_COLOUR = "#d1495b"
COLOURS = {OURS: OURS_COLOUR, READING: "#b9b9b9", BEFORE: "#e6a3ac"}
PEER = "#6f8fb5"
UNIT = (WIDTH - LEFT - RIGHT) / MOST
STYLE = "text{font:13px sans-serif;fill:#222}.group{font-weight:bold}.name{text-anchor:end}"


def drawn(results: Results) -> str:
    """The picture, as SVG."""
    parts: list[str] = []
    y = TOP
    for row in in_order(results):
        if row in ROWS and OURS in results[row].runs:
            parts += group(TITLES[row], results[row], y)
            y += (len(results[row].runs) + 1) * LINE
    title = f'<text x="8" y="20">Times the wall time of {OURS}, and seconds: median; least to most</text>'
    scale = [part for times in range(int(MOST) + 1) for part in tick(times, y)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + LINE}" role="img">'
    paper = f'<rect width="{WIDTH}" height="{y + LINE}" fill="white"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", paper, title, *scale, *parts, "</svg>", ""])


def tick(times: int, bottom: int) -> list[str]:
    """A line from top to bottom, and its number below."""
    x = LEFT + times * UNIT
    return [line(x, TOP, x, bottom, "#ddd"), f'<text x="{x - 4:.1f}" y="{bottom + 16}">{times}</text>']


def group(title: str, outcome: Outcome, top: int) -> list[str]:
    """A heading, and a bar for each program below it."""
    ours = median(outcome.runs[OURS]).wall_s
    heading = f'<text class="group" x="8" y="{top + BAR}">{escape(title)}</text>'
    bars = [
        part
        for number, (name, runs) in enumerate(outcome.runs.items(), 1)
        for part in bar(name, runs, ours, top + number * LINE)
    ]
    return [heading, *bars]


def bar(name: str, runs: Sequence[Run], ours: float, y: int) -> list[str]:
    """Its name, the bar, the whisker, and the seconds behind it."""
    walls = [run.wall_s for run in runs]
    least, middle, most = (LEFT + min(s / ours, MOST) * UNIT for s in (min(walls), median(runs).wall_s, max(walls)))
    centre = y + BAR / 2
    label = seconds(median(runs).wall_s) + (" (cut)" if median(runs).wall_s > MOST * ours else "")
    return [
        f'<text class="name" x="{LEFT - 8}" y="{y + 12}">{escape(name)}</text>',
        f'<rect x="{LEFT}" y="{y}" width="{middle - LEFT:.1f}" height="{BAR}" fill="{COLOURS.get(name, PEER)}"/>',
        line(least, centre, most, centre, "#333"),
        f'<text x="{max(most, middle) + 6:.1f}" y="{y + 12}">{label}</text>',
    ]


def line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'

"""The table of a run as a picture: medians as bars, the least and the most as whiskers, a group for each source.

    python -m benches.plot TITLE FILE.svg < BARS

BARS is JSON, a list of what `Bar` says. It is a program of its own because matplotlib is not where the others run.
The same numbers give the same file. Its words are text, not outlines, and it is opaque, for white pages and dark ones.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl  # pyrefly: ignore[missing-import]
from matplotlib.figure import Figure  # pyrefly: ignore[missing-import]

Kind = Literal["ours", "peer", "floor"]

COLOURS: dict[Kind, str] = {"ours": "#d1495b", "peer": "#6f8fb5", "floor": "#b9b9b9"}
TIMES_OURS = 8  # seconds are shown up to here; a longer bar is cut, and says so
WIDTH_IN, BAR_IN, EDGES_IN = 8.0, 0.3, 0.9  # 8 inches are 768 pixels: nothing is scaled on a page of 800
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "store-uptime",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}


@dataclass(frozen=True)
class Bar:
    """A program: the source that it reads, its name, whose it is, and its seconds."""

    group: str
    name: str
    kind: Kind
    median: float
    least: float
    most: float


def drawn(bars: Sequence[Bar], title: str, file: Path) -> None:
    """The picture, as SVG. Bars of a group follow each other."""
    groups = [(group, list(some)) for group, some in groupby(bars, lambda bar: bar.group)]
    rows = len(bars) + len(groups)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, BAR_IN * rows + EDGES_IN), facecolor="white", layout="constrained")
        axes = figure.subplots()
        framed(axes, rows, title)
        axes.set_xlim(0, edge(bars))
        names = [name for group, some in groups for name in ("", *(bar.name for bar in some))]
        axes.set_yticks(range(rows), names)
        row = 0
        for group, some in groups:
            axes.text(0, row + 0.15, group, fontweight="bold", va="center")
            for bar in some:
                row += 1
                horizontal(axes, row, bar)
            row += 1
        figure.savefig(file, format="svg", metadata={"Date": None})


def framed(axes: Any, rows: int, title: str) -> None:
    """Seconds from left to right, rows from the top."""
    axes.set_ylim(rows - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("seconds, median; whiskers from the least to the most")
    axes.set_title(title, loc="left", fontsize=11)
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)


def edge(bars: Sequence[Bar]) -> float:
    """Where the seconds end: beyond the longest bar, but near enough that ours can be seen."""
    longest = max(bar.most for bar in bars)
    ours = max((bar.median for bar in bars if bar.kind == "ours"), default=longest)
    return min(1.12 * longest, TIMES_OURS * ours)


def horizontal(axes: Any, row: int, bar: Bar) -> None:
    """A bar with its whisker, and the median in figures behind it."""
    weight, label = "bold" if bar.kind == "ours" else "normal", f"{bar.median:.2f}"
    whisker = [[bar.median - bar.least], [bar.most - bar.median]]
    axes.barh(row, bar.median, height=0.7, color=COLOURS[bar.kind], xerr=whisker, ecolor="#333333", capsize=2)
    right = axes.get_xlim()[1]
    if bar.median > right:
        axes.annotate(
            f"{label}, cut here →", (right, row), (-5, 0), textcoords="offset points", va="center", ha="right"
        )
    else:
        axes.annotate(label, (bar.most, row), (5, 0), textcoords="offset points", va="center", fontweight=weight)


if __name__ == "__main__":
    drawn([Bar(**bar) for bar in json.load(sys.stdin)], sys.argv[1], Path(sys.argv[2]))

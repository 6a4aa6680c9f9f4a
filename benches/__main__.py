"""All that the targets are about, or some rows of it: `python -m benches [ROW …]`; docs/benchmarks.md has the method.

ROW             large, parquet, postgres, csv, stage, periods, warm, store, parts; without any, all of these; and
                huge, huge_parts
--smoke         small data, one run: figures are checked and nothing is judged; it fails where something was left out
--beside FOLDER a checkout of another version with its own `.venv`, to run beside ours
--stores N      how many stores the row `store` has in PostgreSQL, instead of 200 000; they stay for the next time
--times N       how often each program runs
--write         also into docs/benchmarks.md and its picture; rows that were not run keep what they had
"""

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benches import parts, periods, plot, reports, waits
from benches.arguments import has, is_smoke, value_of, words
from benches.common import HERE, Failed, Outcome, compile_packages, machine
from benches.data import BEFORE, SMOKE, Data, Sizes, Version, versions
from benches.targets import Results, before_table, figure_table, read, saved, target_table

ROWS: dict[str, Callable[[Data], Outcome]] = {
    "large": reports.large,
    "parquet": reports.parquet,
    "postgres": reports.postgres,
    "csv": reports.csv,
    "stage": reports.stage,
    "periods": periods.periods,
    "warm": waits.warm,
    "store": waits.store,
    "parts": parts.parts,
    "huge": reports.huge,
    "huge_parts": parts.huge_parts,
}
UNASKED = [row for row in ROWS if not row.startswith("huge")]
NOT_YET = "Not measured yet: `just bench --write` fills this in."
VALUES = ("--beside", "--stores", "--times")
DOCS = HERE.parent / "docs"
PAGE, KEPT, PICTURE = DOCS / "benchmarks.md", DOCS / "benchmarks.jsonl", DOCS / "pictures" / "benchmarks.svg"


def main() -> None:
    """Measure, print, and write if asked to."""
    rows = words(VALUES) or UNASKED
    if unknown := set(rows) - set(ROWS):
        sys.exit(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if has("--write") and (is_smoke() or has("--stores")):
        sys.exit("--write is for the usual data: neither --smoke nor --stores goes with it")
    beside = versions(value_of("--beside"))
    compile_packages()
    results = outcomes([row for row in ROWS if row in rows], sizes(), beside)
    if is_smoke():
        end_where_left_out(results)
    else:
        show(results)


def sizes() -> Sizes:
    """As usual, or what the command line says."""
    usual = SMOKE if is_smoke() else Sizes()
    if stores := value_of("--stores"):
        usual = replace(usual, in_postgres=int(stores))
    if times := value_of("--times"):
        usual = replace(usual, times=int(times), times_large=int(times))
    return usual


def outcomes(rows: list[str], sizes: Sizes, beside: list[Version]) -> Results:
    """Each row's."""
    found: dict[str, Outcome] = {}
    with TemporaryDirectory() as name, ExitStack() as stack:
        data = Data(Path(name), stack, sizes, beside)
        for row in rows:
            found[row] = outcome_of(row, data)
            print(f"{row}: {', '.join(found[row].runs) or 'nothing'}: figures checked, measured", flush=True)
    return found


def outcome_of(row: str, data: Data) -> Outcome:
    """A row's; where ours fails, the other rows go on."""
    try:
        return ROWS[row](data)
    except Failed as failure:
        return Outcome(left_out={"all of it": str(failure)})


def end_where_left_out(results: Results) -> None:
    """With an exit status, for whoever runs this unattended."""
    left_out = [f"{row}: {name}: {why}" for row, of in results.items() for name, why in of.left_out.items()]
    if left_out:
        sys.exit("\n".join(left_out))


def show(results: Results) -> None:
    """Print them, and write them down if asked to."""
    print(f"\n{machine()}\n\n{tables(results)}")
    if has("--write"):
        kept, _ = read(KEPT)
        write({**kept, **results}, machine())


def tables(results: Results) -> str:
    """What is printed, and what stands in the page."""
    parts = [figure_table(results), target_table(results)]
    if any(BEFORE in name for outcome in results.values() for name in outcome.runs):
        parts.append(before_table(results))
    return "\n\n".join(parts)


def write(results: Results, of: str) -> None:
    """The page's tables, its picture, and what they were made from."""
    saved(results, of, KEPT)
    results, of = read(KEPT)  # as they are kept, with fewer digits
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(page, results, of), encoding="utf-8")
    PICTURE.write_text(plot.drawn(results), encoding="utf-8")


def filled(page: str, results: Results, of: str) -> str:
    """The page with these results between its marks."""
    where = f"On {of}.".replace("\n", ", ") if results else NOT_YET
    between = f"<!-- figures -->\n{where}\n\n{tables(results)}\n<!-- end of figures -->"
    return re.sub(r"<!-- figures -->.*<!-- end of figures -->", lambda _: between, page, flags=re.DOTALL)


if __name__ == "__main__":
    main()

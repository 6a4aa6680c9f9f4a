"""Ids of stores and their attributes in, the chosen ones out: docs/semantics.md, "Stores".

known_attributes   the names by which stores can be grouped and chosen
chosen             the stores of some values of attributes, or with a text in their id or name
checked_choice     the same; a value that no store has is an error
<<<<<<< HEAD
choice_of          the stores of `Options.only`
=======
beside_warnings    an unknown attribute with what may explain it
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import polars as pl

from store_uptime.pipeline.data_warnings import DataWarning
from store_uptime.pipeline.errors import UnknownAttribute, UnknownValue
from store_uptime.pipeline.errors.choices import NAMED
from store_uptime.pipeline.options import Only, Options


def known_attributes(attributes: pl.DataFrame | None) -> list[str]:
    """What stores can be grouped by and chosen by. attributes: see `Report`."""
    return ["store_id"] if attributes is None else attributes.columns


def check_attribute(name: str, attributes: pl.DataFrame | None) -> None:
    """Raises UnknownAttribute."""
    known = known_attributes(attributes)
    if name not in known:
        raise UnknownAttribute(name, known)


def choice_of(stores: pl.DataFrame, attributes: pl.DataFrame | None, options: Options) -> pl.DataFrame:
    """The rows of the stores of `Options.only`. Raises UnknownAttribute, UnknownValue."""
    # Of one store there are only its own values, so that nothing can be said of the others.
    choose = checked_choice if options.store is None else chosen
    return choose(stores, attributes, options.only)


@contextmanager
def beside_warnings(warnings: Sequence[DataWarning]) -> Iterator[None]:
    """An UnknownAttribute within has the warnings of the source beside it, which may name the file that has it."""
    try:
        yield
    except UnknownAttribute as error:
        raise error.replace(beside=" ".join(map(str, warnings))) from None


def chosen(stores: pl.DataFrame, attributes: pl.DataFrame | None, only: Only, search: str = "") -> pl.DataFrame:
    """The rows of chosen stores, in their order. stores: with store_id, which is unique. Raises UnknownAttribute."""
    for name, _ in only:
        check_attribute(name, attributes)
    if not only and not search:
        return stores
    found = with_attributes(stores.select("store_id"), attributes)
    fits = [has_value(name, values) for name, values in only]
    if search:
        fits.append(pl.any_horizontal(has_text(name, search) for name in ("store_id", "name") if name in found.columns))
    return stores.filter(found.select(pl.all_horizontal(fits)).to_series())


def checked_choice(stores: pl.DataFrame, attributes: pl.DataFrame | None, only: Only, search: str = "") -> pl.DataFrame:
    """The rows of chosen stores. Raises UnknownAttribute, and UnknownValue: neither they nor the table have it."""
    found = chosen(stores, attributes, only, search)
    every = with_attributes(stores.select("store_id"), attributes)
    for name, values in only:
        listed = every[name] if attributes is None else pl.concat([every[name], attributes[name]])
        there = listed.unique().sort()
        for value in values:
            if value not in there.fill_null(""):
                known = there.drop_nulls()
                raise UnknownValue(name, value, known.head(NAMED).to_list(), max(0, known.len() - NAMED))
    return found


def with_attributes(stores: pl.DataFrame, attributes: pl.DataFrame | None) -> pl.DataFrame:
    """Stores with their attributes, null where the table has no row; in the same order."""
    if attributes is None:
        return stores
    return stores.join(attributes, on="store_id", how="left", maintain_order="left")


def has_value(name: str, values: tuple[str, ...]) -> pl.Expr:
    """Whether a store has one of some values; an empty one is none."""
    return pl.col(name).fill_null("").is_in(values)


def has_text(name: str, text: str) -> pl.Expr:
    """Whether a text contains another, in upper or lower case."""
    return pl.col(name).str.contains("(?i)" + pl.escape_regex(text)).fill_null(False)

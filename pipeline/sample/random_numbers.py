"""Numbers that look random and follow from a seed, the same on any machine.

A number is drawn from a key (uint64) and a purpose (a word), as from a die for each purpose that is cast once per key.
No library's generator or hash takes part: theirs differ between versions, and the bytes of a sample must not.
"""

import zlib
from collections.abc import Iterable

import polars as pl

HEX = pl.Series([f"{number:04x}" for number in range(2**16)])


def draw(key: str, purpose: str, sides: int) -> pl.Expr:
    """A number (uint64) from 0 up to, not including, `sides`, for each value of the column `key`."""
    return next_random(pl.col(key) + salt(purpose)) % sides


def salt(purpose: str) -> pl.Expr:
    """A number for a word, far from that of any other."""
    return u64(zlib.crc32(purpose.encode()) << 32)


def next_random(key: pl.Expr) -> pl.Expr:
    """SplitMix64's next number after a state of 64 bits: https://prng.di.unimi.it/splitmix64.c."""
    return key.map_batches(splitmix64, return_dtype=pl.UInt64, is_elementwise=True)


def splitmix64(state: pl.Series) -> pl.Series:
    """Each state's output, uint64."""
    # Integers wrap around, and dividing by a power of two is a shift: Polars has no bit shift.
    z = state + 0x9E3779B97F4A7C15
    z = (z ^ (z // 2**30)) * 0xBF58476D1CE4E5B9
    z = (z ^ (z // 2**27)) * 0x94D049BB133111EB
    return z ^ (z // 2**31)


def u64(number: int) -> pl.Expr:
    """A literal of type uint64."""
    return pl.lit(number, dtype=pl.UInt64)


def uuid(key: str) -> pl.Expr:
    """An id that looks like a random UUID."""
    high, low = (next_random(pl.col(key) + salt(half)) for half in ("id, high", "id, low"))
    version_4 = high // 2**16 * 2**16 + high % 2**12 + 2**14
    variant_1 = low % 2**62 + 2**63
    digits = [four_digits(half, bit) for half in (version_4, variant_1) for bit in (48, 32, 16, 0)]
    return pl.concat_str(*digits[:2], pl.lit("-"), *separated(digits[2:6]), *digits[6:])


def separated(parts: Iterable[pl.Expr]) -> list[pl.Expr]:
    return [piece for part in parts for piece in (part, pl.lit("-"))][:-1]


def four_digits(number: pl.Expr, bit: int) -> pl.Expr:
    """Four hexadecimal digits of a number of 64 bits, from a bit on."""
    return pl.lit(HEX).gather(number // 2**bit % 2**16)

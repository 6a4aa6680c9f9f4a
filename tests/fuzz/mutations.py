"""Small faults in bytes: what a disk, an export, a spreadsheet or somebody's hand does to a file.

mutated   bytes with one to four faults; which ones, a generator says
"""

import re
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, bytes], bytes]

HUGE = (b"9" * 400, b"-9223372036854775809", b"18446744073709551616", b"1e999", b"-0", b"NaN", b"inf", b"0x10", b"2.7")
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0", b"\0\0\0\0", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1")
WORDS = (
    b"null",
    b"infinity",
    b"now",
    b"24:00",
    b"23:59:60",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x8d\x95",
    b"\\N",
    b" ",
)
SEPARATORS = (b",", b";", b"\t", b"|", b'"', b"\n", b"\r\n", b"\r", b"'", b":", b" ")
NUMBER = re.compile(rb"[0-9]+")


def mutated(random: Random, data: bytes, kinds: "Sequence[Mutation] | None" = None) -> bytes:
    """The bytes with one to four faults."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 4))):
        data = random.choice(kinds or ANY)(random, data)
    return data


def position(random: Random, data: bytes) -> int:
    """Somewhere in the bytes; the beginning and the end are met more often than by chance."""
    near = min(64, len(data))
    return random.choice((random.randint(0, len(data)), random.randint(0, near), len(data) - random.randint(0, near)))


def span(random: Random, data: bytes) -> tuple[int, int]:
    """A piece of the bytes, mostly a short one."""
    start = position(random, data)
    return start, min(len(data), start + random.choice((1, 4, 16, 256, len(data))))


def truncated(random: Random, data: bytes) -> bytes:
    """Cut off."""
    return data[: position(random, data)]


def beheaded(random: Random, data: bytes) -> bytes:
    """Without its beginning."""
    return data[position(random, data) :]


def bit_flipped(random: Random, data: bytes) -> bytes:
    """With some bits the other way."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 3, 20))):
        if changed:
            changed[min(position(random, data), len(data) - 1)] ^= 1 << random.randrange(8)
    return bytes(changed)


def byte_set(random: Random, data: bytes) -> bytes:
    """With one byte at the end of its range."""
    at = position(random, data)
    return data[:at] + bytes([random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))]) + data[at + 1 :]


def removed(random: Random, data: bytes) -> bytes:
    """Without a piece."""
    start, end = span(random, data)
    return data[:start] + data[end:]


def repeated(random: Random, data: bytes) -> bytes:
    """With a piece more than once."""
    start, end = span(random, data)
    return data[:end] + data[start:end] * random.choice((1, 2, 50)) + data[end:]


def spliced(random: Random, data: bytes) -> bytes:
    """With a piece from elsewhere in it."""
    (start, end), at = span(random, data), position(random, data)
    return data[:at] + data[start:end] + data[at:]


def inserted(random: Random, data: bytes) -> bytes:
    """With something that means something to somebody."""
    at = position(random, data)
    return data[:at] + random.choice((*HUGE, *MARKS, *WORDS, *SEPARATORS)) + data[at:]


def begun_otherwise(random: Random, data: bytes) -> bytes:
    """With another mark before it."""
    return random.choice(MARKS) + data


def number_changed(random: Random, data: bytes) -> bytes:
    """With another number in the place of one."""
    numbers = list(NUMBER.finditer(data))
    if not numbers:
        return data
    found = random.choice(numbers)
    return data[: found.start()] + random.choice(HUGE) + data[found.end() :]


def separator_swapped(random: Random, data: bytes) -> bytes:
    """With one separator in the place of another, everywhere or once."""
    old, new = random.sample(SEPARATORS, 2)
    return data.replace(old, new, random.choice((-1, 1, 3)))


def encoded_otherwise(random: Random, data: bytes) -> bytes:
    """In another encoding."""
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7"))
    return data.decode("utf-8", "replace").encode(encoding, "replace")


def lines_shuffled(random: Random, data: bytes) -> bytes:
    """With some lines elsewhere, or more than once."""
    lines = data.splitlines(keepends=True) or [b""]
    lines.insert(random.randrange(len(lines) + 1), random.choice(lines))
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


def columns_shuffled(random: Random, data: bytes) -> bytes:
    """With the columns of the header in another order, or some of them missing or twice."""
    header, end, rest = data.partition(b"\n")
    names = header.split(b",")
    random.shuffle(names)
    return (
        b",".join(names[: random.choice((1, len(names), len(names)))] + names[: random.choice((0, 0, 1))]) + end + rest
    )


def fields_added(random: Random, data: bytes) -> bytes:
    """With a line that has more fields, or fewer."""
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    more = b"," * random.choice((1, 2, 3, 7, 300)) + random.choice((b"", b"x", b'"', b'"x"'))
    lines[at] = lines[at].rpartition(b",")[0] if random.random() < 0.3 else lines[at] + more
    return b"\n".join(lines)


def field_quoted(random: Random, data: bytes) -> bytes:
    """With quotes around something, or one of them alone."""
    start, end = span(random, data)
    opened, closed = random.choice(((b'"', b'"'), (b'"', b""), (b'""', b'"'), (b'"\n', b'"'), (b"'", b"'")))
    return data[:start] + opened + data[start:end] + closed + data[end:]


def lengthened(random: Random, data: bytes) -> bytes:
    """With one very long piece."""
    at = position(random, data)
    return (
        data[:at]
        + random.choice((b"a", b'"', b",", b"\n", b"0", b" ", b"\0")) * random.choice((200, 70_000))
        + data[at:]
    )


def length_changed(random: Random, data: bytes) -> bytes:
    """With another number where the length of a Parquet footer stands."""
    lengths = (0, 1, len(data), max(8, len(data)) - 8, 2**31 - 1, 2**31, 2**32 - 1)
    number = random.choice((*lengths, random.randrange(2**16)))
    return data[:-8] + number.to_bytes(4, "little") + data[-4:]


def footer_changed(random: Random, data: bytes) -> bytes:
    """With faults in its Parquet footer, whose length stays true."""
    length = int.from_bytes(data[-8:-4], "little")
    start = max(4, len(data) - 8 - length)
    footer = mutated(random, data[start:-8], (bit_flipped, byte_set, removed, repeated, spliced))
    return data[:start] + footer + len(footer).to_bytes(4, "little") + data[-4:]


def pages_changed(random: Random, data: bytes) -> bytes:
    """With faults in its pages, while its Parquet footer stays as it was."""
    start = max(4, len(data) - 8 - int.from_bytes(data[-8:-4], "little"))
    pages = mutated(random, data[4:start], (bit_flipped, byte_set))
    return data[:4] + pages + data[start:]


BYTES: tuple[Mutation, ...] = (
    truncated,
    beheaded,
    bit_flipped,
    byte_set,
    removed,
    repeated,
    spliced,
    inserted,
    begun_otherwise,
)
TEXT: tuple[Mutation, ...] = (
    *BYTES,
    number_changed,
    separator_swapped,
    encoded_otherwise,
    lines_shuffled,
    columns_shuffled,
    fields_added,
    field_quoted,
    lengthened,
)
PARQUET: tuple[Mutation, ...] = (*BYTES, length_changed, *(footer_changed,) * 6, *(pages_changed,) * 6)
ANY = TEXT

"""Bytes in Thrift's compact protocol in, plain values out: how the footer of a Parquet file is written.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

A struct is a dict whose keys are the numbers of its fields, a list or a set is a list, text is bytes.
"""

import struct
from typing import Any

TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
INTEGERS = (4, 5, 6)  # of 16, 32 and 64 bits
LONG_LIST = 15
MORE = 128  # the bit of a byte after which a number goes on
MOST_BITS = 70  # ten bytes of seven bits
Struct = dict[int, Any]


class Damaged(ValueError):
    """Bytes are not what they should be."""


def read_struct(content: bytes) -> Struct:
    """The struct that bytes begin with. Raises Damaged."""
    try:
        return Reader(content).struct()
    except (IndexError, RecursionError, struct.error) as error:
        raise Damaged("it ends too early, or is none of its kind") from error


class Reader:
    """Reads value after value. Each takes a byte at least, so that no count in damaged bytes takes long to follow."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def struct(self) -> Struct:
        """The fields up to the mark of the end."""
        fields: Struct = {}
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self._integer()
            # Of a field that is true or false the kind is the value.
            fields[number] = kind == TRUE if kind in (TRUE, FALSE) else self._value(kind)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in INTEGERS:
            return self._integer()
        if kind == BINARY:
            return self._bytes(self._unsigned())
        if kind == STRUCT:
            return self.struct()
        if kind in (LIST, SET):
            return self._list()
        return self._rare_value(kind)

    def _rare_value(self, kind: int) -> Any:
        if kind in (TRUE, FALSE, BYTE):  # within a list each truth is a byte
            return self._byte()
        if kind == DOUBLE:
            return struct.unpack("<d", self._bytes(8))[0]
        if kind == MAP:
            return self._map()
        raise Damaged(f"it has a value of the unknown kind {kind}")

    def _list(self) -> list[Any]:
        head = self._byte()
        length, kind = head >> 4, head & 15
        if length == LONG_LIST:
            length = self._unsigned()
        return [self._value(kind) for _ in range(length)]

    def _map(self) -> dict[Any, Any]:
        length = self._unsigned()
        kinds = self._byte() if length else 0
        pairs = ((self._value(kinds >> 4), self._value(kinds & 15)) for _ in range(length))
        return {str(key): value for key, value in pairs}

    def _byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]

    def _bytes(self, length: int) -> bytes:
        self._at += length
        if self._at > len(self._content):
            raise IndexError
        return self._content[self._at - length : self._at]

    def _integer(self) -> int:
        zigzag = self._unsigned()
        return zigzag >> 1 ^ -(zigzag & 1)

    def _unsigned(self) -> int:
        value = self._byte()
        if value < MORE:  # as nearly all are
            return value
        value &= ~MORE
        for shift in range(7, MOST_BITS, 7):
            byte = self._byte()
            value |= (byte & ~MORE) << shift
            if byte < MORE:
                return value
        raise Damaged("it has a number of more than 64 bits")

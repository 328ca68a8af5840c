"""MessagePack, as much of it as the multi-lang protocol needs: the tests depend on no package.

https://github.com/msgpack/msgpack/blob/master/spec.md, without extension types.
"""

import struct


class Incomplete(Exception):
    """The bytes end within a value."""


def _head(small, small_limit, formats, length):
    """The header of something with a length: `formats` are (limit, first byte, struct format)."""
    if length < small_limit:
        return bytes([small | length])
    for limit, first, layout in formats:
        if length < limit:
            return bytes([first]) + struct.pack(layout, length)
    raise ValueError(length)


def _encode_integer(number):
    if 0 <= number < 0x80:
        return bytes([number])
    if -0x20 <= number < 0:
        return bytes([0x100 + number])
    for first, layout, least, most in (
            (0xCC, ">B", 0, 2**8), (0xCD, ">H", 0, 2**16), (0xCE, ">I", 0, 2**32), (0xCF, ">Q", 0, 2**64),
            (0xD0, ">b", -2**7, 0), (0xD1, ">h", -2**15, 0), (0xD2, ">i", -2**31, 0), (0xD3, ">q", -2**63, 0)):
        if least <= number < most:
            return bytes([first]) + struct.pack(layout, number)
    raise ValueError(number)


def encode(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _encode_integer(value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return _head(0xA0, 32, ((2**8, 0xD9, ">B"), (2**16, 0xDA, ">H"), (2**32, 0xDB, ">I")), len(text)) + text
    if isinstance(value, bytes):
        return _head(0, 0, ((2**8, 0xC4, ">B"), (2**16, 0xC5, ">H"), (2**32, 0xC6, ">I")), len(value)) + value
    if isinstance(value, (list, tuple)):
        return (_head(0x90, 16, ((2**16, 0xDC, ">H"), (2**32, 0xDD, ">I")), len(value))
                + b"".join(map(encode, value)))
    if isinstance(value, dict):
        return (_head(0x80, 16, ((2**16, 0xDE, ">H"), (2**32, 0xDF, ">I")), len(value))
                + b"".join(encode(key) + encode(entry) for key, entry in value.items()))
    raise TypeError(type(value))


_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
            0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_LENGTHS = {0xC4: (">B", "binary"), 0xC5: (">H", "binary"), 0xC6: (">I", "binary"),
            0xD9: (">B", "string"), 0xDA: (">H", "string"), 0xDB: (">I", "string"),
            0xDC: (">H", "array"), 0xDD: (">I", "array"), 0xDE: (">H", "map"), 0xDF: (">I", "map")}


class _Decoder:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        if len(self.data) - self.at < count:
            raise Incomplete
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def value(self):
        first = self.number(">B")
        if first < 0x80:
            return first
        if first >= 0xE0:
            return first - 0x100
        if first in _CONSTANTS:
            return _CONSTANTS[first]
        if first in _NUMBERS:
            return self.number(_NUMBERS[first])
        if first in _LENGTHS:
            layout, kind = _LENGTHS[first]
            return self.sized(kind, self.number(layout))
        if first < 0x90:
            return self.sized("map", first & 0x0F)
        if first < 0xA0:
            return self.sized("array", first & 0x0F)
        if first < 0xC0:
            return self.sized("string", first & 0x1F)
        raise ValueError(f"the byte {first:#x} begins no value")

    def sized(self, kind, count):
        if kind == "binary":
            return bytes(self.take(count))
        if kind == "string":
            return self.take(count).decode()
        if kind == "array":
            return [self.value() for _ in range(count)]
        return {self.value(): self.value() for _ in range(count)}


def decode_first(data):
    """The first value of the bytes, and its length. Raises Incomplete where it is not whole."""
    decoder = _Decoder(data)
    return decoder.value(), decoder.at

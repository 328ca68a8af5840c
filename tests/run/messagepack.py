"""MessagePack for the tests: what a component of pystorm would send and understand."""

import struct


def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return pack_integer(value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return header(len(data), 0xA0, 31, (0xD9, 0xDA, 0xDB)) + data
    if isinstance(value, bytes):
        return header(len(value), None, -1, (0xC4, 0xC5, 0xC6)) + value
    if isinstance(value, (list, tuple)):
        return header(len(value), 0x90, 15, (None, 0xDC, 0xDD)) + b"".join(map(pack, value))
    return header(len(value), 0x80, 15, (None, 0xDE, 0xDF)) + b"".join(
        pack(key) + pack(entry) for key, entry in value.items())


def header(length, fixed, most, codes):
    """The shortest header of something so long."""
    if length <= most:
        return bytes([fixed | length])
    for code, format, limit in zip(codes, (">BB", ">BH", ">BI"), (1 << 8, 1 << 16, 1 << 32)):
        if code is not None and length < limit:
            return struct.pack(format, code, length)
    raise ValueError(length)


def pack_integer(value):
    if 0 <= value < 128:
        return bytes([value])
    if -32 <= value < 0:
        return struct.pack(">b", value)
    forms = [(0xCC, "B"), (0xCD, "H"), (0xCE, "I"), (0xCF, "Q")] if value > 0 else [
        (0xD0, "b"), (0xD1, "h"), (0xD2, "i"), (0xD3, "q")]
    for code, format in forms:
        try:
            return bytes([code]) + struct.pack(">" + format, value)
        except struct.error:
            pass
    raise ValueError(value)


class Short(Exception):
    """The value is not whole."""


def unpack(data, at=0):
    """The value at a place, and the place behind it."""
    code, at = take(data, at, "B")
    if code < 0x80:
        return code, at
    if code < 0x90:
        return unpack_map(data, at, code & 15)
    if code < 0xA0:
        return unpack_list(data, at, code & 15)
    if code < 0xC0:
        return unpack_string(data, at, code & 31)
    if code >= 0xE0:
        return code - 256, at
    if code in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[code], at
    if code in NUMBERS:
        return take(data, at, NUMBERS[code])
    format, read = LENGTHS[code]
    length, at = take(data, at, format)
    return read(data, at, length)


def take(data, at, format):
    end = at + struct.calcsize(">" + format)
    if end > len(data):
        raise Short
    return struct.unpack(">" + format, data[at:end])[0], end


def unpack_bytes(data, at, length):
    if at + length > len(data):
        raise Short
    return bytes(data[at:at + length]), at + length


def unpack_string(data, at, length):
    text, at = unpack_bytes(data, at, length)
    return text.decode(), at


def unpack_list(data, at, length):
    values = []
    for _ in range(length):
        value, at = unpack(data, at)
        values.append(value)
    return values, at


def unpack_map(data, at, length):
    values, at = unpack_list(data, at, 2 * length)
    return dict(zip(values[::2], values[1::2])), at


NUMBERS = {0xCA: "f", 0xCB: "d", 0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q", 0xD0: "b", 0xD1: "h", 0xD2: "i",
           0xD3: "q"}
LENGTHS = {0xC4: ("B", unpack_bytes), 0xC5: ("H", unpack_bytes), 0xC6: ("I", unpack_bytes),
           0xD9: ("B", unpack_string), 0xDA: ("H", unpack_string), 0xDB: ("I", unpack_string),
           0xDC: ("H", unpack_list), 0xDD: ("I", unpack_list), 0xDE: ("H", unpack_map), 0xDF: ("I", unpack_map)}

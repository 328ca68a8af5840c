package cstorm.multilang;

import java.io.IOException;
import java.lang.reflect.Array;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Appends values as MessagePack to bytes in memory. Not for use by several threads at once. */
final class MessagePackWriter {
    private static final int INITIAL_CAPACITY = 16 << 10;
    private static final int KEPT_CAPACITY = 1 << 20;

    private byte[] bytes = new byte[INITIAL_CAPACITY];
    private int size;

    byte[] bytes() {
        return bytes;
    }

    int size() {
        return size;
    }

    /** Forgets everything from a size on that was true before. */
    void truncate(int newSize) {
        size = newSize;
    }

    /** Forgets everything, and gives back the memory that a large message took. */
    void clear() {
        size = 0;
        if (bytes.length > KEPT_CAPACITY) {
            bytes = new byte[INITIAL_CAPACITY];
        }
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    void writeMapHeader(int count) {
        writeHeader(count, 0x80, 15, 0xde);
    }

    void writeArrayHeader(int count) {
        writeHeader(count, 0x90, 15, 0xdc);
    }

    /** Writes what has been encoded before. */
    void writeRaw(byte[] encoded) {
        reserve(encoded.length);
        System.arraycopy(encoded, 0, bytes, size, encoded.length);
        size += encoded.length;
    }

    /** Writes text; half of a surrogate pair, which UTF-8 cannot say, becomes a question mark. */
    void writeString(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        int length = encoded.length;
        reserve(length + 5);
        if (length < 32) {
            bytes[size++] = (byte) (0xa0 | length);
        } else if (length < 1 << 8) {
            bytes[size++] = (byte) 0xd9;
            bytes[size++] = (byte) length;
        } else {
            putLength(length, 0xda);
        }
        System.arraycopy(encoded, 0, bytes, size, length);
        size += length;
    }

    void writeNull() {
        putByte(0xc0);
    }

    void writeLong(long value) {
        reserve(9);
        if (value >= -32 && value < 128) {
            bytes[size++] = (byte) value;
        } else if (value >= 0) {
            writeUnsigned(value);
        } else if (value >= Byte.MIN_VALUE) {
            put(0xd0, value, 1);
        } else if (value >= Short.MIN_VALUE) {
            put(0xd1, value, 2);
        } else if (value >= Integer.MIN_VALUE) {
            put(0xd2, value, 4);
        } else {
            put(0xd3, value, 8);
        }
    }

    /** Writes any value: what MessagePack has no type for becomes its toString(). */
    void writeValue(Object value) throws IOException {
        writeValue(value, 0);
    }

    private void writeValue(Object value, int depth) throws IOException {
        if (value == null) {
            putByte(0xc0);
        } else if (value instanceof CharSequence || value instanceof Character) {
            writeString(value.toString());
        } else if (value instanceof Number) {
            writeNumber((Number) value);
        } else if (value instanceof Boolean) {
            putByte((Boolean) value ? 0xc3 : 0xc2);
        } else if (value instanceof byte[]) {
            writeBytes((byte[]) value);
        } else if (value instanceof Map || value instanceof Iterable || value.getClass().isArray()) {
            writeContainer(value, depth + 1);
        } else {
            writeString(String.valueOf(value.toString()));
        }
    }

    private void writeContainer(Object value, int depth) throws IOException {
        if (depth > Limits.NESTING) {
            throw new IOException("a value is nested more than " + Limits.NESTING + " deep, or contains itself");
        }
        if (value instanceof Map) {
            writeMap((Map<?, ?>) value, depth);
        } else if (value instanceof Iterable) {
            writeIterable((Iterable<?>) value, depth);
        } else {
            int length = Array.getLength(value);
            writeArrayHeader(length);
            for (int i = 0; i < length; i++) {
                writeValue(Array.get(value, i), depth);
            }
        }
    }

    private void writeMap(Map<?, ?> map, int depth) throws IOException {
        int left = map.size();
        writeMapHeader(left);
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            writeString(String.valueOf(entry.getKey()));
            writeValue(entry.getValue(), depth);
            left--;
        }
        checkUnchanged(left);
    }

    private void writeIterable(Iterable<?> values, int depth) throws IOException {
        Collection<?> collection;
        if (values instanceof Collection) {
            collection = (Collection<?>) values;
        } else {
            List<Object> copy = new ArrayList<>();
            values.forEach(copy::add);
            collection = copy;
        }
        int left = collection.size();
        writeArrayHeader(left);
        for (Object value : collection) {
            writeValue(value, depth);
            left--;
        }
        checkUnchanged(left);
    }

    /** The header has said how many there are: with more or less, all that follows would be taken for something else. */
    private static void checkUnchanged(int left) throws IOException {
        if (left != 0) {
            throw new IOException("a collection was changed while it was written");
        }
    }

    private void writeNumber(Number number) {
        if (number instanceof Integer || number instanceof Long || number instanceof Short || number instanceof Byte
                || number instanceof AtomicInteger || number instanceof AtomicLong) {
            writeLong(number.longValue());
        } else if (number instanceof Float) {
            reserve(5);
            put(0xca, Float.floatToRawIntBits(number.floatValue()), 4);
        } else if (number instanceof BigInteger) {
            writeBigInteger((BigInteger) number);
        } else {
            reserve(9);
            put(0xcb, Double.doubleToRawLongBits(number.doubleValue()), 8);
        }
    }

    /** An integer that takes more than 64 bits becomes its digits, so that nothing is lost. */
    private void writeBigInteger(BigInteger value) {
        if (value.bitLength() < 64) {
            writeLong(value.longValue());
        } else if (value.signum() > 0 && value.bitLength() == 64) {
            reserve(9);
            put(0xcf, value.longValue(), 8);
        } else {
            writeString(value.toString());
        }
    }

    private void writeBytes(byte[] value) {
        reserve(value.length + 5);
        if (value.length < 1 << 8) {
            put(0xc4, value.length, 1);
        } else {
            putLength(value.length, 0xc5);
        }
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
    }

    private void writeUnsigned(long value) {
        if (value < 1 << 8) {
            put(0xcc, value, 1);
        } else if (value < 1 << 16) {
            put(0xcd, value, 2);
        } else if (value < 1L << 32) {
            put(0xce, value, 4);
        } else {
            put(0xcf, value, 8);
        }
    }

    /** A length in the type byte itself if it is small, else in 2 or 4 bytes after it. */
    private void writeHeader(int count, int smallType, int largestSmall, int type16) {
        reserve(5);
        if (count <= largestSmall) {
            bytes[size++] = (byte) (smallType | count);
        } else {
            putLength(count, type16);
        }
    }

    /** The type with a 4 byte length always follows that with a 2 byte one. */
    private void putLength(int length, int type16) {
        if (length < 1 << 16) {
            put(type16, length, 2);
        } else {
            put(type16 + 1, length, 4);
        }
    }

    private void putByte(int type) {
        reserve(1);
        bytes[size++] = (byte) type;
    }

    private void put(int type, long value, int count) {
        bytes[size++] = (byte) type;
        for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
            bytes[size++] = (byte) (value >> shift);
        }
    }

    private void reserve(int count) {
        if (count > bytes.length - size) {
            int doubled = (int) Math.min(2L * bytes.length, Integer.MAX_VALUE - 8);
            bytes = Arrays.copyOf(bytes, Math.max(doubled, Math.addExact(size, count)));
        }
    }
}

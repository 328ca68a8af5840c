package cstorm.multilang;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.multilang.NoOutputException;

/**
 * Reads messages from a component's output.
 *
 * <p>Memory is taken only for bytes that have come, never for a length that they claim. After a failure the place where the
 * next message starts is not known: the reader must not be used again.
 */
final class MessagePackReader {
    /** How a message that is a map, the usual case, is handed over: key by key. */
    interface Fields {
        void field(String key) throws IOException, NoOutputException;
    }

    private static final int CAPACITY = 64 << 10;
    private static final int KEPT_CAPACITY = 1 << 20;
    private static final int LONGEST_CACHED = 32;

    private final InputStream in;
    private byte[] bytes = new byte[CAPACITY];
    private int next;
    private int limit;
    private long passed; // bytes of the output that came before bytes[0]
    private long messageStart;
    private long messages;
    private final String[] names = new String[256];
    private final byte[][] nameBytes = new byte[256][];

    MessagePackReader(InputStream in) {
        this.in = in;
    }

    /** Reads one message, which must be a map: each of the fields must be taken with a read. */
    void readMessage(Fields fields) throws IOException, NoOutputException {
        messageStart = passed + next;
        if (next == limit && bytes.length > KEPT_CAPACITY) {
            bytes = new byte[CAPACITY];
            passed += next;
            next = limit = 0;
        }
        int type = readByte();
        int count;
        if ((type & 0xf0) == 0x80) {
            count = type & 0xf;
        } else if (type == 0xde || type == 0xdf) {
            count = readLength(type - 0xdd, 2);
        } else {
            next--;
            throw wrong("a message must be a map, not " + describe(readValue()));
        }
        for (int i = 0; i < count; i++) {
            fields.field(readKey());
        }
        messages++;
    }

    Object readValue() throws IOException, NoOutputException {
        return readValue(1);
    }

    /** Reads text that comes again and again, such as the name of a stream, or null. */
    String readName(String what) throws IOException, NoOutputException {
        int type = readByte();
        if ((type & 0xe0) == 0xa0) {
            return readName(type & 0x1f);
        }
        next--;
        return readString(what);
    }

    /** Reads text or null. */
    String readString(String what) throws IOException, NoOutputException {
        Object value = readValue();
        if (value != null && !(value instanceof String)) {
            throw wrong(what + " must be a string, not " + describe(value));
        }
        return (String) value;
    }

    /** An error that says where it was found. */
    IOException wrong(String what) {
        return new IOException("message " + messages + " of the component, byte " + (passed + next - messageStart) + " (byte "
            + (passed + next) + " of its output): " + what);
    }

    static String describe(Object value) {
        if (value == null) {
            return "null";
        } else if (value instanceof String) {
            return "a string";
        } else if (value instanceof Boolean) {
            return "a boolean";
        } else if (value instanceof Double) {
            return "a float";
        } else if (value instanceof Number) {
            return "an integer";
        } else if (value instanceof byte[]) {
            return "binary data";
        }
        return value instanceof Map ? "a map" : "an array";
    }

    private Object readValue(int depth) throws IOException, NoOutputException {
        int type = readByte();
        if (type < 0x80 || type >= 0xe0) {
            return (int) (byte) type;
        } else if (type < 0x90) {
            return readMap(type & 0xf, depth);
        } else if (type < 0xa0) {
            return readArray(type & 0xf, depth);
        } else if (type < 0xc0) {
            return readText(type & 0x1f);
        }
        switch (type) {
            case 0xc0:
                return null;
            case 0xc2:
                return Boolean.FALSE;
            case 0xc3:
                return Boolean.TRUE;
            case 0xc4:
            case 0xc5:
            case 0xc6:
                return readBinary(readLength(type - 0xc4, 1));
            case 0xca:
                return (double) Float.intBitsToFloat((int) readBits(4));
            case 0xcb:
                return Double.longBitsToDouble(readBits(8));
            case 0xcc:
            case 0xcd:
            case 0xce:
                return narrow(readBits(1 << type - 0xcc));
            case 0xcf:
                return readUnsigned64();
            case 0xd0:
                return (int) (byte) readBits(1);
            case 0xd1:
                return (int) (short) readBits(2);
            case 0xd2:
                return (int) readBits(4);
            case 0xd3:
                return narrow(readBits(8));
            case 0xd9:
            case 0xda:
            case 0xdb:
                return readText(readLength(type - 0xd9, 1));
            case 0xdc:
            case 0xdd:
                return readArray(readLength(type - 0xdc, 2), depth);
            case 0xde:
            case 0xdf:
                return readMap(readLength(type - 0xde, 2), depth);
            case 0xc1:
                next--;
                throw wrong("0xc1 starts no value");
            default:
                next--;
                throw wrong(String.format("0x%02x starts an extension type, which a tuple cannot carry", type));
        }
    }

    private List<Object> readArray(int count, int depth) throws IOException, NoOutputException {
        checkContainer(count, depth);
        List<Object> list = new ArrayList<>(Math.min(count, 64));
        for (int i = 0; i < count; i++) {
            list.add(readValue(depth + 1));
        }
        return list;
    }

    private Map<String, Object> readMap(int count, int depth) throws IOException, NoOutputException {
        checkContainer(count, depth);
        Map<String, Object> map = new HashMap<>(Math.min(2 * count, 64));
        for (int i = 0; i < count; i++) {
            String key = readKey();
            map.put(key, readValue(depth + 1));
        }
        return map;
    }

    private void checkContainer(int count, int depth) throws IOException {
        if (depth > Limits.NESTING) {
            throw wrong("values are nested more than " + Limits.NESTING + " deep");
        }
        checkLength(count);
    }

    /** A key as text: what JSON would have made of one that is not. */
    private String readKey() throws IOException, NoOutputException {
        int type = readByte();
        if ((type & 0xe0) == 0xa0) {
            return readName(type & 0x1f);
        }
        next--;
        Object key = readValue(Limits.NESTING);
        if (key instanceof byte[] || key instanceof List || key instanceof Map) {
            throw wrong("the key of a map must be a string, not " + describe(key));
        }
        return String.valueOf(key);
    }

    /** Text of which there is likely one copy already. */
    private String readName(int length) throws IOException, NoOutputException {
        require(length);
        int hash = length;
        for (int i = 0; i < length; i++) {
            hash = 31 * hash + bytes[next + i];
        }
        int slot = (hash ^ hash >>> 8) & 0xff;
        byte[] known = nameBytes[slot];
        if (known == null || !Arrays.equals(known, 0, known.length, bytes, next, next + length)) {
            if (length > LONGEST_CACHED) {
                return readText(length);
            }
            nameBytes[slot] = Arrays.copyOfRange(bytes, next, next + length);
            names[slot] = new String(bytes, next, length, StandardCharsets.UTF_8);
        }
        next += length;
        return names[slot];
    }

    private String readText(int length) throws IOException, NoOutputException {
        require(length);
        String text = new String(bytes, next, length, StandardCharsets.UTF_8);
        next += length;
        return text;
    }

    private byte[] readBinary(int length) throws IOException, NoOutputException {
        require(length);
        byte[] value = Arrays.copyOfRange(bytes, next, next + length);
        next += length;
        return value;
    }

    /** Integers are as small as they can be, as in Storm's JSON, so that equal ones hash to the same task. */
    private static Object narrow(long value) {
        if (value == (int) value) {
            return (int) value;
        }
        return value;
    }

    private Object readUnsigned64() throws IOException, NoOutputException {
        long bits = readBits(8);
        if (bits >= 0) {
            return narrow(bits);
        }
        return new BigInteger(Long.toUnsignedString(bits));
    }

    /** A length in (smallest << step) bytes, which the message must have room for. */
    private int readLength(int step, int smallest) throws IOException, NoOutputException {
        return checkLength(readBits(smallest << step));
    }

    private int checkLength(long length) throws IOException {
        if (length > Limits.MESSAGE_BYTES - (passed + next - messageStart)) {
            throw wrong("a length of " + length + ": a message may have " + Limits.MESSAGE_BYTES + " bytes");
        }
        return (int) length;
    }

    private long readBits(int count) throws IOException, NoOutputException {
        require(count);
        long bits = 0;
        for (int i = 0; i < count; i++) {
            bits = bits << 8 | bytes[next++] & 0xff;
        }
        return bits;
    }

    private int readByte() throws IOException, NoOutputException {
        if (next == limit || passed + next - messageStart >= Limits.MESSAGE_BYTES) {
            require(1);
        }
        return bytes[next++] & 0xff;
    }

    /** Waits until so many bytes are there. */
    private void require(int count) throws IOException, NoOutputException {
        checkLength(count);
        while (limit - next < count) {
            fill(count);
        }
    }

    private void fill(int wanted) throws IOException, NoOutputException {
        if (limit == bytes.length) {
            makeRoom();
        }
        int count = in.read(bytes, limit, bytes.length - limit);
        if (count < 0) {
            long inMessage = passed + limit - messageStart;
            throw new NoOutputException("The component's output has ended after " + messages + " messages and "
                + (passed + limit) + " bytes"
                + (inMessage == 0 ? "" : ", " + inMessage + " bytes into a message, where " + (wanted - (limit - next))
                    + " more bytes had to come at least") + ". ");
        }
        limit += count;
    }

    /** The buffer grows only when what has come fills it. */
    private void makeRoom() {
        int left = limit - next;
        byte[] larger = left > bytes.length / 2 ? new byte[2 * bytes.length] : bytes;
        System.arraycopy(bytes, next, larger, 0, left);
        bytes = larger;
        passed += next;
        next = 0;
        limit = left;
    }
}

package cstorm.multilang;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;

/** What the tests have in common: bytes made by hand, by ours and by another implementation. */
final class Bytes {
    private Bytes() {
    }

    /** Bytes from hexadecimal digits; spaces are for the eye. */
    static byte[] hex(String digits) {
        String dense = digits.replace(" ", "");
        byte[] bytes = new byte[dense.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(dense.substring(2 * i, 2 * i + 2), 16);
        }
        return bytes;
    }

    static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** A value as ours writes it. */
    static byte[] encode(Object value) throws IOException {
        MessagePackWriter writer = new MessagePackWriter();
        writer.writeValue(value);
        return writer.toByteArray();
    }

    /** What another implementation writes. */
    static byte[] pack(Packing packing) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MessagePacker packer = MessagePack.newDefaultPacker(bytes)) {
            packing.pack(packer);
        }
        return bytes.toByteArray();
    }

    /** The value that ours reads from bytes. */
    static Object decode(byte[] bytes) throws Exception {
        return new MessagePackReader(new ByteArrayInputStream(bytes)).readValue();
    }

    /** A stream that gives one byte at a time. */
    static InputStream slowly(byte[] bytes) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, 1));
            }
        };
    }

    interface Packing {
        void pack(MessagePacker packer) throws IOException;
    }
}

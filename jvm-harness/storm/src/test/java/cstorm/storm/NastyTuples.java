package cstorm.storm;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Emits of a component whose values are of every type, form and size that the protocol allows: the same ones for a seed. */
final class NastyTuples {
    private static final int DEEPEST = 5;

    private static final String[] WHOLE = {"0", "-0", "1", "-1", "2147483647", "2147483648", "-2147483648", "-2147483649",
        "4294967295", "4294967296", "999999999999999999", "1000000000000000000", "9223372036854775799", "9223372036854775807",
        "9223372036854775808", "-9223372036854775807", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "-18446744073709551616", "79228162514264337593543950336", "340282366920938463463374607431768211456"};

    /** Fractions: of up to 18 characters they are a Double in Storm, longer ones a BigDecimal. */
    private static final String[] FRACTIONS = {"0.0", "-0.0", "0e0", "-0E-5", "0.5", "100.0", "1e2", "0.30000000000000004",
        "123456789012345.67", "1234567890123456.78", "0.00000000000000000", "-0.0000000000000000", "0.000000000000000000e9", "1e308",
        "1e309", "-1e309", "1e-400", "4.9e-324", "1.7976931348623157e308", "1.7976931348623157E+3080", "1.000000000000000000e-99",
        "92233720368547758.07", "92233720368547758.08", "-92233720368547758.08", "9223372036854775.808e3", "1.0000000000000000000",
        "18446744073709551615.0", "18446744073709551616.5e-10", "1e0000000000000000001"};

    private static final String[] TEXTS = {"", "a", "storm", "é", "日本", "😀", "\0", "a\0b", "\u007f", "\u2028", "\ufeff", "\uffff", "\"\\/",
        "\b\f\n\r\t", "end", "\nend\n", "x".repeat(31), "x".repeat(300)};

    private final Random random;

    NastyTuples(long seed) {
        random = new Random(seed);
    }

    /** An emit of so many values, as JSON or as MessagePack. */
    byte[] next(Wire wire, int values) throws IOException {
        return wire == Wire.JSON ? json(values).getBytes(StandardCharsets.UTF_8) : messagePack(values);
    }

    @SafeVarargs
    private <T> T oneOf(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String digits(int most) {
        StringBuilder digits = new StringBuilder();
        for (int i = 1 + random.nextInt(most); i > 0; i--) {
            digits.append((char) ('0' + random.nextInt(10)));
        }
        return digits.toString();
    }

    private String text() {
        StringBuilder text = new StringBuilder(oneOf(TEXTS));
        while (random.nextBoolean()) {
            text.append(oneOf(TEXTS));
        }
        return text.toString();
    }

    /** Small ones most often. */
    private int size(int most) {
        return random.nextInt(1 + random.nextInt(most));
    }

    // JSON

    private String json(int values) {
        StringBuilder tuple = new StringBuilder();
        for (int i = 0; i < values; i++) {
            tuple.append(i == 0 ? "" : ",").append(value(1));
        }
        return "{\"command\":\"emit\",\"tuple\":[" + tuple + "]}\nend\n";
    }

    private String space() {
        return oneOf("", "", "", "", " ", "\t", "\r\n", "\n \n");
    }

    private String value(int depth) {
        return space() + switch (random.nextInt(depth == DEEPEST ? 6 : 9)) {
            case 0 -> oneOf("null", "true", "false");
            case 1 -> random.nextBoolean() ? oneOf(WHOLE) : whole(40);
            case 2 -> random.nextBoolean() ? oneOf(FRACTIONS) : whole(20) + "." + digits(20);
            case 3 -> whole(12) + (random.nextBoolean() ? "." + digits(12) : "") + exponent();
            case 4, 5 -> quoted(text());
            case 6, 7 -> list(depth);
            default -> map(depth);
        } + space();
    }

    private String whole(int most) {
        String digits = digits(most).replaceFirst("^0+(?=.)", "");
        return (random.nextBoolean() ? "-" : "") + digits;
    }

    private String exponent() {
        return oneOf("e", "E", "e+", "E+", "e-", "E-") + digits(3);
    }

    private String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.codePoints().forEach(point -> {
            // Storm's parser drops a U+007F that is not escaped, in a string in which something else is.
            if (point < 0x20 || point == 0x7f || random.nextInt(8) == 0) {
                String form = random.nextBoolean() ? "\\u%04x" : "\\u%04X";
                Character.toString(point).chars().forEach(unit -> json.append(String.format(form, unit)));
            } else {
                json.append(point == '"' || point == '\\' || point == '/' && random.nextBoolean() ? "\\" : "").appendCodePoint(point);
            }
        });
        return json.append('"').toString();
    }

    private String list(int depth) {
        StringBuilder json = new StringBuilder("[");
        for (int i = size(6); i > 0; i--) {
            json.append(value(depth + 1)).append(i > 1 ? "," : "");
        }
        return json + "]";
    }

    /** With the same key twice now and then. */
    private String map(int depth) {
        StringBuilder json = new StringBuilder("{");
        for (int i = size(6); i > 0; i--) {
            json.append(space()).append(quoted(text())).append(space()).append(':').append(value(depth + 1)).append(i > 1 ? "," : "");
        }
        return json + "}";
    }

    // MessagePack

    private byte[] messagePack(int values) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeByte(0x82);
        pack(out, "command");
        pack(out, "emit");
        pack(out, "tuple");
        out.writeByte(0x90 | values);
        for (int i = 0; i < values; i++) {
            if (random.nextInt(8) == 0) {
                packBinary(out); // in a list it has no hash in Java but that of its address
            } else {
                packValue(out, 1);
            }
        }
        return bytes.toByteArray();
    }

    private void packValue(DataOutputStream out, int depth) throws IOException {
        switch (random.nextInt(depth == DEEPEST ? 5 : 8)) {
            case 0 -> out.writeByte(0xc0 + oneOf(0, 2, 3));
            case 1, 2 -> packWhole(out);
            case 3 -> packFraction(out);
            case 4 -> pack(out, text());
            case 5, 6 -> packList(out, depth);
            default -> packMap(out, depth);
        }
    }

    /** In any of its forms, the shortest or not. */
    private void packWhole(DataOutputStream out) throws IOException {
        int form = random.nextInt(9);
        long bits = random.nextLong() >> random.nextInt(64);
        if (form == 8) {
            out.writeByte(random.nextInt(160) - 32);
            return;
        }
        out.writeByte(0xcc + form);
        for (int i = (1 << form % 4) - 1; i >= 0; i--) {
            out.writeByte((int) (bits >> 8 * i));
        }
    }

    private void packFraction(DataOutputStream out) throws IOException {
        double number = switch (random.nextInt(4)) {
            case 0 -> Double.longBitsToDouble(random.nextLong());
            case 1 -> Double.longBitsToDouble(random.nextLong() | 0x7ff0_0000_0000_0000L); // NaN of many kinds
            case 2 -> random.nextInt(1000) / 8.0;
            default -> Double.parseDouble(oneOf(FRACTIONS));
        };
        if (random.nextInt(4) == 0) {
            out.writeByte(0xca);
            out.writeInt(random.nextBoolean() ? Float.floatToIntBits((float) number) : random.nextInt());
        } else {
            out.writeByte(0xcb);
            out.writeLong(Double.doubleToRawLongBits(number));
        }
    }

    private void pack(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        packLength(out, bytes.length, bytes.length < 32 ? 0xa0 : 0, 0xd9);
        out.write(bytes);
    }

    private void packBinary(DataOutputStream out) throws IOException {
        byte[] bytes = new byte[size(400)];
        random.nextBytes(bytes);
        packLength(out, bytes.length, 0, 0xc4);
        out.write(bytes);
    }

    /** In one of its forms: in the first byte if it fits there, in one byte behind it if it fits, in two, in four. */
    private void packLength(DataOutputStream out, int length, int inFirst, int first) throws IOException {
        int form = random.nextInt(4);
        if (form == 0 && inFirst != 0) {
            out.writeByte(inFirst | length);
        } else if (form <= 1 && length < 256) {
            out.writeByte(first);
            out.writeByte(length);
        } else if (form <= 2) {
            out.writeByte(first + 1);
            out.writeShort(length);
        } else {
            out.writeByte(first + 2);
            out.writeInt(length);
        }
    }

    private void packCount(DataOutputStream out, int count, int inFirst, int first) throws IOException {
        int form = random.nextInt(3);
        if (form == 0) {
            out.writeByte(inFirst | count);
        } else if (form == 1) {
            out.writeByte(first);
            out.writeShort(count);
        } else {
            out.writeByte(first + 1);
            out.writeInt(count);
        }
    }

    private void packList(DataOutputStream out, int depth) throws IOException {
        int count = size(16);
        packCount(out, count, 0x90, 0xdc);
        for (int i = 0; i < count; i++) {
            packValue(out, depth + 1);
        }
    }

    /** Keys may be whole numbers, booleans and null, too. */
    private void packMap(DataOutputStream out, int depth) throws IOException {
        int count = size(8);
        packCount(out, count, 0x80, 0xde);
        for (int i = 0; i < count; i++) {
            switch (random.nextInt(6)) {
                case 0 -> packWhole(out);
                case 1 -> out.writeByte(0xc0 + oneOf(0, 2, 3));
                default -> pack(out, text());
            }
            packValue(out, depth + 1);
        }
    }
}

package cstorm.multilang;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.storm.multilang.NoOutputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessagePackReaderTest {
    private static void assertReads(Object value, String hex) throws Exception {
        Object found = Bytes.decode(Bytes.hex(hex));
        assertEquals(value, found, hex);
        assertSame(value == null ? null : value.getClass(), found == null ? null : found.getClass(), hex);
    }

    private static String failure(String hex) {
        return assertThrows(IOException.class, () -> Bytes.decode(Bytes.hex(hex)), hex).getMessage();
    }

    @Test
    void readsEveryFormOfIntegersAsTheSmallestJavaType() throws Exception {
        assertReads(0, "00");
        assertReads(127, "7f");
        assertReads(-32, "e0");
        assertReads(-1, "ff");
        assertReads(0, "cc 00");
        assertReads(255, "cc ff");
        assertReads(65535, "cd ffff");
        assertReads(Integer.MAX_VALUE, "ce 7fffffff");
        assertReads(0x80000000L, "ce 80000000");
        assertReads(0xffffffffL, "ce ffffffff");
        assertReads(5, "cf 0000000000000005");
        assertReads(Long.MAX_VALUE, "cf 7fffffffffffffff");
        assertReads(BigInteger.ONE.shiftLeft(63), "cf 8000000000000000");
        assertReads(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE), "cf ffffffffffffffff");
        assertReads(-128, "d0 80");
        assertReads(127, "d0 7f");
        assertReads(-32768, "d1 8000");
        assertReads(Integer.MIN_VALUE, "d2 80000000");
        assertReads(5, "d3 0000000000000005");
        assertReads(Integer.MIN_VALUE, "d3 ffffffff80000000");
        assertReads(Integer.MIN_VALUE - 1L, "d3 ffffffff7fffffff");
        assertReads(Long.MIN_VALUE, "d3 8000000000000000");
    }

    @Test
    void readsEveryFormOfTheOtherTypes() throws Exception {
        assertReads(null, "c0");
        assertReads(false, "c2");
        assertReads(true, "c3");
        assertReads(0.5, "ca 3f000000");
        assertReads(0.5, "cb 3fe0000000000000");
        assertReads("", "a0");
        for (String header : new String[] {"a2", "d902", "da0002", "db00000002"}) {
            assertReads("é", header + "c3a9");
        }
        for (String header : new String[] {"c402", "c50002", "c600000002"}) {
            assertArrayEquals(new byte[] {0, -1}, (byte[]) Bytes.decode(Bytes.hex(header + "00ff")));
        }
        List<Object> list = new ArrayList<>(Arrays.asList(1, null));
        for (String header : new String[] {"92", "dc0002", "dd00000002"}) {
            assertReads(list, header + "01c0");
        }
        Map<Object, Object> map = new HashMap<>(Collections.singletonMap("a", 1));
        for (String header : new String[] {"81", "de0001", "df00000001"}) {
            assertReads(map, header + "a16101");
        }
        assertReads("\ufffd", "a1 ff");
    }

    @Test
    void makesTextOfKeysThatAreNot() throws Exception {
        assertEquals(Map.of("1", 1, "-1", 2, "true", 3, "null", 4, "0.5", 5),
            Bytes.decode(Bytes.hex("85 01 01 ff 02 c3 03 c0 04 cb3fe0000000000000 05")));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536, 300000})
    void readsAllSizesThatAreWritten(int size) throws Exception {
        String text = "é".repeat(size);
        byte[] binary = new byte[size];
        Arrays.fill(binary, (byte) 0xc1);
        Map<String, Object> map = new HashMap<>();
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            map.put("key " + i, i);
            list.add(i * i);
        }
        for (Object value : Arrays.asList(text, map, list, Arrays.asList(list, text, map))) {
            assertEquals(value, Bytes.decode(Bytes.encode(value)));
        }
        assertArrayEquals(binary, (byte[]) Bytes.decode(Bytes.encode(binary)));
    }

    @Test
    void readsMessageAfterMessageFromAStreamThatGivesLittle() throws Exception {
        byte[] one = Bytes.encode(Map.of("a", "x".repeat(50), "b", List.of(1, 70000, -5)));
        byte[][] many = new byte[3000][];
        Arrays.fill(many, one);
        byte[] all = Bytes.concat(many);
        for (InputStream in : new InputStream[] {Bytes.slowly(all), new ByteArrayInputStream(all)}) {
            MessagePackReader reader = new MessagePackReader(in);
            for (int i = 0; i < many.length; i++) {
                Map<String, Object> fields = new HashMap<>();
                reader.readMessage(key -> fields.put(key, reader.readValue()));
                assertEquals(Map.of("a", "x".repeat(50), "b", List.of(1, 70000, -5)), fields);
            }
            assertThrows(NoOutputException.class, () -> reader.readMessage(key -> { }));
        }
    }

    @Test
    void keepsNamesApartThatFallIntoTheSameSlot() throws Exception {
        List<Map<String, Object>> messages = new ArrayList<>();
        byte[][] encoded = new byte[2000][];
        for (int i = 0; i < encoded.length; i++) {
            messages.add(Map.of("name " + i % 700, i));
            encoded[i] = Bytes.encode(messages.get(i));
        }
        MessagePackReader reader = new MessagePackReader(new ByteArrayInputStream(Bytes.concat(encoded)));
        for (Map<String, Object> message : messages) {
            reader.readMessage(key -> assertEquals(message, Map.of(key, reader.readValue())));
        }
    }

    @Test
    void saysThatTheOutputEndedWhereverItIsCut() throws Exception {
        byte[] message = Bytes.encode(new TreeMap<>(Map.of(
            "a", "text", "b", "x".repeat(40), "c", new byte[3], "d", List.of(1L << 40, 300, 70000, -200, 0.5),
            "e", Map.of("k", List.of()))));
        for (int cut = 0; cut < message.length; cut++) {
            byte[] part = Bytes.concat(message, Arrays.copyOf(message, cut));
            MessagePackReader reader = new MessagePackReader(new ByteArrayInputStream(part));
            reader.readMessage(key -> reader.readValue());
            NoOutputException e = assertThrows(NoOutputException.class,
                () -> reader.readMessage(key -> reader.readValue()));
            assertTrue(e.getMessage().contains("after 1 messages and " + part.length + " bytes"), e.getMessage());
            assertEquals(cut > 0, e.getMessage().contains(", " + cut + " bytes into a message"), e.getMessage());
        }
    }

    @Test
    void saysWhereWhatIsNoValueStands() {
        assertTrue(failure("92 01 c1").contains("message 0 of the component, byte 2 (byte 2 of its output): 0xc1"));
        for (String extension : new String[] {"d4 01 00", "d8", "c7 00 01", "c8", "c9", "d6 ff 00000000"}) {
            assertTrue(failure(extension).contains("extension type"));
        }
        assertTrue(failure("81 80 01").contains("the key of a map must be a string, not a map"));
        assertTrue(failure("81 90 01").contains("not an array"));
        assertTrue(failure("81 c400 01").contains("not binary data"));
    }

    @ParameterizedTest
    @CsvSource({"01,an integer", "c0,null", "90,an array", "a0,a string", "c3,a boolean", "c400,binary data",
        "ca00000000,a float"})
    void saysWhatStandsInPlaceOfAMessage(String hex, String what) {
        MessagePackReader reader = new MessagePackReader(new ByteArrayInputStream(Bytes.hex(hex)));
        IOException e = assertThrows(IOException.class, () -> reader.readMessage(key -> { }));
        assertTrue(e.getMessage().contains("a message must be a map, not " + what), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"c6ffffffff", "dbffffffff", "ddffffffff", "dfffffffff", "db04000000", "dd04000000"})
    void refusesALengthThatNoMessageMayHave(String hex) {
        assertTrue(failure(hex).contains("a message may have 67108864 bytes"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"c603000000", "db03000000", "dd03000000", "df03000000"})
    void takesNoMemoryForALengthThatIsOnlyClaimed(String hex) {
        // Two hundred at a time of what claims 48 MiB would not fit into the memory.
        List<MessagePackReader> readers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            MessagePackReader reader = new MessagePackReader(new ByteArrayInputStream(Bytes.hex(hex + "01")));
            assertThrows(NoOutputException.class, reader::readValue);
            readers.add(reader);
        }
        assertEquals(200, readers.size());
    }

    @Test
    void refusesAMessageThatIsTooLargeAsAWhole() throws Exception {
        byte[] text = Bytes.encode("x".repeat(1 << 20));
        byte[][] parts = new byte[71][];
        Arrays.fill(parts, text);
        parts[0] = Bytes.hex("dd00000046");
        MessagePackReader reader = new MessagePackReader(new ByteArrayInputStream(Bytes.concat(parts)));
        assertTrue(assertThrows(IOException.class, reader::readValue).getMessage().contains("67108864"));
        Arrays.fill(parts, 1, parts.length, Bytes.hex("c0"));
        assertEquals(70, ((List<?>) Bytes.decode(Bytes.concat(parts))).size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"91", "81 a161"})
    void limitsNesting(String level) throws Exception {
        byte[][] levels = new byte[Limits.NESTING + 1][];
        Arrays.fill(levels, Bytes.hex(level));
        levels[Limits.NESTING] = Bytes.hex("01");
        Bytes.decode(Bytes.concat(levels));
        byte[] deeper = Bytes.concat(Bytes.hex(level), Bytes.concat(levels));
        assertTrue(assertThrows(IOException.class, () -> Bytes.decode(deeper)).getMessage().contains("1024 deep"));
    }
}

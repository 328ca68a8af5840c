package cstorm.multilang;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessagePackWriterTest {
    private static void assertWrites(String hex, Object value) throws IOException {
        assertArrayEquals(Bytes.hex(hex), Bytes.encode(value), String.valueOf(value));
    }

    @Test
    void writesEachIntegerInItsShortestForm() throws IOException {
        assertWrites("00", 0);
        assertWrites("7f", (byte) 127);
        assertWrites("cc 80", (short) 128);
        assertWrites("cc ff", 255);
        assertWrites("cd 0100", 256L);
        assertWrites("cd ffff", 65535);
        assertWrites("ce 00010000", 65536);
        assertWrites("ce ffffffff", 0xffffffffL);
        assertWrites("cf 0000000100000000", 0x100000000L);
        assertWrites("cf 7fffffffffffffff", Long.MAX_VALUE);
        assertWrites("ff", -1);
        assertWrites("e0", -32);
        assertWrites("d0 df", -33);
        assertWrites("d0 80", -128);
        assertWrites("d1 ff7f", -129);
        assertWrites("d1 8000", -32768);
        assertWrites("d2 ffff7fff", -32769);
        assertWrites("d2 80000000", Integer.MIN_VALUE);
        assertWrites("d3 ffffffff7fffffff", Integer.MIN_VALUE - 1L);
        assertWrites("d3 8000000000000000", Long.MIN_VALUE);
        assertWrites("07", new AtomicLong(7));
    }

    @Test
    void writesIntegersAsTheOtherImplementationDoes() throws IOException {
        for (int bit = 0; bit < 63; bit++) {
            for (long near = -2; near <= 2; near++) {
                for (long value : new long[] {(1L << bit) + near, -(1L << bit) + near}) {
                    assertArrayEquals(Bytes.pack(packer -> packer.packLong(value)), Bytes.encode(value), "" + value);
                }
            }
        }
    }

    @Test
    void writesLargeIntegersAsFarAsThereIsAType() throws IOException {
        assertWrites("05", BigInteger.valueOf(5));
        assertWrites("d3 8000000000000000", BigInteger.valueOf(Long.MIN_VALUE));
        assertWrites("cf 8000000000000000", BigInteger.ONE.shiftLeft(63));
        assertWrites("cf ffffffffffffffff", BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE));
        assertEquals("18446744073709551616", new String(Bytes.encode(BigInteger.ONE.shiftLeft(64)), 1, 20));
        assertEquals("-9223372036854775809",
            new String(Bytes.encode(BigInteger.valueOf(Long.MIN_VALUE).subtract(BigInteger.ONE)), 1, 20));
    }

    @Test
    void writesOtherNumbersAsFloats() throws IOException {
        assertWrites("cb 3fe0000000000000", 0.5);
        assertWrites("cb 8000000000000000", -0.0);
        assertWrites("cb 7ff0000000000000", Double.POSITIVE_INFINITY);
        assertWrites("ca 3f000000", 0.5f);
        assertWrites("cb 3fe0000000000000", new BigDecimal("0.5"));
    }

    @Test
    void writesTextBinaryAndTheRest() throws Exception {
        assertWrites("c0", null);
        assertWrites("c2", false);
        assertWrites("c3", true);
        assertWrites("a2 c3a9", "é");
        assertWrites("a2 c3a9", new StringBuilder("é"));
        assertWrites("a1 78", 'x');
        assertWrites("a4 f09f9880", "😀");
        assertWrites("a1 3f", "\ud800");
        assertWrites("c4 02 00ff", new byte[] {0, -1});
        assertWrites("a7 5345434f4e4453", TimeUnit.SECONDS);
        Object nameless = new Object() {
            @Override
            public String toString() {
                return null;
            }
        };
        assertWrites("a4 6e756c6c", nameless);
    }

    @Test
    void writesCollectionsAndArrays() throws IOException {
        assertWrites("93 01 c0 a178", Arrays.asList(1, null, "x"));
        assertWrites("91 90", new Object[] {Collections.emptySet()});
        assertWrites("92 01 02", new int[] {1, 2});
        assertWrites("91 cb3fe0000000000000", new double[] {0.5});
        assertWrites("92 c3 c2", new boolean[] {true, false});
        assertWrites("91 a178", new char[] {'x'});
        assertWrites("82 a131 80 a132 90",
            new TreeMap<>(Map.of(1, Collections.emptyMap(), 2, Collections.emptyList())));
        assertWrites("81 a46e756c6c 01", Collections.singletonMap(null, 1));
        Iterable<Object> once = () -> List.<Object>of(1, 2).iterator();
        assertWrites("92 01 02", once);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536, 100000})
    void writesAllSizesAsTheOtherImplementationDoes(int size) throws IOException {
        String text = "x".repeat(size);
        assertArrayEquals(Bytes.pack(packer -> packer.packString(text)), Bytes.encode(text));
        byte[] binary = new byte[size];
        assertArrayEquals(Bytes.pack(packer -> packer.packBinaryHeader(size).writePayload(binary)), Bytes.encode(binary));
        assertArrayEquals(Bytes.pack(packer -> {
            packer.packArrayHeader(size);
            for (int i = 0; i < size; i++) {
                packer.packInt(i);
            }
        }), Bytes.encode(IntStream.range(0, size).toArray()));
        Map<String, Object> map = new TreeMap<>();
        for (int i = 0; i < size; i++) {
            map.put("" + i, i);
        }
        assertArrayEquals(Bytes.pack(packer -> {
            packer.packMapHeader(size);
            for (Map.Entry<String, Object> entry : map.entrySet()) {
                packer.packString(entry.getKey()).packInt((Integer) entry.getValue());
            }
        }), Bytes.encode(map));
    }

    @Test
    void refusesWhatIsNestedTooDeep() throws IOException {
        Object value = 1;
        for (int i = 0; i < Limits.NESTING; i++) {
            value = Collections.singletonList(value);
        }
        assertEquals(Limits.NESTING + 1, Bytes.encode(value).length);
        Object deeper = Collections.singletonMap("x", value);
        assertTrue(assertThrows(IOException.class, () -> Bytes.encode(deeper)).getMessage().contains("1024"));
        List<Object> itself = new ArrayList<>();
        itself.add(itself);
        assertThrows(IOException.class, () -> Bytes.encode(itself));
    }

    @Test
    void noticesACollectionThatChanges() {
        Collection<Object> shrinking = new AbstractCollection<>() {
            @Override
            public int size() {
                return 2;
            }

            @Override
            public Iterator<Object> iterator() {
                return List.<Object>of(1).iterator();
            }
        };
        assertTrue(assertThrows(IOException.class, () -> Bytes.encode(shrinking)).getMessage().contains("changed"));
    }
}

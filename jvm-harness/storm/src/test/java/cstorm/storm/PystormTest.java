package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.tuple.Fields;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Components that use pystorm: alone with both serializers, and side by side with components in C. */
@ExtendWith(StormCluster.class)
class PystormTest {
    private final TestTopology topology = new TestTopology();
    private Feed feed;
    private Sink sink;

    @AfterEach
    void close() throws Exception {
        topology.close();
    }

    private void startEcho(Wire wire) throws Exception {
        feed = topology.feed("feed", "what", "more");
        topology.bolt("echo", Program.python("echo_bolt.py", wire).outputs("what", "more")
            .directStream("direct", "value")).shuffleGrouping("feed");
        sink = topology.sink("sink", in -> in.shuffleGrouping("echo").directGrouping("echo", "direct"));
        // The topology as a whole speaks it, as it would on a cluster.
        topology.configure(Config.TOPOLOGY_MULTILANG_SERIALIZER, wire.serializer()).start();
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofPython")
    void handsOnValuesOfEveryType(Wire wire) throws Exception {
        List<Object> values = Arrays.asList(
            null, true, 0, -1, Integer.MAX_VALUE, Integer.MAX_VALUE + 1L, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE,
            0.5, 1e300, "", "naïve 日本 😀 \"\n", "x".repeat(100_000), List.of(), Map.of(),
            Arrays.asList(1, null, List.of("x")), Map.of("a", List.of(1, Map.of("b", 2.5))));
        startEcho(wire);
        values.forEach(value -> feed.send("echo", value));
        List<List<Object>> found = sink.await(values.size());
        for (int i = 0; i < values.size(); i++) {
            Object value = values.get(i);
            assertEquals(Arrays.asList("echo", value), found.get(i));
            if (value instanceof Number) {
                assertSame(value.getClass(), found.get(i).get(1).getClass(), "" + value);
            }
        }
    }

    @Test
    void handsOnBinaryDataWithMessagePack() throws Exception {
        startEcho(Wire.MESSAGE_PACK);
        byte[] data = {0, -1, 'e', 'n', 'd', '\n', -128};
        feed.send("echo", data);
        assertArrayEquals(data, (byte[]) sink.await(1).get(0).get(1));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofPython")
    void answersManyTuplesInOrder(Wire wire) throws Exception {
        startEcho(wire);
        int count = 20_000;
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            ids[i] = feed.send("echo", i);
        }
        List<List<Object>> values = sink.await(count);
        for (int i = 0; i < count; i++) {
            assertEquals(List.of("echo", i), values.get(i));
        }
        feed.awaitAcked(ids);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofPython")
    void getsTheIdsOfTasksWhileTuplesAreOnTheirWay(Wire wire) throws Exception {
        startEcho(wire);
        int count = 500;
        for (int i = 0; i < count; i++) {
            feed.send("ids", i);
        }
        List<List<Object>> values = sink.await(2 * count);
        for (int i = 0; i < count; i++) {
            assertEquals(List.of("first", i), values.get(2 * i));
            // Tasks are numbered by the names of the components: the sink is the last of four.
            assertEquals(List.of("ids", List.of(4)), values.get(2 * i + 1));
        }
    }

    @Test
    void emitsToOneTaskWithMessagePack() throws Exception {
        startEcho(Wire.MESSAGE_PACK);
        feed.awaitAcked(feed.send("direct", 4));
        assertEquals(List.of(List.of(4)), sink.await(1));
        assertEquals("direct", sink.received().get(0).getSourceStreamId());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofPython")
    void reportsFailsAndLogs(Wire wire) throws Exception {
        startEcho(wire);
        feed.awaitFailed(feed.send("fail", null));
        topology.awaitError("ValueError: told to fail");
        feed.awaitAcked(feed.send("log", "naïve"));
        assertTrue(topology.logs().awaitPart("echo", "naïve").startsWith("WARN "));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofPython")
    void replaysWhatFails(Wire wire) throws Exception {
        topology.spout("sentences", Program.python("sentence_spout.py", wire).outputs("sentence"));
        sink = topology.sink("sink", in -> in.shuffleGrouping("sentences"))
            .judging(values -> values.get(0).toString().endsWith(" n3") ? Sink.Verdict.FAIL : Sink.Verdict.ACK);
        topology.configure("sentences.count", 10)
            .configure(Config.TOPOLOGY_MULTILANG_SERIALIZER, wire.serializer()).start();
        topology.logs().awaitPart("sentences", "given up 3");
        topology.logs().awaitPart("sentences", "acked 9");
        assertEquals(12, sink.await(12).size());
    }

    /** All that the two languages can speak with one another by way of Storm. */
    static List<Arguments> wires() {
        List<Arguments> wires = new ArrayList<>();
        Wire.ofPython().forEach(python -> Wire.ofC().forEach(c -> wires.add(Arguments.of(python, c))));
        return wires;
    }

    /** Sentences from Python are split by both languages, and words from Python are counted in C. */
    @ParameterizedTest
    @MethodSource("wires")
    void worksWithComponentsInC(Wire wire, Wire wireOfC) throws Exception {
        topology.spout("sentences", Program.python("sentence_spout.py", wire).outputs("sentence"));
        topology.bolt("split", Program.c(Programs.wordcount(), wireOfC).outputs("word"), 2)
            .shuffleGrouping("sentences");
        topology.bolt("pysplit", Program.python("split_bolt.py", wire).outputs("word"), 2).shuffleGrouping("sentences");
        topology.bolt("count", Program.c(Programs.wordcount(), wireOfC).outputs("word", "count")
            .configure(Config.TOPOLOGY_TICK_TUPLE_FREQ_SECS, 1), 2).fieldsGrouping("pysplit", new Fields("word"));
        Sink words = topology.sink("words", in -> in.shuffleGrouping("split"));
        Sink counts = topology.sink("counts", in -> in.globalGrouping("count"));
        int sentences = 2000;
        topology.configure("sentences.count", sentences).configure(Config.TOPOLOGY_MAX_SPOUT_PENDING, 500).start();

        Map<Object, Integer> expected = new HashMap<>();
        words.await(3 * sentences).forEach(values -> expected.merge(values.get(0), 1, Integer::sum));
        Await.until("the counts are those of the words", () -> totals(counts).equals(expected), () -> totals(counts));
        assertEquals(sentences + 7, expected.size());
        Await.until("all sentences are acked",
            () -> topology.logs().of("sentences").stream().filter(line -> line.contains(" acked ")).count() == sentences,
            () -> new ArrayList<>(topology.logs().of("sentences")).size() + " lines");
        assertEquals(List.of(), topology.errors());
    }

    private static Map<Object, Object> totals(Sink counts) {
        Map<Object, Object> totals = new HashMap<>();
        counts.values().forEach(values -> totals.put(values.get(0), values.get(1)));
        return totals;
    }
}

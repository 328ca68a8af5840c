package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.storm.Config;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The ways of writing a component in C (ways.c) under a real Storm. */
@ExtendWith(StormCluster.class)
class WaysTest {
    private final TestTopology topology = new TestTopology();
    private Feed feed;
    private Sink sink;

    @AfterEach
    void close() throws Exception {
        topology.close();
    }

    private Program program(Wire wire, String... outputs) {
        return Program.c(Programs.ways(), wire).outputs(outputs);
    }

    /** A feed, a bolt of the program, and a sink. */
    private void startBolt(String bolt, Program program) throws Exception {
        feed = topology.feed("feed", "text", "number", "flag", "more");
        topology.bolt(bolt, program).shuffleGrouping("feed");
        sink = topology.sink("sink", in -> in.shuffleGrouping(bolt));
        topology.start();
    }

    private void startSpout(String spout, Program program) throws Exception {
        topology.spout(spout, program);
        sink = topology.sink("sink", in -> in.shuffleGrouping(spout));
        topology.start();
    }

    private int send(Object text) {
        return feed.send(text, 1, true, null);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void settlesTuplesLaterInAnyOrder(Wire wire) throws Exception {
        startBolt("later", program(wire, "word"));
        int first = send("first");
        int bad = send("bad");
        int last = send("last");
        feed.awaitAcked(first, last);
        feed.awaitFailed(bad);
        assertFalse(feed.isAcked(bad));
        assertEquals(Set.of(List.of("first"), List.of("bad"), List.of("last")), new HashSet<>(sink.await(3)));
        assertEquals(List.of(), topology.errors());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void processesBatchesBySize(Wire wire) throws Exception {
        startBolt("sized", program(wire, "key", "words"));
        int[] ids = {send("a"), send("b"), send("c")};
        feed.awaitAcked(ids);
        assertEquals(List.of(List.of("", List.of("a", "b", "c"))), sink.await(1));
        int good = send("d");
        int bad = send("bad");
        int other = send("e");
        feed.awaitFailed(bad);
        feed.awaitAcked(good, other);
        int[] spoilt = {send("f"), send("spoil"), send("g")};
        feed.awaitFailed(spoilt);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void failsABatchWhenWhatItHasEmittedFails(Wire wire) throws Exception {
        startBolt("sized", program(wire, "key", "words"));
        sink.judging(values -> Sink.Verdict.FAIL);
        int[] ids = {send("a"), send("b"), send("c")};
        feed.awaitFailed(ids);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void processesBatchesByTicks(Wire wire) throws Exception {
        startBolt("ticked", program(wire, "key", "words").configure(Config.TOPOLOGY_TICK_TUPLE_FREQ_SECS, 1));
        int[] ids = {send("a"), send("b")};
        feed.awaitAcked(ids);
        assertEquals(List.of(), topology.errors());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void processesBatchesByATimeOfTheirOwn(Wire wire) throws Exception {
        startBolt("timed", program(wire, "key", "words"));
        int[] ids = {send("a"), send("b")};
        feed.awaitAcked(ids);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void processesBatchesByGroups(Wire wire) throws Exception {
        startBolt("grouped", program(wire, "key", "words"));
        int[] ids = {send("ant"), send("bee"), send("ape"), send("bat")};
        feed.awaitAcked(ids);
        assertEquals(List.of(List.of("a", List.of("ant", "ape")), List.of("b", List.of("bee", "bat"))), sink.await(2));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void hearsWhichTasksItsTuplesGoTo(Wire wire) throws Exception {
        startBolt("ids", program(wire, "word"));
        int[] ids = new int[500];
        List<List<Object>> expected = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            ids[i] = send("word " + i);
            expected.add(List.of("word " + i));
        }
        assertEquals(expected, sink.await(ids.length));
        feed.awaitAcked(ids);
        int task = sink.received().get(0).getContext().getComponentTasks("sink").get(0);
        assertEquals(ids.length, topology.logs().of("ids").stream().filter(("INFO went to " + task)::equals).count());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void hearsInASpoutWhichTasksItsTuplesGoTo(Wire wire) throws Exception {
        startSpout("asking", program(wire, "word"));
        sink.await(10);
        topology.logs().await("asking", "INFO went to " + sink.received().get(0).getContext().getComponentTasks("sink").get(0));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void mapsTuplesToStructsAndBack(Wire wire) throws Exception {
        startBolt("record", program(wire, "text", "number", "flag", "more"));
        feed.awaitAcked(feed.send("é", 1L << 40, true, 0.5), feed.send("x", 1, false, null));
        assertEquals(List.of(Arrays.asList("é", 1L << 41, false, 0.5), Arrays.asList("x", 2, true, 0.0)), sink.await(2));
        int bad = feed.send("x", "no number", true, null);
        feed.awaitFailed(bad);
        topology.logs().awaitPart("record", "field 1 (number) of a tuple from feed, stream default, is a string");
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void saysAtItsStartThatAnInputLacksAField(Wire wire) throws Exception {
        startBolt("misspelled", program(wire, "word"));
        topology.awaitError("the input of misspelled must have the field nubmer, but stream default of feed has: text");
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void passesOnBinaryData(Wire wire) throws Exception {
        byte[] bytes = {0, -1, 97, -128, 127};
        startBolt("values", program(wire, "about", "value"));
        // Storm's JSON serializer throws on bytes: they go as base64, or as numbers.
        Object sent = wire == Wire.JSON ? Base64.getEncoder().encodeToString(bytes) : bytes;
        feed.awaitAcked(feed.send("binary", sent, true, null), feed.send("binary", List.of(0, 255, 97, -128, 127), true, null));
        List<Object> found = sink.await(1).get(0);
        assertEquals(5, found.get(0));
        assertArrayEquals(bytes, bytesOf(wire, sink.await(2).get(1).get(1)));
        assertArrayEquals(bytes, bytesOf(wire, found.get(1)));
    }

    private static byte[] bytesOf(Wire wire, Object value) {
        return wire == Wire.JSON ? Base64.getDecoder().decode((String) value) : (byte[]) value;
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void passesOnTreesAndValuesAsTheyCame(Wire wire) throws Exception {
        List<Object> tree = Arrays.asList(1, null, Long.MAX_VALUE, 0.5, "é\n", Map.of("a", List.of()));
        startBolt("values", program(wire, "about", "value"));
        feed.awaitAcked(feed.send("tree", tree, true, null), feed.send("as it came", tree, true, null));
        assertEquals(List.of(List.of(tree.size(), tree), List.of(2, tree)), sink.await(2));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void reportsMetricsThatStormShows(Wire wire) throws Exception {
        Metrics metrics = topology.metrics();
        startBolt("measuring", program(wire).configure("cstorm.metrics", true)
            .configure("cstorm.metrics.interval.secs", 0.5).counter("visits").value("queue").value("latency")
            .counter("unused"));
        feed.awaitAcked(feed.send("", 10, true, null), feed.send("", 30, true, null));
        Await.until("all visits are counted", () -> metrics.sum("measuring", "visits") == 40,
            () -> metrics.of("measuring", "visits"));
        Await.until("the gauge is shown", () -> metrics.of("measuring", "queue").stream()
            .anyMatch(value -> ((Number) value).doubleValue() == 15), () -> metrics.of("measuring", "queue"));
        Await.until("the timer is shown", () -> metrics.of("measuring", "latency").stream()
            .anyMatch(value -> value instanceof Map<?, ?> map && map.containsKey("p99")), () -> metrics.of("measuring", "latency"));
        assertEquals(List.of(), topology.errors());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void reportsNoMetricsThatStormMayNotKnow(Wire wire) throws Exception {
        startBolt("measuring", program(wire).configure("cstorm.metrics.interval.secs", 0.1));
        feed.awaitAcked(feed.send("", 10, true, null));
        feed.awaitAcked(feed.send("", 10, true, null));
        assertEquals(List.of(), topology.errors());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void wakesUpWhenThereIsSomethingToEmit(Wire wire) throws Exception {
        startSpout("waking", program(wire, "number"));
        assertEquals(List.of(List.of(0), List.of(1), List.of(2), List.of(3)), sink.await(4).subList(0, 4));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void emitsNoFasterThanItMay(Wire wire) throws Exception {
        startSpout("rated", program(wire, "word").configure("cstorm.spout.rate", 20));
        sink.await(1);
        int before = sink.received().size();
        long start = System.nanoTime();
        sink.await(before + 20);
        // One tuple may be allowed for already, and Storm may hand them out in a burst.
        assertTrue(System.nanoTime() - start > 500_000_000L, "20 tuples in half a second");
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void survivesACallThatLastsLongerThanStormWaits(Wire wire) throws Exception {
        topology.configure(Config.TOPOLOGY_SUBPROCESS_TIMEOUT_SECS, 1);
        startBolt("death", program(wire, "word"));
        feed.awaitAcked(send("sleep"));
        feed.awaitAcked(send("nothing"));
        assertEquals(List.of(), topology.errors());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void survivesALongNext(Wire wire) throws Exception {
        topology.configure(Config.TOPOLOGY_SUBPROCESS_TIMEOUT_SECS, 1);
        startSpout("sleeping", program(wire, "word"));
        assertEquals(List.of(List.of("awake"), List.of("awake")), sink.await(2).subList(0, 2));
        assertEquals(List.of(), topology.errors());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void isEndedWhenACallHangs(Wire wire) throws Exception {
        topology.configure("cstorm.call.timeout.secs", 2);
        startBolt("death", program(wire, "word"));
        send("hang");
        topology.awaitError("hung, and is ended: longer than cstorm.call.timeout.secs, 2 s, in process() of component death");
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void reportsItsCrashWithTaskTupleAndStack(Wire wire) throws Exception {
        startBolt("death", program(wire, "word"));
        send("segv");
        topology.awaitError("crashed by SIGSEGV");
        String report = topology.errors().stream().filter(error -> error.contains("crashed by SIGSEGV")).findFirst().get();
        assertTrue(report.matches("(?s).* in process\\(\\) of component death, task \\d+, tuple -?\\d+ from feed, stream default"
            + ".*Stack, the innermost first.*"), report);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void endsWithItsOwnReason(Wire wire) throws Exception {
        startBolt("later", program(wire, "word"));
        send("fatal");
        topology.awaitError("the connection to nowhere: Input/output error");
    }
}

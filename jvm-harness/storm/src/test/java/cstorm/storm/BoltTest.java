package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.tuple.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bolts in C under a real Storm. */
@ExtendWith(StormCluster.class)
class BoltTest {
    private final TestTopology topology = new TestTopology();
    private Feed feed;
    private Sink sink;

    @AfterEach
    void close() throws Exception {
        topology.close();
    }

    /** A feed, the bolt that does what its first value says, and a sink: tasks 2, 3 and 4, and 5. */
    private void startProbe(Wire wire, int parallelism, String... settings) throws Exception {
        Program probe = Program.c(Programs.probe(), wire).outputs("value").stream("pair", "a", "b")
            .directStream("direct", "value");
        for (String setting : settings) {
            probe.configure(setting, 1);
        }
        feed = topology.feed("feed", "text", "number", "flag", "more");
        topology.bolt("probe", probe, parallelism).shuffleGrouping("feed");
        sink = topology.sink("sink", in -> in.shuffleGrouping("probe").shuffleGrouping("probe", "pair")
            .directGrouping("probe", "direct"));
        topology.start();
    }

    private int ask(Object what) {
        return feed.send(what, 1, true, null);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void answersEveryTupleInOrderAndAcksIt(Wire wire) throws Exception {
        startProbe(wire, 1);
        int[] ids = new int[1000];
        List<List<Object>> expected = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            ids[i] = ask("count");
            expected.add(List.of(i + 1));
        }
        assertEquals(expected, sink.await(ids.length));
        feed.awaitAcked(ids);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void handsOnValuesOfEveryTypeAndText(Wire wire) throws Exception {
        List<Object> values = Arrays.asList(
            null, true, false, 0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE + 1L, Integer.MIN_VALUE - 1L,
            Long.MAX_VALUE, Long.MIN_VALUE, BigInteger.ONE.shiftLeft(63),
            0.5, -0.1, 1e300, 5e-324, 100.0, 1.5e308,
            "", "plain", "naïve 日本 😀", "\"\\/\b\f\n\r\t", "a\0b\u0001\u001f\u007f", "\u2028\u2029\ufeff\uffff", "end\nend\n",
            "x".repeat(100_000),
            List.of(), Map.of(), Arrays.asList(1, null, List.of("x", List.of(2.5))),
            Map.of("a", List.of(1, Map.of("b", "é\n")), "", false));
        startProbe(wire, 1);
        values.forEach(value -> feed.send("report", 1, true, value));
        List<List<Object>> found = sink.await(values.size());
        for (int i = 0; i < values.size(); i++) {
            Object value = values.get(i);
            Object echo = found.get(i).get(0);
            assertEquals(value, echo);
            if (value instanceof Number || value instanceof String) {
                assertSame(value.getClass(), echo.getClass(), "" + value);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void handsOnAllDigitsOfAFraction(Wire wire) throws Exception {
        startProbe(wire, 1);
        feed.send("report", 1, true, 0.1 + 0.2);
        // With JSON, Storm makes a BigDecimal of a fraction that is written with more than 18 characters.
        Number expected = wire == Wire.JSON ? new BigDecimal("0.30000000000000004") : (Number) 0.30000000000000004;
        assertEquals(List.of(List.of(expected)), sink.await(1));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void understandsTheValuesOfJava(Wire wire) throws Exception {
        startProbe(wire, 1);
        feed.send("report", (1L << 53) + 1, true, Map.of("k", 1));
        topology.logs().await("probe",
            "INFO report 1 feed 9007199254740993 9007199254740992.0 1 {\"k\":1} 4 default object 2");
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void emitsToItsStreamsAndToOneTask(Wire wire) throws Exception {
        startProbe(wire, 2);
        ask("values");
        sink.await(wire == Wire.JSON ? 8 : 9);
        if (wire == Wire.JSON) {
            // Storm 2.8.3 cannot read a task from JSON: it casts an Integer to Long.
            topology.awaitError("ClassCastException");
        }
        Map<String, List<List<Object>>> streams = new HashMap<>();
        for (Tuple tuple : sink.received()) {
            streams.computeIfAbsent(tuple.getSourceStreamId(), key -> new ArrayList<>()).add(tuple.getValues());
        }
        assertEquals(Arrays.asList(Arrays.asList((Object) null), List.of(true), List.of(Long.MIN_VALUE), List.of(0.5),
            List.of("\"é\"\n\t\\"), List.of("a\0b"), List.of(Map.of("a", List.of(1)))), streams.get("default"));
        assertEquals(List.of(List.of(1, 2)), streams.get("pair"));
        assertEquals(wire == Wire.JSON ? null : List.of(List.of("to task 5")), streams.get("direct"));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void failsATupleAndTheSpoutHearsOfIt(Wire wire) throws Exception {
        startProbe(wire, 1);
        int bad = ask("nothing that it knows");
        int good = ask("count");
        feed.awaitFailed(bad);
        feed.awaitAcked(good);
        assertFalse(feed.isAcked(bad));
        assertFalse(feed.isFailed(good));
        assertTrue(topology.logs().awaitPart("probe", "Operation not supported").startsWith("WARN "));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void anchorsWhatItEmitsToWhatItProcesses(Wire wire) throws Exception {
        startProbe(wire, 1);
        sink.judging(values -> Sink.Verdict.HOLD);
        int first = ask("count");
        int second = ask("count");
        sink.await(2);
        // Its ack comes after those of the others.
        feed.awaitAcked(ask("read"));
        assertFalse(feed.isAcked(first) || feed.isAcked(second), "acked although the sink has not");
        sink.release(true);
        feed.awaitAcked(first, second);

        int third = ask("count");
        sink.await(3);
        sink.release(false);
        feed.awaitFailed(third);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void anchorsOneTupleToSeveral(Wire wire) throws Exception {
        feed = topology.feed("feed", "text");
        topology.bolt("keeper", Program.c(Programs.probe(), wire).outputs("count")).shuffleGrouping("feed");
        sink = topology.sink("sink", in -> in.shuffleGrouping("keeper")).judging(values -> Sink.Verdict.HOLD);
        topology.start();
        int first = feed.send("first");
        int second = feed.send("second");
        feed.awaitAcked(feed.send("settle"));
        assertEquals(List.of(List.of(2)), sink.await(1));
        assertFalse(feed.isAcked(first) || feed.isAcked(second), "acked although the sink has not");
        sink.release(false);
        feed.awaitFailed(first, second);

        int third = feed.send("third");
        int bad = feed.send("bad");
        feed.awaitAcked(feed.send("settle"));
        sink.await(2);
        sink.release(true);
        feed.awaitAcked(third);
        feed.awaitFailed(bad);
        assertFalse(topology.logs().of("keeper").toString().contains("acked twice"));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void ticks(Wire wire) throws Exception {
        startProbe(wire, 1, Config.TOPOLOGY_TICK_TUPLE_FREQ_SECS);
        assertEquals(List.of(List.of("tick"), List.of("tick")), sink.await(2).subList(0, 2));
        feed.awaitAcked(ask("count"));
        assertEquals(List.of(), topology.errors());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void staysAliveWithNothingToDo(Wire wire) throws Exception {
        topology.configure(Config.TOPOLOGY_SUBPROCESS_TIMEOUT_SECS, 2);
        startProbe(wire, 1);
        feed.awaitAcked(ask("count"));
        // Twice the limit: without an answer to its heartbeats, Storm gives the bolt up.
        Thread.sleep(4500);
        assertEquals(List.of(), topology.errors());
        feed.awaitAcked(ask("count"));
        assertEquals(List.of(List.of(1), List.of(2)), sink.await(2));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void logsAtAllLevelsAndReportsErrors(Wire wire) throws Exception {
        topology.configure("cstorm.log.level", "trace");
        startProbe(wire, 1);
        feed.awaitAcked(ask("log"));
        feed.awaitFailed(ask("own reason"));
        topology.logs().await("probe", "TRACE trace", "ERROR not UTF-8: \ufffd");
        assertTrue(topology.logs().awaitPart("probe", "cannot open the file").startsWith("WARN "));
        topology.awaitError("Shell Process Exception: report 7");
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void logsWhatIsPrinted(Wire wire) throws Exception {
        topology.configure("cstorm.log.rate", 0);
        startProbe(wire, 1);
        feed.awaitAcked(ask("print"), ask("child"));
        topology.logs().await("probe", "INFO printed", "INFO from a child");
        feed.awaitAcked(ask("print much"));
        topology.logs().awaitPart("probe", "line 19999 of what is printed");
        feed.awaitAcked(ask("count"));
        assertEquals(List.of(List.of(4)), sink.await(1));
        assertEquals(List.of(), topology.errors());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void knowsItsContextAndSettings(Wire wire) throws Exception {
        topology.configure("probe.own", 12).configure("probe.shared", "é").configure("a.key", 7);
        startProbe(wire, 2);
        feed.awaitAcked(ask("context"));
        assertTrue(topology.logs().awaitPart("probe", "of 2, first 3, restarts 0").matches("INFO probe [34] [01] of 2, .*"));
        feed.awaitFailed(ask("settings"));
        topology.logs().await("probe", "INFO 12 é the default unset", "INFO 0 12 7");
    }
}

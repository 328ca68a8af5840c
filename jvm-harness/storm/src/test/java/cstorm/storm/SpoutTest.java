package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.apache.storm.Config;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Spouts in C under a real Storm. */
@ExtendWith(StormCluster.class)
class SpoutTest {
    private final TestTopology topology = new TestTopology();

    @AfterEach
    void close() throws Exception {
        topology.close();
    }

    private Sink addSpout(String component, Wire wire, String field) {
        topology.spout(component, Program.c(Programs.probe(), wire).outputs(field));
        return topology.sink("sink", in -> in.shuffleGrouping(component));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void replaysWhatFailsUntilItHasFailedTooOften(Wire wire) throws Exception {
        Sink sink = addSpout("reliable", wire, "number");
        sink.judging(values -> values.get(0).equals(1) ? Sink.Verdict.FAIL : Sink.Verdict.ACK);
        topology.start();
        topology.logs().await("reliable", "INFO activated", "INFO acked 100", "INFO acked 102", "INFO failed 101");
        assertEquals(3, sink.values().stream().filter(values -> values.equals(List.of(1))).count());
        assertEquals(5, sink.values().size());
        assertFalse(topology.logs().of("reliable").contains("INFO acked 101"));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void acksWhatIsReplayedWithSuccess(Wire wire) throws Exception {
        Sink sink = addSpout("reliable", wire, "number");
        List<List<Object>> seen = new ArrayList<>();
        sink.judging(values -> {
            boolean isNew = !seen.contains(values);
            seen.add(values);
            return isNew ? Sink.Verdict.FAIL : Sink.Verdict.ACK;
        });
        topology.start();
        topology.logs().await("reliable", "INFO acked 100", "INFO acked 101", "INFO acked 102");
        assertEquals(6, sink.values().size());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void replaysWhatIsNotAckedInTime(Wire wire) throws Exception {
        Sink sink = addSpout("reliable", wire, "number");
        sink.judging(values -> Sink.Verdict.HOLD);
        topology.configure(Config.TOPOLOGY_MESSAGE_TIMEOUT_SECS, 1).start();
        sink.await(3);
        sink.judging(values -> Sink.Verdict.ACK);
        topology.logs().await("reliable", "INFO acked 100", "INFO acked 101", "INFO acked 102");
        assertTrue(sink.values().size() >= 6);
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void emitsWithoutIds(Wire wire) throws Exception {
        Sink sink = addSpout("unreliable", wire, "number").judging(values -> Sink.Verdict.HOLD);
        topology.configure(Config.TOPOLOGY_MAX_SPOUT_PENDING, 1).start();
        List<List<Object>> values = sink.await(1000);
        for (int i = 0; i < 1000; i++) {
            assertEquals(List.of(i), values.get(i));
        }
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void getsItsOwnIdsBack(Wire wire) throws Exception {
        Sink sink = addSpout("accountant", wire, "text");
        boolean[] failed = new boolean[1];
        sink.judging(values -> {
            failed[0] = !failed[0];
            return failed[0] ? Sink.Verdict.FAIL : Sink.Verdict.ACK;
        });
        topology.configure(Config.TOPOLOGY_MAX_SPOUT_PENDING, 1).start();
        topology.logs().await("accountant", "INFO ack my \"id\" 7", "INFO fail my \"id\" 7");
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void isDeactivatedAndActivated(Wire wire) throws Exception {
        addSpout("reliable", wire, "number");
        topology.start();
        topology.logs().await("reliable", "INFO activated", "INFO acked 100", "INFO acked 101", "INFO acked 102");
        topology.deactivate();
        topology.logs().await("reliable", "INFO deactivated");
        topology.activate();
        Await.until("it is activated again",
            () -> topology.logs().of("reliable").stream().filter("INFO activated"::equals).count() == 2,
            () -> topology.logs().of("reliable"));
    }
}

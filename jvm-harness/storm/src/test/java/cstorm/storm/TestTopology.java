package cstorm.storm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.storm.Config;
import org.apache.storm.generated.ErrorInfo;
import org.apache.storm.generated.KillOptions;
import org.apache.storm.generated.TopologySummary;
import org.apache.storm.thrift.TException;
import org.apache.storm.topology.BoltDeclarer;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.TopologyBuilder;

/** A topology that lives as long as a test: add its components, start it, talk to it, close it. */
final class TestTopology implements AutoCloseable {
    static final String LOGS = "logs of the topology";

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String name = "t" + COUNT.incrementAndGet();
    private final TopologyBuilder builder = new TopologyBuilder();
    private final Config conf = new Config();
    private final Logs logs = new Logs();
    private final Map<String, Program> programs = new HashMap<>();
    private boolean started;

    TestTopology() {
        Registry.put(name, LOGS, logs);
        conf.setNumWorkers(1);
        conf.setNumAckers(1);
        conf.put(Config.TOPOLOGY_MULTILANG_LOG_HANDLER, LogHandler.class.getName());
        conf.put(Config.TOPOLOGY_SPOUT_WAIT_PROGRESSIVE_LEVEL3_SLEEP_MILLIS, 1);
    }

    TestTopology configure(String key, Object value) {
        conf.put(key, value);
        return this;
    }

    /** Adds a spout that emits what the test sends. */
    Feed feed(String component, String... fields) {
        Feed feed = new Feed();
        Registry.put(name, component, feed);
        builder.setSpout(component, new FeedSpout(name, component, fields));
        return feed;
    }

    void spout(String component, Program program) {
        programs.put(component, program);
        builder.setSpout(component, new ProgramSpout(program));
    }

    BoltDeclarer bolt(String component, Program program, int parallelism) {
        programs.put(component, program);
        IRichBolt bolt = program.wire() == Wire.PROCESS_BOLT ? new ProgramProcessBolt(program) : new ProgramBolt(program);
        return builder.setBolt(component, bolt, parallelism);
    }

    BoltDeclarer bolt(String component, Program program) {
        return bolt(component, program, 1);
    }

    /** Adds a bolt that collects; the function adds its inputs. */
    Sink sink(String component, Consumer<BoltDeclarer> inputs) {
        Sink sink = new Sink();
        Registry.put(name, component, sink);
        inputs.accept(builder.setBolt(component, new SinkBolt(name, component)));
        return sink;
    }

    /** Collects the metrics that components report. */
    Metrics metrics() {
        Metrics metrics = new Metrics();
        Registry.put(name, Metrics.class.getName(), metrics);
        conf.registerMetricsConsumer(MetricsConsumer.class, 1);
        return metrics;
    }

    TestTopology start() throws TException {
        synchronized (TestTopology.class) { // a LocalCluster's Nimbus is in its own way otherwise
            submit();
        }
        return this;
    }

    /**
     * Storm cleans its store of blobs whenever it opens it, and removes a folder that it has made but not yet filled:
     * then the submission has failed with this exception, and nothing is left of it.
     */
    private void submit() throws TException {
        for (int attempt = 1; !started; attempt++) {
            try {
                StormCluster.get().submitTopology(name, conf, builder.createTopology());
                started = true;
            } catch (RuntimeException e) {
                String cause = String.valueOf(e.getMessage());
                if (attempt == 10 || !cause.endsWith("java.io.IOException: No such file or directory")) {
                    throw e;
                }
            }
        }
    }

    /** The same topology, of programs alone, for {@code cstorm run}. */
    String describe() {
        return Description.of(name, builder.createTopology(), conf, programs);
    }

    Logs logs() {
        return logs;
    }

    void deactivate() throws TException {
        StormCluster.get().deactivate(name);
    }

    void activate() throws TException {
        StormCluster.get().activate(name);
    }

    /** What the components have reported to Nimbus. */
    List<String> errors() throws TException {
        List<String> errors = new ArrayList<>();
        String id = StormCluster.get().getTopologySummaryByName(name).get_id();
        for (List<ErrorInfo> ofOne : StormCluster.get().getTopologyInfo(id).get_errors().values()) {
            ofOne.forEach(error -> errors.add(error.get_error()));
        }
        return errors;
    }

    void awaitError(String part) {
        Await.until("an error \"" + part + "\" is reported",
            () -> errors().stream().anyMatch(error -> error.contains(part)), () -> {
                try {
                    return errors();
                } catch (TException e) {
                    return e;
                }
            });
    }

    @Override
    public void close() throws TException {
        if (started) {
            KillOptions now = new KillOptions();
            now.set_wait_secs(0);
            StormCluster.get().killTopologyWithOpts(name, now);
            Await.until(name + " is gone", () -> !isThere(), () -> "still " + name);
        }
        Registry.forget(name);
    }

    private boolean isThere() throws TException {
        return StormCluster.get().getTopologySummaries().stream().map(TopologySummary::get_name).anyMatch(name::equals);
    }
}

package cstorm.storm;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.metric.api.rpc.AssignableShellMetric;
import org.apache.storm.metric.api.rpc.CountShellMetric;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.tuple.Fields;
import org.apache.storm.utils.Utils;

/** A program that is to run as a shell component: how it is started, what it speaks, what it declares. */
final class Program implements Serializable {
    private static final long serialVersionUID = 1L;

    private record Stream(boolean direct, String[] fields) implements Serializable {
    }

    private final String[] command;
    private final Wire wire;
    private final LinkedHashMap<String, Stream> streams = new LinkedHashMap<>();
    private final HashMap<String, Object> configuration = new HashMap<>();
    private final LinkedHashMap<String, Boolean> metrics = new LinkedHashMap<>();

    private Program(Wire wire, String... command) {
        this.wire = wire;
        this.command = command;
    }

    /** A program of C components; the component's name in the topology says which one it is. */
    static Program c(String path, Wire wire) {
        return new Program(wire, path);
    }

    /** One of a program's C components, whatever its name in the topology is. */
    static Program c(String path, Wire wire, String component) {
        return new Program(wire, path, "--component", component);
    }

    /** The same, with all that its one task is sent recorded in a file. */
    static Program recorded(String path, Wire wire, String component, Path file) {
        return new Program(wire, "sh", "-c", "tee \"$0\" | \"$@\"", file.toString(), path, "--component", component);
    }

    static Program python(String file, Wire wire) {
        return new Program(wire, Programs.python(), Programs.component(file), wire.pystormName());
    }

    Program outputs(String... fields) {
        return stream(Utils.DEFAULT_STREAM_ID, fields);
    }

    Program stream(String name, String... fields) {
        streams.put(name, new Stream(false, fields));
        return this;
    }

    Program directStream(String name, String... fields) {
        streams.put(name, new Stream(true, fields));
        return this;
    }

    /** Sets a value of the component's own configuration. */
    Program configure(String key, Object value) {
        configuration.put(key, value);
        return this;
    }

    /** Registers a metric that counts, as the class of a shell component must for each that the component reports. */
    Program counter(String name) {
        metrics.put(name, true);
        return this;
    }

    /** The same for one that keeps the last value. */
    Program value(String name) {
        metrics.put(name, false);
        return this;
    }

    // Deprecated, but the only metrics that a shell component can reach.
    @SuppressWarnings("deprecation")
    void registerMetrics(TopologyContext context) {
        metrics.forEach((name, counts) ->
            context.registerMetric(name, counts ? new CountShellMetric() : new AssignableShellMetric(null), 1));
    }

    Wire wire() {
        return wire;
    }

    String[] command() {
        return command;
    }

    Map<String, Object> configuration() {
        return configuration;
    }

    /** The configuration of a topology whose components do not all speak the same. */
    Map<String, Object> withSerializer(Map<String, Object> conf) {
        Map<String, Object> own = new HashMap<>(conf);
        own.put(Config.TOPOLOGY_MULTILANG_SERIALIZER, wire.serializer());
        return own;
    }

    void declare(OutputFieldsDeclarer declarer) {
        streams.forEach((name, stream) -> declarer.declareStream(name, stream.direct(), new Fields(stream.fields())));
    }
}

package cstorm.multilang;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.storm.Config;
import org.apache.storm.metric.api.IMetric;
import org.apache.storm.metric.api.rpc.IShellMetric;
import org.apache.storm.multilang.NoOutputException;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.shade.net.minidev.json.JSONArray;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.utils.ConfigUtils;
import org.apache.storm.utils.ObjectReader;
import org.apache.storm.utils.ShellLogHandler;
import org.apache.storm.utils.ShellProcess;
import org.apache.storm.utils.ShellUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a bolt that is a process, as Storm's ShellBolt does, at less cost for each tuple: the thread that executes encodes it to
 * where the one that writes takes it, with no queue of messages and no thread between; ids are numbers; and messages are
 * MessagePack, whatever serializer the topology has. The process needs to speak it, as those of libcstorm do, and must give an
 * id back as it is.
 *
 * <p>All else is as with ShellBolt: heartbeats, logs, metrics, the ids of tasks, and that the worker ends where the process does.
 */
public class ProcessBolt extends BaseRichBolt {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(ProcessBolt.class);
    private static final String HEARTBEAT = "__heartbeat";
    private static final int EXIT_STATUS = 11; // ShellBolt's
    private static final int SECONDS_TO_END = 6; // libcstorm's components need 5 at most

    private final String[] command;
    private final String[] fields;

    private transient OutputCollector collector;
    private transient TopologyContext context;
    private transient Process process;
    private transient Number pid;
    private transient PipeWriter writer;
    private transient MessagePackReader reader;
    private transient PendingTuples pending;
    private transient ShellLogHandler logHandler;
    private transient ScheduledExecutorService heartbeats;
    private transient Thread readerThread;
    private transient boolean isLocal;
    private transient long timeoutMillis;
    private transient long heardMillis;
    private transient volatile boolean heard; // since the last look
    private transient volatile boolean running;
    private transient volatile Throwable failure;

    // What a tuple's message has between its id and its values; the last source is most often the next one.
    private transient byte[] source;
    private transient int sourceTask;
    private transient String sourceStream;

    /** A bolt by name (a topology that is not made in Java): its command as a JSON list of words. */
    public ProcessBolt(String command) {
        this(parse(command), new String[0]);
    }

    /** As Flux's FluxShellBolt: the command, and the fields of the default stream (none: it emits nothing there). */
    public ProcessBolt(String[] command, String[] fields) {
        if (command.length == 0) {
            throw new IllegalArgumentException("the command of the bolt has no words");
        }
        this.command = command.clone();
        this.fields = fields.clone();
    }

    private static String[] parse(String command) {
        Object words = JSONValue.parse(command);
        if (!(words instanceof JSONArray)) {
            throw new IllegalArgumentException("the command must be a JSON list of words, not " + command);
        }
        return ((JSONArray) words).stream().map(String::valueOf).toArray(String[]::new);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        if (fields.length > 0) {
            declarer.declare(new Fields(fields));
        }
    }

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext topology, OutputCollector output) {
        context = topology;
        collector = output;
        isLocal = ConfigUtils.isLocalMode(conf);
        Object timeout = conf.get(Config.TOPOLOGY_SUBPROCESS_TIMEOUT_SECS);
        timeoutMillis = 1000L * ObjectReader.getInt(timeout != null ? timeout : conf.get(Config.SUPERVISOR_WORKER_TIMEOUT_SECS));
        pending = new PendingTuples();
        running = true;
        launch(conf);
        LOG.info("Launched {} with pid {}", Arrays.toString(command), pid);
        logHandler = ShellUtils.getLogHandler(conf);
        logHandler.setUpContext(ShellBolt.class, describe(), context);
        readerThread = new Thread(this::read, context.getThisComponentId() + "-reader");
        readerThread.start();
        heardMillis = System.currentTimeMillis();
        heartbeats = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, context.getThisComponentId() + "-heartbeats");
            thread.setDaemon(true);
            return thread;
        });
        heartbeats.scheduleAtFixedRate(this::beat, 1, 1, TimeUnit.SECONDS);
    }

    private void launch(Map<String, Object> conf) {
        MessagePackSerializer serializer = new MessagePackSerializer();
        try {
            process = new ProcessBuilder(command).directory(new File(context.getCodeDir())).start();
            Thread errors = new Thread(this::logErrors, context.getThisComponentId() + "-errors");
            errors.setDaemon(true);
            errors.start();
            serializer.initialize(process.getOutputStream(), process.getInputStream());
            pid = serializer.connect(conf, context);
            writer = serializer.writer();
            reader = serializer.reader();
        } catch (IOException | NoOutputException e) {
            throw new RuntimeException(Arrays.toString(command) + " of " + context.getThisComponentId() + " cannot be started", e);
        }
    }

    /** What log handlers want to know of the process. */
    private ShellProcess describe() {
        return new ShellProcess(command) {
            @Override
            public Number getPid() {
                return pid;
            }

            @Override
            public String getComponentName() {
                return context.getThisComponentId();
            }

            @Override
            public String getProcessInfoString() {
                return "pid:" + pid + ", name:" + context.getThisComponentId();
            }
        };
    }

    private void logErrors() {
        Logger logger = LoggerFactory.getLogger(context.getThisComponentId());
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                logger.info(line);
            }
        } catch (IOException e) {
            LOG.debug("the standard error of the process has ended", e);
        }
    }

    // To the process

    @Override
    public void execute(Tuple tuple) {
        if (failure != null) {
            throw new RuntimeException(failure);
        }
        long id = pending.add(tuple);
        write(out -> {
            out.writeMapHeader(5);
            out.writeRaw(MessagePackSerializer.ID);
            out.writeLong(id);
            out.writeRaw(sourceOf(tuple));
            out.writeValue(tuple.getValues());
        });
    }

    private void write(PipeWriter.Message message) {
        try {
            writer.write(message);
        } catch (InterruptedIOException e) {
            LOG.debug("interrupted, as when the worker ends: the tuple is replayed", e);
        } catch (IOException e) {
            if (running) {
                die(e);
            }
        }
    }

    private byte[] sourceOf(Tuple tuple) {
        if (source == null || tuple.getSourceTask() != sourceTask || !tuple.getSourceStreamId().equals(sourceStream)) {
            sourceTask = tuple.getSourceTask();
            sourceStream = tuple.getSourceStreamId();
            source = encodeSource(tuple.getSourceComponent(), sourceStream, sourceTask);
        }
        return source;
    }

    private static byte[] encodeSource(String component, String stream, int task) {
        MessagePackWriter out = new MessagePackWriter();
        out.writeRaw(MessagePackSerializer.COMPONENT);
        if (component == null) {
            out.writeNull();
        } else {
            out.writeString(component);
        }
        out.writeRaw(MessagePackSerializer.STREAM);
        out.writeString(stream);
        out.writeRaw(MessagePackSerializer.TASK);
        out.writeLong(task);
        out.writeRaw(MessagePackSerializer.TUPLE);
        return out.toByteArray();
    }

    private void beat() {
        long now = System.currentTimeMillis();
        if (heard) {
            heard = false;
            heardMillis = now;
        } else if (now - heardMillis > timeoutMillis) {
            die(new RuntimeException("subprocess heartbeat timeout"));
            return;
        }
        byte[] heartbeat = encodeSource(null, HEARTBEAT, -1);
        write(out -> {
            out.writeMapHeader(5);
            out.writeRaw(MessagePackSerializer.ID);
            out.writeString(HEARTBEAT);
            out.writeRaw(heartbeat);
            out.writeArrayHeader(0);
        });
    }

    // From the process

    private void read() {
        Answer answer = new Answer(reader);
        try {
            // At the end, too: a process that could not write would not hear that it is to end.
            for (;;) {
                answer.read();
                if (!heard) {
                    heard = true;
                }
                if (running) {
                    handle(answer);
                }
            }
        } catch (Throwable e) {
            if (running || e instanceof Error) {
                die(e);
            }
        }
    }

    private void handle(Answer answer) throws IOException {
        switch (answer.command) {
            case "emit":
                emit(answer);
                break;
            case "ack":
                collector.ack(settled(answer.id));
                break;
            case "fail":
                collector.fail(settled(answer.id));
                break;
            case "error":
                collector.reportError(new Exception("Shell Process Exception: " + answer.other.getMsg()));
                break;
            case "log":
                logHandler.log(answer.other);
                break;
            case "metrics":
                updateMetric(answer.other);
                break;
            default:
                break;
        }
    }

    private Tuple settled(long id) {
        Tuple tuple = pending.remove(id);
        if (tuple == null) {
            throw new RuntimeException("Acked or failed an id that is not in flight: " + id);
        }
        return tuple;
    }

    private Tuple anchor(long id) {
        Tuple tuple = pending.get(id);
        if (tuple == null) {
            throw new RuntimeException("Anchored onto " + id + " after ack/fail");
        }
        return tuple;
    }

    private List<Tuple> anchors(Answer answer) {
        if (answer.anchorCount == 1) {
            return Collections.singletonList(anchor(answer.anchors[0]));
        }
        List<Tuple> tuples = new ArrayList<>(answer.anchorCount);
        for (int i = 0; i < answer.anchorCount; i++) {
            tuples.add(anchor(answer.anchors[i]));
        }
        return tuples;
    }

    private void emit(Answer answer) {
        if (answer.task != 0) {
            collector.emitDirect(answer.task, answer.stream, anchors(answer), answer.values);
            return;
        }
        List<Integer> tasks = collector.emit(answer.stream, anchors(answer), answer.values);
        if (answer.needsTasks) {
            write(out -> out.writeValue(tasks));
        }
    }

    // Deprecated, but the only metrics that a process can reach.
    @SuppressWarnings("deprecation")
    private void updateMetric(ShellMsg message) {
        IMetric metric = context.getRegisteredMetricByName(message.getMetricName());
        if (!(metric instanceof IShellMetric)) {
            throw new RuntimeException("There is no metric " + message.getMetricName() + " that a process can update");
        }
        ((IShellMetric) metric).updateMetricFromRPC(message.getMetricParams());
    }

    // The end

    private void die(Throwable cause) {
        // As ShellBolt says it: who watches topologies knows it by that.
        String status = process.isAlive() ? "-1" : String.valueOf(process.exitValue());
        failure = new RuntimeException("pid:" + pid + ", name:" + context.getThisComponentId() + " exitCode:" + status
            + ", errorString: ", cause);
        LOG.error("Halting process: ProcessBolt died. Command: {}", Arrays.toString(command), failure);
        collector.reportError(failure);
        if (!isLocal) {
            System.exit(EXIT_STATUS);
        }
    }

    @Override
    public void cleanup() {
        running = false;
        heartbeats.shutdownNow();
        // Process.destroy() would wait until all of its input is taken, which it may never be.
        process.toHandle().destroy();
        try {
            process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}

package bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;

/** The spout of what is measured in Java: see source.h. */
public class Source extends BaseRichSpout {
    private transient SpoutOutputCollector collector;
    private transient List<String> lines;
    private transient String report;
    private transient long[] times;
    private int emitted;
    private int acked;
    private int failed;
    private double first;
    private double warm;

    @Override
    public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector output) {
        collector = output;
        report = (String) conf.get("bench.report");
        times = new long[((Number) conf.get("bench.count")).intValue()];
        try {
            lines = Files.readAllLines(Path.of((String) conf.get("bench.input")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void nextTuple() {
        if (emitted == times.length) {
            return;
        }
        times[emitted] = System.nanoTime();
        collector.emit(new Values(lines.get(emitted % lines.size())), emitted);
        emitted++;
    }

    @Override
    public void ack(Object id) {
        int number = (Integer) id;
        times[number] = System.nanoTime() - times[number];
        acked++;
        if (acked == 1) {
            first = now();
        }
        if (acked == times.length / 4) {
            warm = now();
        }
        if (acked == times.length) {
            writeReport();
        }
    }

    @Override
    public void fail(Object id) {
        failed++;
        ack(id);
    }

    private static double now() {
        var now = java.time.Instant.now();
        return now.getEpochSecond() + now.getNano() / 1e9;
    }

    private void writeReport() {
        double end = now();
        int count = times.length;
        Arrays.sort(times);
        try (PrintWriter out = new PrintWriter(report)) {
            out.printf(java.util.Locale.ROOT, "{\"first\": %.6f, \"warm\": %.6f, \"end\": %.6f, \"measured\": %d, \"failed\": %d, "
                    + "\"p50\": %.1f, \"p99\": %.1f}%n", first, warm, end, count - count / 4, failed,
                    times[count / 2] / 1e3, times[count - 1 - count / 100] / 1e3);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields("word"));
    }
}

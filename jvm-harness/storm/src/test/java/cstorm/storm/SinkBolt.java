package cstorm.storm;

import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Tuple;

/** A bolt that gives what comes to a test's sink. */
final class SinkBolt extends BaseRichBolt {
    private static final long serialVersionUID = 1L;

    private final String topology;
    private final String name;
    private transient Sink sink;
    private transient OutputCollector collector;

    SinkBolt(String topology, String name) {
        this.topology = topology;
        this.name = name;
    }

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector output) {
        sink = Registry.get(topology, name, Sink.class);
        collector = output;
    }

    @Override
    public void execute(Tuple tuple) {
        sink.take(tuple, collector);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        // It is where tuples end.
    }
}

package cstorm.storm;

import java.util.Map;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;

/** A spout that emits what a test puts into its feed. */
final class FeedSpout extends BaseRichSpout {
    private static final long serialVersionUID = 1L;

    private final String topology;
    private final String name;
    private final String[] fields;
    private transient Feed feed;
    private transient SpoutOutputCollector collector;

    FeedSpout(String topology, String name, String... fields) {
        this.topology = topology;
        this.name = name;
        this.fields = fields;
    }

    @Override
    public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector output) {
        feed = Registry.get(topology, name, Feed.class);
        collector = output;
    }

    @Override
    public void nextTuple() {
        Feed.Item item = feed.next();
        if (item != null) {
            collector.emit(item.values(), item.id());
        }
    }

    @Override
    public void ack(Object id) {
        feed.settle(id, true);
    }

    @Override
    public void fail(Object id) {
        feed.settle(id, false);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields(fields));
    }
}

package bench;

import java.util.HashMap;
import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** What is measured in Java: the name of the bolt is the argument. */
public class Bolt extends BaseRichBolt {
    private final String name;
    private transient OutputCollector collector;
    private transient Map<String, Long> counts;

    public Bolt(String name) {
        this.name = name;
    }

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector output) {
        collector = output;
        counts = new HashMap<>();
    }

    @Override
    public void execute(Tuple tuple) {
        switch (name) {
            case "echo":
                collector.emit(tuple, new Values(tuple.getString(0)));
                break;
            case "split":
                for (String word : tuple.getString(0).split(" ")) {
                    collector.emit(tuple, new Values(word));
                }
                break;
            case "count":
                collector.emit(tuple, new Values(tuple.getString(0), counts.merge(tuple.getString(0), 1L, Long::sum)));
                break;
            default:
                break;
        }
        collector.ack(tuple);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        if (name.equals("count")) {
            declarer.declare(new Fields("word", "count"));
        } else if (!name.equals("ack")) {
            declarer.declare(new Fields("word"));
        }
    }
}

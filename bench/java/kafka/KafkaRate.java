package bench;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.storm.Config;
import org.apache.storm.LocalCluster;
import org.apache.storm.kafka.spout.FirstPollOffsetStrategy;
import org.apache.storm.kafka.spout.KafkaSpout;
import org.apache.storm.kafka.spout.KafkaSpoutConfig;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Tuple;

/** Prints how many messages a second Storm's own spout of Kafka emits in a LocalCluster, from the first to the last. */
public final class KafkaRate {
    private static final AtomicLong SEEN = new AtomicLong();
    private static volatile long begin;
    private static volatile long end;

    private KafkaRate() {
    }

    /** Acks, and counts. */
    public static final class Sink extends BaseRichBolt {
        private final long count;
        private transient OutputCollector collector;

        Sink(long count) {
            this.count = count;
        }

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector output) {
            collector = output;
        }

        @Override
        public void execute(Tuple tuple) {
            collector.ack(tuple);
            long seen = SEEN.incrementAndGet();
            if (seen == 1) {
                begin = System.nanoTime();
            } else if (seen == count) {
                end = System.nanoTime();
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            // it emits nothing
        }
    }

    public static void main(String[] words) throws Exception {
        long count = Long.parseLong(words[3]);
        KafkaSpoutConfig<String, String> config = KafkaSpoutConfig.builder(words[0], words[1])
            .setProp(ConsumerConfig.GROUP_ID_CONFIG, words[2])
            .setFirstPollOffsetStrategy(FirstPollOffsetStrategy.EARLIEST)
            .build();
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("source", new KafkaSpout<>(config));
        builder.setBolt("sink", new Sink(count)).shuffleGrouping("source");
        Config conf = new Config();
        try (LocalCluster cluster = new LocalCluster();
                LocalCluster.LocalTopology topology = cluster.submitTopology("rate", conf, builder.createTopology())) {
            while (end == 0) {
                Thread.sleep(10);
            }
            System.out.println(count / ((end - begin) / 1e9));
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }
}

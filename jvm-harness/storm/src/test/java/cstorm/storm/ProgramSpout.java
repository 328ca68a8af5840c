package cstorm.storm;

import java.util.Map;
import org.apache.storm.spout.ShellSpout;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.IRichSpout;
import org.apache.storm.topology.OutputFieldsDeclarer;

/** A program as a spout. */
final class ProgramSpout extends ShellSpout implements IRichSpout {
    private static final long serialVersionUID = 1L;

    private final Program program;

    ProgramSpout(Program program) {
        super(program.command());
        this.program = program;
    }

    @Override
    public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
        program.registerMetrics(context);
        super.open(program.withSerializer(conf), context, collector);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        program.declare(declarer);
    }

    @Override
    public Map<String, Object> getComponentConfiguration() {
        return program.configuration();
    }
}

package cstorm.storm;

import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.OutputFieldsDeclarer;

/** A program as a bolt. */
final class ProgramBolt extends ShellBolt implements IRichBolt {
    private static final long serialVersionUID = 1L;

    private final Program program;

    ProgramBolt(Program program) {
        super(program.command());
        this.program = program;
    }

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
        program.registerMetrics(context);
        super.prepare(program.withSerializer(conf), context, collector);
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

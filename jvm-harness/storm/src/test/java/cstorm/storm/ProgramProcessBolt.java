package cstorm.storm;

import cstorm.multilang.ProcessBolt;
import java.util.Map;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;

/** A program as a bolt that ProcessBolt runs. */
final class ProgramProcessBolt extends ProcessBolt {
    private static final long serialVersionUID = 1L;

    private final Program program;

    ProgramProcessBolt(Program program) {
        super(program.command(), new String[0]);
        this.program = program;
    }

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
        program.registerMetrics(context);
        super.prepare(conf, context, collector);
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

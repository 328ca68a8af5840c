package cstorm.storm;

import java.util.Collection;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.metric.api.IMetricsConsumer;
import org.apache.storm.task.IErrorReporter;
import org.apache.storm.task.TopologyContext;

/** Hands the metrics of a topology to its test. Storm finds it by its name. */
public final class MetricsConsumer implements IMetricsConsumer {
    private Metrics metrics;

    @Override
    public void prepare(Map<String, Object> conf, Object argument, TopologyContext context, IErrorReporter reporter) {
        metrics = Registry.get((String) conf.get(Config.TOPOLOGY_NAME), Metrics.class.getName(), Metrics.class);
    }

    @Override
    public void handleDataPoints(TaskInfo task, Collection<DataPoint> points) {
        metrics.add(task.srcComponentId, points);
    }

    @Override
    public void cleanup() {
    }
}

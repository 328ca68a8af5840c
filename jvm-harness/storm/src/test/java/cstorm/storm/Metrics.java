package cstorm.storm;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.storm.metric.api.IMetricsConsumer;

/** The metrics of a topology as they reach a consumer: what an operator sees. */
final class Metrics {
    private record Point(String component, String name, Object value) {
    }

    private final List<Point> points = new CopyOnWriteArrayList<>();

    void add(String component, Collection<IMetricsConsumer.DataPoint> reported) {
        for (IMetricsConsumer.DataPoint point : reported) {
            if (point.value != null) {
                points.add(new Point(component, point.name, point.value));
            }
        }
    }

    /** The values of a metric, in the order in which they came. */
    List<Object> of(String component, String name) {
        return points.stream().filter(point -> point.component().equals(component) && point.name().equals(name))
            .map(Point::value).collect(Collectors.toList());
    }

    long sum(String component, String name) {
        return of(component, name).stream().mapToLong(value -> ((Number) value).longValue()).sum();
    }
}

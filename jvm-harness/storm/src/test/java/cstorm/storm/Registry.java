package cstorm.storm;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What tests and their components share. Storm serializes components, but a LocalCluster runs them in the same JVM: they
 * find by a key what the test has registered.
 */
final class Registry {
    private static final Map<String, Object> OBJECTS = new ConcurrentHashMap<>();

    private Registry() {
    }

    static void put(String topology, String name, Object object) {
        OBJECTS.put(topology + "/" + name, object);
    }

    static <T> T get(String topology, String name, Class<T> type) {
        return type.cast(OBJECTS.get(topology + "/" + name));
    }

    /** Tuples that a test has kept hold all of their worker: its queues, and what it has had to run. */
    static void forget(String topology) {
        OBJECTS.keySet().removeIf(key -> key.startsWith(topology + "/"));
    }
}

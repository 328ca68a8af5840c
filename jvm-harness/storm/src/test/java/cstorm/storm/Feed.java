package cstorm.storm;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.storm.tuple.Values;

/** A test's end of a spout: what it sends, and what has become of it. */
final class Feed {
    /** A tuple and the id that its fate is told by. */
    record Item(Integer id, Values values) {
    }

    private final AtomicInteger ids = new AtomicInteger();
    private final LinkedBlockingQueue<Item> waiting = new LinkedBlockingQueue<>();
    private final Set<Integer> acked = ConcurrentHashMap.newKeySet();
    private final Set<Integer> failed = ConcurrentHashMap.newKeySet();

    /** Sends a tuple: its id. */
    int send(Object... values) {
        int id = ids.incrementAndGet();
        waiting.add(new Item(id, new Values(values)));
        return id;
    }

    boolean isAcked(int id) {
        return acked.contains(id);
    }

    boolean isFailed(int id) {
        return failed.contains(id);
    }

    void awaitAcked(int... tuples) {
        for (int id : tuples) {
            Await.until("tuple " + id + " is acked", () -> isAcked(id), this::state);
        }
    }

    void awaitFailed(int... tuples) {
        for (int id : tuples) {
            Await.until("tuple " + id + " has failed", () -> isFailed(id), this::state);
        }
    }

    private String state() {
        return ids + " sent, " + waiting.size() + " of them waiting, acked: " + acked + ", failed: " + failed;
    }

    Item next() {
        return waiting.poll();
    }

    void settle(Object id, boolean success) {
        (success ? acked : failed).add((Integer) id);
    }
}

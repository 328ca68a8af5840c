package cstorm.storm;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.tuple.Tuple;

/** A test's end of a bolt: what it has received, and what it does with it. */
final class Sink {
    /** What becomes of a tuple. */
    enum Verdict { ACK, FAIL, HOLD }

    private final List<Tuple> received = new CopyOnWriteArrayList<>();
    private final List<Consumer<Boolean>> held = new CopyOnWriteArrayList<>();
    private volatile Function<List<Object>, Verdict> judge = values -> Verdict.ACK;

    /** Says what becomes of the tuples that come from now on. */
    Sink judging(Function<List<Object>, Verdict> newJudge) {
        judge = newJudge;
        return this;
    }

    List<Tuple> received() {
        return received;
    }

    /** The values of all tuples, in the order in which they came. */
    List<List<Object>> values() {
        return received.stream().map(Tuple::getValues).collect(Collectors.toList());
    }

    /** Waits for so many tuples: the values of all. */
    List<List<Object>> await(int count) {
        Await.until(count + " tuples have come", () -> received.size() >= count,
            () -> received.size() + ", the last: " + (received.isEmpty() ? "none" : received.get(received.size() - 1)));
        return values();
    }

    /** Acks or fails the tuples that are held. */
    void release(boolean success) {
        held.forEach(settle -> settle.accept(success));
        held.clear();
    }

    void take(Tuple tuple, OutputCollector collector) {
        Verdict verdict = judge.apply(tuple.getValues());
        if (verdict == Verdict.ACK) {
            collector.ack(tuple);
        } else if (verdict == Verdict.FAIL) {
            collector.fail(tuple);
        } else {
            held.add(success -> {
                if (success) {
                    collector.ack(tuple);
                } else {
                    collector.fail(tuple);
                }
            });
        }
        received.add(tuple);
    }
}

package cstorm.multilang;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.apache.storm.tuple.Tuple;

/**
 * The tuples that a process has, by the numbers that they were given. One thread adds, another one gets and removes. They are
 * kept by segments of consecutive numbers, so that most of the time nothing is looked up and nothing is made.
 */
final class PendingTuples {
    private static final int BITS = 12;
    private static final int SIZE = 1 << BITS;

    private static final class Segment {
        final AtomicReferenceArray<Tuple> tuples = new AtomicReferenceArray<>(SIZE);
        int removed; // by the one thread that removes
    }

    private final ConcurrentHashMap<Long, Segment> segments = new ConcurrentHashMap<>();

    private long next;
    private Segment filling;

    private long knownNumber = -1;
    private Segment known;

    /** Adds a tuple: its number. */
    long add(Tuple tuple) {
        int place = (int) (next & SIZE - 1);
        if (place == 0) {
            filling = new Segment();
            segments.put(next >>> BITS, filling);
        }
        filling.tuples.setRelease(place, tuple);
        return next++;
    }

    /** The tuple of a number; null where there is none. */
    Tuple get(long id) {
        Segment segment = find(id);
        return segment == null ? null : segment.tuples.getAcquire((int) (id & SIZE - 1));
    }

    Tuple remove(long id) {
        Tuple tuple = get(id);
        if (tuple != null) {
            known.tuples.setRelease((int) (id & SIZE - 1), null);
            if (++known.removed == SIZE) {
                segments.remove(knownNumber);
                knownNumber = -1;
            }
        }
        return tuple;
    }

    /** For tests. */
    int segmentCount() {
        return segments.size();
    }

    private Segment find(long id) {
        long number = id >>> BITS;
        if (number != knownNumber) {
            Segment segment = segments.get(number);
            if (segment == null) {
                return null;
            }
            known = segment;
            knownNumber = number;
        }
        return known;
    }
}

package cstorm.multilang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.apache.storm.tuple.Tuple;
import org.junit.jupiter.api.Test;

class PendingTuplesTest {
    private static final int MANY = 100_000;

    private final PendingTuples pending = new PendingTuples();

    private static Tuple tuple() {
        return (Tuple) Proxy.newProxyInstance(Tuple.class.getClassLoader(), new Class<?>[] {Tuple.class},
            (proxy, method, arguments) -> null);
    }

    @Test
    void findsTuplesByTheirNumbers() {
        Tuple first = tuple();
        Tuple second = tuple();
        long firstId = pending.add(first);
        long secondId = pending.add(second);
        assertSame(second, pending.get(secondId));
        assertSame(first, pending.get(firstId));
        assertSame(first, pending.remove(firstId));
        assertNull(pending.get(firstId));
        assertNull(pending.remove(firstId));
        assertSame(second, pending.remove(secondId));
    }

    @Test
    void knowsNoOtherNumbers() {
        pending.add(tuple());
        for (long id : new long[] {-1, 1, 4096, 1L << 40, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertNull(pending.get(id));
            assertNull(pending.remove(id));
        }
    }

    @Test
    void keepsOnlyWhatIsPending() {
        Tuple tuple = tuple();
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            ids.add(pending.add(tuple));
        }
        Collections.shuffle(ids, new Random(1));
        for (long id : ids) {
            assertSame(tuple, pending.remove(id));
        }
        assertEquals(1, pending.segmentCount(), "the one that is being filled");
    }

    @Test
    void isUsedByTwoThreads() throws InterruptedException {
        BlockingQueue<Long> ids = new ArrayBlockingQueue<>(5000);
        Tuple tuple = tuple();
        Thread adding = new Thread(() -> {
            try {
                for (int i = 0; i < MANY; i++) {
                    ids.put(pending.add(tuple));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        adding.start();
        for (int i = 0; i < MANY; i++) {
            assertSame(tuple, pending.remove(ids.take()));
        }
        adding.join();
    }
}

package cstorm.storm;

import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** Waiting for a condition: as short as it takes, and long enough for a machine with much to do. */
final class Await {
    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final long PAUSE_MILLIS = 5;

    private Await() {
    }

    /** Waits until a condition holds; if it never does, fails and says what there is instead. */
    static void until(String what, Callable<Boolean> condition, Supplier<?> instead) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        try {
            while (!condition.call()) {
                if (System.nanoTime() > end) {
                    throw new AssertionError("waited in vain until " + what + "; there is " + instead.get());
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("while waiting until " + what, e);
        }
    }
}

package cstorm.storm;

import java.util.Arrays;
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
                    throw new AssertionError(
                        "waited in vain until " + what + "; there is " + instead.get() + describeStorm());
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("while waiting until " + what, e);
        }
    }

    /** What is given to a slot of the LocalCluster that has died, or whose last worker does not end, never starts. */
    private static String describeStorm() {
        StringBuilder text = new StringBuilder();
        StormLog.lastWords().forEach(words -> text.append("; ").append(words));
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            boolean ends = Arrays.stream(stack).anyMatch(frame -> frame.getMethodName().equals("shutdown"));
            if (thread.getName().startsWith("SLOT_") && ends) {
                text.append("; ").append(thread.getName()).append(" ends its worker in ");
                Arrays.stream(stack).limit(12).forEach(frame -> text.append(frame).append(" <- "));
            }
        });
        return text.toString();
    }
}

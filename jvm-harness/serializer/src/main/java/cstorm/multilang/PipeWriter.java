package cstorm.multilang;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;

/**
 * Writes messages to a component's input in the order in which they are given, several with one system call where they come
 * faster than they are written.
 *
 * <p>A message is encoded into memory. A thread that exists only while there is something to do, and some seconds longer,
 * takes all that is there and writes it: so a lone message leaves at once, and those that come meanwhile leave together.
 */
final class PipeWriter {
    /** Encodes one message. */
    interface Message {
        void encode(MessagePackWriter writer) throws IOException;
    }

    private static final int WAITING_BYTES = 128 << 10;
    private static final long IDLE_MILLIS = 5000;

    private final OutputStream out;
    private final Object lock = new Object();
    private MessagePackWriter waiting = new MessagePackWriter();
    private MessagePackWriter leaving = new MessagePackWriter();
    private Thread flusher;
    private boolean flusherSleeps;
    private boolean flusherWrites;
    private boolean writerSleeps;
    private IOException failure;

    PipeWriter(OutputStream out) {
        this.out = out;
    }

    /** Writes a message in this thread: it is on its way when this returns. */
    void writeNow(Message message) throws IOException {
        synchronized (lock) {
            while (failure == null && (flusherWrites || waiting.size() > 0)) {
                sleep();
            }
            checkFailure();
            append(message);
            try {
                out.write(waiting.bytes(), 0, waiting.size());
                out.flush();
            } catch (IOException e) {
                failure = e;
                throw e;
            } finally {
                waiting.clear();
            }
        }
    }

    /** Leaves a message to the thread that writes; waits only while very much is waiting. */
    void write(Message message) throws IOException {
        synchronized (lock) {
            while (failure == null && waiting.size() >= WAITING_BYTES) {
                sleep();
            }
            checkFailure();
            append(message);
            if (flusher == null) {
                flusher = new Thread(this::flush, "cstorm-flusher");
                flusher.setDaemon(true);
                flusher.start();
            } else if (flusherSleeps) {
                flusherSleeps = false;
                lock.notifyAll();
            }
        }
    }

    /** For tests. */
    boolean hasThread() {
        synchronized (lock) {
            return flusher != null;
        }
    }

    private void sleep() throws IOException {
        writerSleeps = true;
        try {
            lock.wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the component does not read its input");
        } finally {
            writerSleeps = false;
        }
    }

    private void checkFailure() throws IOException {
        if (failure != null) {
            throw new IOException("the component's input: " + failure.getMessage(), failure);
        }
    }

    /** A message that cannot be encoded leaves nothing behind. */
    private void append(Message message) throws IOException {
        int start = waiting.size();
        boolean complete = false;
        try {
            message.encode(waiting);
            if (waiting.size() - start > Limits.MESSAGE_BYTES) {
                throw new IOException("a message of " + (waiting.size() - start) + " bytes: it may have "
                    + Limits.MESSAGE_BYTES);
            }
            complete = true;
        } finally {
            if (!complete) {
                waiting.truncate(start);
            }
        }
    }

    private void flush() {
        try {
            while (takeWaiting()) {
                out.write(leaving.bytes(), 0, leaving.size());
                out.flush();
                leaving.clear();
            }
        } catch (IOException e) {
            fail(e);
        } catch (RuntimeException | Error e) {
            fail(new IOException(e));
            throw e;
        }
    }

    /** Waits for messages and takes them: false if none come for a while, and the thread is to end. */
    private boolean takeWaiting() {
        synchronized (lock) {
            flusherWrites = false;
            if (writerSleeps) {
                lock.notifyAll();
            }
            long end = System.nanoTime() + IDLE_MILLIS * 1_000_000;
            while (waiting.size() == 0) {
                long millis = (end - System.nanoTime()) / 1_000_000;
                if (millis <= 0) {
                    flusher = null;
                    return false;
                }
                flusherSleeps = true;
                try {
                    lock.wait(millis);
                } catch (InterruptedException e) {
                    // Nobody has a reason to: the thread is this object's own.
                    continue;
                } finally {
                    flusherSleeps = false;
                }
            }
            MessagePackWriter full = waiting;
            waiting = leaving;
            leaving = full;
            flusherWrites = true;
            if (writerSleeps) {
                lock.notifyAll();
            }
            return true;
        }
    }

    private void fail(IOException e) {
        synchronized (lock) {
            failure = e;
            flusher = null;
            lock.notifyAll();
        }
    }
}

package cstorm.multilang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PipeWriterTest {
    @Test
    void keepsTheOrderThroughASlowPipeFullOfMessages() throws Exception {
        int count = 200_000;
        Pipe pipe = Pipe.open();
        InputStream in = Channels.newInputStream(pipe.source());
        PipeWriter writer = new PipeWriter(Channels.newOutputStream(pipe.sink()));
        Thread sender = new Thread(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    int number = i;
                    PipeWriter.Message message = out -> out.writeValue(number);
                    if (i % 10_000 == 0) {
                        writer.writeNow(message);
                    } else {
                        writer.write(message);
                    }
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        sender.start();
        MessagePackReader reader = new MessagePackReader(in);
        for (int i = 0; i < count; i++) {
            assertEquals(i, reader.readValue());
        }
        sender.join();
    }

    @Test
    void writesAtOnceWhatComesAlone() throws Exception {
        Pipe pipe = Pipe.open();
        InputStream in = Channels.newInputStream(pipe.source());
        PipeWriter writer = new PipeWriter(Channels.newOutputStream(pipe.sink()));
        for (int i = 0; i < 100; i++) {
            int number = i;
            writer.write(out -> out.writeValue(number));
            assertEquals(i, in.read());
        }
    }

    @Test
    void writesTogetherWhatComesMeanwhile() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch proceed = new CountDownLatch(1);
        CountDownLatch all = new CountDownLatch(1001);
        AtomicInteger writes = new AtomicInteger();
        PipeWriter writer = new PipeWriter(new OutputStream() {
            @Override
            public void write(int b) {
                throw new AssertionError();
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                writes.incrementAndGet();
                started.countDown();
                await(proceed);
                for (int i = 0; i < length; i++) {
                    all.countDown();
                }
            }
        });
        writer.write(out -> out.writeValue(1));
        started.await();
        for (int i = 0; i < 1000; i++) {
            writer.write(out -> out.writeValue(1));
        }
        proceed.countDown();
        all.await();
        assertEquals(2, writes.get());
    }

    @Test
    void waitsWhenTooMuchWaitsAndCanBeInterrupted() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        PipeWriter writer = new PipeWriter(blocking(never));
        AtomicInteger written = new AtomicInteger();
        Throwable[] failure = new Throwable[1];
        boolean[] interrupted = new boolean[1];
        Thread sender = new Thread(() -> {
            try {
                while (true) {
                    writer.write(out -> out.writeValue("x".repeat(1000)));
                    written.incrementAndGet();
                }
            } catch (IOException e) {
                failure[0] = e;
                interrupted[0] = Thread.currentThread().isInterrupted();
            }
        });
        sender.start();
        while (sender.getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
        assertTrue(written.get() < 1000, written + " messages wait");
        sender.interrupt();
        sender.join();
        assertTrue(failure[0] instanceof InterruptedIOException, "" + failure[0]);
        assertTrue(interrupted[0]);
        never.countDown();
    }

    @Test
    void reportsAFailureAtTheNextWrite() throws Exception {
        PipeWriter writer = new PipeWriter(failing());
        writer.write(out -> out.writeValue(1));
        IOException e = assertThrows(IOException.class, () -> {
            while (true) {
                writer.write(out -> out.writeValue(1));
                Thread.sleep(1);
            }
        });
        assertTrue(e.getMessage().contains("no more"), e.getMessage());
        assertFalse(writer.hasThread());
        assertThrows(IOException.class, () -> writer.writeNow(out -> out.writeValue(1)));
    }

    @Test
    void wakesAWriterThatWaitsWhenThePipeBreaks() throws Exception {
        CountDownLatch proceed = new CountDownLatch(1);
        PipeWriter writer = new PipeWriter(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                await(proceed);
                throw new IOException("no more");
            }
        });
        Thread breaker = new Thread(() -> {
            while (!writerWaits()) {
                Thread.onSpinWait();
            }
            proceed.countDown();
        });
        sender = Thread.currentThread();
        breaker.start();
        assertThrows(IOException.class, () -> {
            while (true) {
                writer.write(out -> out.writeValue("x".repeat(1000)));
            }
        });
    }

    private volatile Thread sender;

    private boolean writerWaits() {
        return sender.getState() == Thread.State.WAITING;
    }

    @Test
    void failsInTheThreadThatWritesNow() {
        PipeWriter writer = new PipeWriter(failing());
        assertThrows(IOException.class, () -> writer.writeNow(out -> out.writeValue(1)));
        assertThrows(IOException.class, () -> writer.writeNow(out -> out.writeValue(1)));
    }

    @Test
    void leavesNothingOfAMessageThatCannotBeEncoded() throws Exception {
        ByteArrayOutputStream sink = new ByteArrayOutputStream();
        PipeWriter writer = new PipeWriter(sink);
        assertThrows(IllegalStateException.class, () -> writer.writeNow(out -> {
            out.writeValue("half");
            throw new IllegalStateException();
        }));
        byte[] large = new byte[Limits.MESSAGE_BYTES];
        assertTrue(assertThrows(IOException.class, () -> writer.writeNow(out -> out.writeValue(large)))
            .getMessage().contains("67108864"));
        writer.writeNow(out -> out.writeValue(1));
        assertEquals(1, sink.size());
    }

    @Test
    void endsItsThreadWhenThereIsNothingToDoAndStartsItAgain() throws Exception {
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(2);
        PipeWriter writer = new PipeWriter(new OutputStream() {
            @Override
            public void write(int b) {
                first.countDown();
                second.countDown();
            }
        });
        writer.write(out -> out.writeValue(1));
        first.await();
        assertTrue(writer.hasThread());
        while (writer.hasThread()) {
            Thread.sleep(10);
        }
        writer.write(out -> out.writeValue(2));
        second.await();
    }

    private static OutputStream failing() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("no more");
            }
        };
    }

    private static OutputStream blocking(CountDownLatch until) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                await(until);
            }
        };
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}

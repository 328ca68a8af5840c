package cstorm.multilang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.multilang.BoltMsg;
import org.apache.storm.multilang.NoOutputException;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.multilang.SpoutMsg;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MessagePackSerializerTest {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    private MessagePackSerializer reading(byte[]... output) {
        MessagePackSerializer serializer = new MessagePackSerializer();
        serializer.initialize(written, new ByteArrayInputStream(Bytes.concat(output)));
        return serializer;
    }

    private ShellMsg read(Map<String, Object> message) throws Exception {
        return reading(Bytes.encode(message)).readShellMsg();
    }

    private static TopologyContext context() {
        Map<Integer, String> tasks = Map.of(1, "__acker", 2, "bolt");
        return new TopologyContext(new StormTopology(Map.of(), Map.of(), Map.of()), new HashMap<>(), tasks,
            Map.of("bolt", List.of(2)), Map.of("bolt", Map.of("default", new Fields("word"))), Map.of(), "topology-1",
            "/code", "/pids", 2, 6700, List.of(2), Map.of(), Map.of(), new HashMap<>(), new HashMap<>(), null, null) {
            @Override
            public String getThisComponentId() {
                return "bolt";
            }

            @Override
            public String toJSONString() {
                return "{\"task->component\":{\"1\":\"__acker\",\"2\":\"bolt\"},\"taskid\":2}";
            }
        };
    }

    @Test
    void sendsAHandshakeWithTheTypesOfJson() throws Exception {
        Map<String, Object> conf = new HashMap<>();
        conf.put("text", "é");
        conf.put("number", 5_000_000_000L);
        conf.put("half", 0.5);
        conf.put("none", null);
        conf.put("enumeration", TimeUnit.SECONDS);
        conf.put("nested", Map.of(1, List.of(true)));
        assertEquals(77, reading(Bytes.encode(Map.of("more", List.of(), "pid", 77))).connect(conf, context()));

        conf.put("enumeration", "SECONDS");
        conf.put("nested", Map.of("1", List.of(true)));
        Map<?, ?> handshake = (Map<?, ?>) Bytes.decode(written.toByteArray());
        assertEquals(Map.of("pidDir", "/pids", "conf", conf, "context",
            Map.of("task->component", Map.of("1", "__acker", "2", "bolt"), "taskid", 2)), handshake);
    }

    @Test
    void wantsAPidAsTheAnswer() throws Exception {
        String message = assertThrows(IOException.class,
            () -> reading(Bytes.encode(Map.of("pid", "77"))).connect(Map.of(), context())).getMessage();
        assertTrue(message.contains("a number as pid, not a string"), message);
        assertThrows(IOException.class, () -> reading(Bytes.encode(Map.of())).connect(Map.of(), context()));
        assertThrows(NoOutputException.class, () -> reading().connect(Map.of(), context()));
    }

    @Test
    void readsEveryFieldOfAMessage() throws Exception {
        Map<String, Object> fields = new HashMap<>();
        fields.put("command", "emit");
        fields.put("id", "my id");
        fields.put("stream", "pair");
        fields.put("task", 5);
        fields.put("need_task_ids", false);
        fields.put("tuple", Arrays.asList(1, null, "x"));
        fields.put("anchors", List.of("1", "2"));
        fields.put("msg", "text");
        fields.put("name", "metric");
        fields.put("params", List.of(7));
        fields.put("level", 4);
        fields.put("later", Map.of("a", List.of(1)));
        ShellMsg message = read(fields);
        assertEquals("emit", message.getCommand());
        assertEquals("my id", message.getId());
        assertEquals("pair", message.getStream());
        assertEquals(5, message.getTask());
        assertFalse(message.areTaskIdsNeeded());
        assertEquals(Arrays.asList(1, null, "x"), message.getTuple());
        assertEquals(List.of("1", "2"), message.getAnchors());
        assertEquals("text", message.getMsg());
        assertEquals("metric", message.getMetricName());
        assertEquals(List.of(7), message.getMetricParams());
        assertEquals(ShellMsg.ShellLogLevel.ERROR, message.getLogLevel());
    }

    @Test
    void readsWhatIsAbsentOrNullAsStormDoes() throws Exception {
        Map<String, Object> nothing = new HashMap<>();
        for (String key : new String[] {"id", "stream", "task", "need_task_ids", "tuple", "anchors", "msg", "name"}) {
            nothing.put(key, null);
        }
        nothing.put("command", "sync");
        for (Map<String, Object> fields : List.of(Map.<String, Object>of("command", "sync"), nothing)) {
            ShellMsg message = read(fields);
            assertEquals("default", message.getStream());
            assertEquals(0, message.getTask());
            assertTrue(message.areTaskIdsNeeded());
            assertNull(message.getTuple());
            assertNull(message.getAnchors());
            assertNull(message.getId());
            assertEquals(ShellMsg.ShellLogLevel.INFO, message.getLogLevel());
        }
        assertNull(read(Map.of()).getCommand());
    }

    @Test
    void readsTasksOfEveryWidthOneAnchorAndIdsOfAnyType() throws Exception {
        assertEquals(70_000, read(Map.of("task", 70_000)).getTask());
        assertEquals(1L << 40, read(Map.of("task", 1L << 40)).getTask());
        assertEquals(5, reading(Bytes.hex("81 a47461736b cf0000000000000005")).readShellMsg().getTask());
        assertEquals(List.of("7"), read(Map.of("anchors", "7")).getAnchors());
        assertEquals(7, read(Map.of("id", 7)).getId());
        assertEquals(List.of("a", 1), read(Map.of("id", List.of("a", 1))).getId());
    }

    @ParameterizedTest
    @CsvSource({"command,an integer", "msg,an integer", "stream,an integer", "tuple,an integer", "anchors,an integer",
        "need_task_ids,an integer", "task,a float"})
    void saysWhichFieldHasTheWrongType(String field, String what) {
        Object value = field.equals("task") ? (Object) 0.5 : (Object) 1;
        String message = assertThrows(IOException.class, () -> read(Map.of(field, value))).getMessage();
        assertTrue(message.contains(field + " must be") && message.contains("not " + what), message);
        assertTrue(message.contains("message 0 of the component, byte "), message);
    }

    @Test
    void wantsAnchorsToBeStringsAndTasksToBeOfThisWorld() {
        assertThrows(IOException.class, () -> read(Map.of("anchors", List.of("1", 2))));
        assertThrows(IOException.class, () -> reading(Bytes.hex("81 a47461736b cfffffffffffffffff")).readShellMsg());
    }

    @Test
    void readsNothingAfterAMessageThatIsBroken() {
        MessagePackSerializer serializer = reading(Bytes.hex("01 80"));
        assertThrows(IOException.class, serializer::readShellMsg);
        String message = assertThrows(IOException.class, serializer::readShellMsg).getMessage();
        assertTrue(message.contains("must be a map"), message);
    }

    @Test
    void writesTuplesAndTaskIdsOfABoltInOrder() throws Exception {
        Pipe pipe = Pipe.open();
        InputStream in = Channels.newInputStream(pipe.source());
        MessagePackSerializer serializer = new MessagePackSerializer();
        serializer.initialize(Channels.newOutputStream(pipe.sink()), new ByteArrayInputStream(new byte[0]));
        int count = 20_000;
        Thread sender = new Thread(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    BoltMsg message = new BoltMsg();
                    message.setId("" + i);
                    message.setComp("source");
                    message.setStream("default");
                    message.setTask(i % 2 == 0 ? -1 : 300);
                    message.setTuple(new Values(i, "é", null));
                    serializer.writeBoltMsg(message);
                    serializer.writeTaskIds(List.of(i, 5));
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        sender.start();
        MessagePackReader reader = new MessagePackReader(in);
        for (int i = 0; i < count; i++) {
            assertEquals(Map.of("id", "" + i, "comp", "source", "stream", "default", "task", i % 2 == 0 ? -1 : 300,
                "tuple", Arrays.asList(i, "é", null)), reader.readValue());
            assertEquals(List.of(i, 5), reader.readValue());
        }
        sender.join();
    }

    @ParameterizedTest
    @ValueSource(strings = {"next", "ack"})
    void writesASpoutsMessagesBeforeItReturns(String command) throws Exception {
        MessagePackSerializer serializer = reading();
        SpoutMsg message = new SpoutMsg();
        message.setCommand(command);
        message.setId(command.equals("next") ? "" : 5L);
        serializer.writeSpoutMsg(message);
        serializer.writeTaskIds(List.of(4, 5));
        byte[] expected = Bytes.concat(
            Bytes.hex("82 a7636f6d6d616e64"), Bytes.encode(command), Bytes.hex("a26964"), Bytes.encode(message.getId()),
            Bytes.hex("92 04 05"));
        assertEquals(Arrays.toString(expected), Arrays.toString(written.toByteArray()));
    }

    @Test
    void writesAHeartbeatThatHasNoComponent() throws Exception {
        Pipe pipe = Pipe.open();
        InputStream in = Channels.newInputStream(pipe.source());
        MessagePackSerializer serializer = new MessagePackSerializer();
        serializer.initialize(Channels.newOutputStream(pipe.sink()), new ByteArrayInputStream(new byte[0]));
        BoltMsg message = new BoltMsg();
        message.setId("1");
        message.setStream("__heartbeat");
        message.setTask(-1);
        message.setTuple(Collections.emptyList());
        serializer.writeBoltMsg(message);
        Map<String, Object> expected = new HashMap<>(Map.of("id", "1", "stream", "__heartbeat", "task", -1, "tuple",
            List.of()));
        expected.put("comp", null);
        assertEquals(expected, new MessagePackReader(in).readValue());
    }
}

package cstorm.multilang;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.storm.multilang.BoltMsg;
import org.apache.storm.multilang.ISerializer;
import org.apache.storm.multilang.NoOutputException;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.multilang.SpoutMsg;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.shade.net.minidev.json.parser.ParseException;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.utils.Utils;

/**
 * The messages of Storm's multi-lang protocol as MessagePack: the same maps and lists as with JSON, one after the other with
 * nothing between them.
 *
 * <p>Name it as {@code topology.multilang.serializer} and put it into the topology's jar.
 */
public class MessagePackSerializer implements ISerializer {
    private static final long serialVersionUID = 1L;

    static final byte[] ID = encoded("id");
    static final byte[] COMPONENT = encoded("comp");
    static final byte[] STREAM = encoded("stream");
    static final byte[] TASK = encoded("task");
    static final byte[] TUPLE = encoded("tuple");
    private static final byte[] COMMAND = encoded("command");

    private transient PipeWriter writer;
    private transient MessagePackReader reader;
    private transient boolean isSpout;
    private transient String brokenBy;

    @Override
    public void initialize(OutputStream processIn, InputStream processOut) {
        writer = new PipeWriter(processIn);
        reader = new MessagePackReader(processOut);
    }

    PipeWriter writer() {
        return writer;
    }

    MessagePackReader reader() {
        return reader;
    }

    @Override
    public Number connect(Map<String, Object> conf, TopologyContext context) throws IOException, NoOutputException {
        Object handshake = toJsonTypes(conf, context);
        writer.writeNow(out -> out.writeValue(handshake));
        Object[] pid = new Object[1];
        reader.readMessage(key -> {
            Object value = reader.readValue();
            if (key.equals("pid")) {
                pid[0] = value;
            }
        });
        if (!(pid[0] instanceof Number)) {
            throw reader.wrong("the answer to the handshake must have a number as pid, not "
                + MessagePackReader.describe(pid[0]));
        }
        return (Number) pid[0];
    }

    /** The handshake as a component sees it that reads JSON: there, keys are text, and any object has some form. */
    private static Object toJsonTypes(Map<String, Object> conf, TopologyContext context) throws IOException {
        JSONObject handshake = new JSONObject();
        handshake.put("pidDir", context.getPIDDir());
        handshake.put("conf", conf);
        handshake.put("context", context);
        try {
            return JSONValue.parseWithException(JSONValue.toJSONString(handshake));
        } catch (ParseException e) {
            throw new IOException("the configuration cannot be sent", e);
        }
    }

    @Override
    public void writeBoltMsg(BoltMsg message) throws IOException {
        writer.write(out -> {
            out.writeMapHeader(5);
            out.writeRaw(ID);
            out.writeValue(message.getId());
            out.writeRaw(COMPONENT);
            out.writeValue(message.getComp());
            out.writeRaw(STREAM);
            out.writeValue(message.getStream());
            out.writeRaw(TASK);
            out.writeLong(message.getTask());
            out.writeRaw(TUPLE);
            out.writeValue(message.getTuple());
        });
    }

    @Override
    public void writeSpoutMsg(SpoutMsg message) throws IOException {
        isSpout = true;
        writer.writeNow(out -> {
            out.writeMapHeader(2);
            out.writeRaw(COMMAND);
            out.writeValue(message.getCommand());
            out.writeRaw(ID);
            out.writeValue(message.getId());
        });
    }

    @Override
    public void writeTaskIds(List<Integer> taskIds) throws IOException {
        if (isSpout) {
            writer.writeNow(out -> out.writeValue(taskIds));
        } else {
            writer.write(out -> out.writeValue(taskIds));
        }
    }

    @Override
    public ShellMsg readShellMsg() throws IOException, NoOutputException {
        if (brokenBy != null) {
            throw new IOException("no message can be read after an earlier one: " + brokenBy);
        }
        ShellMsg message = new ShellMsg();
        message.setStream(Utils.DEFAULT_STREAM_ID);
        message.setNeedTaskIds(true);
        try {
            reader.readMessage(key -> readField(key, message));
        } catch (IOException | RuntimeException e) {
            brokenBy = String.valueOf(e.getMessage());
            throw e;
        }
        return message;
    }

    private void readField(String key, ShellMsg message) throws IOException, NoOutputException {
        switch (key) {
            case "command":
                message.setCommand(reader.readName(key));
                break;
            case "id":
                message.setId(reader.readValue());
                break;
            case "msg":
                message.setMsg(reader.readString(key));
                break;
            case "stream":
                String stream = reader.readName(key);
                message.setStream(stream == null ? Utils.DEFAULT_STREAM_ID : stream);
                break;
            case "task":
                message.setTask(readTask());
                break;
            case "need_task_ids":
                message.setNeedTaskIds(readNeed());
                break;
            case "tuple":
                message.setTuple(readTuple());
                break;
            case "anchors":
                message.setAnchors(readAnchors());
                break;
            case "name":
                Object name = reader.readValue();
                message.setMetricName(name instanceof String ? (String) name : null);
                break;
            case "params":
                message.setMetricParams(reader.readValue());
                break;
            case "level":
                Object level = reader.readValue();
                if (level instanceof Number) {
                    message.setLogLevel(((Number) level).intValue());
                }
                break;
            default:
                reader.readValue();
                break;
        }
    }

    private long readTask() throws IOException, NoOutputException {
        Object task = reader.readValue();
        if (task == null) {
            return 0;
        }
        if (!(task instanceof Integer) && !(task instanceof Long)) {
            throw reader.wrong("task must be an integer, not " + MessagePackReader.describe(task));
        }
        return ((Number) task).longValue();
    }

    private boolean readNeed() throws IOException, NoOutputException {
        Object need = reader.readValue();
        if (need != null && !(need instanceof Boolean)) {
            throw reader.wrong("need_task_ids must be a boolean, not " + MessagePackReader.describe(need));
        }
        return need == null || (Boolean) need;
    }

    @SuppressWarnings("unchecked")
    private List<Object> readTuple() throws IOException, NoOutputException {
        Object tuple = reader.readValue();
        if (tuple != null && !(tuple instanceof List)) {
            throw reader.wrong("tuple must be an array, not " + MessagePackReader.describe(tuple));
        }
        return (List<Object>) tuple;
    }

    /** Several ids, or one that is not in a list. */
    private List<String> readAnchors() throws IOException, NoOutputException {
        Object anchors = reader.readValue();
        if (anchors == null) {
            return null;
        }
        if (anchors instanceof String) {
            return Collections.singletonList((String) anchors);
        }
        if (!(anchors instanceof List)) {
            throw reader.wrong("anchors must be an array or a string, not " + MessagePackReader.describe(anchors));
        }
        List<String> ids = new ArrayList<>(((List<?>) anchors).size());
        for (Object anchor : (List<?>) anchors) {
            if (!(anchor instanceof String)) {
                throw reader.wrong("an anchor must be a string, not " + MessagePackReader.describe(anchor));
            }
            ids.add((String) anchor);
        }
        return ids;
    }

    private static byte[] encoded(String text) {
        MessagePackWriter writer = new MessagePackWriter();
        writer.writeString(text);
        return writer.toByteArray();
    }
}

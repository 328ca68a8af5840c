package cstorm.multilang;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.storm.multilang.NoOutputException;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.utils.Utils;

/** A message of a process that ProcessBolt runs; the same object is read again and again. */
final class Answer {
    private final MessagePackReader reader;

    String command;
    long id;
    String stream;
    int task;
    boolean needsTasks;
    List<Object> values;
    long[] anchors = new long[4];
    int anchorCount;
    ShellMsg other; // what logs, errors and metrics have

    Answer(MessagePackReader reader) {
        this.reader = reader;
    }

    void read() throws IOException, NoOutputException {
        command = null;
        id = -1;
        stream = Utils.DEFAULT_STREAM_ID;
        task = 0;
        needsTasks = true;
        values = null;
        anchorCount = 0;
        other = null;
        reader.readMessage(this::field);
        if (command == null) {
            throw reader.wrong("a message must have a command");
        }
        if (other != null) {
            other.setCommand(command);
        }
        if (values == null && command.equals("emit")) {
            throw reader.wrong("an emit must have a tuple");
        }
    }

    private void field(String key) throws IOException, NoOutputException {
        switch (key) {
            case "command":
                command = reader.readName(key);
                break;
            case "id":
                id = number(reader.readValue());
                break;
            case "anchors":
                readAnchors();
                break;
            case "tuple":
                values = readTuple();
                break;
            case "need_task_ids":
                needsTasks = !Boolean.FALSE.equals(reader.readValue());
                break;
            case "stream":
                String name = reader.readName(key);
                stream = name == null ? Utils.DEFAULT_STREAM_ID : name;
                break;
            case "task":
                Object number = reader.readValue();
                task = number == null ? 0 : (int) number(number);
                break;
            default:
                readOther(key);
                break;
        }
    }

    /** The keys of logs, errors and metrics. */
    private void readOther(String key) throws IOException, NoOutputException {
        Object value = reader.readValue();
        if (other == null) {
            other = new ShellMsg();
        }
        switch (key) {
            case "msg":
                other.setMsg(value == null ? null : value.toString());
                break;
            case "level":
                if (value instanceof Number) {
                    other.setLogLevel(((Number) value).intValue());
                }
                break;
            case "name":
                other.setMetricName(value == null ? null : value.toString());
                break;
            case "params":
                other.setMetricParams(value);
                break;
            default:
                break;
        }
    }

    private long number(Object value) throws IOException {
        if (!(value instanceof Integer) && !(value instanceof Long)) {
            throw reader.wrong("an id must be the number that it was, not " + MessagePackReader.describe(value));
        }
        return ((Number) value).longValue();
    }

    private void readAnchors() throws IOException, NoOutputException {
        Object ids = reader.readValue();
        if (ids == null) {
            return;
        }
        if (!(ids instanceof List)) {
            addAnchor(ids);
            return;
        }
        for (Object anchor : (List<?>) ids) {
            addAnchor(anchor);
        }
    }

    private void addAnchor(Object anchor) throws IOException {
        if (anchorCount == anchors.length) {
            anchors = Arrays.copyOf(anchors, 2 * anchorCount);
        }
        anchors[anchorCount++] = number(anchor);
    }

    @SuppressWarnings("unchecked")
    private List<Object> readTuple() throws IOException, NoOutputException {
        Object tuple = reader.readValue();
        if (!(tuple instanceof List)) {
            throw reader.wrong("tuple must be an array, not " + MessagePackReader.describe(tuple));
        }
        return tuple instanceof ArrayList ? (List<Object>) tuple : new ArrayList<>((List<Object>) tuple);
    }
}

package cstorm.storm;

import java.util.List;

/** How a component that is a process and Storm talk. */
enum Wire {
    JSON("org.apache.storm.multilang.JsonSerializer", "json"),
    MESSAGE_PACK("cstorm.multilang.MessagePackSerializer", "msgpack"),
    /** The same; what runs bolts is ProcessBolt in place of ShellBolt. */
    PROCESS_BOLT("cstorm.multilang.MessagePackSerializer", "msgpack");

    private final String serializer;
    private final String pystormName;

    Wire(String serializer, String pystormName) {
        this.serializer = serializer;
        this.pystormName = pystormName;
    }

    static List<Wire> ofC() {
        return List.of(values());
    }

    static List<Wire> ofPython() {
        return List.of(values());
    }

    String serializer() {
        return serializer;
    }

    String pystormName() {
        return pystormName;
    }
}

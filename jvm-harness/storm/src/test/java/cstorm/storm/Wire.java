package cstorm.storm;

import java.util.List;

/** How a shell component and Storm talk. */
enum Wire {
    JSON("org.apache.storm.multilang.JsonSerializer", "json"),
    MESSAGE_PACK("cstorm.multilang.MessagePackSerializer", "msgpack");

    private final String serializer;
    private final String pystormName;

    Wire(String serializer, String pystormName) {
        this.serializer = serializer;
        this.pystormName = pystormName;
    }

    static List<Wire> ofC() {
        return List.of(JSON, MESSAGE_PACK);
    }

    static List<Wire> ofPython() {
        return List.of(JSON, MESSAGE_PACK);
    }

    String serializer() {
        return serializer;
    }

    String pystormName() {
        return pystormName;
    }
}

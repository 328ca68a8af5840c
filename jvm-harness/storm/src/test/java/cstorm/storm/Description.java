package cstorm.storm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.generated.ComponentCommon;
import org.apache.storm.generated.Grouping;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.shade.net.minidev.json.JSONValue;

/** A topology of Storm's as cstorm's commands read it: see docs/description.schema.json. */
final class Description {
    private Description() {
    }

    static String of(String name, StormTopology topology, Map<String, Object> configuration, Map<String, Program> programs) {
        List<Map<String, Object>> spouts = new ArrayList<>();
        List<Map<String, Object>> bolts = new ArrayList<>();
        topology.get_spouts().forEach((id, spout) -> spouts.add(component(id, spout.get_common(), programs.get(id))));
        topology.get_bolts().forEach((id, bolt) -> bolts.add(component(id, bolt.get_common(), programs.get(id))));
        bolts.forEach(bolt -> bolt.put("inputs", inputs(topology.get_bolts().get((String) bolt.get("name")).get_common())));
        return JSONValue.toJSONString(Map.of("cstorm", 1, "name", name, "config", configuration, "spouts", spouts, "bolts", bolts));
    }

    private static Map<String, Object> component(String id, ComponentCommon common, Program program) {
        Map<String, Object> configuration = new LinkedHashMap<>((JSONObject) JSONValue.parse(common.get_json_conf()));
        Map<String, Object> component = new LinkedHashMap<>();
        component.put("name", id);
        component.put("command", List.of(program.command()));
        component.put("parallelism", Math.max(1, common.get_parallelism_hint())); // 0: not set
        Object tasks = configuration.remove(Config.TOPOLOGY_TASKS);
        if (tasks != null) {
            component.put("tasks", tasks);
        }
        component.put("config", configuration);
        List<Map<String, Object>> outputs = new ArrayList<>();
        common.get_streams().forEach((stream, info) ->
            outputs.add(Map.of("stream", stream, "fields", info.get_output_fields(), "direct", info.is_direct())));
        component.put("outputs", outputs);
        return component;
    }

    private static List<Map<String, Object>> inputs(ComponentCommon common) {
        List<Map<String, Object>> inputs = new ArrayList<>();
        common.get_inputs().forEach((stream, grouping) -> {
            Map<String, Object> input = new LinkedHashMap<>();
            input.put("component", stream.get_componentId());
            input.put("stream", stream.get_streamId());
            input.put("grouping", kind(grouping));
            if (grouping.is_set_fields() && !grouping.get_fields().isEmpty()) {
                input.put("fields", grouping.get_fields());
            }
            inputs.add(input);
        });
        return inputs;
    }

    /** In Storm, a global grouping is one by no fields. */
    private static String kind(Grouping grouping) {
        boolean isGlobal = grouping.is_set_fields() && grouping.get_fields().isEmpty();
        return isGlobal ? "global" : grouping.getSetField().getFieldName().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

import java.io.PrintStream;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.storm.Config;
import org.apache.storm.flux.FluxBuilder;
import org.apache.storm.flux.model.ExecutionContext;
import org.apache.storm.flux.model.TopologyDef;
import org.apache.storm.flux.parser.FluxParser;
import org.apache.storm.generated.ComponentCommon;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.generated.Grouping;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.spout.ShellSpout;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.topology.BasicBoltExecutor;
import org.apache.storm.utils.Utils;

/**
 * What Flux makes of YAML: a line of JSON for each file, with the topology that Storm would get, or the error. Arguments are
 * FILE[,filter=FILE][,env].
 */
public final class Describe {
    private Describe() {
    }

    public static void main(String[] arguments) {
        PrintStream out = System.out;
        System.setOut(System.err); // Flux talks
        for (String argument : arguments) {
            Map<String, Object> result;
            try {
                result = describe(argument.split(","));
            } catch (Throwable e) {
                result = new LinkedHashMap<>();
                Throwable cause = e;
                while (cause.getCause() != null) {
                    cause = cause.getCause();
                }
                result.put("error", String.valueOf(cause));
            }
            out.println(JSONValue.toJSONString(result));
        }
        System.exit(0);
    }

    private static Map<String, Object> describe(String[] words) throws Exception {
        Properties properties = null;
        boolean environment = false;
        for (int i = 1; i < words.length; i++) {
            if (words[i].startsWith("filter=")) {
                properties = FluxParser.parseProperties(words[i].substring("filter=".length()), false);
            }
            environment |= words[i].equals("env");
        }
        TopologyDef definition = FluxParser.parseFile(words[0], false, true, properties, environment);
        Config conf = FluxBuilder.buildConfig(definition);
        ExecutionContext context = new ExecutionContext(definition, conf);
        StormTopology topology = FluxBuilder.buildTopology(context);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("name", definition.getName());
        result.put("config", conf);
        Map<String, Object> components = new TreeMap<>();
        topology.get_spouts().forEach((id, spout) ->
            components.put(id, component(spout.get_common(), spout.get_spout_object(), true)));
        topology.get_bolts().forEach((id, bolt) ->
            components.put(id, component(bolt.get_common(), bolt.get_bolt_object(), false)));
        result.put("components", components);
        return result;
    }

    private static Map<String, Object> component(ComponentCommon common, ComponentObject serialized, boolean isSpout) {
        Object object = Utils.javaDeserialize(serialized.get_serialized_java(), Object.class);
        Map<String, Object> result = new LinkedHashMap<>();
        Object conf = common.get_json_conf() == null ? Map.of() : JSONValue.parse(common.get_json_conf());
        result.put("spout", isSpout);
        result.put("config", conf);
        result.put("parallelism", common.get_parallelism_hint());
        if (object instanceof ShellBolt || object instanceof ShellSpout) {
            Class<?> type = object instanceof ShellBolt ? ShellBolt.class : ShellSpout.class;
            result.put("command", List.of((String[]) field(type, "command", object)));
            result.put("env", field(type, "env", object));
        } else {
            Object bolt = object instanceof BasicBoltExecutor ? field(BasicBoltExecutor.class, "bolt", object) : object;
            result.put("class", bolt.getClass().getName());
        }
        Map<String, Object> streams = new TreeMap<>();
        common.get_streams().forEach((name, info) -> {
            Map<String, Object> stream = new LinkedHashMap<>();
            stream.put("fields", info.get_output_fields());
            stream.put("direct", info.is_direct());
            streams.put(name, stream);
        });
        result.put("outputs", streams);
        Map<String, Object> inputs = new TreeMap<>();
        for (Map.Entry<GlobalStreamId, Grouping> input : common.get_inputs().entrySet()) {
            inputs.put(input.getKey().get_componentId() + " " + input.getKey().get_streamId(), grouping(input.getValue()));
        }
        result.put("inputs", inputs);
        return result;
    }

    /** Its own name of the grouping, and its fields. */
    private static List<Object> grouping(Grouping grouping) {
        List<Object> result = new ArrayList<>();
        result.add(grouping.getSetField().getFieldName());
        if (grouping.is_set_fields()) {
            result.addAll(grouping.get_fields());
        }
        return result;
    }

    private static Object field(Class<?> type, String name, Object object) {
        try {
            Field field = type.getDeclaredField(name);
            field.setAccessible(true);
            return field.get(object);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}

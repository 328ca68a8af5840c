package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.storm.daemon.GrouperFactory;
import org.apache.storm.generated.Grouping;
import org.apache.storm.multilang.ISerializer;
import org.apache.storm.tuple.Fields;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A fields grouping of {@code cstorm run} chooses the task that Storm's own chooses, whatever the values are. */
class GroupingTest {
    private static final int TUPLES = 20_000;
    private static final int[] TASK_COUNTS = {1, 2, 3, 4, 7, 10, 16, 31, 64, 1000, 65_537};

    /** Groups by the last and the first of three fields. */
    private static final Fields OUTPUTS = new Fields("first", "second", "third");
    private static final Fields GROUPED = new Fields("third", "first");
    private static final String GROUPED_PLACES = "2,0";

    private static final List<GrouperFactory.FieldsGrouper> GROUPERS = IntStream.of(TASK_COUNTS).mapToObj(count -> {
        GrouperFactory.FieldsGrouper grouper = new GrouperFactory.FieldsGrouper(OUTPUTS, Grouping.fields(GROUPED.toList()));
        grouper.prepare(null, null, IntStream.range(0, count).boxed().collect(Collectors.toList()));
        return grouper;
    }).collect(Collectors.toList());

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void choosesAsStormDoes(Wire wire, @TempDir Path folder) throws Exception {
        NastyTuples tuples = new NastyTuples(1);
        List<byte[]> messages = new ArrayList<>();
        Path file = folder.resolve("messages");
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < TUPLES; i++) {
                messages.add(tuples.next(wire, OUTPUTS.size()));
                out.write(messages.get(i));
            }
        }
        List<String> found = askRunner(wire, file, folder.resolve("answers"));
        assertEquals(TUPLES, found.size());
        for (int i = 0; i < TUPLES; i++) {
            byte[] message = messages.get(i);
            assertEquals(askStorm(wire, message), found.get(i), () -> show(wire, message));
        }
    }

    private static List<String> askRunner(Wire wire, Path messages, Path answers) throws Exception {
        String counts = IntStream.of(TASK_COUNTS).mapToObj(Integer::toString).collect(Collectors.joining(","));
        Process runner = new ProcessBuilder(Programs.grouping(), wire == Wire.JSON ? "json" : "msgpack", GROUPED_PLACES, counts)
            .redirectInput(messages.toFile()).redirectOutput(answers.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            assertTrue(runner.waitFor(60, TimeUnit.SECONDS), "it hangs");
        } finally {
            runner.destroyForcibly();
        }
        assertEquals(0, runner.exitValue());
        return Files.readAllLines(answers);
    }

    /** The hash and the choices: of the values as Storm's serializer reads them, by Storm's grouping. */
    private static String askStorm(Wire wire, byte[] message) throws Exception {
        ISerializer serializer = (ISerializer) Class.forName(wire.serializer()).getConstructor().newInstance();
        serializer.initialize(new ByteArrayOutputStream(), new ByteArrayInputStream(message));
        List<Object> values = serializer.readShellMsg().getTuple();
        StringBuilder answer = new StringBuilder();
        answer.append(Arrays.deepHashCode(OUTPUTS.select(GROUPED, values).toArray()));
        GROUPERS.forEach(grouper -> answer.append(' ').append(grouper.chooseTasks(0, values).get(0)));
        return answer.toString();
    }

    private static String show(Wire wire, byte[] message) {
        return wire == Wire.JSON ? new String(message, StandardCharsets.UTF_8) : HexFormat.ofDelimiter(" ").formatHex(message);
    }
}

package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.storm.Config;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The word count, whole, under a real Storm. */
@ExtendWith(StormCluster.class)
class WordcountTest {
    private static final int LINES = 5000;

    private final TestTopology topology = new TestTopology();

    @AfterEach
    void close() throws Exception {
        topology.close();
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void countsAsJavaDoes(Wire wire, @TempDir Path folder) throws Exception {
        Path file = folder.resolve("text");
        List<String> lines = makeText();
        Files.write(file, lines);
        Map<String, Integer> expected = new HashMap<>();
        lines.forEach(line -> {
            for (String word : line.split(" +")) {
                expected.merge(word, 1, Integer::sum);
            }
        });

        topology.spout("lines", Program.c(Programs.wordcount(), wire).outputs("line"));
        topology.bolt("split", Program.c(Programs.wordcount(), wire).outputs("word"), 2).shuffleGrouping("lines");
        topology.bolt("count", Program.c(Programs.wordcount(), wire).outputs("word", "count")
            .configure(Config.TOPOLOGY_TICK_TUPLE_FREQ_SECS, 1), 2).fieldsGrouping("split", new Fields("word"));
        Sink sink = topology.sink("sink", in -> in.globalGrouping("count"));
        topology.configure("lines.input", file.toString()).configure(Config.TOPOLOGY_MAX_SPOUT_PENDING, 2000).start();

        Await.until("all words are counted", () -> sum(totals(sink)) >= sum(expected), () -> totals(sink));
        assertEquals(expected, totals(sink));
        Map<Object, Integer> tasks = new HashMap<>();
        for (Tuple tuple : sink.received()) {
            int task = tasks.computeIfAbsent(tuple.getValue(0), word -> tuple.getSourceTask());
            assertEquals(task, tuple.getSourceTask(), "two tasks count " + tuple.getValue(0));
        }
        assertEquals(2, tasks.values().stream().distinct().count());
        assertEquals(List.of(), topology.errors());
    }

    private static List<String> makeText() {
        Random random = new Random(1);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < LINES; i++) {
            StringBuilder line = new StringBuilder("line");
            for (int j = random.nextInt(8); j > 0; j--) {
                line.append(" ".repeat(1 + random.nextInt(2))).append("wörd").append(random.nextInt(200));
            }
            lines.add(line.toString());
        }
        return lines;
    }

    /** The latest count of each word. */
    private static Map<String, Integer> totals(Sink sink) {
        Map<String, Integer> totals = new HashMap<>();
        sink.values().forEach(values -> totals.put((String) values.get(0), (Integer) values.get(1)));
        return totals;
    }

    private static int sum(Map<String, Integer> totals) {
        return totals.values().stream().mapToInt(Integer::intValue).sum();
    }
}

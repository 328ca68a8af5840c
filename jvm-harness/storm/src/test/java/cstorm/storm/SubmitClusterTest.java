package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.storm.shade.net.minidev.json.JSONArray;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.junit.jupiter.api.Test;

/** What {@code cstorm} says to a real Nimbus, and what becomes of it. */
class SubmitClusterTest {
    private static final int LINES = 500;

    private record Answer(int status, String out, String errors) {
    }

    private final Path folder;
    private final Path results;
    private Cluster cluster;

    SubmitClusterTest() throws IOException {
        folder = Cluster.makeFolder("submit");
        results = folder.resolve("results");
    }

    private Answer cstorm(String command, String... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of(Programs.cstorm(), command, "--nimbus", cluster.address()));
        words.addAll(List.of(arguments));
        Path out = folder.resolve("out");
        Path errors = folder.resolve("errors");
        Process process = new ProcessBuilder(words).redirectOutput(out.toFile()).redirectError(errors.toFile()).start();
        return new Answer(process.waitFor(), Files.readString(out), Files.readString(errors));
    }

    private void done(String command, String... arguments) throws Exception {
        Answer answer = cstorm(command, arguments);
        assertEquals(0, answer.status(), answer.errors());
    }

    private void refused(String why, String command, String... arguments) throws Exception {
        Answer answer = cstorm(command, arguments);
        assertEquals(1, answer.status(), answer.errors());
        assertTrue(answer.errors().contains(why), answer.errors());
    }

    /** What Nimbus says of the topology; null: it is not there. */
    private JSONObject listed(String name) throws Exception {
        Answer answer = cstorm("list", "--json");
        assertEquals(0, answer.status(), answer.errors());
        for (Object topology : (JSONArray) JSONValue.parse(answer.out())) {
            if (name.equals(((JSONObject) topology).get("name"))) {
                return (JSONObject) topology;
            }
        }
        return null;
    }

    private void awaitStatus(String name, String status) {
        Await.until(name + " is " + status, () -> {
            JSONObject topology = listed(name);
            return topology == null ? status == null : status != null && status.equals(topology.get("status"));
        }, () -> "something else");
    }

    private void awaitTasks(long count) {
        Await.until("there are " + count + " tasks", () -> ((Number) listed("words").get("num_tasks")).longValue() == count,
            () -> "another number");
    }

    /** The lines that have come; the last one may be on its way. */
    private Set<String> written() throws IOException {
        String text = Files.exists(results) ? Files.readString(results) : "";
        return new HashSet<>(text.substring(0, text.lastIndexOf('\n') + 1).lines().collect(Collectors.toList()));
    }

    private Path topology() throws IOException {
        Files.copy(Path.of(Programs.components()), folder.resolve("cstorm-components"));
        folder.resolve("cstorm-components").toFile().setExecutable(true);
        Files.write(folder.resolve("input"), IntStream.range(0, LINES).mapToObj(n -> "line " + n).collect(Collectors.toList()));
        return Files.writeString(folder.resolve("topology.yaml"), String.join("\n", "name: words",
            "config:", "  topology.workers: 1", "  topology.max.spout.pending: 100", "  lines.input: " + folder.resolve("input"),
            "  write.output: " + results, "spouts:", "- id: lines",
            "  className: org.apache.storm.flux.wrappers.spouts.FluxShellSpout",
            "  constructorArgs: [[./cstorm-components, --component, lines], [line]]", "bolts:", "- id: copy",
            "  className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt",
            "  constructorArgs: [[./cstorm-components, --component, split], [word]]", "  parallelism: 2", "- id: write",
            "  className: org.apache.storm.flux.wrappers.bolts.FluxShellBolt",
            "  constructorArgs: [[./cstorm-components, --component, write]]", "streams:",
            "- {from: lines, to: copy, grouping: {type: SHUFFLE}}", "- {from: copy, to: write, grouping: {type: GLOBAL}}", ""));
    }

    /** How many tuples of a spout were acked, says Nimbus. */
    private long acked(String name, String component) {
        try {
            Object found = JSONValue.parse(cstorm("info", "--json", name).out());
            for (String key : List.of("components", component, "sid_to_output_stats", "default", "common_stats", "acked")) {
                found = found == null ? null : ((JSONObject) found).get(key);
            }
            return found == null ? 0 : ((Number) found).longValue();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** More than Nimbus takes at once, and no compression makes it less. */
    private Path largeJar() throws IOException {
        Path jar = folder.resolve("large.jar");
        byte[] noise = new byte[3 << 20];
        new Random(1).nextBytes(noise);
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new JarEntry("noise"));
            out.write(noise);
            out.closeEntry();
        }
        return jar;
    }

    @Test
    void aTopologysLife() throws Exception {
        String topology = topology().toString();
        Set<String> words = IntStream.range(0, LINES).mapToObj(Integer::toString).collect(Collectors.toSet());
        words.add("line");
        try (Cluster started = new Cluster()) {
            cluster = started;
            assertEquals(null, listed("words"));
            done("submit", "--inactive", "-p", "copy=3", "--with", largeJar().toString(), "-o",
                "topology.stats.sample.rate=1.0", topology);
            awaitStatus("words", "INACTIVE");
            awaitTasks(6); // with an acker
            refused("a topology words runs already: kill it, replace it with --force", "submit", topology);
            done("activate", "words");
            awaitStatus("words", "ACTIVE");
            Await.until("all words are written", () -> written().equals(words), () -> "less in " + results);
            Await.until("Nimbus knows of all lines", () -> acked("words", "lines") == LINES, () -> acked("words", "lines"));
            String info = cstorm("info", "words").out();
            assertTrue(info.matches("(?s)words-1-\\d+: ACTIVE for .*, 1 workers, .*copy +3 +3  <- lines:default .*"), info);
            done("deactivate", "words");
            awaitStatus("words", "INACTIVE");
            done("submit", "--force", topology);
            awaitStatus("words", "ACTIVE");
            awaitTasks(5);
            done("submit", "--name", "others", "--inactive", topology);
            assertTrue(cstorm("list").out().matches("(?s)NAME .*\nothers .*INACTIVE.*|(?s)NAME .*words .*"));
            done("kill", "-w", "0", "words");
            awaitStatus("words", null);
            refused("words", "kill", "words");
            refused("nothing", "activate", "nothing");
            refused("", "submit", "--name", "a/b", topology);
        }
    }
}

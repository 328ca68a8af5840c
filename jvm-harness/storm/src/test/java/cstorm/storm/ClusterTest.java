package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.storm.Config;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.topology.TopologyBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What happens when processes die in a Storm whose workers are processes: nothing is lost, nothing is left. */
class ClusterTest {
    private static final int LINES = 2000;

    private final Set<String> expected = IntStream.range(0, LINES).mapToObj(n -> "line " + n).collect(Collectors.toSet());
    private Path marks;

    private Set<String> marked() throws IOException {
        return Files.exists(marks) ? new HashSet<>(Files.readAllLines(marks)) : Set.of();
    }

    private void awaitMarks(int count) {
        Await.until(count + " lines are marked", () -> marked().size() >= count, () -> {
            try {
                return marked().size();
            } catch (IOException e) {
                return e;
            }
        });
    }

    /** Lines of a file, a few hundred a second, that two tasks write down before they ack them. */
    private TopologyBuilder build(Wire wire) throws IOException {
        Path folder = Cluster.makeFolder("lines");
        Path input = folder.resolve("input");
        marks = folder.resolve("marks");
        Files.write(input, IntStream.range(0, LINES).mapToObj(n -> "line " + n).collect(Collectors.toList()));
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("lines", new ProgramSpout(Program.c(Programs.probe(), wire).outputs("line")
            .configure("lines.input", input.toString()).configure("cstorm.spout.rate", 500)));
        builder.setBolt("mark", new ProgramBolt(Program.c(Programs.probe(), wire)
            .configure("mark.marks", marks.toString())), 2).shuffleGrouping("lines");
        return builder;
    }

    private static Config conf() {
        Config conf = new Config();
        conf.setNumWorkers(1);
        conf.setMaxSpoutPending(100);
        return conf;
    }

    private void submit(Cluster cluster, Wire wire) throws Exception {
        cluster.submit("marking", conf(), build(wire).createTopology());
    }

    private static Path pack(String program) throws Exception {
        Path jar = Cluster.makeFolder("jar").resolve("topology.jar");
        Path said = jar.resolveSibling("said");
        Process cstorm = new ProcessBuilder(Programs.cstorm(), "jar", "-o", jar.toString(), program)
            .redirectErrorStream(true).redirectOutput(said.toFile()).start();
        assertEquals(0, cstorm.waitFor(), Files.readString(said));
        return jar;
    }

    private static ComponentObject started(String component) {
        return ComponentObject.shell(new ShellComponent("sh", "cstorm/components/" + component));
    }

    private static List<Long> pids(List<ProcessHandle> processes) {
        return processes.stream().map(ProcessHandle::pid).collect(Collectors.toList());
    }

    private static void awaitEnd(List<ProcessHandle> processes) {
        Await.until("the processes have ended", () -> processes.stream().noneMatch(ProcessHandle::isAlive),
            () -> pids(processes));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void losesNothingWhenABoltIsKilled(Wire wire) throws Exception {
        try (Cluster cluster = new Cluster()) {
            submit(cluster, wire);
            awaitMarks(LINES / 4);
            List<ProcessHandle> before = cluster.processes(Programs.probe());
            assertEquals(3, before.size());
            assertFalse(marked().equals(expected));
            before.get(before.size() - 1).destroyForcibly();
            // Storm ends the worker, and all that belong to it, and starts another one.
            awaitEnd(before);
            awaitMarks(LINES);
            assertEquals(expected, marked());
            List<ProcessHandle> after = cluster.processes(Programs.probe());
            assertEquals(3, after.size());
            cluster.kill("marking");
            awaitEnd(after);
        }
    }

    /** There is no Java in it: the components are shell components to Nimbus, their programs are in the jar. */
    @Test
    void runsWhatIsInAJar() throws Exception {
        try (Cluster cluster = new Cluster()) {
            StormTopology topology = build(Wire.JSON).createTopology();
            topology.get_spouts().get("lines").set_spout_object(started("lines"));
            topology.get_bolts().get("mark").set_bolt_object(started("mark"));
            cluster.submit("marking", conf(), topology, pack(Programs.probe()));
            awaitMarks(LINES / 4);
            List<ProcessHandle> before = cluster.processes("/cstorm/bin/");
            assertEquals(3, before.size());
            before.get(0).destroyForcibly();
            awaitEnd(before);
            awaitMarks(LINES);
            assertEquals(expected, marked());
            List<ProcessHandle> after = cluster.processes("/cstorm/bin/");
            cluster.kill("marking");
            awaitEnd(after);
        }
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void losesNothingWhenTheWorkerIsKilled(Wire wire) throws Exception {
        try (Cluster cluster = new Cluster()) {
            submit(cluster, wire);
            awaitMarks(LINES / 4);
            List<ProcessHandle> before = cluster.processes(Programs.probe());
            assertEquals(3, before.size());
            before.get(0).parent().orElseThrow().destroyForcibly();
            // Nobody tells them: they see that their parent is gone.
            awaitEnd(before);
            awaitMarks(LINES);
            assertEquals(expected, marked());
        }
    }
}

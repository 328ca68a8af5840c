package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.storm.Config;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.topology.BoltDeclarer;
import org.apache.storm.tuple.Fields;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same topology of C components (parity.c) in {@code cstorm run} and in a real Storm: the same must happen in both. */
@ExtendWith(StormCluster.class)
class ParityTest {
    private static final String[] FIELDS = {"number", "key"};

    /** What a task has said. */
    private record Event(String component, int task, String text) {
        static Event of(String line) {
            String[] parts = line.split(" ", 3);
            return new Event(parts[0], Integer.parseInt(parts[1]), parts[2]);
        }
    }

    @TempDir
    private Path folder;

    private final TestTopology topology = new TestTopology();
    private Wire wire;
    private List<Event> ofRunner;
    private List<Event> ofStorm;

    @AfterEach
    void close() throws Exception {
        topology.close();
    }

    // The topology

    private void source(Wire spoken, int count) {
        wire = spoken;
        topology.configure(Config.TOPOLOGY_MULTILANG_SERIALIZER, wire.serializer()).configure("source.count", count);
        topology.spout("source", program("source").outputs(FIELDS).stream("untracked", FIELDS));
    }

    private Program program(String component) {
        return Program.c(Programs.parity(), wire, component);
    }

    private BoltDeclarer bolt(String name, String component, int parallelism) {
        return topology.bolt(name, program(component).outputs(FIELDS), parallelism);
    }

    /** A bolt where tuples end. */
    private BoltDeclarer end(String name, int parallelism) {
        return topology.bolt(name, program("end"), parallelism);
    }

    // The runs

    private Path results(String of) {
        return folder.resolve("results of " + of);
    }

    /** The whole lines: the last one may be on its way. */
    private static List<Event> read(Path file) throws IOException {
        String text = Files.exists(file) ? Files.readString(file) : "";
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().map(Event::of).collect(Collectors.toList());
    }

    private void runLocally() throws Exception {
        topology.configure("parity.results", results("the runner").toString());
        Path description = Files.writeString(folder.resolve("topology.json"), topology.describe());
        Path errors = folder.resolve("errors");
        Process runner = new ProcessBuilder(Programs.cstorm(), "run", "-q", description.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(errors.toFile()).start();
        try {
            assertTrue(runner.waitFor(120, TimeUnit.SECONDS), () -> "cstorm run does not end: " + errors);
        } finally {
            runner.destroy();
        }
        assertEquals(0, runner.exitValue(), Files.readString(errors));
        ofRunner = read(results("the runner"));
    }

    private void startStorm() throws Exception {
        topology.configure("parity.results", results("Storm").toString()).start();
    }

    private void runBoth() throws Exception {
        runLocally();
        startStorm();
        Path file = results("Storm");
        Await.until("all has happened that does in the runner", () -> {
            List<Event> events = read(file);
            return events.size() >= ofRunner.size() && events.stream().anyMatch(ParityTest::isLast);
        }, () -> readQuietly(file));
        ofStorm = read(file);
        assertEquals(List.of(), topology.errors());
    }

    private static boolean isLast(Event event) {
        return event.text().startsWith("most pending");
    }

    private static Object readQuietly(Path file) {
        try {
            List<Event> events = read(file);
            return events.size() + " events, the last: " + events.subList(Math.max(0, events.size() - 10), events.size());
        } catch (IOException e) {
            return e;
        }
    }

    // What is compared

    private static List<String> inOrder(List<Event> events, Predicate<String> isFree) {
        return events.stream().filter(event -> !isLast(event))
            .map(event -> event.component() + (isFree.test(event.component()) ? " " : " " + event.task() + " ") + event.text())
            .sorted().collect(Collectors.toList());
    }

    /** The same events, each as often; the tasks too, but for those components where any task may be chosen. */
    private void assertSameEvents(String... free) {
        assertEquals(String.join("\n", inOrder(ofStorm, List.of(free)::contains)),
            String.join("\n", inOrder(ofRunner, List.of(free)::contains)));
    }

    private static long count(List<Event> events, String component, String part) {
        return events.stream().filter(event -> event.component().equals(component) && event.text().contains(part)).count();
    }

    /** In both: so many events of a component whose text has this part. */
    private void assertCount(int expected, String component, String part) {
        assertEquals(List.of((long) expected, (long) expected),
            List.of(count(ofStorm, component, part), count(ofRunner, component, part)), component + ": " + part);
    }

    private static Set<Integer> tasks(List<Event> events, String component) {
        return events.stream().filter(event -> event.component().equals(component)).map(Event::task).collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void groupings(Wire spoken) throws Exception {
        source(spoken, 300);
        end("fields", 4).setNumTasks(7).fieldsGrouping("source", new Fields("key"));
        end("both", 3).fieldsGrouping("source", new Fields("key", "number"));
        end("every", 2).setNumTasks(3).allGrouping("source");
        end("first", 3).globalGrouping("source");
        end("shuffled", 3).shuffleGrouping("source");
        end("any", 3).noneGrouping("source");
        end("near", 3).localOrShuffleGrouping("source");
        end("untracked", 2).fieldsGrouping("source", "untracked", new Fields("number"));
        end("several", 2).fieldsGrouping("source", new Fields("number")).allGrouping("source", "untracked");
        runBoth();

        String[] free = {"shuffled", "any", "near"};
        assertSameEvents(free);
        for (String component : free) {
            assertEquals(Set.of(0, 1, 2), tasks(ofStorm, component));
            assertEquals(Set.of(0, 1, 2), tasks(ofRunner, component));
        }
        assertCount(900, "every", "received");
        assertCount(900, "several", "received");
        assertEquals(Set.of(0), tasks(ofRunner, "first"));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void anchorsToSeveralTuplesOfOneTreeAndOfTwo(Wire spoken) throws Exception {
        source(spoken, 200);
        bolt("left", "pass", 1).shuffleGrouping("source");
        bolt("right", "pass", 2).fieldsGrouping("source", new Fields("number"));
        bolt("diamond", "join", 2).fieldsGrouping("left", new Fields("number")).fieldsGrouping("right", new Fields("number"));
        topology.configure("pair.divisor", 2);
        bolt("pair", "join", 1).globalGrouping("diamond");
        bolt("flaky", "flaky", 2).fieldsGrouping("pair", new Fields("number"));
        end("end", 1).shuffleGrouping("flaky");
        runBoth();

        assertSameEvents();
        assertCount(200, "source", "acked");
        assertCount(40, "source", "failed"); // both numbers of 20 pairs
        assertCount(100, "end", "received");
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void replaysWhatFailsAndCanBeReplayed(Wire spoken) throws Exception {
        source(spoken, 100);
        bolt("flaky", "flaky", 3).fieldsGrouping("source", new Fields("number"));
        bolt("loose", "loose", 1).shuffleGrouping("source", "untracked");
        bolt("unanchored", "flaky", 1).shuffleGrouping("loose");
        bolt("untracked", "flaky", 1).shuffleGrouping("source", "untracked");
        end("end", 2).fieldsGrouping("flaky", new Fields("key")).fieldsGrouping("unanchored", new Fields("key"))
            .fieldsGrouping("untracked", new Fields("key"));
        runBoth();

        assertSameEvents();
        assertCount(20, "source", "failed");
        assertCount(100, "source", "acked");
        assertCount(120, "flaky", "received");
        assertCount(260, "end", "received"); // nobody replays 20 of those that are not anchored, and of the untracked ones
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void acksAtOnceWithoutAckers(Wire spoken) throws Exception {
        source(spoken, 100);
        topology.configure(Config.TOPOLOGY_ACKER_EXECUTORS, 0);
        bolt("flaky", "flaky", 2).fieldsGrouping("source", new Fields("number"));
        end("end", 1).shuffleGrouping("flaky");
        runBoth();

        assertSameEvents();
        assertCount(0, "source", "failed");
        assertCount(100, "source", "acked");
        assertCount(80, "end", "received");
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void failsWhatIsNotSettledInTime(Wire spoken) throws Exception {
        source(spoken, 20);
        topology.configure(Config.TOPOLOGY_MESSAGE_TIMEOUT_SECS, 3);
        bolt("forgetful", "forgetful", 2).fieldsGrouping("source", new Fields("number"));
        runBoth();

        // On a busy machine others may be late, too: as a set, it is the same.
        Set<String> expected = Set.of("failed 0", "failed 5", "failed 10", "failed 15");
        for (List<Event> events : List.of(ofStorm, ofRunner)) {
            Set<String> said = events.stream().map(Event::text).collect(Collectors.toSet());
            assertTrue(said.containsAll(expected), said::toString);
            assertEquals(20, said.stream().filter(text -> text.startsWith("acked")).count());
            for (int number = 0; number < 20; number += 5) {
                assertTrue(count(events, "forgetful", "received " + number + " ") >= 2, () -> events.toString());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void neverHasMorePendingThanItMay(Wire spoken) throws Exception {
        source(spoken, 300);
        topology.configure(Config.TOPOLOGY_MAX_SPOUT_PENDING, 3);
        bolt("flaky", "flaky", 1).shuffleGrouping("source");
        runBoth();

        assertSameEvents();
        assertCount(300, "source", "acked");
        for (List<Event> events : List.of(ofStorm, ofRunner)) {
            String last = events.stream().filter(ParityTest::isLast).findFirst().get().text();
            assertTrue(Set.of("most pending 1", "most pending 2", "most pending 3").contains(last), last);
        }
    }

    /** Storm 2.8.3 cannot read a task from JSON. */
    @Test
    void emitsToTheTaskThatIsNamed() throws Exception {
        source(Wire.MESSAGE_PACK, 100);
        topology.bolt("direct", program("direct").directStream("direct", FIELDS), 2).fieldsGrouping("source", new Fields("number"));
        end("end", 3).directGrouping("direct", "direct");
        end("other", 2).directGrouping("direct", "direct");
        runBoth();

        assertSameEvents();
        assertCount(100, "end", "received");
        assertCount(0, "other", "received");
        assertEquals(Set.of(0, 1, 2), tasks(ofRunner, "end"));
    }

    @ParameterizedTest
    @MethodSource("cstorm.storm.Wire#ofC")
    void saysWhichTasksReceive(Wire spoken) throws Exception {
        source(spoken, 100);
        bolt("asking", "asking", 2).fieldsGrouping("source", new Fields("number"));
        end("end", 3).fieldsGrouping("asking", new Fields("number"));
        end("every", 2).allGrouping("asking");
        runBoth();

        assertSameEvents();
        assertCount(300, "asking", "went to");
    }

    // What a component is sent

    /** The messages that were sent to the recorded component. */
    private static List<Map<?, ?>> messages(Path record) throws IOException {
        String text = Files.exists(record) ? Files.readString(record) : "";
        return Arrays.stream(text.substring(0, text.lastIndexOf("\nend\n") + 1).split("\nend\n"))
            .map(message -> JSONValue.parse(message)).filter(Map.class::isInstance)
            .map(message -> (Map<?, ?>) message).collect(Collectors.toList());
    }

    private static List<Map<?, ?>> ofStream(List<Map<?, ?>> messages, String stream) {
        return messages.stream().filter(message -> stream.equals(message.get("stream"))).collect(Collectors.toList());
    }

    /** A message without its id. */
    private static Map<?, ?> first(List<Map<?, ?>> messages, String stream) {
        Map<?, ?> message = new TreeMap<>(ofStream(messages, stream).get(0));
        assertTrue(((String) message.remove("id")).matches("-?[0-9]+"));
        return message;
    }

    /** Without what Storm adds for itself: components and streams that begin with "__". */
    private static Object withoutSystem(Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> left = new LinkedHashMap<>();
            map.forEach((key, member) -> {
                if (!key.toString().startsWith("__") && !String.valueOf(member).startsWith("__")) {
                    left.put(key, withoutSystem(member));
                }
            });
            return left;
        }
        return value instanceof List<?> list
            ? list.stream().filter(member -> !member.toString().startsWith("__")).collect(Collectors.toSet()) : value;
    }

    /** The context, with tasks numbered from 1: Storm has its own before them. */
    private static Map<Object, Object> context(Map<?, ?> handshake) {
        @SuppressWarnings("unchecked")
        Map<Object, Object> context = (Map<Object, Object>) withoutSystem(handshake.get("context"));
        Map<?, ?> components = (Map<?, ?>) context.get("task->component");
        int before = Collections.min(components.keySet().stream().map(id -> Integer.parseInt((String) id)).toList()) - 1;
        Map<Integer, Object> fromOne = new TreeMap<>();
        components.forEach((id, component) -> fromOne.put(Integer.parseInt((String) id) - before, component));
        context.put("task->component", fromOne);
        context.put("taskid", (Integer) context.get("taskid") - before);
        return context;
    }

    @Test
    void sendsTheSameHandshakeAndTicks() throws Exception {
        Path record = folder.resolve("record");
        source(Wire.JSON, 10);
        topology.configure("own.key", Arrays.asList(1, null, Map.of("a", 0.5)));
        topology.bolt("ticked", Program.recorded(Programs.parity(), Wire.JSON, "ticked", record).outputs(FIELDS)
            .stream("other", "a").directStream("direct", "b").configure(Config.TOPOLOGY_TICK_TUPLE_FREQ_SECS, 1)
            .configure("ticked.key", "of its own")).shuffleGrouping("source").fieldsGrouping("source", "untracked", new Fields(FIELDS));
        end("end", 1).setNumTasks(3).globalGrouping("ticked").allGrouping("ticked", "other").directGrouping("ticked", "direct");
        runLocally();
        List<Map<?, ?>> toRunners = messages(record);
        Files.delete(record);
        startStorm();
        Await.until("a tick and a heartbeat have come", () -> {
            List<Map<?, ?>> messages = messages(record);
            return !ofStream(messages, "__tick").isEmpty() && !ofStream(messages, "__heartbeat").isEmpty();
        }, () -> results("Storm"));
        List<Map<?, ?>> toStorms = messages(record);

        assertEquals(first(toStorms, "__tick"), first(toRunners, "__tick"));
        assertEquals(first(toStorms, "__heartbeat"), first(toRunners, "__heartbeat"));

        Map<?, ?> ofStorms = toStorms.get(0);
        Map<?, ?> ofRunners = toRunners.get(0);
        assertEquals(ofStorms.keySet(), ofRunners.keySet());
        assertEquals(context(ofStorms), context(ofRunners));

        // The runner sends a part of the configuration: what a component may look at.
        Map<Object, Object> inStorm = new TreeMap<>((Map<?, ?>) ofStorms.get("conf"));
        Map<Object, Object> inRunner = new TreeMap<>((Map<?, ?>) ofRunners.get("conf"));
        inRunner.keySet().removeIf(key -> key.toString().startsWith("cstorm.") || key.equals("parity.results"));
        inStorm.keySet().retainAll(inRunner.keySet());
        // Its name, and what no other run has.
        for (Map<Object, Object> conf : List.of(inStorm, inRunner)) {
            conf.compute("storm.id", (key, id) -> id.toString().replaceFirst("-\\d+-\\d+$", "-N-N"));
        }
        assertEquals(inStorm, inRunner);
        assertTrue(inRunner.keySet().containsAll(Set.of("own.key", "ticked.key", "topology.name")));
    }
}

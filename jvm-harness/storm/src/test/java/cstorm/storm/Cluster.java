package cstorm.storm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.generated.KillOptions;
import org.apache.storm.generated.Nimbus;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.thrift.TException;
import org.apache.storm.utils.NimbusClient;
import org.apache.storm.utils.Utils;

/**
 * A Storm whose daemons and workers are processes, unlike those of a LocalCluster: they can die, and are started again.
 * It is the one of {@code script/cluster}.
 */
final class Cluster implements AutoCloseable {
    private static final String SCRIPT = Path.of(System.getProperty("basedir"), "../../script/cluster").toString();

    private final Path home;
    private final Map<String, Object> conf = new HashMap<>();
    private final ProcessHandle keeper;

    Cluster() throws Exception {
        home = makeFolder("cluster");
        script("start", "--port", "0", "--slots", "1", "--class-path",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        JSONObject state = (JSONObject) JSONValue.parse(Files.readString(home.resolve("state.json")));
        keeper = ProcessHandle.of(((Number) state.get("pid")).longValue()).orElseThrow();
        conf.put(Config.NIMBUS_SEEDS, List.of("127.0.0.1"));
        conf.put(Config.NIMBUS_THRIFT_PORT, Integer.valueOf(((String) state.get("nimbus")).split(":")[1]));
        conf.put(Config.WORKER_CHILDOPTS, "-Xmx128m");
    }

    /** A new folder among those that go with the build. */
    static Path makeFolder(String name) throws IOException {
        Path parent = Files.createDirectories(Path.of(System.getProperty("java.io.tmpdir")));
        return Files.createTempDirectory(parent, name);
    }

    private void script(String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of(SCRIPT));
        command.addAll(List.of(words));
        command.addAll(List.of("--folder", home.toString()));
        Path said = home.resolve("said");
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command + ": " + Files.readString(said));
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, Object> clientConf() {
        Map<String, Object> all = Utils.readDefaultConfig();
        all.putAll(conf);
        return all;
    }

    private interface Request<T> {
        T ask(Nimbus.Iface nimbus) throws TException;
    }

    private <T> T ask(Request<T> request) throws TException {
        try (NimbusClient client = NimbusClient.Builder.withConf(clientConf()).build()) {
            return request.ask(client.getClient());
        }
    }

    /** The topology's jar: Storm wants one, but the classes are on the workers' class path. */
    private Path makeJar() throws IOException {
        Path jar = home.resolve("topology.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new JarEntry("resources/README"));
            out.closeEntry();
        }
        return jar;
    }

    void submit(String name, Config topologyConf, StormTopology topology) throws Exception {
        submit(name, topologyConf, topology, makeJar());
    }

    void submit(String name, Config topologyConf, StormTopology topology, Path jar) throws Exception {
        Map<String, Object> all = clientConf();
        all.putAll(topologyConf);
        synchronized (Cluster.class) {
            System.setProperty("storm.jar", jar.toString());
            StormSubmitter.submitTopology(name, all, topology);
            System.clearProperty("storm.jar");
        }
    }

    /** Where {@code cstorm} finds it. */
    String address() {
        return "127.0.0.1:" + conf.get(Config.NIMBUS_THRIFT_PORT);
    }

    void kill(String name) throws TException {
        KillOptions now = new KillOptions();
        now.set_wait_secs(0);
        ask(nimbus -> {
            nimbus.killTopologyWithOpts(name, now);
            return null;
        });
    }

    /** The processes of this cluster whose command line has this word. */
    List<ProcessHandle> processes(String word) {
        return keeper.descendants().filter(process -> process.info().commandLine().orElse("").contains(word))
            .collect(Collectors.toList());
    }

    @Override
    public void close() {
        List<ProcessHandle> processes = keeper.descendants().collect(Collectors.toList());
        try {
            script("stop");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Await.until("all processes have ended", () -> processes.stream().noneMatch(ProcessHandle::isAlive), () -> processes);
    }
}

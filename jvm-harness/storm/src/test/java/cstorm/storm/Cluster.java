package cstorm.storm;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
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
import org.apache.storm.DaemonConfig;
import org.apache.storm.StormSubmitter;
import org.apache.storm.generated.KillOptions;
import org.apache.storm.generated.Nimbus;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.testing.InProcessZookeeper;
import org.apache.storm.thrift.TException;
import org.apache.storm.utils.NimbusClient;
import org.apache.storm.utils.Utils;

/**
 * A Storm whose daemons and workers are processes, unlike those of a LocalCluster: they can die, and are started again.
 * ZooKeeper alone is part of the test's own.
 */
final class Cluster implements AutoCloseable {
    private final Path home;
    private final Map<String, Object> conf = new HashMap<>();
    private final InProcessZookeeper zookeeper = new InProcessZookeeper();
    private final List<Process> daemons = new ArrayList<>();

    Cluster() throws Exception {
        home = makeFolder("cluster");
        for (String folder : List.of("conf", "lib", "lib-worker", "log4j2", "logs")) {
            Files.createDirectory(home.resolve(folder));
        }
        configure((int) zookeeper.getPort());
        start("nimbus", "org.apache.storm.daemon.nimbus.Nimbus");
        start("supervisor", "org.apache.storm.daemon.supervisor.Supervisor");
        Await.until("the cluster is there", this::isReady, () -> "nothing; see " + home.resolve("logs"));
    }

    /** A new folder among those that go with the build. */
    static Path makeFolder(String name) throws IOException {
        Path parent = Files.createDirectories(Path.of(System.getProperty("java.io.tmpdir")));
        return Files.createTempDirectory(parent, name);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void configure(int zookeeperPort) throws IOException {
        conf.put(Config.STORM_ZOOKEEPER_SERVERS, List.of("127.0.0.1"));
        conf.put(Config.STORM_ZOOKEEPER_PORT, zookeeperPort);
        conf.put(Config.NIMBUS_SEEDS, List.of("127.0.0.1"));
        conf.put(Config.STORM_LOCAL_HOSTNAME, "127.0.0.1");
        conf.put(Config.NIMBUS_THRIFT_PORT, freePort());
        conf.put(Config.SUPERVISOR_THRIFT_PORT, freePort());
        conf.put(DaemonConfig.SUPERVISOR_SLOTS_PORTS, List.of(freePort()));
        conf.put(Config.STORM_LOCAL_DIR, home.resolve("local").toString());
        conf.put(DaemonConfig.STORM_ROCKSDB_LOCATION, home.resolve("rocks").toString());
        conf.put(Config.WORKER_CHILDOPTS, "-Xmx128m");
        conf.put(DaemonConfig.SUPERVISOR_MONITOR_FREQUENCY_SECS, 1);
        conf.put(Config.SUPERVISOR_WORKER_SHUTDOWN_SLEEP_SECS, 1);
        conf.put(DaemonConfig.NIMBUS_MONITOR_FREQ_SECS, 2);
        conf.put(Config.EXECUTOR_METRICS_FREQUENCY_SECS, 1);
        StringBuilder yaml = new StringBuilder();
        conf.forEach((key, value) -> yaml.append(key).append(": ")
            .append(value instanceof String ? "\"" + value + "\"" : value).append('\n'));
        Files.writeString(home.resolve("conf/storm.yaml"), yaml);
        String log = "<Configuration><Appenders><Console name=\"c\" target=\"SYSTEM_OUT\"><PatternLayout pattern=\"%d %p %c{1} %m%n\"/>"
            + "</Console></Appenders><Loggers><Root level=\"info\"><AppenderRef ref=\"c\"/></Root></Loggers></Configuration>";
        Files.writeString(home.resolve("log4j2/cluster.xml"), log);
        Files.writeString(home.resolve("log4j2/worker.xml"), log);
    }

    private void start(String name, String mainClass) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        ProcessBuilder builder = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-Dstorm.home=" + home,
            "-Dstorm.log.dir=" + home.resolve("logs"), "-Djava.io.tmpdir=" + home,
            "-Dlog4j2.configurationFile=" + home.resolve("log4j2/cluster.xml"), "-Ddaemon.name=" + name,
            "-cp", home.resolve("conf") + File.pathSeparator + classPath, mainClass);
        builder.environment().put("STORM_CONF_DIR", home.resolve("conf").toString());
        builder.environment().put("STORM_EXT_CLASSPATH", classPath);
        builder.redirectErrorStream(true).redirectOutput(home.resolve("logs/" + name + ".log").toFile());
        daemons.add(builder.start());
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

    private boolean isReady() {
        try {
            return ask(nimbus -> nimbus.getClusterInfo().get_supervisors_size()) > 0;
        } catch (TException | RuntimeException e) {
            return false;
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
        return daemons.stream().flatMap(daemon -> daemon.toHandle().descendants())
            .filter(process -> process.info().commandLine().orElse("").contains(word)).collect(Collectors.toList());
    }

    @Override
    public void close() {
        // Workers outlive their supervisor.
        List<ProcessHandle> processes = new ArrayList<>();
        for (Process daemon : daemons) {
            daemon.descendants().forEach(processes::add);
            processes.add(daemon.toHandle());
            daemon.destroyForcibly();
        }
        processes.forEach(ProcessHandle::destroyForcibly);
        Await.until("all processes have ended", () -> processes.stream().noneMatch(ProcessHandle::isAlive), () -> processes);
        try {
            zookeeper.close();
        } catch (Exception e) {
            throw new IllegalStateException("ZooKeeper does not end", e);
        }
    }
}

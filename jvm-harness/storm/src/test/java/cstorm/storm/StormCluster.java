package cstorm.storm;

import java.io.File;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.DaemonConfig;
import org.apache.storm.LocalCluster;
import org.apache.storm.messaging.local.Context;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Starts one Storm for all test classes that are extended with it, and stops it after the last one. */
final class StormCluster implements BeforeAllCallback, ExtensionContext.Store.CloseableResource {
    private static final Map<String, Object> CONF = Map.of(
        Config.SUPERVISOR_WORKER_SHUTDOWN_SLEEP_SECS, 0,
        Config.TOPOLOGY_ENABLE_MESSAGE_TIMEOUTS, true,
        // A slot that is given a topology, and without it a moment later, while it fetches its files, dies. That is what
        // it is told when one list of assignments overtakes another: on its way from Nimbus, or because the supervisor
        // looks for itself every ten seconds, which it does not if it is "not enabled".
        DaemonConfig.NIMBUS_ASSIGNMENTS_SERVICE_THREADS, 1,
        DaemonConfig.SUPERVISOR_ENABLE, false,
        // Looking for new files of all topologies of the last five minutes takes half a minute: new ones wait for it.
        DaemonConfig.SUPERVISOR_LOCALIZER_UPDATE_BLOB_INTERVAL_SECS, 86400,
        // What passes messages between workers keeps each one that it has ever known, with all of its queues and tuples:
        // one for each worker goes with it.
        Config.STORM_LOCAL_MODE_ZMQ, true,
        Config.STORM_MESSAGING_TRANSPORT, Context.class.getName());

    private static LocalCluster cluster;

    static LocalCluster get() {
        return cluster;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        synchronized (StormCluster.class) {
            if (cluster == null) {
                ExitGuard.install();
                new File(System.getProperty("java.io.tmpdir")).mkdirs();
                cluster = new LocalCluster.Builder()
                    .withSupervisors(1)
                    .withPortsPerSupervisor(12)
                    .withDaemonConf(CONF)
                    .build();
                context.getRoot().getStore(ExtensionContext.Namespace.GLOBAL).put(StormCluster.class, this);
            }
        }
    }

    @Override
    public void close() throws Exception {
        cluster.close();
    }
}

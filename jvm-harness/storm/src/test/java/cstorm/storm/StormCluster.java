package cstorm.storm;

import java.io.File;
import org.apache.storm.Config;
import org.apache.storm.LocalCluster;
import org.apache.storm.messaging.local.Context;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Starts one Storm for all test classes that are extended with it, and stops it after the last one. */
final class StormCluster implements BeforeAllCallback, ExtensionContext.Store.CloseableResource {
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
                    .withDaemonConf(Config.SUPERVISOR_WORKER_SHUTDOWN_SLEEP_SECS, 0)
                    .withDaemonConf(Config.TOPOLOGY_ENABLE_MESSAGE_TIMEOUTS, true)
                    // What passes messages between workers keeps each one that it has ever known, with all of its
                    // queues and tuples: one for each worker goes with it.
                    .withDaemonConf(Config.STORM_LOCAL_MODE_ZMQ, true)
                    .withDaemonConf(Config.STORM_MESSAGING_TRANSPORT, Context.class.getName())
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

package cstorm.storm;

import java.security.Permission;
import java.security.Policy;
import java.security.ProtectionDomain;

/**
 * Keeps Storm from ending the JVM. A worker ends its process when something fails in it; in a LocalCluster that is the
 * process of all other tests, too. It happens when a topology is killed: a spout whose answer takes more than 100 ms
 * finds the streams to its program closed. A worker that should live and has died in this way fails its own test.
 */
@SuppressWarnings({"deprecation", "removal"}) // there is no other way in
final class ExitGuard extends SecurityManager {
    /** Some ask the policy, once there is a security manager, and not it. */
    private static final class Permissive extends Policy {
        @Override
        public boolean implies(ProtectionDomain domain, Permission permission) {
            return true;
        }
    }

    private ExitGuard() {
    }

    /** Where this Java still allows it (see pom.xml). */
    static void install() {
        try {
            Policy.setPolicy(new Permissive());
            System.setSecurityManager(new ExitGuard());
        } catch (UnsupportedOperationException e) {
            System.err.println("Storm may end the JVM of its tests, with exit status 1: " + e.getMessage());
        }
    }

    private static boolean isStorms(StackWalker.StackFrame frame) {
        return frame.getClassName().startsWith("org.apache.storm.");
    }

    @Override
    public void checkExit(int status) {
        if (StackWalker.getInstance().walk(frames -> frames.anyMatch(ExitGuard::isStorms))) {
            throw new SecurityException("Storm would end all tests with status " + status);
        }
    }

    @Override
    public void checkPermission(Permission permission) {
        // all else is allowed
    }
}

package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.apache.storm.utils.Utils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(StormCluster.class)
class ExitGuardTest {
    @Test
    @SuppressWarnings({"deprecation", "removal"})
    void stormDoesNotEndTheTests() {
        assumeTrue(System.getSecurityManager() != null, "this Java has none");
        assertThrows(SecurityException.class, () -> Utils.exitProcess(1, "for a test"));
    }
}

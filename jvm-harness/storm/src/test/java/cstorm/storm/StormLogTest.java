package cstorm.storm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class StormLogTest {
    @Test
    void findsWhyDaemonsHaveEndedThemselves() {
        assertEquals(List.of(
            "10:00:01.000 SLOT_1024 ERROR o.a.s.d.s.Slot Error when processing event",
            "java.io.IOException: no worker",
            "Caused by: java.lang.OutOfMemoryError: Java heap space"),
            StormLog.lastWords(List.of(
                "10:00:00.000 main INFO o.a.s.d.s.Slot all is well",
                "10:00:01.000 SLOT_1024 ERROR o.a.s.d.s.Slot Error when processing event",
                "java.io.IOException: no worker",
                "\tat org.apache.storm.daemon.supervisor.Slot.run(Slot.java:1)",
                "Caused by: java.lang.OutOfMemoryError: Java heap space",
                "\t... 1 more",
                "10:00:02.000 main ERROR o.a.s.t.ShellBolt Halting process: ShellBolt died.",
                "java.lang.RuntimeException: of a bolt")));
    }
}

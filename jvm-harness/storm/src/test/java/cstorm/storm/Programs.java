package cstorm.storm;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the programs under test are: system properties or environment variables say it. */
final class Programs {
    private Programs() {
    }

    static String wordcount() {
        return find("WORDCOUNT", "the program topologies/wordcount");
    }

    static String probe() {
        return find("PROBE", "the program tests/run/probe");
    }

    static String ways() {
        return find("WAYS", "the program jvm-harness/ways");
    }

    static String parity() {
        return find("PARITY", "the program jvm-harness/parity");
    }

    static String cstorm() {
        return find("CSTORM", "the command tool/cstorm");
    }

    /** The ready-made components, beside the command. */
    static String components() {
        return Path.of(cstorm()).resolveSibling("cstorm-components").toString();
    }

    static String grouping() {
        return find("GROUPING", "the program jvm-harness/grouping");
    }

    static String python() {
        return find("PYTHON", "a Python that has pystorm and msgpack");
    }

    /** A component of src/test/python. */
    static String component(String file) {
        return Path.of(System.getProperty("python.components"), file).toString();
    }

    private static String find(String name, String what) {
        String path = System.getProperty(name, System.getenv(name));
        if (path == null) {
            throw new IllegalStateException(name + " is not set: it must be the absolute path of " + what);
        }
        if (!Path.of(path).isAbsolute() || !Files.isExecutable(Path.of(path))) {
            throw new IllegalStateException(name + " is " + path + ", but must be the absolute path of " + what);
        }
        return path;
    }
}

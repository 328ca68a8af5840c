package cstorm.storm;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.storm.multilang.ShellMsg;

/** What the shell components of a topology have logged. */
final class Logs {
    private record Line(String component, ShellMsg.ShellLogLevel level, String text) {
    }

    private final List<Line> lines = new CopyOnWriteArrayList<>();

    void add(String component, ShellMsg message) {
        lines.add(new Line(component, message.getLogLevel(), message.getMsg()));
    }

    /** The lines of a component, each as "LEVEL text". */
    List<String> of(String component) {
        return lines.stream().filter(line -> line.component().equals(component))
            .map(line -> line.level() + " " + line.text()).collect(Collectors.toList());
    }

    void await(String component, String... wanted) {
        for (String line : wanted) {
            Await.until(component + " logs \"" + line + "\"", () -> of(component).contains(line), () -> of(component));
        }
    }

    /** Waits for a line that contains a text: the line. */
    String awaitPart(String component, String part) {
        Await.until(component + " logs \"" + part + "\"", () -> find(component, part) != null, () -> of(component));
        return find(component, part);
    }

    private String find(String component, String part) {
        return of(component).stream().filter(line -> line.contains(part)).findFirst().orElse(null);
    }
}

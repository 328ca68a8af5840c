package cstorm.storm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What Storm has logged. */
final class StormLog {
    private StormLog() {
    }

    /**
     * The last words of daemons that have ended themselves (see ExitGuard), with the reason. A slot among them starts no
     * worker any more, and Nimbus gives it all that comes next, for it is free.
     */
    static List<String> lastWords() {
        try {
            return lastWords(Files.readAllLines(Path.of(System.getProperty("log.file")), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return List.of(e.toString());
        }
    }

    /** A message with the exception and its causes, without where they were thrown. */
    static List<String> lastWords(List<String> lines) {
        List<String> words = new ArrayList<>();
        boolean isLast = false;
        for (String line : lines) {
            if (line.matches("\\d\\d:.*")) {
                isLast = line.contains(" ERROR ") && line.contains(" processing ") && line.endsWith("event");
            }
            if (isLast && !line.startsWith("\t")) {
                words.add(line);
            }
        }
        return words;
    }
}

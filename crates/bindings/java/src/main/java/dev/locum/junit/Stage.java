package dev.locum.junit;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The isolated world of one test, and what it says of the client. */
record Stage(Server server, JsonObject document) {
    /** The control row, left out: a test says itself whether its calls ought to succeed. */
    private static final String CONTROL = "CLI-29";

    String name() {
        return document.get("name").getAsString();
    }

    JsonObject call(String method, String path, Object body) {
        return server.call(method, ("/stages/" + name() + "/" + path).replaceAll("/$", ""), body);
    }

    /** Why the client fails its test, or an empty text. */
    String complaint(LocumOptions options, boolean strict) {
        var judged = call("GET", "verdicts", null);
        var rows = StreamSupport.stream(judged.getAsJsonArray("verdicts").spliterator(), false).map(JsonElement::getAsJsonObject).toList();
        var bad = strict ? List.of("FAIL", "ERROR", "WARN") : List.of("FAIL", "ERROR");
        var known = Stream.of(List.of(CONTROL), List.of(options.ignore()), List.of(options.expect())).flatMap(List::stream).toList();
        var parts = new ArrayList<String>();
        rows.stream().filter(row -> bad.contains(text(row, "verdict")) && !known.contains(text(row, "id"))).map(this::sentence).forEach(parts::add);
        var broken = rows.stream().filter(row -> List.of("FAIL", "WARN").contains(text(row, "verdict"))).map(row -> text(row, "id")).toList();
        Stream.of(options.expect()).filter(id -> !broken.contains(id)).map(id -> id + " was expected to be broken, and is not").forEach(parts::add);
        if (judged.get("dropped").getAsLong() > 0) {
            parts.add(judged.get("dropped") + " exchanges fell out of the journal unjudged: raise LOCUM_MEMORY_LIMIT");
        }
        return parts.isEmpty() ? "" : String.join("\n", parts) + "\nstage " + name() + ", seed " + document.get("seed");
    }

    private String sentence(JsonObject row) {
        var lines = new ArrayList<String>();
        lines.add("%s %s (%s, %s): %s".formatted(text(row, "verdict"), text(row, "id"), text(row, "level"), text(row, "vendor"), text(row, "requirement")));
        lines.add("seen: " + text(row, "why"));
        lines.add("expected: " + text(row, "expected"));
        row.getAsJsonArray("evidence").asList().stream().limit(3).map(id -> call("GET", "journal/" + id, null))
                .map(entry -> "in: " + text(entry, "method") + " " + text(entry, "target")).forEach(lines::add);
        lines.add("hint: `locum explain " + text(row, "id") + "` says more; if it is meant, name it in @LocumOptions(ignore or expect)");
        return String.join("\n  ", lines);
    }

    private static String text(JsonObject object, String member) {
        return object.has(member) ? object.get(member).getAsString() : "-";
    }
}

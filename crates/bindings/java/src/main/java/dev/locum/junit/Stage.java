package dev.locum.junit;

import com.google.gson.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** The isolated world of one test, and what it says of the client. */
record Stage(Server server, JsonObject document) {
    /** The control row, left out: a test says itself whether its calls ought to succeed. */
    private static final String CONTROL = "CLI-29";

    JsonObject call(String method, String path, Object body) {
        var stage = "/stages/" + document.get("name").getAsString();
        return server.call(method, path.isEmpty() ? stage : stage + "/" + path, body);
    }

    /** Why the client fails its test, or an empty text. */
    String failures(LocumOptions options, boolean strict) {
        var ignored = CONTROL + "," + String.join(",", options.ignore());
        var query = "ignore=" + encoded(ignored) + "&expect=" + encoded(String.join(",", options.expect()));
        return call("GET", "verdicts/failures?" + query + (strict ? "&fail_on=warn" : ""), null).get("text").getAsString();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}

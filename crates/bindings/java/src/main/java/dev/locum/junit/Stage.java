package dev.locum.junit;

import com.google.gson.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** The isolated world of one test, and what it says of the client. */
record Stage(Server server, JsonObject document) {
    /** Left to the test: which credentials it gives its client, and whether the calls ought to succeed. */
    private static final String LEFT_TO_TESTS = "CLI-28,CLI-29";

    JsonObject call(String method, String path, Object body) {
        var stage = "/stages/" + document.get("name").getAsString();
        return server.call(method, path.isEmpty() ? stage : stage + "/" + path, body);
    }

    /** Why the client fails its test, or an empty text. */
    String failures(LocumOptions options, boolean strict) {
        var ignored = LEFT_TO_TESTS + "," + String.join(",", options.ignore());
        var query = "ignore=" + encoded(ignored) + "&expect=" + encoded(String.join(",", options.expect()));
        return call("GET", "verdicts/failures?" + query + (strict ? "&fail_on=warn" : ""), null).get("text").getAsString();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}

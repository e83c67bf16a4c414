package dev.locum.junit;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** A vendor in a stage: addresses, credentials, clock and journal of one test alone. */
public final class Locum {
    private final Stage stage;
    private final String vendor;

    Locum(Stage stage, String vendor) {
        this.stage = stage;
        this.vendor = vendor;
    }

    public String tokenUrl() {
        return urls().get("token");
    }

    public String apiUrl() {
        return urls().get("api");
    }

    /** The addresses that a client is configured with, by name. */
    public Map<String, String> urls() {
        return texts("urls");
    }

    /** The first account of the vendor. */
    public Map<String, String> credentials() {
        return texts("credentials");
    }

    /** Addresses and credentials as LOCUM_* variables. */
    public Map<String, String> env() {
        return texts("env");
    }

    private Map<String, String> texts(String member) {
        var texts = new TreeMap<String, String>();
        var document = stage.document().getAsJsonObject("vendors").getAsJsonObject(vendor);
        document.getAsJsonObject(member).asMap().forEach((name, value) -> texts.put(name, value.getAsString()));
        return texts;
    }

    /** Lets time pass at the vendors at once; a negative one steps back. */
    public JsonObject advance(Duration by) {
        return clock(Map.of("advance_s", by.toSeconds()));
    }

    /** Sets the vendors' clock by now (RFC 3339) and mode (frozen, running). */
    public JsonObject clock(Map<String, ?> change) {
        return call("POST", "clock", change);
    }

    /** Ends the vendor's tokens as if their time had come. */
    public JsonObject expire() {
        return call("POST", "tokens/expire", Map.of("vendor", vendor));
    }

    /** Revokes the vendor's tokens. */
    public JsonObject revoke() {
        return call("POST", "tokens/revoke", Map.of("vendor", vendor));
    }

    /** Makes an endpoint misbehave: {@code fault("token", Map.of("first", 2), Map.of("status", 503))}. */
    public JsonObject fault(String endpoint, Map<String, ?> when, Map<String, ?> then) {
        return call("POST", "faults", Map.of("match", Map.of("vendor", vendor, "endpoint", endpoint), "when", when, "then", then));
    }

    /** Changes settings by their whole names. */
    public JsonObject settings(Map<String, ?> changes) {
        return call("PATCH", "settings", changes);
    }

    /** What was exchanged, in order. */
    public JsonArray journal() {
        return call("GET", "journal?vendor=" + vendor, null).getAsJsonArray("entries");
    }

    /** Any call of the control API below the stage, such as {@code call("GET", "tokens", null)}. */
    public JsonObject call(String method, String path, Object body) {
        return stage.call(method, path, body);
    }
}

// Lets locum drive a Java client: locum drive pattern -- java -cp gson.jar Shim.java
// (com.google.code.gson:gson reads and writes the lines; any other library for JSON will do)

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

// ---- the shim: requests on standard input, replies on standard output, logs on standard error ----
class Shim {
    static final Map<String, Client> CLIENTS = new ConcurrentHashMap<>();

    static Map<String, ?> perform(JsonObject ask) throws Exception {
        var handle = ask.has("client") ? ask.get("client").getAsString() : "";
        switch (ask.get("op").getAsString()) {
            case "hello":
                return Map.of("ok", true, "name", "example", "version", "1", "language", "java", "proto", "locum/1",
                        "ops", List.of("new", "call", "drop"), "caps", List.of("concurrency"));
            case "new": CLIENTS.put(handle, new Client(ask.getAsJsonObject("config"))); break;
            case "call": return Map.of("ok", true, "status", CLIENTS.get(handle).call(ask));
            case "drop": CLIENTS.remove(handle); break;
            default: return Map.of("unsupported", ask.get("op"));
        }
        return Map.of("ok", true);
    }

    static void answer(JsonObject ask) {
        var reply = new HashMap<String, Object>(Map.of("id", ask.get("id")));
        try {
            reply.putAll(perform(ask));
        } catch (Exception fault) { // "auth", "network", "timeout", "tls" or "throttled", if you can tell
            reply.putAll(Map.of("ok", false, "error", "other", "message", String.valueOf(fault)));
        }
        System.out.println(new Gson().toJson(reply));
    }

    public static void main(String[] arguments) {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.setOut(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        var callers = Executors.newCachedThreadPool();
        lines.lines().forEach(line -> {
            var ask = JsonParser.parseString(line).getAsJsonObject();
            if (ask.get("op").getAsString().equals("call")) callers.execute(() -> answer(ask)); // several at once
            else answer(ask);
        });
        callers.shutdown();
    }
}

// ---- your client here: use yours instead of this example, which is one for Pattern Health ----
class Client {
    private final JsonObject config;
    private final HttpClient http;
    private String token;
    private long ends;
    private Exception fault;
    private long quietUntil;

    Client(JsonObject config) throws Exception {
        this.config = config;
        // Follows no redirect: the token is for the vendor, not for another address.
        var builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
        if (config.has("ca_file")) builder.sslContext(trusting(config.get("ca_file").getAsString()));
        http = builder.connectTimeout(Duration.ofSeconds(10)).build();
    }

    private static SSLContext trusting(String file) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (var pem = new FileInputStream(file)) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return http.send(request.timeout(Duration.ofSeconds(10)).build(), BodyHandlers.ofString());
    }

    private static long now() {
        return System.nanoTime() / 1_000_000;
    }

    private void logIn() throws Exception {
        var began = now();
        var pair = config.get("client_id").getAsString() + ":" + config.get("client_secret").getAsString();
        var basic = Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
        var reply = send(HttpRequest.newBuilder(URI.create(config.get("token_url").getAsString()))
                .header("Authorization", "Basic " + basic)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Accept", "application/json")
                .POST(BodyPublishers.ofString("grant_type=client_credentials")));
        if (reply.statusCode() != 200)
            throw new IllegalStateException("the token endpoint answered " + reply.statusCode());
        var found = JsonParser.parseString(reply.body()).getAsJsonObject();
        JsonElement access = found.get("access_token"), type = found.get("token_type"), life = found.get("expires_in");
        if (!isText(access) || access.getAsString().isEmpty() || !isText(type)
                || !type.getAsString().equalsIgnoreCase("bearer"))
            throw new IllegalStateException("the reply has no usable token");
        var counts = life != null && life.isJsonPrimitive() && life.getAsJsonPrimitive().isNumber();
        token = access.getAsString();
        // Pattern counts milliseconds.
        ends = began + (counts ? (long) Math.min(life.getAsDouble(), 3_600_000) : 3_600_000);
    }

    private static boolean isText(JsonElement value) {
        return value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
    }

    /** One login, however many callers wait for it. */
    private synchronized String bearer(String refused) throws Exception {
        var left = token == null || token.equals(refused) ? 0 : ends - now();
        if (left > 60_000) return token;
        if (fault == null || now() > quietUntil) {
            try {
                logIn();
                fault = null;
                return token;
            } catch (Exception problem) {
                fault = problem;
                quietUntil = now() + 1000;
            }
        }
        if (left > 0) return token; // still good, though a new one could not be had
        throw fault;
    }

    int call(JsonObject ask) throws Exception {
        var token = bearer(null);
        var status = attempt(ask, token);
        return status == 401 ? attempt(ask, bearer(token)) : status;
    }

    private int attempt(JsonObject ask, String token) throws Exception {
        var body = ask.has("body") ? BodyPublishers.ofString(ask.get("body").getAsString()) : BodyPublishers.noBody();
        var url = URI.create(config.get("api_url").getAsString() + ask.get("path").getAsString());
        var request = HttpRequest.newBuilder(url).method(ask.get("method").getAsString(), body)
                .setHeader("Content-Type", "application/json");
        if (ask.has("headers"))
            ask.getAsJsonObject("headers").asMap().forEach((name, value) -> request.setHeader(name, value.getAsString()));
        return send(request.setHeader("Authorization", "Bearer " + token)).statusCode();
    }
}

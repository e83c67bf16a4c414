package dev.locum.junit;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A running {@code locum serve}, which ends with this JVM, however that ends. */
record Server(String control, Process process, HttpClient http) implements AutoCloseable {
    private static final Gson GSON = new Gson();
    private static final String OPTIONS = "serve --host 127.0.0.1 --port 0 --tls-port 0 --quiet --exit-with-stdin";

    static Server start(Map<String, String> environment) {
        var command = new ArrayList<>(List.of(findBinary(environment)));
        var more = environment.getOrDefault("LOCUM_SERVE_ARGS", "");
        Stream.of((OPTIONS + " " + more).split("\\s+")).forEach(command::add);
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        // The control API of a server of our own, on loopback, needs no token.
        builder.environment().remove("LOCUM_CONTROL_TOKEN");
        try {
            var process = builder.start();
            var line = new BufferedReader(process.inputReader()).readLine();
            if (line == null || !line.startsWith("LISTENING ")) {
                throw new IllegalStateException(command + " did not start; its standard error says why");
            }
            var http = HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY).version(HttpClient.Version.HTTP_1_1);
            return new Server(line.split(" ")[1] + "/_locum", process, http.build());
        } catch (IOException error) {
            throw new UncheckedIOException(command.get(0) + " does not start; LOCUM_BIN names another", error);
        }
    }

    /** LOCUM_BIN, else locum on PATH, else the one in the folder bin beside this package's jar. */
    static String findBinary(Map<String, String> environment) {
        if (environment.containsKey("LOCUM_BIN")) {
            return environment.get("LOCUM_BIN");
        }
        var jar = Server.class.getProtectionDomain().getCodeSource().getLocation();
        var bundled = Path.of(URI.create(jar.toString())).resolveSibling("bin");
        var path = Stream.of(environment.getOrDefault("PATH", "").split(File.pathSeparator)).map(Path::of);
        var folders = Stream.concat(path, Stream.of(bundled));
        var found = folders.flatMap(folder -> Stream.of(folder.resolve("locum"), folder.resolve("locum.exe"))).filter(Files::isExecutable);
        return found.findFirst().map(Path::toString).orElseThrow(() -> new IllegalStateException(
                "no locum to start: put it on PATH or into " + bundled + ", or name it in LOCUM_BIN"));
    }

    /** What a call of the control API answers; {@code path} is what follows /_locum. */
    JsonObject call(String method, String path, Object body) {
        var uri = URI.create(control + path);
        var content = method.equals("GET") || method.equals("DELETE") ? "" : GSON.toJson(body);
        var request = HttpRequest.newBuilder(uri).header("Content-Type", "application/json");
        try {
            var reply = http.send(request.method(method, BodyPublishers.ofString(content)).build(), BodyHandlers.ofString());
            if (reply.statusCode() >= 300) {
                throw new IllegalStateException(method + " " + uri + ": " + reply.statusCode() + " " + reply.body());
            }
            return GSON.fromJson(reply.body(), JsonObject.class);
        } catch (IOException error) {
            throw new UncheckedIOException(method + " " + uri, error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(method + " " + uri + " was interrupted", error);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}

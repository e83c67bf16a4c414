package example;

import com.google.gson.JsonParser;
import dev.locum.junit.Locum;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Collectors;

/** Clients such as a user of the extension tests: one for Pattern Health, one for Corti. */
final class Clients {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private Clients() {}

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.header("Accept", "application/json").timeout(Duration.ofSeconds(10)).build(), BodyHandlers.ofString());
        } catch (IOException | InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    private static HttpRequest.Builder form(String url, Map<String, String> fields) {
        var text = fields.entrySet().stream().map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8));
        var request = HttpRequest.newBuilder(URI.create(url)).header("Content-Type", "application/x-www-form-urlencoded");
        return request.POST(BodyPublishers.ofString(text.collect(Collectors.joining("&"))));
    }

    /** Keeps its token until shortly before its milliseconds run out, and replaces one that is refused. */
    static final class Pattern {
        private final Locum locum;
        private final String basic;
        private final URI members;
        private String token;
        private long ends;
        int logins;

        Pattern(Locum locum) {
            this.locum = locum;
            var pair = locum.credentials().get("client_id") + ":" + locum.credentials().get("client_secret");
            basic = "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
            members = URI.create(locum.apiUrl() + "/api/v1/groups/" + locum.env().get("LOCUM_GROUP_ID") + "/members");
        }

        void login() {
            logins++;
            var reply = send(form(locum.tokenUrl(), Map.of("grant_type", "client_credentials")).header("Authorization", basic));
            if (reply.statusCode() != 200) {
                throw new IllegalStateException("login: " + reply.statusCode());
            }
            var body = JsonParser.parseString(reply.body()).getAsJsonObject();
            token = body.get("access_token").getAsString();
            ends = System.currentTimeMillis() + body.get("expires_in").getAsLong() - 30_000;
        }

        private int call() {
            return send(HttpRequest.newBuilder(members).header("Authorization", "Bearer " + token)).statusCode();
        }

        int members() {
            if (System.currentTimeMillis() >= ends) {
                login();
            }
            var status = call();
            if (status == 401) {
                login();
                status = call();
            }
            return status;
        }
    }

    /** Logs in at Corti and calls once; without a tenant it forgets to say whose data it wants. */
    static int interactions(Locum locum, String tenant) {
        var account = locum.credentials();
        var login = Map.of("grant_type", "client_credentials", "scope", "openid",
                "client_id", account.get("client_id"), "client_secret", account.get("client_secret"));
        var token = JsonParser.parseString(send(form(locum.tokenUrl(), login)).body()).getAsJsonObject().get("access_token").getAsString();
        var call = HttpRequest.newBuilder(URI.create(locum.apiUrl() + "/interactions/")).header("Authorization", "Bearer " + token);
        return send(tenant == null ? call : call.header("Tenant-Name", tenant)).statusCode();
    }
}

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A home-made client of Corti, as small projects have one; FAULT gives it a usual fault. */
final class Client {
    private static final String FAULT = System.getenv().getOrDefault("FAULT", "none");
    private static final Duration MARGIN = Duration.ofMillis(200);
    private static final Pattern TOKEN = Pattern.compile("\"access_token\":\"([^\"]+)\"");
    private static final Pattern LIFETIME = Pattern.compile("\"expires_in\":(\\d+)");

    private final HttpClient http = HttpClient.newHttpClient();
    private String token;
    private long ends;

    /** The status by which the vendor refused. */
    static final class Refused extends IOException {
        Refused(int status) {
            super("refused with " + status);
        }
    }

    String interactions() throws IOException, InterruptedException {
        return get("/interactions/");
    }

    private String get(String path) throws IOException, InterruptedException {
        String shown = currentToken(null);
        int attempts = FAULT.equals("loop") ? 12 : FAULT.equals("no_renewal") ? 1 : 2;
        for (int attempt = 1; ; attempt++) {
            HttpResponse<String> reply = send(path, shown);
            if (reply.statusCode() == 401 && attempt < attempts) {
                shown = currentToken(shown);
            } else if (reply.statusCode() >= 400) {
                throw new Refused(reply.statusCode());
            } else {
                return reply.body();
            }
        }
    }

    private synchronized String currentToken(String insteadOf) throws IOException, InterruptedException {
        if (token != null && token.equals(insteadOf)) {
            token = null;
        }
        if (token == null || System.nanoTime() - ends >= 0 || FAULT.equals("login_per_call")) {
            logIn();
        }
        return token;
    }

    private void logIn() throws IOException, InterruptedException {
        Map<String, String> parameters = Map.of(
                "grant_type", "client_credentials",
                "scope", "openid",
                "client_id", System.getenv("LOCUM_CLIENT_ID"),
                "client_secret", System.getenv("LOCUM_CLIENT_SECRET"));
        String form = parameters.entrySet().stream()
                .map(parameter -> parameter.getKey() + "=" + encoded(parameter.getValue()))
                .collect(Collectors.joining("&"));
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("LOCUM_TOKEN_URL")))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form))
                .build();
        HttpResponse<String> reply = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (reply.statusCode() != 200) {
            throw new Refused(reply.statusCode());
        }
        token = member(TOKEN, reply.body());
        Duration lifetime = Duration.ofSeconds(Long.parseLong(member(LIFETIME, reply.body())));
        if (FAULT.equals("no_renewal")) {
            lifetime = Duration.ofDays(365);
        }
        ends = System.nanoTime() + lifetime.minus(MARGIN).toNanos();
        if (FAULT.equals("token_logged")) {
            System.err.println("logged in: " + reply.body());
        }
    }

    private HttpResponse<String> send(String path, String shown) throws IOException, InterruptedException {
        String query = FAULT.equals("token_in_query") ? "?access_token=" + encoded(shown) : "";
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("LOCUM_API_URL") + path + query))
                .header("Authorization", FAULT.equals("no_bearer") ? shown : "Bearer " + shown)
                .header("Tenant-Name", FAULT.equals("wrong_tenant") ? "default" : System.getenv("LOCUM_TENANT"))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    private static String member(Pattern pattern, String body) {
        Matcher matcher = pattern.matcher(body);
        if (!matcher.find()) {
            throw new IllegalStateException("the token reply has no " + pattern);
        }
        return matcher.group(1);
    }
}

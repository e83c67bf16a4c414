// Java's java.net.http, as tests/interop/tls.sh asks for; a websocket, too.
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;

class Client {
    static final Pattern TOKEN = Pattern.compile("\"access_token\"\\s*:\\s*\"([^\"]+)\"");

    static String env(String name) {
        return System.getenv(name);
    }

    static String token(HttpClient client, String url, String form) throws Exception {
        String pair = env("CLIENT_ID") + ":" + env("CLIENT_SECRET");
        String basic = Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form));
        if (!form.contains("client_id")) {
            request.header("Authorization", "Basic " + basic);
        }
        String body = client.send(request.build(), BodyHandlers.ofString()).body();
        Matcher found = TOKEN.matcher(body);
        if (!found.find()) {
            throw new IllegalStateException(url + ": " + body);
        }
        return found.group(1);
    }

    static void refused(HttpClient client, String port) throws Exception {
        String url = "https://127.0.0.1:" + port + "/pattern" + env("TOKEN_PATH");
        try {
            token(client, url, "grant_type=client_credentials");
        } catch (SSLHandshakeException expected) {
            return;
        }
        throw new IllegalStateException(url + " was accepted");
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    static void socket(HttpClient client) throws Exception {
        String form = "grant_type=client_credentials&scope=openid&client_id="
                + encoded(env("CORTI_ID")) + "&client_secret=" + encoded(env("CORTI_SECRET"));
        String token = token(client, env("CORTI_TOKEN_PATH"), form);
        CompletableFuture<String> answer = new CompletableFuture<>();
        WebSocket.Listener listener = new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
                answer.complete(text.toString());
                return null;
            }

            @Override
            public void onError(WebSocket socket, Throwable error) {
                answer.completeExceptionally(error);
            }
        };
        URI url = URI.create(env("CORTI_WS") + "&token=" + encoded("Bearer " + token));
        WebSocket socket = client.newWebSocketBuilder().buildAsync(url, listener).get(10, TimeUnit.SECONDS);
        String config = "{\"type\":\"config\",\"configuration\":{\"primaryLanguage\":\"en\",\"spokenPunctuation\":true}}";
        socket.sendText(config, true).get(10, TimeUnit.SECONDS);
        String text = answer.get(10, TimeUnit.SECONDS);
        if (!text.contains("CONFIG_ACCEPTED")) {
            throw new IllegalStateException(text);
        }
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(10, TimeUnit.SECONDS);
    }

    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        String port = env("TLS_PORT");
        String grant = "grant_type=client_credentials";
        for (String host : new String[] {"127.0.0.1", "localhost"}) {
            token(client, "https://" + host + ":" + port + "/pattern" + env("TOKEN_PATH"), grant);
        }
        token(client, "https://" + env("HARD_WIRED") + ":" + port + env("TOKEN_PATH"), grant);
        for (String bad : env("BAD_PORTS").split(" ")) {
            refused(client, bad);
        }
        // Authorities, but not ours.
        KeyStore none = KeyStore.getInstance("PKCS12");
        none.load(null, null);
        TrustManagerFactory nobody = TrustManagerFactory.getInstance("PKIX");
        SSLContext context = SSLContext.getInstance("TLS");
        try (var file = new java.io.FileInputStream(System.getProperty("java.home") + "/lib/security/cacerts")) {
            KeyStore machine = KeyStore.getInstance("JKS");
            machine.load(file, null);
            nobody.init(machine.size() > 0 ? machine : none);
        }
        context.init(null, nobody.getTrustManagers(), null);
        refused(HttpClient.newBuilder().sslContext(context).build(), port);
        socket(client);
        System.exit(0);
    }
}

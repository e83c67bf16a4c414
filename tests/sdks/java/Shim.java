import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.security.core.SpringSecurityCoreVersion;
import org.springframework.security.oauth2.client.AuthorizedClientServiceOAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.InMemoryOAuth2AuthorizedClientService;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.InMemoryClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.client.OAuth2ClientHttpRequestInterceptor;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.core.OAuth2AuthorizationException;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientResponseException;

/**
 * Spring Security's client manager for services, and its interceptor for RestClient: they fetch,
 * keep and renew the token. As its reference shows them, with the handler that forgets a token
 * which the API refuses.
 */
public final class Shim {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, ClientAuthenticationMethod> METHODS = Map.of(
            "pattern", ClientAuthenticationMethod.CLIENT_SECRET_BASIC,
            "corti", ClientAuthenticationMethod.CLIENT_SECRET_POST);
    private static final Map<String, Client> CLIENTS = new ConcurrentHashMap<>();

    private record Client(RestClient http, String api) {
        static Client of(String vendor, JsonNode config) throws Exception {
            if (config.has("ca_file")) SSLContext.setDefault(trusting(config.path("ca_file").asText()));
            var registration = ClientRegistration.withRegistrationId(vendor)
                    .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
                    .clientAuthenticationMethod(METHODS.get(vendor))
                    .clientId(config.path("client_id").asText())
                    .clientSecret(config.path("client_secret").asText())
                    .tokenUri(config.path("token_url").asText()).build();
            var registrations = new InMemoryClientRegistrationRepository(registration);
            var kept = new InMemoryOAuth2AuthorizedClientService(registrations);
            var manager = new AuthorizedClientServiceOAuth2AuthorizedClientManager(registrations, kept);
            var interceptor = new OAuth2ClientHttpRequestInterceptor(manager);
            interceptor.setClientRegistrationIdResolver(request -> vendor);
            interceptor.setAuthorizationFailureHandler(
                    OAuth2ClientHttpRequestInterceptor.authorizationFailureHandler(kept));
            var http = RestClient.builder().requestInterceptor(interceptor);
            if (config.has("tenant")) http.defaultHeader("Tenant-Name", config.path("tenant").asText());
            return new Client(http.build(), config.path("api_url").asText());
        }

        int call(JsonNode ask) {
            var request = http.method(HttpMethod.valueOf(ask.path("method").asText()))
                    .uri(URI.create(api + ask.path("path").asText()));
            ask.path("headers").properties().forEach(one -> request.header(one.getKey(), one.getValue().asText()));
            if (ask.has("body")) request.contentType(MediaType.APPLICATION_JSON).body(ask.path("body").asText());
            return request.retrieve().toEntity(String.class).getStatusCode().value();
        }
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

    private static Map<String, Object> perform(JsonNode ask) throws Exception {
        var handle = ask.path("client").asText();
        switch (ask.path("op").asText()) {
            case "hello" -> {
                var served = METHODS.containsKey(ask.path("vendor").asText());
                return Map.of("ok", true, "name", "spring-security-oauth2-client", "version",
                        SpringSecurityCoreVersion.getVersion(), "language", "java", "proto", "locum/1",
                        "ops", served ? List.of("new", "call", "drop") : List.of(),
                        "caps", served ? List.of("concurrency") : List.of());
            }
            case "new" -> CLIENTS.put(handle, Client.of(ask.path("vendor").asText(), ask.path("config")));
            case "call" -> {
                return Map.of("ok", true, "status", CLIENTS.get(handle).call(ask));
            }
            case "drop" -> CLIENTS.remove(handle);
            default -> {
                return Map.of("unsupported", ask.path("op").asText());
            }
        }
        return Map.of("ok", true);
    }

    /** What the library threw, in its own words. */
    private static Map<String, Object> failure(Throwable fault) {
        var told = new HashMap<String, Object>(Map.of("ok", false, "error", "other", "message", fault.toString()));
        if (fault instanceof RestClientResponseException refused) told.put("status", refused.getStatusCode().value());
        for (var cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof SSLException) told.put("error", "tls");
            else if (cause instanceof HttpTimeoutException) told.put("error", "timeout");
            else if (cause instanceof ConnectException || cause instanceof SocketException) told.put("error", "network");
            else continue;
            return told;
        }
        var refusals = List.of("invalid_client", "unauthorized_client", "invalid_grant");
        if (fault instanceof OAuth2AuthorizationException refused && refusals.contains(refused.getError().getErrorCode()))
            told.put("error", "auth");
        return told;
    }

    private static void answer(JsonNode ask) {
        Map<String, Object> reply;
        try {
            reply = new HashMap<>(perform(ask));
        } catch (Exception fault) {
            reply = failure(fault);
        }
        reply.put("id", ask.path("id").asLong());
        System.out.println(JSON.valueToTree(reply).toString());
    }

    public static void main(String[] arguments) {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.setOut(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        var callers = Executors.newCachedThreadPool();
        lines.lines().forEach(line -> {
            try {
                var ask = JSON.readTree(line);
                if (ask.path("op").asText().equals("call")) callers.execute(() -> answer(ask));
                else answer(ask);
            } catch (Exception fault) {
                throw new IllegalStateException(fault);
            }
        });
        System.exit(0);
    }
}

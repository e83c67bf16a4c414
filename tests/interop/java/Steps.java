import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.springframework.security.oauth2.client.endpoint.OAuth2ClientCredentialsGrantRequest;
import org.springframework.security.oauth2.client.endpoint.RestClientClientCredentialsTokenResponseClient;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.core.OAuth2AuthorizationException;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cognitoidentityprovider.CognitoIdentityProviderClient;
import software.amazon.awssdk.services.cognitoidentityprovider.model.AuthFlowType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.AuthenticationResultType;
import software.amazon.awssdk.services.cognitoidentityprovider.model.NotAuthorizedException;

/** Libraries for Java as published, each with a refusal beside what is served. The argument names the step. */
public final class Steps {
    private static final String CONTROL = System.getenv("CONTROL");
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    interface Action {
        void run() throws Exception;
    }

    private static JsonNode call(String path, Object body) throws Exception {
        var sent = HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body));
        var request = HttpRequest.newBuilder(URI.create(CONTROL + path)).POST(sent).build();
        var reply = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        expect(reply.statusCode() < 300, path + ": " + reply.body());
        return JSON.readTree(reply.body());
    }

    private static JsonNode stage() throws Exception {
        return call("/stages", Map.of("listen", true, "settings", Map.of("corti.iss", "{base}/realms/{tenant}")));
    }

    private static void pass(JsonNode stage, int seconds) throws Exception {
        call("/stages/" + stage.path("name").asText() + "/clock", Map.of("advance_s", seconds));
    }

    private static void expect(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }

    private static void fails(Class<? extends Throwable> kind, Action action) throws Exception {
        try {
            action.run();
        } catch (Throwable failure) {
            if (kind.isInstance(failure)) return;
            throw new AssertionError(failure + " instead of " + kind, failure);
        }
        throw new AssertionError("accepted");
    }

    private static String url(JsonNode vendor, String name) {
        return vendor.path("urls").path(name).asText();
    }

    private static String key(JsonNode vendor, String name) {
        return vendor.path("credentials").path(name).asText();
    }

    private static TokenResponse nimbusToken(JsonNode vendor, String secret, boolean basic) throws Exception {
        var id = new ClientID(key(vendor, "client_id"));
        ClientAuthentication shown = basic
                ? new ClientSecretBasic(id, new Secret(secret))
                : new ClientSecretPost(id, new Secret(secret));
        var request = new TokenRequest.Builder(URI.create(url(vendor, "token")), shown, new ClientCredentialsGrant());
        return TokenResponse.parse(request.build().toHTTPRequest().send());
    }

    /** Nimbus: discovery, client credentials by body and by Basic, a token against the key set. */
    static void nimbus() throws Exception {
        var vendors = stage().path("vendors");
        for (var name : List.of("corti", "pattern")) {
            var vendor = vendors.path(name);
            var basic = name.equals("pattern");
            var got = nimbusToken(vendor, key(vendor, "client_secret"), basic);
            expect(got.indicatesSuccess(), name + ": " + got);
            var wrong = nimbusToken(vendor, "wrong", basic).toErrorResponse().getErrorObject();
            expect(wrong.getHTTPStatusCode() == 401, name + ": " + wrong.getHTTPStatusCode());
        }
        var corti = vendors.path("corti");
        var metadata = OIDCProviderMetadata.resolve(new Issuer(url(corti, "issuer")));
        var keys = JWKSourceBuilder.create(metadata.getJWKSetURI().toURL()).build();
        var processor = new DefaultJWTProcessor<SecurityContext>();
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.RS256, keys));
        var claims = new JWTClaimsSet.Builder().issuer(url(corti, "issuer")).build();
        processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>("account", claims, Set.of("exp")));
        var token = nimbusToken(corti, key(corti, "client_secret"), false);
        var access = token.toSuccessResponse().getTokens().getAccessToken().getValue();
        expect(processor.process(access, null).getIssuer().equals(url(corti, "issuer")), "issuer");
        fails(BadJOSEException.class, () -> processor.process(bent(access), null));
    }

    private static String bent(String token) {
        var at = token.length() - 10;
        var letter = token.charAt(at) == 'A' ? 'B' : 'A';
        return token.substring(0, at) + letter + token.substring(at + 1);
    }

    /** Spring Security: client credentials, and its decoder against the key set. */
    static void spring() throws Exception {
        var corti = stage().path("vendors").path("corti");
        var client = new RestClientClientCredentialsTokenResponseClient();
        var access = client.getTokenResponse(springRequest(corti, key(corti, "client_secret"))).getAccessToken();
        expect(access.getExpiresAt().getEpochSecond() - access.getIssuedAt().getEpochSecond() == 300, "lifetime");
        var decoder = NimbusJwtDecoder.withJwkSetUri(url(corti, "jwks")).build();
        decoder.setJwtValidator(JwtValidators.createDefaultWithIssuer(url(corti, "issuer")));
        expect(decoder.decode(access.getTokenValue()).getClaimAsString("azp").equals(key(corti, "client_id")), "azp");
        fails(JwtException.class, () -> decoder.decode(bent(access.getTokenValue())));
        var wrong = springRequest(corti, "wrong");
        fails(OAuth2AuthorizationException.class, () -> client.getTokenResponse(wrong));
    }

    private static OAuth2ClientCredentialsGrantRequest springRequest(JsonNode vendor, String secret) {
        var registration = ClientRegistration.withRegistrationId("corti")
                .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
                .clientAuthenticationMethod(ClientAuthenticationMethod.CLIENT_SECRET_POST)
                .clientId(key(vendor, "client_id")).clientSecret(secret).tokenUri(url(vendor, "token"));
        return new OAuth2ClientCredentialsGrantRequest(registration.build());
    }

    /** The AWS SDK: sign in, read the user, refresh after expiry, revoke; each with its refusal. */
    static void aws_sdk() throws Exception {
        var stage = stage();
        var scribe = stage.path("vendors").path("scribe");
        var pool = CognitoIdentityProviderClient.builder().region(Region.of(key(scribe, "region")))
                .endpointOverride(URI.create(url(scribe, "cognito"))).httpClient(UrlConnectionHttpClient.create())
                .credentialsProvider(AnonymousCredentialsProvider.create()).build();
        var wrong = Map.of("USERNAME", key(scribe, "username"), "PASSWORD", "Wrong-1x");
        fails(NotAuthorizedException.class, () -> initiate(pool, scribe, AuthFlowType.USER_PASSWORD_AUTH, wrong));
        var right = Map.of("USERNAME", key(scribe, "username"), "PASSWORD", key(scribe, "password"));
        var first = initiate(pool, scribe, AuthFlowType.USER_PASSWORD_AUTH, right);
        expect(!pool.getUser(user -> user.accessToken(first.accessToken())).username().isEmpty(), "a name");
        pass(stage, 1801);
        fails(NotAuthorizedException.class, () -> pool.getUser(user -> user.accessToken(first.accessToken())));
        var refresh = Map.of("REFRESH_TOKEN", first.refreshToken());
        var second = initiate(pool, scribe, AuthFlowType.REFRESH_TOKEN_AUTH, refresh);
        expect(!pool.getUser(user -> user.accessToken(second.accessToken())).username().isEmpty(), "a name");
        pool.revokeToken(revoked -> revoked.clientId(key(scribe, "client_id")).token(first.refreshToken()));
        fails(NotAuthorizedException.class, () -> initiate(pool, scribe, AuthFlowType.REFRESH_TOKEN_AUTH, refresh));
    }

    private static AuthenticationResultType initiate(
            CognitoIdentityProviderClient pool, JsonNode scribe, AuthFlowType flow, Map<String, String> parameters) {
        return pool.initiateAuth(request -> request.clientId(key(scribe, "client_id")).authFlow(flow)
                .authParameters(parameters)).authenticationResult();
    }

    /** java.net.http: a session at Corti's socket to its end, and a token that is none. */
    static void websocket() throws Exception {
        var corti = stage().path("vendors").path("corti");
        var token = nimbusToken(corti, key(corti, "client_secret"), false);
        var access = token.toSuccessResponse().getTokens().getAccessToken().getValue();
        var listener = new Session();
        try {
            HTTP.newWebSocketBuilder().buildAsync(place(corti, "Bearer nothing"), listener).join();
            throw new AssertionError("accepted");
        } catch (CompletionException refused) {
            var handshake = (WebSocketHandshakeException) refused.getCause();
            expect(handshake.getResponse().statusCode() == 401, handshake.toString());
        }
        var socket = HTTP.newWebSocketBuilder().buildAsync(place(corti, "Bearer " + access), listener).join();
        socket.sendText("{\"type\":\"config\",\"configuration\":{\"primaryLanguage\":\"en\"}}", true).join();
        listener.configured.complete(null);
        listener.over.get(20, TimeUnit.SECONDS);
        for (var type : List.of("CONFIG_ACCEPTED", "transcript", "usage", "ended")) {
            expect(listener.seen.contains(type), type + " in " + listener.seen);
        }
    }

    private static URI place(JsonNode corti, String shown) {
        var token = URLEncoder.encode(shown, StandardCharsets.UTF_8).replace("+", "%20");
        var query = "?tenant-name=" + key(corti, "tenant") + "&token=" + token;
        return URI.create(url(corti, "ws") + "/transcribe" + query);
    }

    private static final class Session implements WebSocket.Listener {
        final ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
        /** This library allows one unfinished message at a time. */
        final CompletableFuture<Void> configured = new CompletableFuture<>();
        final CompletableFuture<Void> over = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                try {
                    var type = JSON.readTree(text.toString()).path("type").asText();
                    text.setLength(0);
                    seen.add(type);
                    if (type.equals("CONFIG_ACCEPTED")) {
                        CompletableFuture<?> sent = configured;
                        for (var frame = 0; frame < 4; frame++) {
                            sent = sent.thenCompose(done -> socket.sendBinary(ByteBuffer.allocate(8000), true));
                        }
                        sent.thenCompose(done -> socket.sendText("{\"type\":\"end\"}", true));
                    }
                } catch (Exception failure) {
                    over.completeExceptionally(failure);
                }
            }
            return WebSocket.Listener.super.onText(socket, part, last);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            over.complete(null);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable failure) {
            over.completeExceptionally(failure);
        }
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "nimbus" -> nimbus();
            case "spring" -> spring();
            case "aws_sdk" -> aws_sdk();
            case "websocket" -> websocket();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.exit(0);
    }
}

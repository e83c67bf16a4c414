import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The project's own tests. They know nothing of locum but the addresses in the environment, and where
 * they want to see the end of a token, its control API.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClientTest {
    private static final Client SHARED = new Client();

    private static void control(String method, String path, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("LOCUM_CONTROL_URL") + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> reply = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertEquals(2, reply.statusCode() / 100, reply.body());
    }

    @Test
    @Order(1)
    void manyCallsSucceed() throws Exception {
        for (int call = 0; call < 12; call++) {
            assertNotNull(SHARED.interactions());
        }
    }

    @Test
    @Order(2)
    void aRefusedTokenIsReplaced() throws Exception {
        SHARED.interactions();
        control("POST", "/tokens/expire", "{\"all\": true}");
        assertNotNull(SHARED.interactions());
    }

    @Test
    @Order(3)
    void aTokenIsRenewedBeforeItsEnd() throws Exception {
        control("PATCH", "/settings", "{\"corti.access_ttl_s\": 1}");
        Client another = new Client();
        another.interactions();
        Thread.sleep(1100);
        for (int call = 0; call < 2; call++) {
            try {
                another.interactions();
            } catch (Client.Refused refused) {
                // The last call tells.
            }
        }
        assertNotNull(another.interactions());
    }

    @Test
    @Order(4)
    void aCallThatStaysRefusedEnds() throws Exception {
        String match = "{\"vendor\": \"corti\", \"endpoint\": \"list_interactions\"}";
        control("POST", "/faults",
                "{\"match\": " + match + ", \"when\": {\"always\": true}, \"then\": {\"status\": 401}}");
        try {
            assertThrows(Client.Refused.class, SHARED::interactions);
        } finally {
            control("DELETE", "/faults", "");
        }
    }
}

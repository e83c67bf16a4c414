import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.locum.junit.*;
import java.net.URI;
import java.net.http.*;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LocumExtension.class)
class LoginTest {
    @Test
    void login(@Vendor("pattern") Locum locum) throws Exception {
        var account = locum.credentials().get("client_id") + ":" + locum.credentials().get("client_secret");
        var request = HttpRequest.newBuilder(URI.create(locum.tokenUrl()))
                .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(account.getBytes()))
                .header("Content-Type", "application/x-www-form-urlencoded").header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("grant_type=client_credentials")).build();
        assertEquals(200, HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
    }
}

package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.locum.junit.Locum;
import dev.locum.junit.LocumExtension;
import dev.locum.junit.LocumOptions;
import dev.locum.junit.Vendor;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the extension gives, in many tests at once, each with a clock of its own. */
@ExtendWith(LocumExtension.class)
class StageTest {
    private String early;

    @BeforeEach
    void isTheStageOfTheTest(@Vendor("pattern") Locum locum) {
        early = locum.tokenUrl();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    @LocumOptions(stage = "{\"clock\": {\"now\": \"2030-01-01T00:00:00Z\", \"mode\": \"frozen\"}}")
    void everyTestTurnsAClockOfItsOwn(int days, @Vendor("pattern") Locum locum) {
        assertEquals(early, locum.tokenUrl());
        var client = new Clients.Pattern(locum);
        assertEquals(200, client.members());
        for (int day = 2; day <= days + 1; day++) {
            assertEquals("2030-01-%02dT00:00:00Z".formatted(day), locum.advance(Duration.ofDays(1)).get("now").getAsString());
            assertEquals(200, client.members());
        }
        assertEquals(days + 1, client.logins);
    }

    @Test
    void tokensEndWhenTheTestSaysSo(@Vendor("pattern") Locum locum) {
        var client = new Clients.Pattern(locum);
        client.members();
        locum.expire();
        assertEquals(200, client.members());
        locum.revoke();
        assertEquals(200, client.members());
        assertEquals(3, client.logins);
    }

    @Test
    @LocumOptions(stage = "{\"settings\": {\"pattern.token_ttl_ms\": 7000}}")
    void settingsAreGivenAtTheStartOrChanged(@Vendor("pattern") Locum locum) {
        var client = new Clients.Pattern(locum);
        client.login();
        locum.settings(Map.of("pattern.token_ttl_ms", 9000));
        client.login();
        var journal = locum.journal().toString();
        assertTrue(journal.contains(":7000") && journal.contains(":9000"), journal);
    }

    @Test
    void aFaultStrikesItsVendorAlone(@Vendor("pattern") Locum locum, @Vendor("corti") Locum corti) {
        locum.fault("token", Map.of("first", 1), Map.of("status", 503));
        var error = assertThrows(IllegalStateException.class, () -> new Clients.Pattern(locum).members());
        assertEquals("login: 503", error.getMessage());
        assertEquals(200, Clients.interactions(corti, corti.credentials().get("tenant")));
    }
}

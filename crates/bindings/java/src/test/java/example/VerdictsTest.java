package example;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedSuccessfully;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.EventConditions.test;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.instanceOf;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import dev.locum.junit.Locum;
import dev.locum.junit.LocumExtension;
import dev.locum.junit.LocumOptions;
import dev.locum.junit.Vendor;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** A client that breaks a requirement fails its test: JUnit within JUnit. */
class VerdictsTest {
    private static Events run(String verdicts) {
        var kit = EngineTestKit.engine("junit-jupiter").selectors(selectClass(FaultyCase.class));
        return kit.configurationParameter("locum.verdicts", verdicts).execute().testEvents();
    }

    @Test
    void aFaultyClientFailsATestThatAssertsNothing() {
        var parts = Stream.of(
                "FAIL REQ-08 (MUST, corti): Every REST request carries Tenant-Name with the tenant of the token URL.\n",
                "  seen: ", "  expected: ", "  in: GET /v2/interactions/\n", "  hint: `locum explain REQ-08`", "\nstage ").toList();
        var said = message(text -> parts.stream().allMatch(text::contains));
        var missing = message(text -> text.contains("REQ-08 was expected to be broken, and is not"));
        run("on").assertStatistics(statistics -> statistics.started(5).succeeded(3).failed(2))
                .assertThatEvents()
                .haveExactly(1, event(test("faulty"), finishedWithFailure(instanceOf(AssertionError.class), said)))
                .haveExactly(1, event(test("unexpected"), finishedWithFailure(instanceOf(AssertionError.class), missing)))
                .haveExactly(1, event(test("ignored"), finishedSuccessfully()))
                .haveExactly(1, event(test("expected"), finishedSuccessfully()));
    }

    @Test
    void verdictsCanBeSwitchedOffForTheRun() {
        run("off").assertStatistics(statistics -> statistics.started(5).succeeded(5));
    }

    /** Played by the tests above only: its name is none that Surefire looks for. */
    @ExtendWith(LocumExtension.class)
    static class FaultyCase {
        @Test
        void faulty(@Vendor("corti") Locum locum) {
            Clients.interactions(locum, null);
        }

        @Test
        @LocumOptions(ignore = "REQ-08")
        void ignored(@Vendor("corti") Locum locum) {
            Clients.interactions(locum, null);
        }

        @Test
        @LocumOptions(expect = "REQ-08")
        void expected(@Vendor("corti") Locum locum) {
            Clients.interactions(locum, null);
        }

        @Test
        @LocumOptions(expect = "REQ-08")
        void unexpected(@Vendor("corti") Locum locum) {
            assertTrue(Clients.interactions(locum, locum.credentials().get("tenant")) == 200);
        }

        @Test
        void good(@Vendor("corti") Locum locum) {
            Clients.interactions(locum, locum.credentials().get("tenant"));
        }
    }
}

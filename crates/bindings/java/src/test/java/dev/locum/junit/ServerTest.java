package dev.locum.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the binary is found, and what becomes of it. */
class ServerTest {
    @Test
    void theVariableGoesBeforeThePath(@TempDir Path folder) throws Exception {
        var binary = Files.createFile(folder.resolve("locum"));
        assertTrue(binary.toFile().setExecutable(true));
        var path = "/nowhere" + File.pathSeparator + folder;
        assertEquals(binary.toString(), Server.findBinary(Map.of("PATH", path)));
        assertEquals("/mine", Server.findBinary(Map.of("PATH", path, "LOCUM_BIN", "/mine")));
    }

    @Test
    void aBinaryThatIsMissingIsAnErrorThatSaysWhatToDo() {
        var named = Map.of("LOCUM_BIN", "/nowhere/locum");
        var error = assertThrows(UncheckedIOException.class, () -> Server.start(named));
        assertEquals("/nowhere/locum does not start; LOCUM_BIN names another", error.getMessage());
        var none = assertThrows(IllegalStateException.class, () -> Server.start(Map.of("PATH", "/nowhere")));
        assertTrue(none.getMessage().contains("name it in LOCUM_BIN"), none.getMessage());
    }

    /** As the system closes the pipe of a JVM that is killed. */
    @Test
    void theServerEndsWithItsStandardInput() throws Exception {
        var server = Server.start(System.getenv());
        server.process().getOutputStream().close();
        assertTrue(server.process().waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, server.process().exitValue());
    }
}

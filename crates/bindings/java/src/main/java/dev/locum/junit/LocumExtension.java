package dev.locum.junit;

import com.google.gson.JsonParser;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** Gives methods their {@code @Vendor("pattern") Locum}, and judges the client when the test is over. */
@LocumOptions
public final class LocumExtension implements ParameterResolver, AfterEachCallback {
    private static final Namespace NAMESPACE = Namespace.create(LocumExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        boolean ofMethod = parameter.getDeclaringExecutable() instanceof Method && context.getTestMethod().isPresent();
        return ofMethod && parameter.isAnnotated(Vendor.class) && parameter.getParameter().getType() == Locum.class;
    }

    @Override
    public Locum resolveParameter(ParameterContext parameter, ExtensionContext context) {
        var stage = context.getStore(NAMESPACE).getOrComputeIfAbsent(Stage.class, key -> open(context), Stage.class);
        var vendor = parameter.findAnnotation(Vendor.class).orElseThrow().value();
        if (!stage.document().getAsJsonObject("vendors").has(vendor)) {
            throw new ParameterResolutionException("no vendor called " + vendor);
        }
        return new Locum(stage, vendor);
    }

    private static Stage open(ExtensionContext context) {
        var servers = context.getRoot().getStore(NAMESPACE);
        var server = servers.getOrComputeIfAbsent(Server.class, key -> Server.start(System.getenv()), Server.class);
        var body = JsonParser.parseString(options(context).stage()).getAsJsonObject();
        body.addProperty("listen", true);
        return new Stage(server, server.call("POST", "/stages", body));
    }

    private static LocumOptions options(ExtensionContext context) {
        var own = AnnotationSupport.findAnnotation(context.getElement(), LocumOptions.class);
        var given = own.or(() -> AnnotationSupport.findAnnotation(context.getTestClass(), LocumOptions.class));
        return given.orElse(LocumExtension.class.getAnnotation(LocumOptions.class));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        var stage = context.getStore(NAMESPACE).remove(Stage.class, Stage.class);
        if (stage == null) {
            return;
        }
        var options = options(context);
        var general = context.getConfigurationParameter("locum.verdicts").or(() -> Optional.ofNullable(System.getenv("LOCUM_VERDICTS")));
        var verdicts = options.verdicts().isEmpty() ? general.orElse("on") : options.verdicts();
        try {
            var failures = verdicts.equals("off") ? "" : stage.failures(options, verdicts.equals("strict"));
            if (!failures.isEmpty()) {
                throw new AssertionError(failures);
            }
        } finally {
            stage.call("DELETE", "", Map.of());
        }
    }
}

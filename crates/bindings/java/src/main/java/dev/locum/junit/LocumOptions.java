package dev.locum.junit;

import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** How the stage of a test is made and judged; on a test, else on its class. */
@Inherited
@Retention(RetentionPolicy.RUNTIME)
public @interface LocumOptions {
    /** Requirements that the client may break, such as REQ-08. */
    String[] ignore() default {};

    /** Requirements that the client must break. */
    String[] expect() default {};

    /** on, strict (a WARN fails, too) or off; default: the parameter locum.verdicts of JUnit, else LOCUM_VERDICTS. */
    String verdicts() default "";

    /** The body of POST /_locum/stages in JSON: clock, settings, seed, vendors. */
    String stage() default "{}";
}

package dev.locum.junit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The vendor that a parameter of type {@link Locum} stands for: athelas, corti, pattern, scribe, or one of your own. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PARAMETER)
public @interface Vendor {
    String value();
}

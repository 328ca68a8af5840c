package cstorm.multilang;

/** What a message may be at most: the same for both directions. */
final class Limits {
    static final int MESSAGE_BYTES = 64 << 20;
    static final int NESTING = 1024;

    private Limits() {
    }
}

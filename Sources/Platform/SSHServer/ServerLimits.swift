/// The bounds the SSH server puts on sockets and on peers that have not authenticated.
///
/// A value, so that tests can drive the rules with small numbers; `standard` is what the product runs with.
package struct ServerLimits: Sendable {
    /// Connections that have not authenticated, on all loops; each loop may exceed it by one. At the limit the oldest silent one makes
    /// room; if none is silent for `silence`, accepting pauses and the kernel's backlog holds the rest.
    package var unauthenticated = 4096

    /// The same for one source (an IPv4 address, or an IPv6 /64). At the limit the oldest silent one of that source makes room;
    /// otherwise the newcomer is closed at once.
    package var unauthenticatedPerSource = 1024

    /// Age from which a connection that has not asked for a key exchange counts as silent.
    package var silence = Duration.seconds(1)

    /// First key exchanges and authentications under way at a time on one loop; the rest wait their turn, first come first served, so that
    /// ten thousand terminals coming back all get in instead of all timing out.
    package var handshakes = 32

    /// Time after which a handshake that has not finished no longer holds its place: a slow peer must not keep others waiting.
    package var handshakePatience = Duration.seconds(2)

    /// Connections taken from a listener in one batch, so that a flood of them cannot hold up the established ones: one costs
    /// 0.2 ms when another has to make room for it.
    package var acceptsPerBatch = 2

    /// Bytes read from one socket in one batch: enough to amortise the call, small enough for the cache and for fairness.
    package var bytesPerRead = 128 * 1024

    /// The same for a peer that has not authenticated: one that waits for its handshake's turn makes us keep this much, beside the packet
    /// that is arriving. Handshake messages of real clients stay below it.
    package var bytesPerReadOfStranger = 4096

    /// Time in which a socket must take at least one byte of what waits for it; then the connection ends.
    package var writeDeadline = Duration.seconds(75)

    /// How long what is under way to a slow peer may take to arrive, beyond the round trip: what a keystroke's echo waits behind a bulk
    /// transfer. `SendLimit` keeps it between this and twice as much, and the queue before the socket to as much again.
    package var queuedTime = Duration.milliseconds(125)

    /// Time a peer gets to read our last words before its socket is closed.
    package var linger = Duration.seconds(2)

    /// Seconds of penalty for a connection that ends without authentication after breaking a rule, failing, or having had a key exchange
    /// for nothing; they add up.
    package var penalty = Duration.seconds(1)

    /// Penalty from which a source's new connections are closed at once. At one second a failure it takes 30 failures faster than one a
    /// second; a terminal whose key is not approved yet retries far slower.
    package var penaltyThreshold = Duration.seconds(30)

    /// The most penalty a source can gather.
    package var longestPenalty = Duration.seconds(600)

    /// Sources remembered for penalties or good keys. At the limit the one that matters least, the earliest to expire, is forgotten.
    package var rememberedSources = 65_536

    /// How long a source is free of penalties after its last authenticated connection ended; while there is one it is free anyway. Its
    /// neighbours behind the same NAT must not lock it out.
    package var goodKeyMemory = Duration.seconds(3600)

    /// The limits of the product.
    package static let standard = ServerLimits()

    /// Every limit at its standard value.
    package init() {}
}

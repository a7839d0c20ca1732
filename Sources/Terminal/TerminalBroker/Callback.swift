package import EventLoops

/// A readiness handler that is only a closure.
package final class Callback: ReadinessHandler {
    private let body: () -> Void

    /// Calls `body` whenever something is ready.
    package init(_ body: @escaping () -> Void) { self.body = body }

    package func ready(_ readiness: Readiness) { body() }
}

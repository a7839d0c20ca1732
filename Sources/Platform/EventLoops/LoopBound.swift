/// A value that lives on a loop: every thread may hold the box, only the loop's thread gets at what is inside.
///
/// This is how objects that are plain values of one loop (connections, their tables) are reached from elsewhere without a lock.
// @unchecked: `value` is only ever handed out on the thread of `loop`.
package final class LoopBound<Value>: @unchecked Sendable {
    /// Where the value lives.
    package let loop: EventLoop
    private let value: Value

    /// Binds `value`, to which the caller keeps no reference that other threads could use.
    package init(_ value: Value, on loop: EventLoop) {
        self.value = value
        self.loop = loop
    }

    /// The value, for the thread that made the loop to prepare it. Only before the loop starts.
    package var beforeStart: Value { value }

    /// Runs `body` on the loop; from any thread. Returns false if the loop has stopped; then `body` never runs.
    @discardableResult
    package func submit(_ body: @escaping @Sendable (Value) -> Void) -> Bool {
        loop.submit { body(self.value) }
    }

    /// Runs `body` on the loop and returns what it returns; `nil` if the loop has stopped.
    package func call<Result: Sendable>(_ body: @escaping @Sendable (Value) -> Result) async -> Result? {
        await withCheckedContinuation { continuation in
            let isAccepted = submit { continuation.resume(returning: body($0)) }
            if !isAccepted { continuation.resume(returning: nil) }
        }
    }

    /// Gives `load` away to the loop: `body` gets it there. The caller must keep no reference to it or to anything only it refers to.
    @discardableResult
    package func submit<Load>(moving load: Load, _ body: @escaping @Sendable (Value, Load) -> Void) -> Bool {
        let moved = Moved(load: load)
        return loop.submit { body(self.value, moved.load) }
    }
}

/// Carries a value from one loop's thread to another's.
// @unchecked: the sender has given up the value before the receiver's thread looks at it (`submit(moving:)`).
private struct Moved<Load>: @unchecked Sendable {
    let load: Load
}

import EventLoops
package import RelayCore
package import SSHCrypto
import SSHProtocol
import SSHServer
package import SystemCalls
import Synchronization

/// Counts bridges, for all switchboards of a run.
final class BridgeNumbers: Sendable {
    private let last = Atomic<Int64>(0)

    func next() -> BridgeID { BridgeID(last.add(1, ordering: .relaxed).newValue) }
}

/// The relay's SSH front: all switchboards and their listening sockets.
package final class SwitchboardGroup: LiveRelay {
    private let boards: [LoopBound<Switchboard>]
    private let configuration: SwitchConfiguration
    private let support: SupportPeriods
    private let directory = TunnelDirectory()
    private let listeners = Mutex<[Int32]>([])
    /// The most bytes that were counted so far, to terminals and from them.
    private let carried = Mutex<(to: UInt64, from: UInt64)>((0, 0))

    /// Builds the switchboards; nothing runs before `start()`.
    ///
    /// - Parameters:
    ///   - registry: who is known at first; `apply` changes it.
    ///   - report: told of everything the store remembers, on a switchboard's thread: it must not wait.
    ///   - commands: runs what staff type after `ssh relay`.
    ///   - enroller: decides about keys that come with a join code.
    /// - Throws: when descriptors run out.
    package init(
        configuration: SwitchConfiguration, registry: Registry, report: @escaping @Sendable (RelayEvent) -> Void,
        commands: any CommandRunner, enroller: any Enroller
    ) throws(SystemError) {
        self.configuration = configuration
        let identity = ServerIdentity(hostKeys: configuration.hostKeys, software: configuration.software)
        let admission = Admission(limits: configuration.limits)
        let numbers = ConnectionNumbers()
        support = SupportPeriods(limit: configuration.supportLimit)
        let bridgeNumbers = BridgeNumbers()
        var boards: [LoopBound<Switchboard>] = []
        for index in 0..<configuration.switchboards {
            let events = try EventLoop(name: "switch-\(index)")
            let board = Switchboard(
                index: index, events: events, identity: identity, configuration: configuration, admission: admission, numbers: numbers,
                directory: directory, support: support, bridgeNumbers: bridgeNumbers, registry: registry, commands: commands,
                enroller: enroller, report: report)
            boards.append(LoopBound(board, on: events))
        }
        for board in boards { board.beforeStart.all = boards }
        self.boards = boards
    }

    /// Listens and starts the threads.
    ///
    /// - Parameter inherited: listeners that somebody else opened, beside the configuration's addresses; the group's from now on.
    /// - Returns: the addresses listened at, the inherited ones first, with the ports the kernel chose.
    /// - Throws: when an address cannot be listened at; then nothing runs.
    package func start(inherited: [Int32] = []) throws(SystemError) -> [SocketAddress] {
        var bound: [SocketAddress] = []
        var opened = inherited
        for listener in inherited { bound.append(try Sockets.localAddress(listener)) }
        for address in configuration.listen {
            let listener = try Sockets.listen(on: address)
            bound.append(try Sockets.localAddress(listener.raw))
            // Lives as long as the switch: `stop` closes it.
            opened.append(listener.release())
        }
        for board in boards {
            for listener in opened { try board.beforeStart.loop.listen(listener) }
        }
        listeners.withLock { $0 = opened }
        for board in boards { board.loop.start() }
        return bound
    }

    /// Sets how long support may stay open, for what is open too; `nil`: for ever.
    package func limitSupport(to limit: Duration?) async {
        guard support.limit != limit else { return }
        support.limit = limit
        for board in boards { _ = await board.call { $0.renewSupport() } }
    }

    /// Shows the first of these host keys to peers that come from now on, and announces all of them to those that are here, and that come.
    package func show(_ hostKeys: [HostKey]) async {
        let identity = ServerIdentity(hostKeys: hostKeys, software: configuration.software)
        for board in boards { _ = await board.call { $0.show(identity) } }
    }

    /// Begins nothing new and lets idle tunnels go, spread over `time`; staff who come are told to try again later. Open bridges go on.
    package func beginDraining(over time: Duration) async {
        for board in boards { _ = await board.call { $0.beginDraining(over: time) } }
    }

    /// Stops accepting, tells every peer that the relay ends, and ends the threads when all have gone or `time` is over.
    package func stop(within time: Duration) async {
        for board in boards { _ = await board.call { $0.stop() } }
        let deadline = MonotonicClock.now + time
        while MonotonicClock.now < deadline, await connectionCount > 0 {
            do { try await Task.sleep(for: .milliseconds(20)) } catch { break }  // Cancelled: no more waiting.
        }
        for board in boards { board.loop.stop() }
        let opened = listeners.withLock { listeners in
            defer { listeners = [] }
            return listeners
        }
        for listener in opened { Descriptor.close(listener) }
    }

    /// Connections that are there, authenticated or not.
    package var connectionCount: Int {
        get async {
            var count = 0
            for board in boards { count += await board.call { $0.loop.connectionCount } ?? 0 }
            return count
        }
    }

    /// The switch in numbers. Each board is asked in turn.
    package func counts() async -> RelayCounts {
        var counts = RelayCounts()
        for board in boards {
            let asked = MonotonicClock.now
            guard var part = await board.call({ $0.counts }) else { continue }
            part.lags = [MonotonicClock.now - asked]
            counts.add(part)
        }
        // What moves between boards meanwhile may be missed, and a counter never goes back.
        return carried.withLock { carried in
            carried = (max(carried.to, counts.bytesToTerminals), max(carried.from, counts.bytesFromTerminals))
            (counts.bytesToTerminals, counts.bytesFromTerminals) = carried
            return counts
        }
    }

    /// Bridges that are open or being opened.
    package var bridgeCount: Int {
        get async {
            var count = 0
            for board in boards { count += await board.call { $0.bridges.count } ?? 0 }
            return count
        }
    }

    /// All tunnels, of all switchboards. Each board is asked in turn: a tunnel that moves meanwhile may be missing.
    package func tunnels() async -> [LiveTunnel] {
        var tunnels: [LiveTunnel] = []
        for board in boards { tunnels += await board.call { $0.tunnels } ?? [] }
        return tunnels
    }

    /// Whether a terminal's tunnel is held, as `LiveRelay` says.
    package func isOnline(_ terminal: TerminalID) async -> Bool { directory.place(of: terminal) != nil }

    /// All open bridges, in the same way.
    package func bridges() async -> [LiveBridge] {
        var bridges: [LiveBridge] = []
        for board in boards { bridges += await board.call { $0.liveBridges } ?? [] }
        return bridges
    }

    /// Hands the new rules to all switchboards, as `LiveRelay` says.
    package func apply(_ registry: Registry) async {
        for board in boards { _ = await board.call { $0.apply(registry) } }
    }

    /// Ends a bridge; false if it is not open.
    package func end(_ bridge: BridgeID) async -> Bool {
        for board in boards where await board.call({ $0.end(bridge) }) == true { return true }
        return false
    }
}

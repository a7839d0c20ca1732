import Support
import SystemCalls
package import TerminalCore

/// Connects to the relay through a proxy, and hands the connection to the ssh that started this program (`ProxyUseFdpass`): from then on
/// nobody of ours stands between the two.
///
/// Blocks; a program of its own.
package enum ProxyConnector {
    /// Does the errand and says on standard error how it goes.
    ///
    /// - Parameter passing: the socket to ssh, standard output.
    /// - Returns: whether ssh has the connection.
    package static func run(_ errand: ProxyErrand, passing: Int32 = 1, errors: Int32 = 2) -> Bool {
        let tell: (ProxyNotice) -> Void = { notice in
            // Nobody reads: then nobody needs to know.
            _ = try? Files.writeAll(errors, Array((notice.line + "\n").utf8))
        }
        tell(.connecting)
        do throws(ConnectError) {
            let connection = try connect(errand)
            // The byte only carries the descriptor.
            let sent = [UInt8](arrayLiteral: 0).withUnsafeBytes { Sockets.send(passing, $0, passing: [connection.raw]) }
            guard case .bytes = sent else { return false }
            tell(.connected)
            return true
        } catch {
            switch error {
            case .unreachable(let reason): tell(.unreachable(reason: reason))
            case .refused(.credentials): tell(.credentials)
            case .refused(.refused(let reason)): tell(.refused(reason: reason))
            }
            return false
        }
    }

    private enum ConnectError: Error {
        case unreachable(String)
        case refused(ProxyDialog.Failure)
    }

    private static func connect(_ errand: ProxyErrand) throws(ConnectError) -> Descriptor {
        let connection = try reach(errand.proxy.address)
        var dialog = ProxyDialog(proxy: errand.proxy, host: errand.host, port: errand.port)
        let deadline = MonotonicClock.now + ProxyErrand.patience
        var step = dialog.begin()
        while true {
            switch step {
            case .send(let bytes, let count):
                do throws(SystemError) { try Files.writeAll(connection.raw, bytes, subject: "proxy") } catch {
                    throw .unreachable(error.reason)
                }
                step = dialog.received(try read(count, from: connection.raw, until: deadline))
            case .read(let count): step = dialog.received(try read(count, from: connection.raw, until: deadline))
            case .connected: return connection
            case .failed(let failure): throw .refused(failure)
            }
        }
    }

    /// A connection to the first address of the proxy that takes one.
    private static func reach(_ proxy: RelayAddress) throws(ConnectError) -> Descriptor {
        let addresses: [SocketAddress]
        do throws(ResolverError) {
            addresses = try Resolver.resolve(proxy.host, port: proxy.ports[0])
        } catch {
            throw .unreachable(error.description)
        }
        var reason = Reason.noAnswer.english
        for address in addresses {
            do throws(SystemError) {
                let connection = try Sockets.connect(to: address)
                guard Files.waitUntilReady(connection.raw, toRead: false, until: MonotonicClock.now + ProxyErrand.patience) else {
                    reason = Reason.noAnswer.english
                    continue
                }
                if let error = Sockets.pendingError(connection.raw) { throw error }
                try Sockets.setNoDelay(connection.raw)
                return connection
            } catch {
                reason = error.reason
            }
        }
        throw .unreachable(reason)
    }

    private static func read(_ count: Int, from raw: Int32, until deadline: MonotonicTime) throws(ConnectError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard Files.waitUntilReady(raw, toRead: true, until: deadline) else { throw .unreachable(Reason.noAnswer.english) }
            var room = [UInt8](repeating: 0, count: count - bytes.count)
            switch room.withUnsafeMutableBytes({ Sockets.receive(raw, into: $0) }) {
            case .bytes(let received): bytes += room.prefix(received)
            case .wouldBlock: continue
            case .endOfFile: throw .unreachable(Reason.closed.english)
            case .failed(let error): throw .unreachable(error.reason)
            }
        }
        return bytes
    }
}

import EventLoops
import FoundationEssentials
import LocalControl
import RelayCommands
import RelayCore
import Support
import SystemCalls

/// What goes over the control socket: one `ControlRequest` and one `ControlReply`, as JSON.
enum ControlExchange {
    /// How long a command may take; changes wait for each other, and for the disk.
    private static let patience: Duration = .seconds(60)
    /// How long `wait` may take, which ends by itself.
    private static let patienceOfWait: Duration = .seconds(25 * 3600)

    /// Daemon's side: runs the command of a request for the person at the other end.
    static func answer(
        _ bytes: [UInt8], from peer: PeerCredentials, by desk: Desk, lookingUpOn executor: BlockingExecutor
    ) async -> [UInt8] {
        let request: ControlRequest
        do {
            request = try JSONDecoder().decode(ControlRequest.self, from: Data(bytes))
        } catch {
            return encoded(ControlReply(status: .usage, errorOutput: "towline-relay: the request cannot be read\n"))
        }
        let name = await executor.run { userName(peer.user) }
        let caller = Caller.localOperator(name: name)
        return encoded(await desk.run(request.arguments, standardInput: request.standardInput ?? [], as: caller))
    }

    /// Program's side: sends a command to the running relay.
    static func send(
        _ line: ParsedCommand, _ arguments: [String], standardInput: [UInt8]?, to path: String
    ) throws(ControlError) -> ControlReply {
        let request = ControlRequest(arguments: arguments, standardInput: standardInput)
        let bytes = try ControlClient.call(path: path, encoded(request), timeout: line.name == "wait" ? patienceOfWait : patience)
        do {
            return try JSONDecoder().decode(ControlReply.self, from: Data(bytes))
        } catch {
            // Cut off: the daemon ended while it answered.
            throw .noAnswer
        }
    }

    /// The login name of a user of this machine; the number if it has none.
    static func userName(_ user: UInt32) -> String {
        // The name is for the audit log only: a broken account database must not stop a command.
        let record = try? Users.lookup(user: user)
        return record?.name ?? "uid \(user)"
    }

    private static func encoded(_ value: some Encodable) -> [UInt8] {
        do { return Array(try JSONEncoder().encode(value)) } catch { preconditionFailure("these values are always JSON: \(error)") }
    }
}

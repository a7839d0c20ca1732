import Support
import TerminalAgent
import TerminalCore

/// The program that ssh starts to reach the relay through a proxy; not for people.
enum ProxyRole {
    /// Does what the environment says, and ends.
    static func run(_ errand: String?) -> Never {
        guard let errand, let parsed = TerminalWire.decode(ProxyErrand.self, Array(errand.utf8)) else {
            Output.fail("this is started by: towline-terminal serve", .usage)
        }
        Output.end(ProxyConnector.run(parsed) ? .done : .refused)
    }
}

/// Exit status of every program and command (DESIGN §9).
package enum ExitStatus: Int32, Codable, Sendable {
    case done = 0
    /// Refused, or failed.
    case refused = 1
    /// Wrong usage.
    case usage = 2
    /// The daemon that would have to do it does not run.
    case notRunning = 3
}

/// A command line for a running daemon, through its local socket.
package struct ControlRequest: Hashable, Codable, Sendable {
    /// The words of the command, without a program name.
    package var arguments: [String]
    /// What the command reads, if it reads something.
    package var standardInput: [UInt8]?

    /// A request from its parts.
    package init(arguments: [String], standardInput: [UInt8]? = nil) {
        self.arguments = arguments
        self.standardInput = standardInput
    }
}

/// What a command came to.
package struct ControlReply: Hashable, Codable, Sendable {
    /// What the asking program exits with.
    package var status: ExitStatus
    /// For standard output.
    package var output: String
    /// For standard error.
    package var errorOutput: String
    /// What the command is to be asked with to go on where this reply ends; `nil`: it is no command that goes on.
    package var next: Int64?

    /// A reply from its parts.
    package init(status: ExitStatus, output: String = "", errorOutput: String = "", next: Int64? = nil) {
        self.status = status
        self.output = output
        self.errorOutput = errorOutput
        self.next = next
    }
}

// towline-relay: the relay that staff reach customers' terminals through. This file only starts it and ends it.
import FoundationEssentials
import Glibc
import Support
import SystemCalls

/// Runs the program on other threads and waits for it on this one.
///
/// Not an `async` main: that gives this thread away with all signals open, and SIGTERM would end the program there and then.
func run() -> ExitStatus {
    let program = Program(arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
    // Here, on the only thread there is: the threads that start later block the same signals, so that the descriptor gets them.
    let signals = program.isDaemon ? EndSignals() : nil
    let outcome = Monitor<ControlReply?>(nil)
    Task.detached { [signals] in
        let reply = await program.run(endedBy: signals)
        outcome.withLock { $0 = reply }
    }
    guard let reply = outcome.wait(for: { $0 }) else { preconditionFailure("there is no deadline") }
    // Whoever reads the output may have gone: the status still tells.
    try? Files.writeAll(1, Array(reply.output.utf8))
    try? Files.writeAll(2, Array(reply.errorOutput.utf8))
    return reply.status
}

exit(run().rawValue)

// towline-relay: the relay that staff reach customers' terminals through. This file only starts it and ends it.
import FoundationEssentials
import Glibc
import Support
import SystemCalls

let program = Program(arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
// Here, on the only thread there is: the threads that start later block the same signals, so that the descriptor gets them.
let signals = program.isDaemon ? EndSignals() : nil
let reply = await program.run(endedBy: signals)
// Whoever reads the output may have gone: the status still tells.
try? Files.writeAll(1, Array(reply.output.utf8))
try? Files.writeAll(2, Array(reply.errorOutput.utf8))
exit(reply.status.rawValue)

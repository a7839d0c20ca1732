// towline-relay: the relay that staff reach customers' terminals through. This file only starts it and ends it.
import FoundationEssentials
import Glibc
import Support
import SystemCalls

let reply = await Program(arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment).run()
// Whoever reads the output may have gone: the status still tells.
try? Files.writeAll(1, Array(reply.output.utf8))
try? Files.writeAll(2, Array(reply.errorOutput.utf8))
exit(reply.status.rawValue)

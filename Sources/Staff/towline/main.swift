// towline: what support staff use to reach customers' terminals. It runs stock OpenSSH; this file only starts it.
import FoundationEssentials
import Glibc
import SystemCalls

Signals.ignoreBrokenPipes()
exit(Program(arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment).run())

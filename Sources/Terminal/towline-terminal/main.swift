import Support
import SystemCalls
import TerminalCore

// Composition only: reads the line and the environment, and hands over to the role.
Signals.ignoreBrokenPipes()
let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case AgentRole.word: AgentRole.run(Array(words.dropFirst()))
case TunnelClientArguments.proxyWord: ProxyRole.run(Environment.value(ProxyErrand.variable))
default:
    Asking.run(words, environmentFolder: Environment.value("TOWLINE_TERMINAL_DATA"))
}

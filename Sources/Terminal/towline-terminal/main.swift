import Support
import SystemCalls
import TerminalCore

// Composition only: reads the line and the environment, and hands over to the role.
Signals.ignoreBrokenPipes()
let words = Array(CommandLine.arguments.dropFirst())
if words.first == AgentRole.word {
    AgentRole.run(Array(words.dropFirst()))
} else {
    Asking.run(words, environmentFolder: Environment.value("TOWLINE_TERMINAL_DATA"))
}

import Support
import Testing

/// What is made from a command table beside help: completion and the manual page.
@Suite struct CompletionTests {
    private static let table = CommandTable(
        program: "tool", summary: "a tool",
        commands: [
            CommandSpec(
                "thing add", "Add a thing; it's kept", arguments: [.init("NAME")],
                options: [.init("--key", value: "FILE", "its -key"), .init("--yes", ".do not ask")]),
            CommandSpec("thing", "List the things"), CommandSpec("open", "Open one", arguments: [.init("[LOGIN@]TERMINAL")]),
            CommandSpec("shape", "Shape it", arguments: [.init("round|flat")]),
            CommandSpec("help", "Explain", arguments: [.init("COMMAND", isOptional: true)]),
        ], everywhere: [.init("--json", "for programs")])

    @Test(arguments: CompletionShell.allCases) func everyWordOfTheTableIsThere(_ shell: CompletionShell) {
        let script = Self.table.completion(for: shell, terminalNames: "tool names")
        for word in ["thing", "add", "open", "shape", "help", "key", "json", "yes", "round", "flat", "tool names"] {
            #expect(script.contains(word), "\(word)")
        }
        #expect(!Self.table.completion(for: shell).contains("names 2>"))
    }

    @Test func aShellThatIsNotKnownIsNamed() {
        #expect(throws: UsageError("\"csh\" is not a shell that is known here: bash, zsh or fish")) { try CompletionShell(parsing: "csh") }
    }

    @Test func theManualPageHasEveryCommandAndIsNoRoffByAccident() {
        let page = Self.table.manual(section: 8)
        #expect(page.hasPrefix(".TH TOOL 8"))
        #expect(page.contains(".B thing add NAME [\\-\\-key FILE] [\\-\\-yes]\nAdd a thing; it's kept\n"))
        #expect(page.contains("\nits \\-key\n") && page.contains("\n\\&.do not ask\n"))
    }
}

/// What may import what (docs/architecture.md, "The code").
enum ImportRules {
    static let all = [direction, doors, systemModules, foundation]

    /// The module that a line imports: `package import struct Support.Secret` is `Support`.
    static func imported(_ line: SourceLine) -> String? {
        let words = line.words
        let before: Set<Substring> = [
            "package", "public", "internal", "private", "fileprivate", "testable", "preconcurrency", "exported", "_exported",
        ]
        guard let position = words.firstIndex(of: "import"), words[..<position].allSatisfy(before.contains) else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor"]
        return words[(position + 1)...].first { !kinds.contains($0) }.map(String.init)
    }

    private static let base: Set<String> = ["SSHKeys", "Support", "Localization"]
    private static let platform: Set<String> = [
        "SystemCalls", "EventLoops", "LocalControl", "HTTPServer", "HTML", "Passwords", "QRCode", "ServiceManager", "SQLite", "SSHCrypto",
        "SSHProtocol", "SSHServer",
    ]
    private static let relay: Set<String> = ["RelayCore", "RelayStore", "RelaySwitch", "RelayCommands", "RelayOperation"]
    private static let terminal: Set<String> = ["TerminalCore", "TerminalStore", "TerminalBroker", "TerminalAgent", "TerminalConsole"]
    private static let staff: Set<String> = ["StaffCore"]

    /// Our own targets, to tell them from those of the system and to find one that is in no list.
    static let known = base.union(platform).union(relay).union(terminal).union(staff)

    /// The targets of each side; no side knows another.
    private static let sides = ["Relay": relay, "Terminal": terminal, "Staff": staff]

    /// Features that use another feature of their side, and why.
    private static let between: [String: (allowed: Set<String>, reason: String)] = [
        "TerminalAgent": (
            ["TerminalStore", "TerminalBroker"], "the agent is the terminal's service; the broker's client side and the store are its tools"
        )
    ]

    /// Why `module` may not import `name`; `nil` if it may, or if `name` is not ours.
    static func refusal(_ module: Module, importing name: String) -> String? {
        guard known.contains(name), name != module.name else { return nil }
        if module.isCore, !base.contains(name) { return "a core decides only: it imports Base" }
        switch module.group {
        case "Base": return base.contains(name) ? nil : "Base is vocabulary: it imports Base only"
        case "Platform":
            if name == "Support" { return "Platform knows no terminal and no staff, which is what Support has the words for" }
            return base.union(platform).contains(name) ? nil : "Platform is mechanism: it knows neither relay nor terminal"
        case "Relay", "Terminal", "Staff":
            if base.union(platform).contains(name) { return nil }
            guard sides[module.group]?.contains(name) == true else { return "relay, terminal and staff meet only in Base" }
            if module.isProgram || name.hasSuffix("Core") || between[module.name]?.allowed.contains(name) == true { return nil }
            return "features of one side meet in its program; what both need belongs to its core"
        case "Tests":
            let tested = String(module.name.hasSuffix("Tests") ? module.name.dropLast("Tests".count) : module.name[...])
            let isPure = base.contains(tested) || tested.hasSuffix("Core")
            if isPure, platform.contains(name) { return "tests of Base and of cores need no system" }
            let own = sides.first { $0.value.contains(tested) }
            let other = sides.first { $0.value.contains(name) }
            if let own, let other, own.key != other.key { return "relay, terminal and staff meet only in Base" }
            return nil
        default: return nil
        }
    }

    static let direction = Rule(
        "imports run executable → feature → core → Base and feature → Platform → Base",
        because: "a core that imports no system can be tested without one; relay and terminal trust each other with nothing but bytes",
        broken: [
            SourceFile("Sources/Base/SSHKeys/X.swift", "import SSHCrypto\n"),
            SourceFile("Sources/Base/Support/X.swift", "package import struct SystemCalls.Descriptor\n"),
            SourceFile("Sources/Platform/SSHServer/X.swift", "import RelayCore\n"),
            SourceFile("Sources/Platform/LocalControl/X.swift", "import Support\n"),
            SourceFile("Sources/Relay/RelayCore/X.swift", "import SystemCalls\n"),
            SourceFile("Sources/Terminal/TerminalCore/X.swift", "package import EventLoops\n"),
            SourceFile("Sources/Relay/RelayStore/X.swift", "import TerminalCore\n"),
            SourceFile("Sources/Staff/towline/X.swift", "import RelayCore\n"),
            SourceFile("Sources/Staff/StaffCore/X.swift", "import SystemCalls\n"),
            SourceFile("Sources/Terminal/towline-terminal/X.swift", "import StaffCore\n"),
            SourceFile("Tests/StaffCoreTests/X.swift", "import RelayCore\n"),
            SourceFile("Sources/Terminal/TerminalAgent/X.swift", "@preconcurrency import RelayCore\n"),
            SourceFile("Sources/Terminal/towline-terminal/X.swift", "import RelaySwitch\n"),
            SourceFile("Sources/Relay/RelayStore/X.swift", "import RelaySwitch\n"),
            SourceFile("Tests/RelayCoreTests/X.swift", "@testable import SystemCalls\n"),
            SourceFile("Tests/RelayStoreTests/X.swift", "import TerminalStore\n"),
            SourceFile("Tests/TerminalStoreTests/X.swift", "import RelayCore\n"),
        ],
        fine: [
            SourceFile("Sources/Base/Support/X.swift", "import SSHKeys\n// import SystemCalls\nlet text = \"import RelayCore\"\n"),
            SourceFile("Sources/Relay/towline-relay/main.swift", "import RelayStore\nimport RelaySwitch\nimport SystemCalls\n"),
            SourceFile("Sources/Terminal/TerminalAgent/X.swift", "package import TerminalStore\nimport TerminalBroker\n"),
            SourceFile("Tests/EndToEnd/X.swift", "import Support\n"),
        ],
        line: { file, line in
            guard let module = file.module, let name = imported(line) else { return nil }
            return refusal(module, importing: name).map { "\(module.name) imports \(name): \($0)" }
        })

    /// Who may import a C library, so that its pointers stay behind one door each.
    private static let owners: [String: Set<String>] = [
        "CCrypto": ["SSHCrypto", "SSHTestClient"],
        "CSQLite": ["SQLite"],
        "CHTTP": ["HTTPServer"],
        "CSodium": ["Passwords", "SSHCrypto"],
        "CQRCode": ["QRCode"],
        "CLinux": ["SystemCalls", "EventLoops"],
    ]

    static let doors = Rule(
        "each C library has one door",
        because:
            "pointers, life times and error codes of a C library are understood in one place; the test client lies with its own cryptography",
        broken: [
            SourceFile("Sources/Platform/SSHServer/X.swift", "import CCrypto\n"),
            SourceFile("Sources/Relay/RelayStore/X.swift", "import CSQLite\n"),
            SourceFile("Sources/Terminal/TerminalBroker/X.swift", "import CLinux\n"),
            SourceFile("Tests/SSHCryptoTests/X.swift", "import CCrypto\n"),
            SourceFile("Sources/Platform/SQLite/X.swift", "import CUnknown\n"),
        ],
        fine: [
            SourceFile("Sources/Platform/SSHCrypto/X.swift", "import CCrypto\n"),
            SourceFile("Tests/SSHTestClient/X.swift", "import CCrypto\n"),
        ],
        line: { file, line in
            guard let module = file.module, let name = imported(line) else { return nil }
            let second = name.dropFirst().first
            guard owners[name] != nil || (name.first == "C" && second?.isUppercase == true) else { return nil }
            return owners[name]?.contains(module.name) == true ? nil : "\(module.name) imports \(name)"
        })

    /// Files beside SystemCalls, EventLoops and the programs that import Glibc, and why.
    private static let glibc: [String: String] = [
        "Sources/Terminal/TerminalStore/Document.swift": "tells errors of reading apart by errno constants"
    ]

    static let systemModules = Rule(
        "modules of the toolchain only, and Glibc only where system calls are made",
        because: "every dependency is code that a relay on the Internet runs; system calls have one door (SystemCalls), programs may exit",
        broken: [
            SourceFile("Sources/Base/Support/X.swift", "import Glibc\n"),
            SourceFile("Sources/Relay/RelayCore/X.swift", "import Glibc\n"),
            SourceFile("Sources/Platform/SSHProtocol/X.swift", "import Glibc\n"),
            SourceFile("Sources/Platform/SSHServer/X.swift", "import NIOCore\n"),
            SourceFile("Sources/Base/Support/X.swift", "import FoundationEssentials\n"),
            SourceFile("Sources/Base/Support/X.swift", "import Testing\n"),
            SourceFile("Sources/Base/Support/X.swift", "import SSHTestClient\n"),
        ],
        fine: [
            SourceFile("Sources/Platform/SystemCalls/X.swift", "import Glibc\nimport Synchronization\n"),
            SourceFile("Sources/Relay/towline-relay/main.swift", "import Glibc\n"),
            SourceFile("Sources/Relay/RelayStore/X.swift", "import FoundationEssentials\nimport RelayCore\n"),
            SourceFile("Tests/SystemCallsTests/X.swift", "import Testing\nimport Glibc\n"),
        ],
        line: { file, line in
            guard file.path.hasPrefix("Sources/"), let module = file.module, let name = imported(line) else { return nil }
            if known.contains(name) || owners[name] != nil || name == "Synchronization" { return nil }
            switch name {
            case "Foundation": return nil  // has a rule of its own
            case "FoundationEssentials":
                return ["Relay", "Terminal", "Staff"].contains(module.group) ? nil : "\(module.group) does without Foundation altogether"
            case "Glibc":
                let mayCall = ["SystemCalls", "EventLoops"].contains(module.name) || module.isProgram || glibc[file.path] != nil
                return mayCall ? nil : "system calls go through SystemCalls"
            default: return "\(name) is neither ours nor in the list"
            }
        })

    static let foundation = Rule(
        "no Foundation in Sources",
        because: "it costs start-up time and megabytes in each process; FoundationEssentials has JSON and dates",
        broken: [
            SourceFile("Sources/Relay/RelayStore/X.swift", "import Foundation\n"),
            SourceFile("Sources/Base/Support/X.swift", "private import struct Foundation.URL\n"),
        ],
        fine: [SourceFile("Sources/Relay/RelayStore/X.swift", "import FoundationEssentials // not import Foundation\n")],
        line: { file, line in
            file.path.hasPrefix("Sources/") && imported(line) == "Foundation" ? "imports Foundation" : nil
        })
}

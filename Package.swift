// swift-tools-version: 6.2
import PackageDescription

/// The same language settings for every target of the package.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A target below `Sources/<group>/`.
func target(_ name: String, in group: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(group)/\(name)", resources: resources, swiftSettings: settings)
}

/// A program: composition only.
func program(_ name: String, in group: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "Sources/\(group)/\(name)", swiftSettings: settings)
}

/// The tests of one target, or of whole programs.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: settings)
}

let package = Package(
    name: "towline",
    products: [
        .executable(name: "towline-relay", targets: ["towline-relay"]),
        .executable(name: "towline-terminal", targets: ["towline-terminal"]),
        .executable(name: "towline", targets: ["towline"]),
        // For tests only: OpenSSH loads it by its path.
        .library(name: "SecurityKey", type: .dynamic, targets: ["SecurityKey"]),
    ],
    targets: [
        // Doors to C.
        .systemLibrary(name: "CCrypto", path: "Sources/C/CCrypto", pkgConfig: "libcrypto"),
        .systemLibrary(name: "CSQLite", path: "Sources/C/CSQLite", pkgConfig: "sqlite3"),
        .systemLibrary(name: "CHTTP", path: "Sources/C/CHTTP", pkgConfig: "libmicrohttpd"),
        .systemLibrary(name: "CSodium", path: "Sources/C/CSodium", pkgConfig: "libsodium"),
        .systemLibrary(name: "CQRCode", path: "Sources/C/CQRCode", pkgConfig: "libqrencode"),
        .target(name: "CLinux", path: "Sources/C/CLinux"),

        // Vocabulary: pure values, no I/O, no C.
        target("SSHKeys", in: "Base"),
        target("Support", in: "Base", ["SSHKeys"]),
        target("Localization", in: "Base"),

        // Mechanism: knows no terminal and no staff.
        target("SystemCalls", in: "Platform", ["CLinux"]),
        target("EventLoops", in: "Platform", ["SystemCalls", "CLinux"]),
        target("LocalControl", in: "Platform", ["EventLoops", "SystemCalls"]),
        target("HTTPServer", in: "Platform", ["CHTTP", "EventLoops", "SystemCalls"]),
        target("Passwords", in: "Platform", ["CSodium"]),
        target("QRCode", in: "Platform", ["CQRCode"]),
        target("ServiceManager", in: "Platform", ["SystemCalls"]),
        target("SQLite", in: "Platform", ["CSQLite"]),
        target("HTML", in: "Platform"),
        target("SSHCrypto", in: "Platform", ["CCrypto", "CSodium", "SSHKeys"]),
        target("SSHProtocol", in: "Platform", ["SSHCrypto", "SSHKeys"]),
        target("SSHServer", in: "Platform", ["SSHProtocol", "SSHCrypto", "SSHKeys", "EventLoops", "SystemCalls"]),

        // The relay.
        target("RelayCore", in: "Relay", ["Support", "SSHKeys"]),
        target("RelayStore", in: "Relay", ["RelayCore", "Support", "SSHKeys", "SQLite", "SSHCrypto"]),
        target(
            "RelaySwitch", in: "Relay",
            ["RelayCore", "Support", "SSHKeys", "SSHServer", "SSHProtocol", "SSHCrypto", "EventLoops", "SystemCalls"]),
        target("RelayCommands", in: "Relay", ["RelayCore", "Support", "SSHKeys", "SSHCrypto"]),
        target("RelayOperation", in: "Relay", ["RelayCore", "Support", "SSHCrypto", "EventLoops", "SystemCalls"]),
        program(
            "towline-relay", in: "Relay",
            [
                "RelayCore", "RelayStore", "RelaySwitch", "RelayCommands", "RelayOperation", "Support", "SSHKeys", "SSHCrypto",
                "LocalControl", "HTTPServer", "ServiceManager", "EventLoops", "SystemCalls",
            ]),

        // The terminal.
        target("TerminalCore", in: "Terminal", ["Support", "SSHKeys"]),
        target("TerminalStore", in: "Terminal", ["TerminalCore", "Support", "SSHKeys", "SystemCalls"]),
        target("TerminalBroker", in: "Terminal", ["TerminalCore", "Support", "SSHKeys", "EventLoops", "SystemCalls"]),
        target(
            "TerminalAgent", in: "Terminal",
            [
                "TerminalCore", "TerminalStore", "TerminalBroker", "Support", "SSHKeys", "SSHCrypto", "EventLoops", "SystemCalls",
            ]),
        target(
            "TerminalConsole", in: "Terminal",
            [
                "TerminalCore", "Support", "SSHKeys", "Localization", "HTML", "HTTPServer", "Passwords", "QRCode", "EventLoops",
                "SystemCalls",
            ],
            // In the program itself, not beside it: a static binary finds them wherever it is put.
            resources: [.embedInCode("Assets/console.css"), .embedInCode("Assets/console.js"), .embedInCode("Assets/icon.svg")]),
        program(
            "towline-terminal", in: "Terminal",
            [
                "TerminalConsole", "TerminalCore", "TerminalStore", "TerminalBroker", "TerminalAgent", "Support", "SSHKeys", "LocalControl",
                "EventLoops",
                "SystemCalls",
            ]),

        // Support staff.
        target("StaffCore", in: "Staff", ["Support", "SSHKeys"]),
        program("towline", in: "Staff", ["StaffCore", "Support", "SSHKeys", "SystemCalls"]),

        tests("SSHKeysTests", ["SSHKeys"]),
        tests("SupportTests", ["Support", "SSHKeys"]),
        tests("LocalizationTests", ["Localization"]),
        tests("HTMLTests", ["HTML"]),
        tests("SystemCallsTests", ["SystemCalls"]),
        tests("EventLoopsTests", ["EventLoops", "SystemCalls"]),
        tests("LocalControlTests", ["LocalControl", "EventLoops", "SystemCalls"]),
        tests("HTTPServerTests", ["HTTPServer", "EventLoops", "SystemCalls"]),
        tests("PasswordsTests", ["Passwords"]),
        tests("QRCodeTests", ["QRCode"]),
        tests("ServiceManagerTests", ["ServiceManager", "SystemCalls"]),
        tests("SQLiteTests", ["SQLite", "TestFolders"]),
        tests("SSHCryptoTests", ["SSHCrypto", "SSHKeys", "SystemCalls"]),
        tests("SSHProtocolTests", ["SSHProtocol", "SSHCrypto", "SSHKeys", "SSHTestClient"]),
        tests("SSHServerTests", ["SSHServer", "SSHProtocol", "SSHCrypto", "SSHKeys", "EventLoops", "SystemCalls", "SSHTestClient"]),
        tests("RelayCoreTests", ["RelayCore", "Support", "SSHKeys"]),
        tests("RelayStoreTests", ["RelayStore", "RelayCore", "Support", "SSHKeys", "SQLite", "EventLoops", "TestFolders"]),
        tests(
            "RelaySwitchTests",
            ["RelaySwitch", "RelayCore", "Support", "SSHKeys", "SSHCrypto", "SSHServer", "EventLoops", "SystemCalls", "SSHTestClient"]),
        tests("RelayOperationTests", ["RelayOperation", "RelayStore", "RelayCore", "Support", "EventLoops", "SystemCalls", "TestFolders"]),
        tests("RelayCommandsTests", ["RelayCommands", "RelayStore", "RelayCore", "Support", "SSHKeys", "SSHCrypto", "EventLoops"]),
        tests("TerminalCoreTests", ["TerminalCore", "Support", "SSHKeys"]),
        tests("TerminalStoreTests", ["TerminalStore", "TerminalCore", "Support", "SSHKeys", "SystemCalls"]),
        tests("TerminalBrokerTests", ["TerminalBroker", "TerminalCore", "Support", "SSHKeys", "EventLoops", "SystemCalls"]),
        tests(
            "TerminalAgentTests",
            [
                "TerminalAgent", "TerminalStore", "TerminalBroker", "TerminalCore", "Support", "SSHKeys", "SSHCrypto", "EventLoops",
                "SystemCalls",
            ]),
        tests(
            "TerminalConsoleTests",
            [
                "TerminalConsole", "TerminalCore", "Support", "SSHKeys", "Localization", "HTML", "HTTPServer", "Passwords", "EventLoops",
                "SystemCalls", "TestFolders",
            ]),
        tests("StaffCoreTests", ["StaffCore", "Support", "SSHKeys"]),
        tests("EndToEnd", ["Support", "SSHKeys", "SSHProtocol", "SSHTestClient"]),
        tests("Repository", []),

        // A scriptable SSH client of the tests: its own implementation of the client side, which can lie.
        .target(
            name: "SSHTestClient", dependencies: ["SSHCrypto", "SSHKeys", "CCrypto"], path: "Tests/SSHTestClient", swiftSettings: settings),

        // A security key (FIDO) without hardware, which the stock ssh of the tests signs with.
        .target(name: "SecurityKey", dependencies: ["CCrypto"], path: "Tests/SecurityKey"),

        // Folders of single tests.
        .target(name: "TestFolders", path: "Tests/TestFolders", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

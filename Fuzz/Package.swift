// swift-tools-version: 6.2
// The fuzzers: a package of its own, because every module under test is built with libFuzzer's instrumentation. `scripts/fuzz` drives it.
import PackageDescription

/// The language settings of the product, and: coverage for libFuzzer, AddressSanitizer, counters for llvm-cov, what is internal visible.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .unsafeFlags([
        "-sanitize=fuzzer,address", "-parse-as-library", "-enable-testing", "-profile-generate", "-profile-coverage-mapping", "-g",
    ]),
]

/// A target of the product, read through `Engine`, which is a link to `Sources`: SwiftPM takes no path outside the package.
func engine(_ name: String, in group: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Engine/\(group)/\(name)", swiftSettings: settings)
}

/// One fuzzer: a program whose main hands over to libFuzzer.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: settings,
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-profile-generate", "-use-ld=lld"])])
}

let package = Package(
    name: "towline-fuzz",
    targets: [
        .systemLibrary(name: "CCrypto", path: "Engine/C/CCrypto", pkgConfig: "libcrypto"),
        .systemLibrary(name: "CSodium", path: "Engine/C/CSodium", pkgConfig: "libsodium"),
        .target(name: "CLinux", path: "Engine/C/CLinux"),
        engine("SSHKeys", in: "Base"),
        engine("Support", in: "Base", ["SSHKeys"]),
        engine("SystemCalls", in: "Platform", ["CLinux"]),
        engine("EventLoops", in: "Platform", ["SystemCalls", "CLinux"]),
        engine("SSHCrypto", in: "Platform", ["CCrypto", "CSodium", "SSHKeys"]),
        engine("SSHProtocol", in: "Platform", ["SSHCrypto", "SSHKeys"]),
        engine("SSHServer", in: "Platform", ["SSHProtocol", "SSHCrypto", "SSHKeys", "EventLoops", "SystemCalls"]),
        engine("RelayCore", in: "Relay", ["Support", "SSHKeys"]),
        engine(
            "RelaySwitch", in: "Relay",
            ["RelayCore", "Support", "SSHKeys", "SSHServer", "SSHProtocol", "SSHCrypto", "EventLoops", "SystemCalls"]),
        engine("RelayCommands", in: "Relay", ["RelayCore", "Support", "SSHKeys", "SSHCrypto"]),
        engine("TerminalCore", in: "Terminal", ["Support", "SSHKeys"]),

        .systemLibrary(name: "CFuzzer", path: "Sources/CFuzzer"),
        .target(
            name: "FuzzInput", dependencies: ["CFuzzer", "SSHProtocol", "SSHCrypto", "SSHKeys"], path: "Sources/FuzzInput",
            swiftSettings: settings),
        fuzzer("BeforeAuthentication", ["FuzzInput"]),
        fuzzer("AfterAuthentication", ["FuzzInput"]),
        fuzzer("Keys", ["FuzzInput", "SSHKeys", "SSHCrypto"]),
        fuzzer("RequestLine", ["FuzzInput", "Support", "SSHKeys"]),
        fuzzer("CommandLine", ["FuzzInput", "Support", "RelaySwitch", "RelayCommands"]),
        fuzzer("TerminalOutput", ["FuzzInput", "TerminalCore", "Support"]),
    ],
    swiftLanguageModes: [.v6]
)

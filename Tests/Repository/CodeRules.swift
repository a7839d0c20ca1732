/// What Swift code of this package does without.
enum CodeRules {
    static let all = [access, unsafety, staleUnsafety, silence, force, markers, length, programs, names, vagueNames, documented]

    static let access = Rule(
        "package or private, never public",
        because: "we ship programs: enums stay closed and every switch exhaustive",
        broken: [
            SourceFile("Sources/Base/Support/X.swift", "public struct A {}\n"),
            SourceFile("Sources/Base/Support/X.swift", "package struct A {\n    public private(set) var b = 1\n}\n"),
            SourceFile("Tests/SupportTests/X.swift", "open class A {}\n"),
        ],
        fine: [
            SourceFile(
                "Sources/Base/Support/X.swift", "/// The public half.\nlet a = \"public key\"\nfunc b(public key: Int) {} // public\n"),
            SourceFile("Sources/Base/Support/X.swift", "cipher.open(packet)\nif case .open(let a) = b {}\n"),
        ],
        line: { _, line in
            let declarations: Set<Substring> = [
                "struct", "class", "enum", "actor", "protocol", "func", "var", "let", "init", "extension", "typealias", "static", "final",
                "private", "subscript", "import", "mutating", "nonisolated", "override", "lazy", "weak", "convenience", "required",
                "indirect",
            ]
            let words = line.words
            for (word, next) in zip(words, words.dropFirst()) {
                // `open` is also a good name for a case or a function.
                if word == "public" ? declarations.contains(next) : word == "open" && ["class", "func"].contains(next) {
                    return "\(word) \(next)"
                }
            }
            return nil
        })

    /// Files that switch a check of the compiler off, each with the lock or thread that takes its place.
    static let unsafeFiles: [String: String] = [
        "Sources/Platform/EventLoops/EventLoop.swift":
            "state of the loop is touched on its thread only, checked; what others hand in is behind a lock",
        "Sources/Platform/EventLoops/LoopBound.swift": "the value is used on its loop's thread only, checked on every use",
        "Sources/Platform/EventLoops/BlockingExecutor.swift": "runs jobs on the one thread that the executor owns",
        "Sources/Platform/HTTPServer/Engine.swift":
            "libmicrohttpd hands the engine and its connections back within MHD_run, on the loop, while the engine holds both",
        "Sources/Platform/HTTPServer/RequestLine.swift": "a collector that lives for one call of libmicrohttpd",
        "Sources/Platform/SQLite/Transient.swift": "SQLITE_TRANSIENT is a C macro that Swift cannot import; a constant",
        "Sources/Platform/SSHCrypto/PacketCipher.swift": "methods that libcrypto fetched once and never changes",
        "Sources/Platform/SystemCalls/Monitor.swift": "a lock of the C library guards the value",
        "Tests/SSHTestClient/TestKey.swift": "an EVP_PKEY that is only read after init; libcrypto counts references atomically",
        "Tests/SSHServerTests/TestServer.swift": "boards are made before their loops start and used on these loops only",
        "Tests/HTTPServerTests/LoadTests.swift": "clients that one thread at a time uses; the test waits for each",
        "Tests/EventLoopsTests/EventLoopTests.swift": "hands a value to a loop on purpose, to see the checks of the loop",
    ]

    /// Whether a line switches off a check of the compiler.
    private static func isUnsafe(_ line: SourceLine) -> Bool {
        let words = line.words
        if zip(words, words.dropFirst()).contains(where: { $0 == "unchecked" && $1 == "Sendable" }) { return true }
        return words.contains { ["unsafe", "unsafeBitCast", "unsafeDowncast", "Unmanaged"].contains($0) }
    }

    static let unsafety = Rule(
        "@unchecked Sendable, nonisolated(unsafe) and unsafe only in listed files",
        because: "where the compiler is told to look away, someone wrote down what takes its place: CodeRules.unsafeFiles",
        broken: [
            SourceFile("Sources/Relay/RelayStore/X.swift", "final class A: @unchecked Sendable {}\n"),
            SourceFile("Sources/Platform/SSHServer/X.swift", "nonisolated(unsafe) var a = 1\n"),
            SourceFile("Sources/Platform/SSHServer/X.swift", "let a = unsafe pointer.pointee\n"),
            SourceFile("Sources/Platform/SSHServer/X.swift", "let a = unsafeBitCast(b, to: Int.self)\n"),
        ],
        fine: [
            SourceFile("Sources/Platform/SSHServer/X.swift", "/// Not unsafe.\nlet a: UnsafeRawPointer\nlet b = \"@unchecked Sendable\"\n"),
            SourceFile("Sources/Platform/EventLoops/EventLoop.swift", "final class A: @unchecked Sendable {}\n"),
        ],
        line: { file, line in isUnsafe(line) && unsafeFiles[file.path] == nil ? "is not in CodeRules.unsafeFiles" : nil })

    static let staleUnsafety = Rule(
        "the list of unsafe files names no file that is safe",
        because: "a list that only grows permits what nobody looked at",
        broken: [[], [SourceFile("Sources/Platform/EventLoops/EventLoop.swift", "let a = 1\n")]],
        tree: { tree in
            let listed = Set(tree.filter { $0.lines.contains(where: isUnsafe) }.map(\.path))
            return unsafeFiles.keys.sorted().filter { !listed.contains($0) }.map { "\($0): take it out of CodeRules.unsafeFiles" }
        })

    /// Lines that hold `try?` without a comment on them or on the line above; lines that follow each other share one.
    private static func silentTries(_ file: SourceFile) -> [String] {
        var isExplained = false
        var found: [String] = []
        for line in file.lines {
            // Not the end of `LogEntry?`.
            guard line.code.split(whereSeparator: { " (=,[{!&|".contains($0) }).contains("try?") else {
                isExplained = line.hasComment
                continue
            }
            isExplained = isExplained || line.hasComment
            if !isExplained { found.append("\(file.path):\(line.number): try? without a word why") }
        }
        return found
    }

    static let silence = Rule(
        "try? says why the error does not matter",
        because: "an error that is dropped is a decision; who reads it must not have to guess",
        broken: [
            SourceFile("Sources/Base/Support/X.swift", "let a = try? b()\n"),
            SourceFile("Sources/Base/Support/X.swift", "// why\n\nlet a = try? b()\n"),
            SourceFile("Sources/Base/Support/X.swift", "//\nlet a = try? b()\n"),
        ],
        fine: [
            SourceFile("Sources/Base/Support/X.swift", "let a = try? b()  // it may be gone\n"),
            SourceFile("Sources/Base/Support/X.swift", "// It may be gone.\nlet a = try? b(),\n    let c = try? d()\n"),
            SourceFile("Sources/Base/Support/X.swift", "let a = try b()\nlet c = \"try? d()\"\n"),
            SourceFile("Sources/Base/Support/X.swift", "func a() -> Entry? { nil }\n"),
        ],
        file: silentTries)

    static let force = Rule(
        "no try!, no as!, no fatalError in Sources",
        because: "input of a peer never traps; our own broken invariant is a precondition with its reason",
        broken: [
            SourceFile("Sources/Base/Support/X.swift", "let a = try! b()\n"),
            SourceFile("Sources/Base/Support/X.swift", "let a = b as! C\n"),
            SourceFile("Sources/Base/Support/X.swift", "default: fatalError()\n"),
        ],
        fine: [
            SourceFile("Sources/Base/Support/X.swift", "precondition(a, \"try! would do\")\n"),
            SourceFile("Tests/SupportTests/X.swift", "let a = try! b()\n"),
        ],
        line: { file, line in
            guard file.path.hasPrefix("Sources/") else { return nil }
            return ["try!", "as!", "fatalError("].first(where: line.code.contains)
        })

    static let markers = Rule(
        "nothing is left for later in the source",
        because: "work to do is an issue, with a number and an owner",
        broken: ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].map { SourceFile("docs/x.md", "text\n\($0): later\n") },
        fine: [SourceFile("docs/x.md", "mktemp /tmp/xXX" + "XXXX; to do; hacked\n")],
        file: { file in
            let markers: Set<Substring> = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
            return (file.text ?? "").split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
                line.split(whereSeparator: { !$0.isLetter }).first(where: markers.contains).map { "\(file.path):\(index + 1): \($0)" }
            }
        })

    static let length = Rule(
        "no file of more than 1000 lines",
        because: "a file is one type; what grows over 400 lines has a second type in it",
        broken: [
            SourceFile("Sources/Base/Support/X.swift", String(repeating: "\n", count: 1001)),
            SourceFile("scripts/x", String(repeating: "a\n", count: 1001)),
        ],
        fine: [SourceFile("Sources/Base/Support/X.swift", String(repeating: "\n", count: 1000))],
        file: { file in
            let count = file.bytes.count { $0 == UInt8(ascii: "\n") }
            return count > 1000 ? ["\(file.path): \(count) lines"] : []
        })

    static let programs = Rule(
        "no file of a program of more than 150 lines",
        because: "programs are composition; what decides or acts belongs to a target that tests can import",
        broken: [SourceFile("Sources/Relay/towline-relay/main.swift", String(repeating: "\n", count: 151))],
        fine: [
            SourceFile("Sources/Relay/towline-relay/main.swift", String(repeating: "\n", count: 150)),
            SourceFile("Sources/Relay/RelayCore/X.swift", String(repeating: "\n", count: 151)),
        ],
        file: { file in
            file.module?.isProgram == true && file.lines.count > 150 ? ["\(file.path): \(file.lines.count) lines"] : []
        })

    static let names = Rule(
        "no type has its module's name",
        because: "Module.Type can then not be written: the compiler looks into the type",
        broken: [
            SourceFile("Sources/Base/Support/X.swift", "package enum Support {}\n"),
            SourceFile("Sources/Platform/SQLite/X.swift", "final class SQLite<T> {}\n"),
        ],
        fine: [
            SourceFile("Sources/Base/Support/X.swift", "enum SupportDuration {}\nlet Support = 1\n// struct Support\n"),
            SourceFile("Tests/SupportTests/X.swift", "struct SupportTests {}\n"),
        ],
        line: { file, line in
            guard file.path.hasPrefix("Sources/"), let module = file.module else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
            let words = line.words
            return zip(words, words.dropFirst()).contains(where: { kinds.contains($0) && $1 == module.name }) ? "type \(module.name)" : nil
        })

    /// Words that say nothing of what a type is: what such a type does belongs to one that has a name of the trade.
    private static let vague = ["Manager", "Helper", "Helpers", "Util", "Utils", "Common", "Service", "Impl", "New"]

    static let vagueNames = Rule(
        "no type is called Manager, Helper, Utils, Common, Service, Impl or New",
        because: "such a name fits everything, so in time everything goes there",
        broken: vague.map { SourceFile("Sources/Base/Support/X.swift", "package final class Terminal\($0) {}\n") },
        fine: [
            SourceFile(
                "Sources/Base/Support/X.swift", "struct Renewal {}\nstruct Simple {}\n/// A Manager.\nlet serviceManager = Services()\n")
        ],
        line: { file, line in
            guard file.path.hasPrefix("Sources/") else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
            let words = line.words
            return zip(words, words.dropFirst()).first { kind, name in kinds.contains(kind) && vague.contains(where: name.hasSuffix) }
                .map { "type \($0.1)" }
        })

    /// What a protocol or the language has documented: who conforms need not say it again.
    private static let conformances = [
        "var description", "let description", "var debugDescription", "var testDescription", "var customMirror", "func hash(",
        "func encode(", "func ==",
        "func <", "func ready(",
        "init(from decoder", "init(parsing text",
    ]

    /// What may stand before `package` where something is declared.
    private static let modifiers: Set<Substring> = [
        "final", "static", "override", "mutating", "consuming", "nonisolated", "indirect", "lazy", "weak", "unowned",
    ]

    /// Declarations for other targets whose line above, attributes and comments aside, is no doc comment.
    private static func undocumented(_ file: SourceFile) -> [String] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        return file.lines.indices.compactMap { index in
            let line = file.lines[index]
            let words = line.words
            guard let position = words.firstIndex(of: "package"), words.dropFirst(position + 1).first != "import",
                !conformances.contains(where: line.code.contains),
                words[..<position].allSatisfy({ modifiers.contains($0) || line.code.contains("@") })
            else { return nil }
            let above = file.lines[..<index].last { line in
                let code = line.code.drop(while: { $0 == " " })
                return !(code.hasPrefix("@") || (code.isEmpty && line.hasComment && !line.isDocumentation))
            }
            return above?.isDocumentation == true ? nil : "\(file.path):\(line.number): \(line.code.drop(while: { $0 == " " }))"
        }
    }

    static let documented = Rule(
        "what other targets see has a doc comment",
        because: "who calls it reads its meaning, bounds and errors there, not in its body",
        broken: [
            SourceFile("Sources/Base/Support/X.swift", "package struct A {}\n"),
            SourceFile("Sources/Base/Support/X.swift", "/// A.\npackage struct A {\n    @inlinable\n    package static func b() {}\n}\n"),
            SourceFile("Sources/Base/Support/X.swift", "// A.\npackage struct A {}\n"),
            SourceFile("Sources/Base/Support/X.swift", "/// A.\n\npackage final class A {}\n"),
        ],
        fine: [
            SourceFile(
                "Sources/Base/Support/X.swift",
                "package import SSHKeys\n/// A.\n// @unchecked: b.\n@c\npackage struct A {\n    var d = 1\n}\n"),
            SourceFile(
                "Sources/Base/Support/X.swift",
                "/// A.\npackage struct A {\n    package var description: String { \"package let\" }\n    let package = a(package: b)\n}\n"),
            SourceFile("Tests/SupportTests/X.swift", "package struct A {}\n"),
        ],
        file: undocumented)
}

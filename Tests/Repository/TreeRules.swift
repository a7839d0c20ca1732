/// What the repository holds, and what it does not.
enum TreeRules {
    static let all = [licence, purposes, privateKeys, binaries, placeholders, tested]

    static let licence = Rule(
        "the licence is Apache 2.0, in LICENSE",
        because: "without it nobody may use this",
        broken: [[], [SourceFile("LICENSE", "All rights reserved.\n")]],
        fine: [[SourceFile("LICENSE", "  Apache License\n  Version 2.0, January 2004\n")]],
        tree: { tree in
            guard let text = tree.first(where: { $0.path == "LICENSE" })?.text else { return ["LICENSE: is missing"] }
            return text.contains("Apache License") && text.contains("Version 2.0") ? [] : ["LICENSE: is not Apache 2.0"]
        })

    private static let plan = "docs/architecture.md"

    static let purposes = Rule(
        "docs/architecture.md says what each target is for",
        because: "who looks for the place of something reads one page",
        broken: [
            [SourceFile("Sources/Base/Support/X.swift", "")],
            [
                SourceFile("Sources/Base/Support/X.swift", ""),
                SourceFile(plan, "Support is great.\n\n## The code\n\n    Supports: no\n\n## Then\nSupport\n"),
            ],
        ],
        fine: [[SourceFile("Sources/Base/Support/X.swift", ""), SourceFile(plan, "## The code\n\n    Sources/Base  Support: words.\n")]],
        tree: { tree in
            let text = tree.first(where: { $0.path == plan })?.text ?? ""
            var words: Set<Substring> = []
            var isWanted = false
            for line in text.split(separator: "\n") {
                if line.hasPrefix("#") { isWanted = line == "## The code" }
                if isWanted { words.formUnion(line.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "-") })) }
            }
            let targets = Set(tree.filter { $0.path.hasPrefix("Sources/") }.compactMap { $0.module?.name })
            return targets.subtracting(words.map(String.init)).sorted().map { "\(plan): says nothing of \($0)" }
        })

    static let privateKeys = Rule(
        "no private keys",
        because: "a key that was published is nobody's key; tests make their own",
        broken: [
            [SourceFile("Tests/EndToEnd/id", begin("OPENSSH ") + base64Line + "\n")],
            [SourceFile("Tests/EndToEnd/X.swift", "let a = \"\"\"\n    " + begin("RSA ") + "    " + base64Line + "\n    \"\"\"\n")],
            [SourceFile("docs/x.md", begin("") + base64Line)],
        ],
        fine: [
            [SourceFile("Sources/Platform/SSHCrypto/X.swift", "let a = \"" + begin("OPENSSH ") + "\\n\\(body)\"\n")],
            [SourceFile("docs/x.md", begin("OPENSSH ") + "(nothing)\n")],
        ],
        tree: { tree in
            tree.flatMap { file -> [String] in
                let lines = (file.text ?? "").split(separator: "\n").map { $0.drop(while: { $0 == " " || $0 == "\t" }) }
                return zip(lines, lines.dropFirst()).compactMap { line, next in
                    guard line.contains("PRIVATE " + "KEY-----"), next.utf8.count >= 60, next.utf8.allSatisfy(isBase64) else { return nil }
                    return "\(file.path): \(line)"
                }
            }
        })

    private static func begin(_ kind: String) -> String { "-----BEGIN \(kind)PRIVATE " + "KEY-----\n" }
    private static let base64Line = String(repeating: "Ab+/", count: 16)

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
        }
    }

    /// Largest file, in bytes: what a person can still review.
    private static let largest = 128 * 1024

    /// Pictures of the customer's manual: what it describes is seen, and they are made anew when the pages change.
    private static func isPicture(_ file: SourceFile) -> Bool {
        file.path.hasPrefix("docs/manual/") && file.path.hasSuffix(".png") && file.bytes.starts(with: pictureStart)
    }
    /// How a PNG file begins (PNG specification §5.2).
    private static let pictureStart: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    /// Most pictures in the manual: they stay in every clone for ever.
    private static let mostPictures = 12

    static let binaries = Rule(
        "text of people only (UTF-8 without NUL, at most 128 KiB), and a few pictures in the manual",
        because: "a binary cannot be reviewed, and stays in everyone's clone for ever; a manual of web pages shows them",
        broken: [
            [SourceFile("docs/x.png", bytes: pictureStart + [0])],
            [SourceFile("docs/manual/en/x.png", bytes: [0x89, 0x50, 0])],
            [SourceFile("docs/manual/en/x.jpg", bytes: pictureStart + [0])],
            [SourceFile("docs/manual/en/x.png", bytes: pictureStart + [UInt8](repeating: 0, count: largest))],
            (0...mostPictures).map { SourceFile("docs/manual/en/\($0).png", bytes: pictureStart + [0]) },
            [SourceFile("docs/x.md", bytes: [0x61, 0, 0x62])],
            [SourceFile("docs/x.md", bytes: [UInt8](repeating: 0x61, count: largest + 1))],
        ],
        fine: [
            [SourceFile("docs/x.md", "ü → ｱ\n"), SourceFile("docs/y.md", bytes: [UInt8](repeating: 0x61, count: largest))],
            [SourceFile("docs/manual/en/x.png", bytes: pictureStart + [0])],
        ],
        tree: { tree in
            let pictures = tree.filter(isPicture)
            let tooMany = pictures.count > mostPictures ? ["docs/manual: \(pictures.count) pictures, at most \(mostPictures)"] : []
            return tooMany
                + tree.compactMap { file in
                    if file.bytes.count > largest { return "\(file.path): \(file.bytes.count) bytes" }
                    if isPicture(file) { return nil }
                    return file.text == nil || file.bytes.contains(0) ? "\(file.path): is not text" : nil
                }
        })

    static let placeholders = Rule(
        "no Placeholder.swift",
        because: "a target that is empty does not exist yet",
        broken: [[SourceFile("Sources/Base/Support/Placeholder.swift", "// Empty.\n")]],
        tree: { tree in tree.map(\.path).filter { $0.hasSuffix("/Placeholder.swift") } })

    /// Targets without a test target of their own, and where they are tested instead.
    private static let elsewhere: [String: String] = [
        "CCrypto": "a module map", "CSQLite": "a module map", "CHTTP": "HTTPServerTests", "CSodium": "PasswordsTests",
        "CQRCode": "QRCodeTests",
        "CLinux": "SystemCallsTests",
        "towline-relay": "EndToEnd", "towline-terminal": "EndToEnd", "towline": "EndToEnd",
    ]

    static let tested = Rule(
        "each target has tests of its name",
        because: "Tests mirrors Sources: who changes a target knows what to run",
        broken: [[SourceFile("Sources/Base/Support/X.swift", "")]],
        fine: [
            [SourceFile("Sources/Base/Support/X.swift", ""), SourceFile("Tests/SupportTests/X.swift", "@Test func a() {}\n")],
            [SourceFile("Sources/C/CSQLite/module.modulemap", "")],
        ],
        tree: { tree in
            let targets = Set(tree.filter { $0.path.hasPrefix("Sources/") }.compactMap { $0.module?.name })
            let withTests = Set(tree.filter { $0.lines.contains { $0.code.contains("@Test") } }.compactMap { $0.module?.name })
            return targets.filter { elsewhere[$0] == nil && !withTests.contains($0 + "Tests") }.sorted().map {
                "Tests/\($0)Tests: no tests"
            }
        })
}

import Testing

/// The rules of the tree, each of which was seen to fail.
@Suite struct RuleTests {
    static let rules = ImportRules.all + CodeRules.all + TreeRules.all

    @Test(arguments: rules)
    func theTreeKeepsEachRule(_ rule: Rule) {
        for finding in rule.findings(Tree.files) { Issue.record("\(finding) — \(rule.name), because \(rule.reason)") }
    }

    @Test(arguments: rules)
    func eachRuleRefusesWhatBreaksIt(_ rule: Rule) {
        #expect(!rule.broken.isEmpty, "a rule that nothing was seen to break cannot be trusted")
        for tree in rule.broken {
            #expect(!rule.findings(tree).isEmpty, "\(rule.name): not seen in \(tree.map { $0.text ?? $0.path })")
        }
    }

    @Test(arguments: rules)
    func noRuleRefusesWhatOnlyLooksLikeIt(_ rule: Rule) {
        for tree in rule.fine { #expect(rule.findings(tree) == []) }
    }

    @Test func theTreeThatIsJudgedIsThisOne() {
        let paths = Set(Tree.files.map(\.path))
        for path in ["Package.swift", "LICENSE", "README.md", ".gitignore", "Tests/Repository/RuleTests.swift"] {
            #expect(paths.contains(path))
        }
        #expect(!paths.contains { $0.hasPrefix(".git/") || $0.hasPrefix(".build/") })
    }

    @Test func theImportRulesKnowEachTarget() {
        let targets = Set(
            Tree.files.filter { $0.path.hasPrefix("Sources/") && !$0.path.hasPrefix("Sources/C/") }.compactMap(\.module)
                .filter { !$0.isProgram }.map(\.name))
        #expect(targets == ImportRules.known)
    }
}

@Suite struct SourceLineTests {
    static let cases: [(text: String, code: [String], comments: [Bool])] = [
        ("", [], []),
        ("a\nb", ["a", "b"], [false, false]),
        ("a // b\n", ["a "], [true]),
        ("//\n///  \n/// a\n", ["", "", ""], [false, false, true]),
        ("a /* b\nc */ d\n", ["a ", " d"], [true, true]),
        ("a /* b /* c */ d */ e\n", ["a  e"], [true]),
        ("let a = \"b // c\" // d\n", ["let a = \"\" "], [true]),
        ("\"a\\\"b\" c", ["\"\" c"], [false]),
        ("\"a\\(b + \"c\" + d(e))f\" g", ["\"(b + \"\" + d(e))\" g"], [false]),
        ("#\"a\"b\\(c)\"# d", ["\"\" d"], [false]),
        ("#\"a\\#(c)\"# d", ["\"(c)\" d"], [false]),
        ("\"\"\"\n  a \"b\" // c\n  \"\"\" d\n", ["\"", "", "\" d"], [false, false, false]),
        ("\"\"\"\n  a\\\n  b\n  \"\"\" c\n", ["\"", "", "", "\" c"], [false, false, false, false]),
        ("#if a\n#endif\n", ["#if a", "#endif"], [false, false]),
    ]

    @Test(arguments: cases)
    func codeAndCommentsAreToldApart(_ text: String, _ code: [String], _ comments: [Bool]) {
        let lines = SourceLine.lines(of: Array(text.utf8))
        #expect(lines.map(\.code) == code)
        #expect(lines.map(\.hasComment) == comments)
        #expect(lines.map(\.number) == Array(lines.indices.map { $0 + 1 }))
    }

    @Test func docCommentsAreToldFromOthers() {
        let lines = SourceLine.lines(of: Array("/// a\n// b\n///\na /// c\n".utf8))
        #expect(lines.map(\.isDocumentation) == [true, false, false, true])
    }

    @Test(arguments: [
        ("import A", "A"), ("package import A", "A"), ("@testable import A", "A"), ("import struct A.B", "A"),
        ("  private import func A.b", "A"),
        ("// import A", nil), ("let import1 = A", nil), ("\"import A\"", nil), ("importing A", nil), ("", nil),
    ])
    func importsAreRead(_ text: String, _ module: String?) {
        #expect(SourceLine.lines(of: Array(text.utf8)).first.flatMap(ImportRules.imported) == module)
    }
}

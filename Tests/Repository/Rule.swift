import Testing

/// A rule of the tree: what is refused, why, and texts that show that it can fail.
struct Rule: Sendable, CustomTestStringConvertible {
    let name: String
    /// For whoever broke it.
    let reason: String
    /// Trees that break the rule.
    let broken: [[SourceFile]]
    /// Trees that look like it and do not.
    let fine: [[SourceFile]]
    /// What breaks it in a tree: one line each, with the path first.
    let findings: @Sendable ([SourceFile]) -> [String]

    /// A rule about the whole tree.
    init(
        _ name: String, because reason: String, broken: [[SourceFile]], fine: [[SourceFile]] = [],
        tree findings: @escaping @Sendable ([SourceFile]) -> [String]
    ) {
        self.name = name
        self.reason = reason
        self.broken = broken
        self.fine = fine
        self.findings = findings
    }

    /// A rule about each file for itself.
    init(
        _ name: String, because reason: String, broken: [SourceFile], fine: [SourceFile] = [],
        file findings: @escaping @Sendable (SourceFile) -> [String]
    ) {
        self.init(name, because: reason, broken: broken.map { [$0] }, fine: fine.map { [$0] }, tree: { $0.flatMap(findings) })
    }

    /// A rule about each line of Swift for itself: `finding` says what is wrong with it.
    init(
        _ name: String, because reason: String, broken: [SourceFile], fine: [SourceFile] = [],
        line finding: @escaping @Sendable (SourceFile, SourceLine) -> String?
    ) {
        self.init(
            name, because: reason, broken: broken, fine: fine,
            file: { file in file.lines.compactMap { line in finding(file, line).map { "\(file.path):\(line.number): \($0)" } } })
    }

    var testDescription: String { name }
}

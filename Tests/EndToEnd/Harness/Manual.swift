import Testing

/// The text of the block of docs/operations.md that is marked with this language and name.
func manualBlock(_ name: String, language: String = "sh") throws -> String {
    let root = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
    let lines = Folder.text(of: "\(root)/docs/operations.md").split(separator: "\n", omittingEmptySubsequences: false)
    let begin = try #require(lines.firstIndex(of: "```\(language) \(name)"), "docs/operations.md has no block \(name)")
    let block = lines[(begin + 1)...].prefix { $0 != "```" }
    try #require(!block.isEmpty)
    return block.joined(separator: "\n") + "\n"
}

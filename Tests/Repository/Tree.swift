import FoundationEssentials

/// A file of the repository, or one that a test made up.
struct SourceFile: Sendable {
    /// Below the root: `Sources/Base/Support/Names.swift`.
    let path: String
    let bytes: [UInt8]
    /// The lines of a Swift file; none for others.
    let lines: [SourceLine]

    init(_ path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        lines = path.hasSuffix(".swift") ? SourceLine.lines(of: bytes) : []
    }

    init(_ path: String, _ text: String) {
        self.init(path, bytes: Array(text.utf8))
    }

    /// The whole file; `nil` if it is not UTF-8.
    var text: String? { String(validating: bytes, as: UTF8.self) }

    var isSwift: Bool { path.hasSuffix(".swift") }

    /// The target that the file belongs to, if it belongs to one.
    var module: Module? { Module(path: path) }
}

/// A target, as its folder tells it: `Sources/<group>/<name>/` or `Tests/<name>/`.
struct Module: Hashable, Sendable {
    /// `C`, `Base`, `Platform`, `Relay`, `Terminal`, `Staff` or `Tests`.
    let group: String
    let name: String

    init(group: String, name: String) {
        self.group = group
        self.name = name
    }

    init?(path: String) {
        let parts = path.split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("Sources", 4...): self.init(group: parts[1], name: parts[2])
        case ("Tests", 3...): self.init(group: "Tests", name: parts[1])
        default: return nil
        }
    }

    /// Programs have a name that one can type, in lower case.
    var isProgram: Bool { name.allSatisfy { $0.isLowercase || $0 == "-" } }
    /// Decisions only.
    var isCore: Bool { name.hasSuffix("Core") }
}

/// The files that make up the repository.
enum Tree {
    /// Folders that hold no work of people.
    private static let skipped: Set<String> = [".git", ".build", ".swiftpm", "__pycache__"]

    /// Read once: all files below the package's folder.
    static let files: [SourceFile] = {
        let here = #filePath
        let root = here.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        return contents(root, below: "")
    }()

    private static func contents(_ folder: String, below prefix: String) -> [SourceFile] {
        let manager = FileManager.default
        guard let names = try? manager.contentsOfDirectory(atPath: folder) else { return [] }  // gone since it was listed
        return names.sorted().flatMap { name -> [SourceFile] in
            if skipped.contains(name) || name.hasSuffix(".swp") { return [] }
            let path = "\(folder)/\(name)"
            var isFolder = false
            guard manager.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
            // A link is no file of its own: what it leads to is read where it is (Fuzz/Engine).
            if (try? manager.destinationOfSymbolicLink(atPath: path)) != nil { return [] }  // an error says that it is no link
            if isFolder { return contents(path, below: "\(prefix)\(name)/") }
            return [SourceFile(prefix + name, bytes: manager.contents(atPath: path).map(Array.init) ?? [])]
        }
    }
}

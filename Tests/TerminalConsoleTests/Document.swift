/// A page taken apart: enough of HTML to see whether it is whole, and what stands in it.
struct Document {
    struct Element {
        let name: String
        let attributes: [String: String]
    }

    /// Elements in the order of their start tags.
    private(set) var elements: [Element] = []
    /// What is wrong with the nesting.
    private(set) var faults: [String] = []
    /// What stands between tags, references and all.
    private(set) var text = ""

    private static let void: Set<String> = ["meta", "link", "input", "br", "wbr", "hr", "img"]

    init(_ html: String) {
        var open: [String] = []
        var rest = Substring(html)
        while let start = rest.firstIndex(of: "<") {
            text += rest[..<start]
            rest = rest[rest.index(after: start)...]
            guard let end = Self.end(of: rest) else {
                faults.append("a tag does not end: \(rest.prefix(40))")
                return
            }
            let tag = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("!") { continue }
            if tag.hasPrefix("/") {
                let name = String(tag.dropFirst())
                if open.last == name { open.removeLast() } else { faults.append("</\(name)> after \(open.suffix(3))") }
                continue
            }
            let element = Self.element(tag)
            elements.append(element)
            if !Self.void.contains(element.name) { open.append(element.name) }
        }
        text += rest
        if !open.isEmpty { faults.append("never closed: \(open)") }
        let ids = elements.compactMap { $0.attributes["id"] }
        for id in Set(ids) where ids.count(where: { $0 == id }) > 1 { faults.append("id \(id) is there twice") }
        for element in elements {
            for attribute in ["for", "aria-labelledby"] {
                guard let target = element.attributes[attribute], !ids.contains(target) else { continue }
                faults.append("\(attribute)=\(target) points to nothing")
            }
            for target in (element.attributes["aria-describedby"] ?? "").split(separator: " ") where !ids.contains(String(target)) {
                faults.append("aria-describedby=\(target) points to nothing")
            }
        }
    }

    private static func end(of rest: Substring) -> Substring.Index? {
        var isQuoted = false
        return rest.indices.first { index in
            if rest[index] == "\"" { isQuoted.toggle() }
            return rest[index] == ">" && !isQuoted
        }
    }

    private static func element(_ tag: Substring) -> Element {
        var words: [String] = [""]
        var isQuoted = false
        for character in tag {
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted, character == " " || character == "\n" { words.append("") } else { words[words.count - 1].append(character) }
        }
        var attributes: [String: String] = [:]
        for word in words.dropFirst() where !word.isEmpty {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            attributes[String(parts[0])] = parts.count > 1 ? String(parts[1].dropFirst().dropLast()) : ""
        }
        return Element(name: words[0], attributes: attributes)
    }
}

/// A piece of an HTML page. Only text that stands in our source becomes markup; every other string is escaped, by type.
///
/// Written as a string literal: `"<p class=\"\(kind)\">\(name)</p>"`. The literal's own parts are `StaticString`, which cannot be made at run
/// time; a `String` that is interpolated is escaped, a `Markup` stands as it is. What stands where is checked while the page is made: a
/// string inside a tag has to stand between double quotes, a piece of markup must not, and an address begins with our own text. A page that
/// breaks this is a defect of ours and traps; every page is made by a test.
package struct Markup: Sendable, ExpressibleByStringInterpolation {
    /// The HTML, in UTF-8.
    package private(set) var text: String

    /// Nothing.
    package init() { text = "" }

    /// `text`, escaped. (A literal here is markup: it stands in our source.)
    package init(_ text: String) { self.text = Self.escaped(text) }

    /// Markup that stands in our source.
    package init(stringLiteral value: StaticString) {
        self.init(
            stringInterpolation: {
                var parts = Interpolation(literalCapacity: 0, interpolationCount: 0)
                parts.appendLiteral(value)
                return parts
            }())
    }

    /// Markup of our source with values in it. Traps if a tag is left open.
    package init(stringInterpolation parts: Interpolation) {
        precondition(parts.place == .text, "a piece of HTML ends inside a tag")
        text = parts.text
    }

    /// Pieces one after the other.
    package init(_ pieces: some Sequence<Markup>) { text = pieces.reduce(into: "") { $0 += $1.text } }

    /// Whether there is nothing in it.
    package var isEmpty: Bool { text.isEmpty }

    /// One piece after the other.
    package static func + (left: Markup, right: Markup) -> Markup {
        var sum = left
        sum.text += right.text
        return sum
    }

    /// Puts a piece behind what is there.
    package static func += (left: inout Markup, right: Markup) { left.text += right.text }

    /// `text` for an element's content and for a value between double quotes (HTML §13.1.2): `& < > " '` as references, and U+0000, which
    /// HTML has no way to write, as the replacement character.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
            case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
            case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
            case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)
            case UInt8(ascii: "'"): bytes += Array("&#39;".utf8)
            case 0: bytes += Array("\u{FFFD}".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// An attribute that stands or does not: `"<input \(Flag("required", if: isNeeded))>"`.
package struct Flag: Sendable {
    /// Its name and value as they stand in the tag; empty if it does not stand.
    let text: String

    /// The attribute `name`, without a value.
    package init(_ name: StaticString, if isSet: Bool) { text = isSet ? "\(name)" : "" }

    /// The attribute `name` with `value`; no attribute if that is nil.
    package init(_ name: StaticString, _ value: String?) {
        precondition(!Address.attributes.contains("\(name)"), "an address is an Address")
        text = value.map { "\(name)=\"\(Markup.escaped($0))\"" } ?? ""
    }
}

/// Where a link or a form leads: a path of ours with percent-encoded parts, so that no string can become a scheme or another host.
package struct Address: Hashable, Sendable {
    /// As it stands in an attribute, not escaped.
    package private(set) var text: String

    /// Attributes whose value is an address.
    static let attributes: Set<String> = ["href", "src", "action", "formaction", "srcset", "data", "poster", "cite"]

    /// A path that stands in our source.
    package init(_ path: StaticString) { text = "\(path)" }

    /// The root of a web server elsewhere. Of `host` only what a name or an address may have is taken.
    package init(host: String, port: UInt16, isSecure: Bool) {
        let name = host.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == ":") }
        text = "\(isSecure ? "https" : "http")://\(name.contains(":") ? "[\(name)]" : name):\(port)/"
    }

    /// The same with one more segment, percent-encoded (RFC 3986 §3.3).
    package func segment(_ part: String) -> Address {
        var longer = self
        longer.text += (text.hasSuffix("/") ? "" : "/") + Self.encoded(part)
        return longer
    }

    /// The same with these segments behind it, percent-encoded.
    package func segments(_ parts: [String]) -> Address { parts.reduce(self) { $0.segment($1) } }

    /// The same with one more query field, percent-encoded.
    package func query(_ name: StaticString, _ value: String) -> Address {
        var longer = self
        longer.text += (text.contains("?") ? "&" : "?") + "\(name)=" + Self.encoded(value)
        return longer
    }

    /// The same with these query fields, names and values percent-encoded.
    package func query(_ fields: [(name: String, value: String)]) -> Address {
        var longer = self
        for (name, value) in fields {
            longer.text += (longer.text.contains("?") ? "&" : "?") + Self.encoded(name) + "=" + Self.encoded(value)
        }
        return longer
    }

    /// `text` as one part of an address: unreserved characters stand (RFC 3986 §2.3), every other byte is `%XX`.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

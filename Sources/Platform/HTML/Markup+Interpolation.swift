extension Markup {
    /// Puts a page together and watches what stands where.
    package struct Interpolation: StringInterpolationProtocol {
        /// What cannot be made at run time: so a literal's own parts are always ours.
        package typealias StringLiteralType = StaticString

        /// Where the next character of the literal stands.
        enum Place: Hashable {
            /// Content of an element.
            case text
            /// Inside `<…>`, outside of a value.
            case tag
            /// Inside a value, between double quotes.
            case value
        }

        private(set) var text = ""
        private(set) var place = Place.text
        /// The letters before the `=` of the value that we are in, or of the tag so far.
        private var name = ""
        /// Whether the value has something in it already.
        private var hasValue = false

        /// Nothing yet; the numbers are the compiler's guess at what comes.
        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity + interpolationCount * 24) }

        /// A part of the literal.
        package mutating func appendLiteral(_ literal: StaticString) {
            let part = "\(literal)"
            for byte in part.utf8 { follow(byte) }
            text += part
        }

        /// A string from anywhere, escaped.
        package mutating func appendInterpolation(_ string: String) {
            precondition(place != .tag, "a string inside a tag stands between double quotes")
            if place == .value {
                precondition(hasValue || !Address.attributes.contains(name), "an address is an Address, not a string")
                precondition(name != "style" && !name.hasPrefix("on"), "neither style nor script is made of strings")
                hasValue = true
            }
            text += Markup.escaped(string)
        }

        /// A number.
        package mutating func appendInterpolation(_ number: some BinaryInteger) { appendInterpolation(String(number)) }

        /// A piece of a page, as it is.
        package mutating func appendInterpolation(_ markup: Markup) {
            precondition(place == .text, "markup stands between tags")
            text += markup.text
        }

        /// Pieces of a page one after the other.
        package mutating func appendInterpolation(_ pieces: some Sequence<Markup>) {
            for piece in pieces { appendInterpolation(piece) }
        }

        /// A piece of a page, or nothing.
        package mutating func appendInterpolation(_ markup: Markup?) {
            if let markup { appendInterpolation(markup) }
        }

        /// An attribute that may be missing.
        package mutating func appendInterpolation(_ flag: Flag) {
            precondition(place == .tag, "an attribute stands inside a tag")
            text += flag.text
        }

        /// Where a link leads: the whole value of its attribute.
        package mutating func appendInterpolation(_ address: Address) {
            precondition(place == .value && !hasValue, "an address is the whole value of an attribute")
            hasValue = true
            text += Markup.escaped(address.text)
        }

        private mutating func follow(_ byte: UInt8) {
            switch place {
            case .text:
                if byte == UInt8(ascii: "<") { (place, name) = (.tag, "") }
            case .tag:
                switch byte {
                case UInt8(ascii: ">"): place = .text
                case UInt8(ascii: "\""): (place, hasValue) = (.value, false)
                case UInt8(ascii: " "), UInt8(ascii: "\n"): name = ""
                case UInt8(ascii: "="): break
                default: name.unicodeScalars.append(Unicode.Scalar(byte))
                }
            case .value:
                if byte == UInt8(ascii: "\"") { (place, name) = (.tag, "") } else { hasValue = true }
            }
        }
    }
}

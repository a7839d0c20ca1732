import HTTPServer
import Localization
import Support

/// A field of a form, of a JSON body or of a query: what it may hold. Bodies are checked by it, and the OpenAPI document is made of it.
struct Field: Hashable, Sendable {
    /// What it may hold.
    enum Kind: Hashable, Sendable {
        /// Text of at most so many characters (Unicode scalars).
        case text(most: Int)
        /// One of these words.
        case choice([String])
        /// A whole number.
        case number(ClosedRange<Int>)
        /// Yes or no; `on`, `true`, `off`, `false` in a form.
        case flag
    }

    /// Its name.
    let name: String
    /// What it may hold.
    let kind: Kind
    /// Whether a request without it is refused.
    let isRequired: Bool
    /// What it means, in English, for the OpenAPI document.
    let meaning: String
    /// What every text in it has, as a regular expression for the OpenAPI document; what does not have it is refused by the terminal.
    let pattern: String?

    /// A field with its parts given.
    init(_ name: String, _ kind: Kind, isRequired: Bool = false, pattern: String? = nil, _ meaning: String) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        self.pattern = pattern
        self.meaning = meaning
    }

    /// What `value` is as text; nil if it may not stand here.
    func text(of value: JSONValue) -> String? {
        switch (kind, value) {
        case (.text(let most), .string(let text)): text.unicodeScalars.count <= most ? text : nil
        case (.choice(let words), .string(let word)): words.contains(word) ? word : nil
        case (.number(let range), .integer(let number)): range.contains(number) ? String(number) : nil
        case (.flag, .boolean(let isSet)): isSet ? "on" : "off"
        default: nil
        }
    }

    /// What is wrong with `text` of a form or a query; nil if it may stand here. Pages say more of what is typed: only what no page of ours
    /// sends is refused here.
    func isAcceptable(_ text: String) -> Bool {
        switch kind {
        case .text(let most): text.unicodeScalars.count <= most
        case .choice(let words): words.contains(text)
        case .number(let range): Int(text).map(range.contains) == true && text.first?.isNumber == true
        case .flag: ["on", "true", "off", "false"].contains(text)
        }
    }
}

/// What a request holds, checked against the fields of its route.
struct Fields: Sendable {
    private let values: [String: String]

    /// Fields with these values.
    init(_ values: [String: String]) { self.values = values }

    /// The value of a field; nil if it was not sent.
    subscript(_ name: String) -> String? { values[name] }

    /// The value without the blanks around it, which come along when something is copied.
    func trimmed(_ name: String) -> String? {
        values[name].map { String($0.trimmed) }
    }

    /// Whether a flag is set.
    func isSet(_ name: String) -> Bool { ["on", "true"].contains(values[name]) }

    /// What a form shows again.
    var state: FormState { FormState(values) }

    /// What is wrong with a request, for a person.
    enum Fault: Error, Hashable, Sendable {
        /// The body is neither a form nor JSON.
        case notAForm
        case unknown(String)
        case missing(String)
        case tooLong(String, most: Int)
        case wrong(String)

        /// It, in the reader's language. Names come from outside and are escaped by who shows them.
        func text(_ speak: Speech) -> String {
            let what =
                switch self {
                case .notAForm: speak(.notAForm)
                case .unknown(let name): speak(.unknownField, String(name.prefix(Self.longestName)))
                case .missing(let name): speak(.missingField, name)
                case .tooLong(let name, let most): speak(.tooLongField, name, speak.language.number(most))
                case .wrong(let name): speak(.wrongField, name)
                }
            return speak(.badRequest, what)
        }

        /// The longest name that is repeated, in characters.
        private static let longestName = 40
    }

    /// The fields of the body: a form, or a JSON object with exactly these fields.
    init(body request: HTTPRequest, _ fields: [Field]) throws(Fault) {
        if request.contentType == "application/json" {
            guard case .object(let object)? = JSONValue(request.body) else { throw .notAForm }
            var values: [String: String] = [:]
            for (name, value) in object {
                guard let field = fields.first(where: { $0.name == name }) else { throw .unknown(name) }
                guard let text = field.text(of: value) else { throw Self.fault(field, value) }
                values[name] = text
            }
            try self.init(checked: values, fields)
        } else if request.body.isEmpty {
            try self.init(checked: [:], fields)
        } else {
            guard let form = request.form() else { throw .notAForm }
            try self.init(pairs: form, fields)
        }
    }

    /// The fields of the query. What is empty counts as not sent: that is how forms send what nobody chose.
    init(query request: HTTPRequest, _ fields: [Field]) throws(Fault) {
        try self.init(pairs: request.query.filter { !$0.value.isEmpty }, fields)
    }

    private init(pairs: [(name: String, value: String)], _ fields: [Field]) throws(Fault) {
        var values: [String: String] = [:]
        for (name, value) in pairs {
            guard let field = fields.first(where: { $0.name == name }) else { throw .unknown(name) }
            guard field.isAcceptable(value) else { throw Self.fault(field, .string(value)) }
            // Browsers send lines ended by CR LF, whatever was typed.
            values[name] = value.split(separator: "\r\n", omittingEmptySubsequences: false).joined(separator: "\n")
        }
        try self.init(checked: values, fields)
    }

    private init(checked values: [String: String], _ fields: [Field]) throws(Fault) {
        if let missing = fields.first(where: { $0.isRequired && values[$0.name] == nil }) { throw .missing(missing.name) }
        self.values = values
    }

    private static func fault(_ field: Field, _ value: JSONValue) -> Fault {
        if case .text(let most) = field.kind, case .string = value { return .tooLong(field.name, most: most) }
        return .wrong(field.name)
    }
}

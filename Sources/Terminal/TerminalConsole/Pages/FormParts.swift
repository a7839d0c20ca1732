import HTML
import Localization
import TerminalCore

/// What somebody typed into a form, and what is wrong with it: a form that failed comes back with both.
struct FormState: Sendable {
    /// What the fields hold, by name.
    var values: [String: String]
    /// What is wrong, by the name of the field; under "" what is about no single field.
    var errors: [String: [String]]
    /// Whether what is saved is not what the form began with: then the page shows both.
    var isStale = false

    /// A form with these values and nothing wrong.
    init(_ values: [String: String] = [:], errors: [String: [String]] = [:]) {
        self.values = values
        self.errors = errors
    }

    /// What the field holds; empty if nothing.
    subscript(_ name: String) -> String { values[name] ?? "" }
}

/// The parts of forms: each field with its label, its help, and what is wrong with it, tied together for those who cannot see them.
struct FormParts: Sendable {
    /// How things are said.
    let speak: Speech
    /// What the form holds.
    let state: FormState

    /// What is wrong, above the form: said at once, and it takes the focus. Nothing if nothing is wrong.
    ///
    /// - Parameter marked: what to say where the fields themselves tell what is wrong.
    func problem(_ marked: Words = .errorForm) -> Markup? {
        state.errors.isEmpty ? nil : Self.problem(state.errors[""]?.first ?? speak(marked), speak)
    }

    /// That something did not work, and why: said at once, and it takes the focus.
    static func problem(_ why: String, _ speak: Speech) -> Markup {
        """
        <div class="problem" role="alert" id="problem" tabindex="-1" data-focus>
        <p><strong>\(speak.sentence(speak(.problem)))</strong> \(why)</p>
        </div>
        """
    }

    /// What is wrong with a field, in its place.
    private func faults(_ name: String) -> Markup? {
        state.errors[name].map { "<div id=\"\(name)-error\">\($0.map { "<p class=\"field-error\">\($0)</p>" as Markup })</div>" }
    }

    /// One line of text.
    ///
    /// - Parameter type: `text`, `password` …
    func text(
        _ name: String, _ label: Words, help: String? = nil, type: String = "text", isRequired: Bool = false, isOptional: Bool = false,
        autocomplete: String = "off", mode: String? = nil, isWide: Bool = true, isCode: Bool = false
    ) -> Markup {
        field(name, label, help: help, isOptional: isOptional) { described in
            """
            <input class="form-control\(isWide ? "" : " narrow")\(isCode ? " code" : "")\(state.errors[name] == nil ? "" : " is-invalid")" type="\(type)" id="\(name)" name="\(name)" \
            value="\(type == "password" ? "" : state[name])" autocomplete="\(autocomplete)" autocapitalize="none" spellcheck="false" \
            \(Flag("inputmode", mode)) \(Flag("required", if: isRequired)) \
            \(Flag("aria-invalid", state.errors[name] == nil ? nil : "true")) \(Flag("aria-describedby", described))>
            """
        }
    }

    /// Several lines of text.
    func lines(_ name: String, _ label: Words, help: String? = nil, rows: Int, isRequired: Bool = false) -> Markup {
        field(name, label, help: help) { described in
            """
            <textarea class="form-control code\(state.errors[name] == nil ? "" : " is-invalid")" id="\(name)" name="\(name)" rows="\(rows)" \
            autocomplete="off" autocapitalize="none" spellcheck="false" wrap="soft" \(Flag("required", if: isRequired)) \
            \(Flag("aria-invalid", state.errors[name] == nil ? nil : "true")) \(Flag("aria-describedby", described))>
            \(state[name])</textarea>
            """
        }
    }

    /// One of a few, all of them seen.
    func choice(_ name: String, _ label: Words, _ options: [(value: String, label: String, help: String?)]) -> Markup {
        let items = options.map { option -> Markup in
            let id = "\(name)-\(option.value)"
            return """
                <div class="form-check">
                <input class="form-check-input" type="radio" name="\(name)" id="\(id)" value="\(option.value)" \
                \(Flag("checked", if: state[name] == option.value)) \(Flag("aria-describedby", option.help.map { _ in "\(id)-help" }))>
                <label class="form-check-label" for="\(id)">\(option.label)</label>
                \(option.help.map { "<p class=\"help\" id=\"\(id)-help\">\($0)</p>" as Markup })
                </div>
                """
        }
        return """
            <fieldset class="field">
            <legend>\(speak(label))</legend>
            \(items)
            \(faults(name))
            </fieldset>
            """
    }

    /// What the form began with. Only who was shown what is saved now goes on from there.
    func revision(_ saved: Revision) -> Markup {
        "<input type=\"hidden\" name=\"revision\" value=\"\(state.isStale || state["revision"].isEmpty ? saved.description : state["revision"])\">"
    }

    /// A field that is not seen.
    func hidden(_ name: String) -> Markup { "<input type=\"hidden\" name=\"\(name)\" value=\"\(state[name])\">" }

    private func field(_ name: String, _ label: Words, help: String?, isOptional: Bool = false, _ control: (String?) -> Markup) -> Markup {
        let described = [help.map { _ in "\(name)-help" }, state.errors[name].map { _ in "\(name)-error" }].compactMap(\.self)
        return """
            <div class="field">
            <label class="form-label" for="\(name)">\(speak(label))\
            \(isOptional ? " <span class=\"muted\">(\(speak(.optional)))</span>" as Markup : nil)</label>
            \(help.map { "<p class=\"help\" id=\"\(name)-help\">\(speak.marked($0))</p>" as Markup })
            \(control(described.isEmpty ? nil : described.joined(separator: " ")))
            \(faults(name))
            </div>
            """
    }
}

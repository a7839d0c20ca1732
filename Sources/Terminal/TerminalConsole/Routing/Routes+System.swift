import HTML
import HTTPServer
import Localization
import Support
import SystemCalls
import TerminalCore

extension Route {
    /// The console itself.
    static let system: [Route] = [
        Route(
            method: .get, path: "/system", name: "showSystem", summary: "The console's settings, and its certificate", query: notices,
            reply: Reply(schema: "System"),
            perform: { visit, _ in
                .page(SystemPage(speak: visit.speak).page(visit.systemView, console: visit.consoleState), visit.systemReport)
            }),
        Route(
            method: .post, path: "/system", name: "changeSystem", summary: "Saves the console's settings; a restart puts them into effect",
            body: [
                Field("address", .text(most: 100), isRequired: true, "where it listens: ADDRESS:PORT"),
                Field("hosts", .text(most: 5000), "host names under which browsers may open it, one a line"),
                Field("certificate", .text(most: 1000), "file of the certificate, PEM; empty for one that the terminal makes"),
                Field("private_key", .text(most: 1000), "file of its private key, PEM"), revision,
            ], reply: Reply(schema: "System"), refusals: [409, 422, 503],
            perform: { visit, fields in await visit.changeSystem(fields) }),
    ]
}

/// What programs get of the console's settings.
struct SystemReport: Codable, Sendable {
    var address: String
    var hosts: [String]
    var certificate: String?
    var privateKey: String?
    var isRestartNeeded: Bool
    var machine: String
    var certificateFingerprint: String?
    var certificateExpiry: String?
    var revision: String
}

extension Visit {
    /// What the page shows apart from its forms.
    var systemView: SystemView {
        SystemView(
            certificateFingerprint: console.environment.certificateFingerprint,
            certificateExpiry: console.environment.certificateExpiry?.description,
            chosenLanguage: request.cookie(Console.languageCookie).flatMap { .init(rawValue: $0) }, machine: console.environment.machine,
            minimumPassword: Access.minimumPassword, saved: console.savedSettings, isAddressFixed: console.environment.isAddressFixed)
    }

    /// What the form for the console holds.
    var consoleState: FormState {
        let saved = console.savedSettings
        return FormState([
            "address": saved.address, "hosts": saved.hosts.map { $0 + "\n" }.joined(), "certificate": saved.certificate ?? "",
            "private_key": saved.privateKey ?? "",
        ])
    }

    /// The same for programs.
    var systemReport: SystemReport {
        let saved = console.savedSettings
        return SystemReport(
            address: saved.address, hosts: saved.hosts, certificate: saved.certificate, privateKey: saved.privateKey,
            isRestartNeeded: console.isRestartNeeded, machine: console.environment.machine,
            certificateFingerprint: console.environment.certificateFingerprint,
            certificateExpiry: console.environment.certificateExpiry?.description, revision: revision)
    }

    private var revision: String { Revision(of: console.savedSettings).description }

    fileprivate func changeSystem(_ fields: Fields) async -> Answer {
        var errors: [String: String] = [:]
        var settings = console.savedSettings
        if let given = fields["revision"], given != revision {
            return refused(Refusal(.changedElsewhere, ["what": speak(.consoleSettings)]), in: page, fields)
        }
        if !console.environment.isAddressFixed { settings.address = fields["address"] ?? "" }
        settings.certificate = fields["certificate"].flatMap { $0.isEmpty ? nil : $0 }
        settings.privateKey = fields["private_key"].flatMap { $0.isEmpty ? nil : $0 }
        settings.hosts = []
        for (index, line) in (fields["hosts"] ?? "").split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let name = line.filter { $0 != " " && $0 != "\t" }.lowercased()
            if name.isEmpty { continue }
            // The same rule as for a relay's name, without ports.
            guard let host = try? RelayAddress(parsing: name), host.description == name || host.host == name,
                settings.hosts.count < ConsoleSettings.maximumHosts
            else {
                errors["hosts"] = errors["hosts"] ?? speak(.badHost, speak.language.number(index + 1))
                continue
            }
            if !settings.hosts.contains(host.host) { settings.hosts.append(host.host) }
        }
        if Self.port(of: settings.address) == nil { errors["address"] = speak(.badAddress) }
        if (settings.certificate == nil) != (settings.privateKey == nil) {
            let field = settings.certificate == nil ? "certificate" : "private_key"
            errors[field] = speak(settings.certificate == nil ? .certificateFileMissing : .certificateKeyFileMissing)
        }
        if errors.isEmpty, let obstacle = await console.environment.check(settings) {
            let (field, words) = said(obstacle)
            errors[field] = words
        }
        if let first = errors.sorted(by: { $0.key < $1.key }).first {
            var state = fields.state
            state.errors = errors.mapValues { [$0] }
            return Answer.refused(422, page(state), Problem(code: "console-settings", message: first.value, field: first.key))
        }
        let changed = settings.differences(from: console.savedSettings)
        if !changed.isEmpty {
            if let reason = await console.environment.save(settings) {
                return refused(Refusal(.store, ["reason": reason]), in: page, fields)
            }
            console.remember(settings)
            _ = await ask(.note(.consoleSettings, values: ["fields": changed.joined(separator: ", ")]))
        }
        return .done(Address("/system").query("done", Notice.console.rawValue), systemReport)
    }

    /// What is said of an obstacle, and at which field.
    private func said(_ obstacle: Console.Obstacle) -> (field: String, words: String) {
        switch obstacle {
        case .addressInUse: ("address", speak(.addressInUse))
        case .addressNotHere: ("address", speak(.addressNotHere))
        case .portForbidden: ("address", speak(.portForbidden))
        case .certificate(.unreadable(let error)):
            ("certificate", speak(.certificateUnreadable, Printable.escaped(error.subject ?? ""), speak.reason(error.reason)))
        case .certificate(.unusable(_, .noCertificate)): ("certificate", speak(.certificateAbsent))
        case .certificate(.unusable(_, .noPrivateKey)): ("private_key", speak(.privateKeyAbsent))
        case .certificate(.unusable(_, .mismatch)): ("private_key", speak(.privateKeyOfAnother))
        case .certificate(.unusable(_, .expired)): ("certificate", speak(.certificateExpired))
        case .certificate(.unusable(_, .failed(let reason))): ("certificate", speak(.certificateRefused, speak.reason(reason)))
        }
    }

    private func page(_ state: FormState) -> Page { SystemPage(speak: speak).page(systemView, console: state) }

    /// The port of `ADDRESS:PORT`, an IP address in numbers; nil if it is none.
    static func port(of address: String) -> UInt16? {
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]), port > 0,
            // A rule for numbers and brackets that is there already; why it refuses is of no interest here.
            let parsed = try? RelayAddress(parsing: address), parsed.ports == [port]
        else { return nil }
        let isNumeric = parsed.host.contains(":") || parsed.host.allSatisfy { $0.isNumber || $0 == "." }
        return isNumeric ? port : nil
    }
}

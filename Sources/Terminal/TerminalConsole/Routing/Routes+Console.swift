import HTML
import HTTPServer
import Localization
import TerminalCore

extension Route {
    /// Everything that there is.
    static let all = everyday + loginUsers + remoteSupport + requests + log + system + entrance

    private static let everyday: [Route] = [
        Route(
            method: .get, path: "/", name: "showStatus", summary: "Where remote support stands, and who is logged in", query: notices,
            reply: Reply(schema: "Status"), perform: { visit, _ in await visit.home() }),
        Route(
            method: .get, path: "/events", name: "events",
            summary: "A stream of events: `change` whenever something on the terminal is not what it was",
            reply: Reply(schema: "Events", mediaType: "text/event-stream", hasPage: false), perform: { visit, _ in visit.events() }),
        Route(
            method: .post, path: "/restart", name: "restart", summary: "Puts saved changes into effect: of the relay, and of the console",
            reply: Reply(schema: "Status"), refusals: [409, 503], perform: { visit, fields in await visit.restart(fields) }),
        Route(
            method: .post, path: "/language", name: "setLanguage", summary: "The language of this browser's pages", admission: .everybody,
            body: [
                Field("language", .choice(Language.allCases.map(\.rawValue) + [Visit.browserLanguage]), isRequired: true, "the language")
            ], reply: Reply(schema: "Language"), perform: { visit, fields in visit.setLanguage(fields) }),
        Route(
            method: .get, path: "/api/openapi.json", name: "openAPI", summary: "This document", admission: .everybody,
            reply: Reply(schema: "Document", hasPage: false), perform: { visit, _ in visit.openAPI() }),
    ]

    private static let request = Field(
        "request", .text(most: 64 * 1024), isRequired: true, "the line that begins with towline:, or the whole text it stands in")

    private static let requests: [Route] = [
        Route(
            method: .get, path: "/request", name: "requestPage", summary: "The box for a request of support", query: notices,
            perform: { visit, _ in .page(visit.requestPages.paste(FormState())) }),
        Route(
            method: .post, path: "/request", name: "previewRequest", summary: "What a request of support would do; changes nothing",
            body: [request], reply: Reply(schema: "Request"), refusals: [409, 422],
            perform: { visit, fields in await visit.request(.previewRequest(fields["request"] ?? ""), fields) }),
        Route(
            method: .post, path: "/request/create", name: "applyRequest", summary: "Does what a request of support says", body: [request],
            reply: Reply(schema: "Request"), refusals: [409, 422, 503],
            perform: { visit, fields in await visit.request(.applyRequest(fields["request"] ?? ""), fields) }),
    ]
}

extension Visit {
    /// What stands for "as the browser asks".
    static let browserLanguage = "browser"

    fileprivate func home() async -> Answer {
        switch await status() {
        case .failure(let refusal): refused(refusal)
        case .success(let status): .page(HomePage.page(status, speak), status)
        }
    }

    fileprivate func events() -> Answer {
        let changes = console.environment.changes()
        let (stream, continuation) = AsyncStream.makeStream(of: ServerSentEvent.self, bufferingPolicy: .bufferingNewest(1))
        let forwarding = Task {
            for await _ in changes { continuation.yield(ServerSentEvent(name: "change", data: "")) }
            continuation.finish()
        }
        continuation.onTermination = { _ in forwarding.cancel() }
        return Answer(sight: .response(.events(stream)))
    }

    fileprivate func setLanguage(_ fields: Fields) -> Answer {
        let language = fields["language"].flatMap(Language.init(rawValue:))
        // A year, or none at all.
        let life = language == nil ? "0" : "31536000"
        let secure = request.isSecure ? "; Secure" : ""
        let cookie = "\(Console.languageCookie)=\(language?.rawValue ?? ""); Path=/; Max-Age=\(life); SameSite=Strict; HttpOnly\(secure)"
        var answer = Answer.done(Self.page(fields["back"] ?? ""), ["language": language?.rawValue ?? Self.browserLanguage])
        answer.headers = [("Set-Cookie", cookie)]
        return answer
    }

    fileprivate func openAPI() -> Answer {
        Answer(sight: .response(.json(OpenAPI.text)))
    }

    fileprivate func request(_ command: TerminalCommand, _ fields: Fields) async -> Answer {
        switch await ask(command) {
        case .request(let report):
            if case .applyRequest = command, report.obstacle == nil {
                return .done(Address("/remote-support").query("done", Notice.request.rawValue), report)
            }
            let current = (try? await setting().get()) ?? nil  // the request is shown all the same
            let status = (try? await status().get()) ?? TerminalStatus(state: .off)  // as above
            let page = requestPages.preview(report, current: current, status: status, request: fields["request"] ?? "")
            return .page(page, report)
        case .refused(let refusal): return refused(refusal, in: { requestPages.paste($0) }, fields)
        default: return refused(Refusal(.notUnderstood))
        }
    }

    /// Puts into effect what is saved and is not: the relay's setting, the console's, or both.
    fileprivate func restart(_ fields: Fields) async -> Answer {
        let isConsolePending = console.isRestartNeeded
        guard case .success(let status) = await status() else { return refused(Refusal(.notUnderstood)) }
        if !status.pendingChanges.isEmpty {
            let answer = await switched(.restart, .restarted, fields)
            guard isConsolePending, answer.status == 200 else { return answer }
        } else if !isConsolePending {
            return .done(next(fields, or: Address("/"), .restarted), status)
        }
        console.environment.restartConsole()
        return .page(
            MessagePage.page(speak(.restart), speak(.restarting), speak, next: console.addressAfterRestart(of: request)), status)
    }
}

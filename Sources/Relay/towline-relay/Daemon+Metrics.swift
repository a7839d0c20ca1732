import EventLoops
import HTTPServer
import RelayOperation
import RelaySwitch
import Support
import SystemCalls

extension Daemon {
    /// Serves `/metrics` and `/healthz` where the configuration says; `nil`: nowhere.
    func serveMetrics(
        of relay: SwitchboardGroup, _ tally: EventTally, _ webhooks: Webhooks, _ state: DaemonState, on loop: EventLoop
    ) async throws(Failure) -> WebServer? {
        guard let address = configuration.metrics else { return nil }
        let pages = OperationPages(tally: tally)
        let hosts: Set<String> = ["localhost", "127.0.0.1", "::1", "\(address.address)"]
        let server = WebServer(loop: loop, configuration: HTTPServerConfiguration(addresses: [address])) { request in
            // A page in somebody's browser must not read them by a name that it made point here.
            guard hosts.contains(request.host) else { return .text("ask for this by its address\n", status: 421) }
            guard request.method == .get || request.method == .head else { return .text("only GET is answered here\n", status: 405) }
            let sent = webhooks.senders.map(\.counts)
            guard let page = pages.page(at: request.path, await relay.counts(), webhooks: sent, isDraining: state.isDraining) else {
                return .text("there are /metrics and /healthz here\n", status: 404)
            }
            return HTTPResponse(
                status: page.status, headers: [("Content-Type", page.mediaType), ("Cache-Control", "no-store")],
                body: .bytes(Array(page.body.utf8)))
        }
        do throws(HTTPServerError) {
            for bound in try await server.start() { say("metrics at http://\(bound)/metrics") }
        } catch {
            throw Failure(.refused, "cannot serve metrics: \(error)")
        }
        return server
    }
}

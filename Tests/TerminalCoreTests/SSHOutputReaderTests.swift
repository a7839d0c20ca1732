import Testing

@testable import TerminalCore

@Suite struct SSHOutputReaderTests {
    private static let offered = "SHA256:gkGqk7is/857RcWNchJqx1KMQI/iXTH0PgXu7Q4awFA"

    /// Reads a whole transcript.
    private func read(_ transcript: String, pinned: String? = "SHA256:pinned") -> (reader: SSHOutputReader, stages: [ConnectionStage]) {
        var reader = SSHOutputReader(
            relay: .init(host: "relay.example.org", endpoint: "relay.example.org port 22", listeningPort: "41999", pinned: pinned))
        var stages: [ConnectionStage] = []
        for line in transcript.split(separator: "\n", omittingEmptySubsequences: false) {
            if case .reached(let stage) = reader.read(String(line)) { stages.append(stage) }
        }
        return (reader, stages)
    }

    private func failure(_ transcript: String, pinned: String? = "SHA256:pinned") -> TunnelFailure {
        read(transcript, pinned: pinned).reader.failure(end: "status 255")
    }

    @Test func aTunnelThatComesToStandPassesEveryStageOnceAndInOrder() {
        let (reader, stages) = read(Transcript.granted)
        #expect(stages == [.connecting, .checkingRelay, .authenticating, .requestingPort, .waiting])
        #expect(reader.offeredFingerprint == Self.offered)
    }

    @Test func whereTheRelayWasFoundIsToldOnceItTookTheConnection() {
        var reader = SSHOutputReader(relay: .init(host: "r", endpoint: "r port 22", listeningPort: "41999", pinned: nil))
        let lines = [
            "debug1: Connecting to r [2001:db8::1] port 22.", "debug1: connect to address 2001:db8::1 port 22: Connection timed out",
            "debug1: Connecting to r [192.0.2.1] port 22.", "debug1: Connection established.",
            "debug1: Local version string SSH-2.0-OpenSSH_9.2p1",
        ]
        #expect(
            lines.compactMap { reader.read($0) } == [.reached(.connecting), .reached(.checkingRelay), .connected(address: "192.0.2.1")])
    }

    @Test func whereSomebodyComesFromIsReadForEachConnectionAndWhetherItCameAbout() {
        var reader = SSHOutputReader(relay: .init(host: "r", endpoint: "r port 22", listeningPort: "41999", pinned: nil))
        // Recorded: the second time the socket's queue was full.
        let lines = [
            "debug1: client_input_channel_open: ctype forwarded-tcpip rchan 2 win 2097152 max 32768",
            "debug1: client_request_forwarded_tcpip: listen localhost port 31999, originator 198.51.100.7 port 38950",
            "debug1: connect_next: start for host ./t.sock ([unix]:./t.sock)",
            "debug1: connect_next: connect host ./t.sock ([unix]:./t.sock) in progress, fd=4",
            "debug1: channel 0: new forwarded-tcpip [198.51.100.7] (inactive timeout: 0)", "debug1: confirm forwarded-tcpip",
            "debug1: client_request_forwarded_tcpip: listen localhost port 31999, originator 2001:db8::1 port 38956",
            "debug1: connect_next: host ./t.sock ([unix]:./t.sock): Resource temporarily unavailable", "debug1: failure forwarded-tcpip",
        ]
        #expect(
            lines.compactMap { reader.read($0) } == [
                .forwarding(originator: "198.51.100.7"), .forwarding(originator: "2001:db8::1"), .forwardingFailed,
            ])
    }

    @Test func anUnknownKeySaysToSendItToSupport() {
        let failure = failure(Transcript.keyUnknown)
        #expect(failure == .keyUnknown)
        #expect(failure.stage == .authenticating)
        #expect(failure.explanation.hasPrefix("the relay does not know this terminal's key yet: send it to support"))
        #expect(failure.isWorthRetrying)
        #expect(!failure.isWorthAnotherPort)
    }

    @Test func aKeyThatTheRelayAcceptedBeforeIsWithdrawnNotUnknown() {
        var reader = SSHOutputReader(
            relay: .init(host: "r", endpoint: "r port 22", listeningPort: "41999", pinned: "SHA256:pinned", wasKeyAccepted: true))
        for line in Transcript.keyUnknown.split(separator: "\n") { _ = reader.read(String(line)) }
        #expect(reader.failure(end: "status 255") == .keyWithdrawn)
        #expect(TunnelFailure.keyWithdrawn.isWorthRetrying && TunnelFailure.keyWithdrawn.stage == .authenticating)
    }

    @Test func aChangedRelayKeyStopsWithBothFingerprints() {
        let failure = failure(Transcript.relayKeyChanged)
        #expect(failure == .relayKeyChanged(offered: Self.offered, pinned: "SHA256:pinned"))
        #expect(!failure.isWorthRetrying)
        #expect(failure.stage == .checkingRelay)
    }

    @Test func aRelayWhosePinnedKeyHasAnotherTypeIsAsWrongAsAChangedOne() {
        #expect(failure(Transcript.notPinned) == .relayKeyChanged(offered: Self.offered, pinned: "SHA256:pinned"))
    }

    @Test func beforeAnyKeyIsPinnedTheOfferedOneIsReported() {
        #expect(failure(Transcript.notPinned, pinned: nil) == .relayKeyNotPinned(offered: Self.offered))
    }

    @Test func aRefusedPortIsNamedWithTheRelaysWords() {
        let failure = failure(Transcript.portRefused)
        #expect(failure == .portRefused(port: "41999", reason: "port forwarding refused"))
        #expect(failure.stage == .requestingPort)
    }

    @Test func anUnknownNameIsAFailureOfResolving() {
        let failure = failure(Transcript.nameUnknown)
        #expect(failure == .nameUnknown(host: "relay.example.org"))
        #expect(failure.stage == .resolving)
    }

    @Test(arguments: [
        (
            "Temporary failure in name resolution",
            TunnelFailure.nameUnresolved(host: "relay.example.org", reason: "Temporary failure in name resolution")
        ),
        ("No address associated with hostname", .nameUnknown(host: "relay.example.org")),
    ]) func namesFailInTwoWays(reason: String, expected: TunnelFailure) {
        #expect(failure("ssh: Could not resolve hostname relay.example.org: \(reason)") == expected)
    }

    @Test(arguments: [
        ("Connection refused", TunnelFailure.connectionRefused(relay: "relay.example.org port 22")),
        ("Connection timed out", .connectionTimedOut(relay: "relay.example.org port 22")),
        ("No route to host", .unreachable(relay: "relay.example.org port 22", reason: "No route to host")),
        ("Network is unreachable", .unreachable(relay: "relay.example.org port 22", reason: "Network is unreachable")),
    ]) func connectingFailsInItsWays(reason: String, expected: TunnelFailure) {
        let failure = failure("ssh: connect to host relay.example.org port 22: \(reason)")
        #expect(failure == expected)
        #expect(failure.stage == .connecting)
        #expect(failure.isWorthAnotherPort)
    }

    @Test func aRefusalRecordedFromSSHIsRead() {
        #expect(failure(Transcript.refused) == .connectionRefused(relay: "relay.example.org port 22"))
    }

    @Test func anHTTPAnswerInsteadOfSSHMeansThatTheNetworkBlocks_N04() {
        let failure = failure(Transcript.portal)
        #expect(failure == .networkBlocked(relay: "relay.example.org port 22", answer: "HTTP/1.1 400 Bad Request"))
        #expect(failure.sentence.contains("the network blocks or redirects"))
    }

    @Test func aRelayThatHangsUpAtOnceOrSaysNothingIsToldApart() {
        #expect(failure(Transcript.closedEarly) == .closedEarly(relay: "relay.example.org port 22"))
        #expect(failure(Transcript.silent) == .silent(relay: "relay.example.org port 22"))
    }

    @Test func aTunnelThatStoodAndBrokeIsLost() {
        #expect(
            failure(Transcript.granted + "\nTimeout, server relay.example.org not responding.")
                == .lost(reason: "it did not answer for more than a minute"))
        #expect(
            failure(Transcript.granted + "\nclient_loop: send disconnect: Broken pipe")
                == .lost(reason: "client_loop: send disconnect: Broken pipe"))
    }

    @Test func theRelaysPartingWordsAreKept() {
        let words = "Received disconnect from 192.0.2.1 port 22:11: taken over by 198.51.100.7: same key"
        #expect(
            failure(Transcript.granted + "\n" + words)
                == .endedByRelay(at: .waiting, reason: "taken over by 198.51.100.7: same key"))
    }

    @Test func wordsFromTheNetworkAreInertOnAScreen_W03() {
        let failure = failure(Transcript.granted + "\nReceived disconnect from 192.0.2.1 port 22:11: \u{1b}]0;title\u{7}\u{202e}evil")
        #expect(!failure.sentence.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202e })
    }

    @Test func aClientThatCouldNotStartOrSaidNothingStillHasAReason() {
        #expect(failure("") == .clientFailed(reason: "it ended with status 255"))
        #expect(failure("command-line: line 0: Bad configuration option: xyz").stage == .connecting)
    }

    @Test func theProxysWordsAreReadBetweenThoseOfSSH() {
        let names = SSHOutputReader.RelayNames(
            host: "relay.example.org", endpoint: "relay.example.org port 22", listeningPort: "41999", pinned: nil,
            proxy: "http://proxy:3128")
        var reader = SSHOutputReader(relay: names)
        #expect(reader.read("debug1: Executing proxy dialer command: exec /proc/1/exe x") == nil)
        #expect(reader.read("towline-proxy: connecting") == .reached(.connecting))
        var fine = reader
        #expect(fine.read("towline-proxy: connected") == .reached(.checkingRelay))
        _ = reader.read("towline-proxy: refused 403 Forbidden")
        _ = reader.read("mm_receive_fd: recvmsg: expected received 1 got 0")
        _ = reader.read("proxy dialer did not pass back a connection")
        #expect(reader.failure(end: "status 255") == .proxyRefused(proxy: "http://proxy:3128", reason: "403 Forbidden"))
    }

    @Test func aKeyThatWaitsForApprovalSaysSoAndACodeThatIsRefusedIsNotAnUnknownKey() {
        let names = SSHOutputReader.RelayNames(
            host: "relay.example.org", endpoint: "relay.example.org port 22", listeningPort: "41999", pinned: nil, isJoining: true)
        var waiting = SSHOutputReader(relay: names)
        _ = waiting.read("debug1: Host 'towline-relay' is known and matches the ED25519 host key.")
        _ = waiting.read(
            "Received disconnect from 192.0.2.1 port 22:14: waiting for approval: support has received the key SHA256:abc of shop-42 "
                + "and must approve it; try again later")
        #expect(waiting.failure(end: "status 255") == .awaitingApproval(fingerprint: "SHA256:abc"))
        var refused = SSHOutputReader(relay: names)
        _ = refused.read("join-x@relay.example.org: Permission denied (publickey).")
        #expect(refused.failure(end: "status 255").code == .joinRefused)
    }
}

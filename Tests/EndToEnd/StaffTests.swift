import Glibc
import Testing

extension EndToEnd {
    /// `towline`, the staff tool, over stock OpenSSH, to a terminal made of stock parts.
    @Suite(.serialized, .enabled(if: !Relay.isStock)) struct StaffTests {
        /// A site whose terminal is online, and a member of staff with a home folder of their own.
        private func withDesk(_ scenario: (Site, StaffDesk) async throws -> Void) async throws {
            let site = try await Site()
            let tunnel = try await site.tunnel()
            // The tunnel ends with its value, or with the relay where the scenario ends that.
            defer { withExtendedLifetime(tunnel) {} }
            try await scenario(site, try StaffDesk(at: site))
        }

        @Test func loginPinsTheRelayOnceItsFingerprintWasCompared() async throws {
            try await withDesk { site, desk in
                let relay = "127.0.0.1:\(try site.relay.port)"
                let early = try await desk.run("terminals")
                #expect(early.status == 1 && early.errors == "towline: this account is not set up for a relay yet: towline login RELAY\n")
                let unasked = try await desk.run("login", relay, "--identity", site.staffKey.path)
                let fingerprint = try await site.relayFingerprint()
                #expect(unasked.status == 1 && unasked.errors.contains("--fingerprint \(fingerprint)"), "\(unasked)")
                let wrong = try await desk.run("login", relay, "--identity", site.staffKey.path, "--fingerprint", "SHA256:AAAA")
                #expect(wrong.status == 1 && wrong.errors.contains("has the host key \(fingerprint), not \"SHA256:AAAA\""), "\(wrong)")
                #expect(try await desk.files() == [], "nothing is written before the relay is known")

                let login = try await desk.must("login", relay, "--identity", site.staffKey.path, "--fingerprint", fingerprint)
                #expect(login.output.contains("alice"), "\(login)")
                let files = try await desk.files()
                #expect(files.allSatisfy { $0.hasPrefix("./.config/towline/") || $0.hasPrefix("./.local/state/towline/") }, "\(files)")
                // Again, from the same relay: nothing is asked.
                try await desk.must("login", relay, "--identity", site.staffKey.path)
            }
        }

        @Test func aFurtherLoginKeepsTheKeyAndARefusedOneChangesNothing() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                try await desk.must("ssh-config", "--install")
                let relay = "127.0.0.1:\(try site.relay.port)"
                let before = try await desk.contents()
                // The key that works stands in the user's own files by now: it must not stand in for the one that is tried.
                let stranger = try await KeyPair("stranger", in: site.folder)
                let refused = try await desk.run("login", relay, "--user", "mallory", "--identity", stranger.path)
                #expect(refused.status == 1 && refused.errors.contains("nothing was changed"), "\(refused)")
                let missing = try await desk.run("login", relay, "--identity", "\(site.folder.path)/no-such-key")
                #expect(missing.status == 1 && missing.errors.contains("--identity: there is no file"), "\(missing)")
                #expect(try await desk.contents() == before)
                #expect(try await desk.must("whoami").output.contains("alice"))

                // As in docs/operations.md when the host key is renewed: with the fingerprint alone.
                try await desk.must("login", relay, "--fingerprint", try await site.relayFingerprint())
                #expect(try await desk.contents() == before, "the key is kept")
                let other = try await KeyPair("other-relay", in: site.folder)
                try site.folder.write("towline-relay \(other.line)\n", to: "\(desk.home)/.config/towline/known_hosts")
                let changed = try await desk.run("login", relay)
                #expect(changed.status == 1 && changed.errors.contains("towline login \(relay) --fingerprint SHA256:…"), "\(changed)")
            }
        }

        @Test func theKeyOfLoginIsFoundFromEveryFolder() async throws {
            try await withDesk { site, desk in
                let words = "login 127.0.0.1:\(try site.relay.port) --fingerprint \(try await site.relayFingerprint()) --identity staff-key"
                let login = try await desk.plain("sh", "-c", "cd \(site.folder.path) && \(try StaffDesk.program()) \(words)")
                #expect(login.succeeded, "\(login)")
                #expect(try await desk.must("terminals").output.contains("shop-42"))
                let relay = Folder.text(of: "\(desk.home)/.config/towline/relay.conf")
                #expect(relay.contains("identity = \(site.folder.path)/staff-key\n"), "\(relay)")
            }
        }

        @Test func aKeyThatTheRelayDoesNotKnowIsShownForItsOperator() async throws {
            try await withDesk { site, desk in
                let stranger = try await KeyPair("stranger", in: site.folder)
                _ = try await site.folder.run(["cp", stranger.publicPath, "\(desk.home)/.ssh/id_ed25519.pub"])
                let refused = try await desk.run(
                    "login", "127.0.0.1:\(site.relay.port)", "--identity", stranger.path, "--fingerprint", try await site.relayFingerprint()
                )
                #expect(refused.status == 1, "\(refused)")
                #expect(refused.errors.contains("send it to its operator:\n    \(stranger.line)"), "\(refused)")
            }
        }

        @Test func terminalsAreReachedByNameWithoutAQuestionAndAnotherHostKeyIsRefused() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                let list = try await desk.must("terminals")
                #expect(list.output.contains("shop-42"), "\(list)")
                #expect(try await desk.must("terminal-names").output == "shop-42\n")

                // A plain ssh has not told the relay its host key: it is compared once.
                let unknown = try await desk.run("ssh", "shop-42", "true")
                #expect(unknown.status == 255 && unknown.errors.contains("look at it once with: towline trust shop-42"), "\(unknown)")
                #expect(unknown.errors.contains("Host key verification failed"), "ssh refuses by itself: \(unknown)")
                #expect(!unknown.errors.contains("KnownHostsCommand"), "and says so once: \(unknown)")
                let fingerprint = try await site.serverFingerprint()
                let wrong = try await desk.run("trust", "shop-42", "--fingerprint", "SHA256:AAAA")
                #expect(wrong.status == 1 && wrong.errors.contains(fingerprint), "\(wrong)")
                try await desk.must("trust", "shop-42", "--fingerprint", fingerprint)
                let login = try await desk.must("ssh", "shop-42", "echo reached; exit 0")
                #expect(login.output == "reached\n" && login.errors == "", "\(login)")
                #expect(try await desk.run("ssh", "shop-42", "exit 7").status == 7)

                let file = try site.folder.writeNoise(300_000, to: "there")
                try await desk.must("scp", "-q", file, "shop-42:\(site.folder.path)/copied")
                #expect(try await site.folder.sum(of: "\(site.folder.path)/copied") == site.folder.sum(of: file))
                let batch = try site.folder.write("get \(file) \(site.folder.path)/got\n", to: "batch")
                try await desk.must("sftp", "-q", "-b", batch, "shop-42")
                #expect(try await site.folder.sum(of: "\(site.folder.path)/got") == site.folder.sum(of: file))

                let other = try await KeyPair("other-host", in: site.folder)
                try site.folder.write(other.line + "\n", to: "\(desk.home)/.local/state/towline/host-keys/shop-42")
                let changed = try await desk.run("ssh", "shop-42", "true")
                #expect(changed.status == 255, "\(changed)")
                #expect(changed.errors.contains("towline: shop-42 shows another host key than before"), "\(changed)")
            }
        }

        @Test func aHostThatIsNoTerminalIsRefusedAndNotLookedUpInDNS() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                for words in ["ssh root@nope", "ssh -v localhost", "ssh towline-relay", "sftp nope", "trust nope"] {
                    let refused = try await desk.run(words.split(separator: " ").map(String.init))
                    #expect(refused.status == 1 && refused.errors.hasPrefix("towline: there is no terminal \""), "\(words): \(refused)")
                    #expect(refused.errors.hasSuffix("\" that you may reach; see: towline terminals\n"), "\(words): \(refused)")
                }
                let copied = try await desk.run("scp", site.staffKey.publicPath, "nope:x")
                #expect(copied.status == 1 && copied.errors.contains("there is no terminal \"nope\""), "\(copied)")
                #expect(try await desk.run("ssh", "-V").succeeded, "words that name no host are ssh's own")
            }
        }

        @Test func theLoginUserOfARequestIsTheOneThatSSHTakes() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                try await desk.must("request", "new", "shop-50", "--login", "carol")
                let config = "\(desk.home)/.config/towline/ssh_config"
                let user = try await desk.plain("ssh", "-F", config, "-G", "shop-50")
                #expect(user.output.contains("user carol\n"), "\(user)")
                #expect(Folder.text(of: config).contains("Host shop-50\n    User carol\n"))

                // As a terminal reports them that has several.
                let hostKey = Folder.text(of: "\(site.folder.path)/terminal-host.pub").split(whereSeparator: \.isNewline).joined()
                let report = try site.folder.write(
                    #"{"version": 1, "software": "test", "host_keys": ["\#(hostKey)"], "login_users": ["alice", "bob"]}"#, to: "report")
                let reported = try await site.folder.run(
                    ["ssh"] + site.options(key: site.terminalKey) + ["-p", "\(site.relay.port)", "x@127.0.0.1", "report"], input: report)
                #expect(reported.succeeded, "\(reported)")
                let asked = try await desk.run("ssh", "shop-42", "true")
                #expect(asked.errors.contains("login users of shop-42: alice, bob; use: towline ssh alice@shop-42\n"), "\(asked)")
                let chosen = try await desk.run("ssh", "alice@shop-42", "true")
                #expect(!chosen.errors.contains("login users"), "\(chosen)")
            }
        }

        @Test func whyTheRelayDidNotAnswerIsToldApart() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                let known = "\(desk.home)/.config/towline/known_hosts"
                let pinned = Folder.text(of: known)
                let other = try await KeyPair("other-relay", in: site.folder)
                try site.folder.write("towline-relay \(other.line)\n", to: known)
                let changed = try await desk.run("terminals")
                #expect(changed.status == 1 && changed.errors.contains("answers, but ssh did not get through to it"), "\(changed)")
                try site.folder.write(pinned, to: known)
                try await site.relay.must("staff", "disable", "alice")
                let denied = try await desk.run("terminals")
                #expect(denied.status == 1 && denied.errors.contains("Permission denied"), "\(denied)")
                #expect(!denied.errors.contains("was not reached"), "\(denied)")
                try await site.relay.process.terminate()
                let away = try await desk.run("terminals")
                #expect(away.status == 3 && away.errors.contains("was not reached"), "\(away)")
            }
        }

        @Test func aHostOfTheUserStaysTheirOwnForPlainSSH() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                let config = "\(desk.home)/.ssh/config"
                try site.folder.write("Host shop-42\n    HostName shop.example\n    Port 443\n    User git\n", to: config)
                let installed = try await desk.must("ssh-config", "--install")
                let sentence = "towline: plain ssh does not reach shop-42: \(config) has a host of that name. Use: towline ssh shop-42\n"
                #expect(installed.errors == sentence, "\(installed)")
                #expect(try await desk.must("terminals").errors == "", "it is said once")
                let plain = try await desk.plain("ssh", "-F", config, "-G", "shop-42")
                #expect(plain.output.contains("hostname shop.example\n") && !plain.output.contains("proxyjump"), "\(plain)")
                try await desk.must("trust", "shop-42", "--fingerprint", try await site.serverFingerprint())
                let reached = try await desk.run("ssh", "\(StockServer.user)@shop-42", "echo reached")
                #expect(reached.output == "reached\n", "\(reached)")
            }
        }

        @Test func plainSSHReachesTerminalsOnceTheConfigurationIsInstalled() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                try await desk.must("trust", "shop-42", "--fingerprint", try await site.serverFingerprint())
                let config = "\(desk.home)/.ssh/config"
                try site.folder.write("Host elsewhere\n    User git\n", to: config)
                let printed = try await desk.must("ssh-config")
                #expect(printed.output.contains("Host shop-42\n    HostName %h\n    Port 22\n    ProxyJump towline-relay\n"), "\(printed)")
                #expect(Folder.text(of: config) == "Host elsewhere\n    User git\n", "printing changes nothing")
                try await desk.must("ssh-config", "--install")
                let include = "Include \"\(desk.home)/.config/towline/ssh_config\"\n"
                #expect(Folder.text(of: config).hasSuffix("\(include)\nHost elsewhere\n    User git\n"), "\(Folder.text(of: config))")
                let again = try await desk.must("ssh-config", "--install")
                #expect(again.output.contains("includes it already"), "\(again)")

                let plain = try await desk.plain("ssh", "-F", config, "shop-42", "echo reached")
                #expect(plain.status == 0 && plain.output == "reached\n" && plain.errors == "", "\(plain)")
                let command = try await desk.plain("ssh", "-F", config, "towline-relay", "whoami")
                #expect(command.output.contains("alice"), "\(command)")
                let file = try site.folder.writeNoise(100_000, to: "there")
                let copy = try await desk.plain("scp", "-q", "-F", config, file, "shop-42:\(site.folder.path)/plain-copy")
                #expect(copy.succeeded, "\(copy)")
                #expect(try await site.folder.sum(of: "\(site.folder.path)/plain-copy") == site.folder.sum(of: file))
                let synced = try await desk.plain("rsync", "-a", "-e", "ssh -F \(config)", file, "shop-42:\(site.folder.path)/synced")
                #expect(synced.succeeded && synced.errors == "", "\(synced)")
                #expect(try await site.folder.sum(of: "\(site.folder.path)/synced") == site.folder.sum(of: file))

                // As Ansible does it: one connection, kept for the tasks that follow, and no terminal.
                let shared = [
                    "-F", config, "-o", "ControlMaster=auto", "-o", "ControlPersist=60s", "-o", "ControlPath=\(site.folder.path)/mux",
                ]
                for task in 1...3 {
                    let done = try await desk.plain(
                        ["ssh"] + shared + ["-o", "BatchMode=yes", "shop-42", "/bin/sh -c 'echo task \(task)'"])
                    #expect(done.output == "task \(task)\n" && done.errors == "", "\(done)")
                }
                #expect(try await desk.plain(["ssh"] + shared + ["-O", "exit", "shop-42"]).succeeded)
                // As VS Code does it: a shell without a terminal that is fed on standard input.
                let remote = try await desk.plain("sh", "-c", "echo 'echo served' | ssh -T -F \(config) shop-42 sh")
                #expect(remote.output == "served\n", "\(remote)")
            }
        }

        @Test func commandsOfTheRelayAreRunThereWithTheirWordsAndKeys() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                let refused = try await desk.run("relay", "terminal", "add", "shop 43; reboot")
                #expect(refused.status == 1 || refused.status == 2, "\(refused)")
                try await site.relay.must("staff", "remove", "alice")
                try await site.relay.addStaff("alice", key: site.staffKey, role: "admin")
                let bad = try await desk.run("relay", "terminal", "add", "shop 43; reboot")
                #expect(
                    bad.status == 2 && bad.errors.contains("\"shop 43; reboot\" is not a terminal name"), "one word stays one word: \(bad)")
                try await desk.must("relay", "terminal", "add", "shop-43")
                let key = try await KeyPair("issued", in: site.folder)
                try await desk.must("approve", "shop-43", "--key", key.publicPath)
                #expect(try await site.relay.must("terminal", "show", "shop-43").output.contains("offline"))
                #expect(try await desk.must("terminal-names").output == "shop-42\nshop-43\n", "plain ssh knows it from now on")
            }
        }

        @Test func helpOfTheRelaysCommandsIsWhatTheRelaySays() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                for command in ["terminals", "request", "approve", "wait", "sessions", "end", "whoami"] {
                    let ours = try await desk.must("help", command).output.split(whereSeparator: \.isWhitespace)
                    let told = try await desk.must("relay", "help", command).output.replacing("ssh RELAY", with: "towline")
                    #expect(ours.filter { $0 != "[--json]" } == told.split(whereSeparator: \.isWhitespace), "\(command)")
                }
                let version = try await desk.must("--version").output
                #expect(version.hasPrefix("towline ") && version.split(separator: ".").count == 3, "\(version)")
            }
        }

        @Test func completionOffersCommandsAndTerminals() async throws {
            try await withDesk { site, desk in
                try await desk.login()
                let folder = try StaffDesk.folderOfProgram()
                let script = """
                    PATH=\(folder):$PATH
                    source <(towline completion bash)
                    source <(towline-relay completion bash)
                    complete_as() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); "_${1//-/_}"; echo "${COMPREPLY[*]}"; }
                    complete_as towline ter
                    complete_as towline ssh sh
                    complete_as towline ssh alice@sh
                    complete_as towline completion z
                    complete_as towline request ""
                    complete_as towline relay ""
                    complete_as towline approve --
                    complete_as towline en
                    complete_as towline-relay terminal s
                    complete_as towline-relay request new --lo
                    complete_as towline-relay help aud
                    """
                let completed = try await desk.plain("bash", "-c", script)
                #expect(
                    completed.output == """
                        terminals
                        shop-42
                        alice@shop-42
                        zsh
                        new list cancel

                        --key --fingerprint --yes --json
                        end
                        show set
                        --login
                        audit

                        """, "\(completed)")
            }
        }
    }
}

/// A member of staff's machine: a home folder, and `towline`.
final class StaffDesk: Sendable {
    let site: Site
    let home: String

    init(at site: Site) throws {
        self.site = site
        home = "\(site.folder.path)/home"
        guard mkdir(home, 0o700) == 0, mkdir("\(home)/.ssh", 0o700) == 0 else { throw ScenarioError(description: "mkdir") }
    }

    /// `towline` itself.
    static func program() throws -> String { try Programs.ours("towline", variable: "TEST_STAFF") }

    /// Where `towline` is.
    static func folderOfProgram() throws -> String {
        "/" + (try program()).split(separator: "/").dropLast().joined(separator: "/")
    }

    /// Runs `towline` with these words.
    func run(_ words: String...) async throws -> Outcome { try await run(words) }

    func run(_ words: [String]) async throws -> Outcome {
        try await site.folder.run([StaffDesk.program()] + words, environment: ["HOME": home])
    }

    /// A command that must succeed.
    @discardableResult
    func must(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> Outcome {
        let outcome = try await run(words)
        try #require(outcome.succeeded, "towline \(words.joined(separator: " ")): \(outcome)", sourceLocation: sourceLocation)
        return outcome
    }

    /// Runs any program in this home folder.
    func plain(_ words: String...) async throws -> Outcome { try await plain(words) }

    func plain(_ words: [String]) async throws -> Outcome { try await site.folder.run(words, environment: ["HOME": home]) }

    /// Sets the account up for the site's relay.
    func login() async throws {
        try await must(
            "login", "127.0.0.1:\(site.relay.port)", "--identity", site.staffKey.path, "--fingerprint", try await site.relayFingerprint())
    }

    /// All that `towline` keeps, to see whether anything of it changed.
    func contents() async throws -> String {
        try await site.folder.run(["bash", "-c", "cd \(home) && find .config .local -type f | sort | xargs sha256sum"]).output
    }

    /// The files of the home folder, without the user's own `.ssh`.
    func files() async throws -> [String] {
        let found = try await site.folder.run(["bash", "-c", "cd \(home) && find . -type f | sort"])
        return found.output.split(whereSeparator: \.isNewline).map(String.init)
    }
}

extension Site {
    /// Fingerprint of the terminal's own sshd.
    func serverFingerprint() async throws -> String {
        let printed = try await folder.run(["ssh-keygen", "-l", "-f", "\(folder.path)/terminal-host.pub"])
        guard let found = printed.output.split(separator: " ").first(where: { $0.hasPrefix("SHA256:") }) else {
            throw ScenarioError(description: "no fingerprint: \(printed)")
        }
        return String(found)
    }
}

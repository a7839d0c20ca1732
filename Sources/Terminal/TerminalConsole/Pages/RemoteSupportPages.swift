import HTML
import Localization
import TerminalCore

/// [Other Services] › [Remote Support].
struct RemoteSupportPages: Sendable {
    /// How things are said.
    let speak: Speech
    /// The machine's name, for the mail.
    let machine: String

    /// The page itself.
    func main(_ status: TerminalStatus, _ setting: SettingReport?) -> Page {
        let view = StatusView(status: status, speak: speak)
        return Page(
            speak(.remoteSupport), .remoteSupport, hasStrip: false,
            """
            \(setting == nil ? "<p class=\"lead\">\(speak(.supportExplained))</p>" as Markup : nil)
            \(setting == nil ? nothingYet() : state(view))
            \(setting.map(key))
            \(setting.map { self.setting($0) })
            \(setting == nil ? nil : autoStart(status.autoStart))
            """)
    }

    private func nothingYet() -> Markup {
        """
        <p class="empty">\(speak(.noSetting))</p>
        <p class="buttons"><a class="btn btn-primary" href="/remote-support/new">\(speak(.createSettings))</a></p>
        \(speak.orPaste())
        """
    }

    private func state(_ view: StatusView) -> Markup {
        let status = view.status
        return """
            <div id="support" data-live>
            <section class="hero tone-\(view.tone.rawValue)" aria-labelledby="headline">
            <h2 id="headline"><span class="dot" aria-hidden="true"></span><span role="status">\(view.headline)</span></h2>
            \(view.offReason.map { "<p>\($0)</p>" as Markup })
            \(status.state == .off ? (status.loginUserCount == 0 ? missingUser() : view.startForm(back: nil)) : on(view))
            \(status.state == .off ? nil : view.stages())
            \(view.failure())
            \(view.unconfirmedHostKey())
            </section>
            \(status.state == .off ? nil : who(view))
            </div>
            """
    }

    private func missingUser() -> Markup {
        "<p>\(speak(.noLoginUsers)) <a href=\"/login-users\">\(speak(.createLoginUser))</a></p>"
    }

    private func on(_ view: StatusView) -> Markup {
        """
        \(view.connected())
        <div class="actions">\(view.stopButton(back: nil))\(view.timeLeft())</div>
        \(view.limitForm(back: nil))
        """
    }

    private func who(_ view: StatusView) -> Markup {
        """
        <section aria-labelledby="who"><h2 id="who">\(speak(.whoIsIn))</h2>
        \(view.logins(back: "/remote-support"))
        </section>
        """
    }

    // MARK: The issued key

    private func key(_ setting: SettingReport) -> Markup {
        let key = setting.key
        return """
            <section aria-labelledby="issued">
            <h2 id="issued">\(speak(.issuedKey))</h2>
            <p>\(speak(.issuedKeyExplained))</p>
            <div class="issued">
            <div class="issued-text">
            <label class="visually-hidden" for="public-key">\(speak(.issuedKey))</label>
            <textarea class="form-control code" id="public-key" rows="4" readonly>\(key.publicKey)</textarea>
            <p class="buttons">
            <button class="btn btn-primary" type="button" data-copy="public-key" hidden>\(speak(.copy))</button>
            <a class="btn btn-plain" href="\(mail(setting))">\(speak(.mailDraft))</a>
            </p>
            <p class="copy-result" role="status"></p>
            </div>
            <div class="issued-qr">\(KeyCode.picture(of: key.publicKey, title: speak(.qrCode)))</div>
            </div>
            <dl class="facts">
            <div><dt>\(speak(.readOut))</dt><dd><code>\(key.fingerprint)</code></dd></div>
            \(key.hostKeyFingerprint.map { "<div><dt>\(speak(.hostKey))</dt><dd><code>\($0)</code></dd></div>" as Markup })
            </dl>
            <details>
            <summary>\(speak(.forStaff))</summary>
            <label class="form-label" for="stock-line">\(speak(.stockLine))</label>
            <textarea class="form-control code" id="stock-line" rows="4" readonly>\(key.stockRelayLine)</textarea>
            <p class="buttons"><button class="btn btn-plain" type="button" data-copy="stock-line" hidden>\(speak(.copy))</button></p>
            <p class="copy-result" role="status"></p>
            </details>
            </section>
            """
    }

    private func mail(_ setting: SettingReport) -> Address {
        let lines =
            [
                speak(.mailBody, machine, setting.relay, String(setting.listeningPort)), "", setting.key.publicKey, "",
                speak(.mailFingerprint, setting.key.fingerprint),
            ] + (setting.key.hostKeyFingerprint.map { [speak(.mailHostKey, $0)] } ?? [])
        // RFC 6068 §5: lines end with CR LF.
        return Address("mailto:").query("subject", speak(.mailSubject, machine)).query("body", lines.joined(separator: "\r\n"))
    }

    // MARK: The setting

    private func setting(_ setting: SettingReport) -> Markup {
        """
        <section aria-labelledby="settings">
        <h2 id="settings">\(speak(.settings))</h2>
        \(facts(setting))
        <div class="buttons">
        <a class="btn btn-plain" href="/remote-support/change">\(speak(.changeSettings))</a>
        <a class="btn btn-outline-stop" href="/remote-support/delete">\(speak(.deleteSettings))</a>
        </div>
        <form method="post" action="/remote-support/test" class="test">
        <button class="btn btn-plain" data-busy aria-describedby="test-help">\(speak(.testConnection))</button>
        <p class="help" id="test-help">\(speak(.testExplained))</p>
        </form>
        </section>
        """
    }

    private func facts(_ setting: SettingReport) -> Markup {
        """
        <dl class="facts">
        <div><dt>\(speak(.relayHost))</dt><dd>\(setting.relay)</dd></div>
        <div><dt>\(speak(.listeningPort))</dt><dd>\(String(setting.listeningPort))</dd></div>
        <div><dt>\(speak(.relayFingerprint))</dt><dd><code>\(setting.fingerprint)</code> \
        <span class="muted">(\(speak(setting.isPinned ? .pinned : .notPinned)))</span></dd></div>
        \(setting.proxy.map { "<div><dt>\(speak(.proxy))</dt><dd>\($0.address)\($0.user.map { " (\($0))" } ?? "")</dd></div>" as Markup })
        </dl>
        """
    }

    private func autoStart(_ isOn: Bool) -> Markup {
        """
        <section aria-labelledby="auto-start">
        <h2 id="auto-start">\(speak(.autoStart))</h2>
        <p>\(speak(.autoStartAdvice))</p>
        <p>\(speak(.autoStartHow))</p>
        <form method="post" action="/remote-support/auto-start" class="buttons">
        <p><strong>\(speak(isOn ? .autoStartIsOn : .autoStartIsOff))</strong></p>
        <button class="btn btn-plain" name="auto_start" value="\(isOn ? "off" : "on")">\(speak(isOn ? .switchOff : .switchOn))</button>
        </form>
        </section>
        """
    }

    // MARK: Creating and changing

    /// The form for a new setting, or for other values.
    ///
    /// - Parameter saved: what is saved; nil for a new one.
    func form(saved: SettingReport?, state: FormState) -> Page {
        let form = FormParts(speak: speak, state: state)
        let isOpen = ["relay_ports", "fingerprint", "relay_user", "proxy", "proxy_user", "proxy_password"].contains {
            state.errors[$0] != nil || (saved == nil && !state[$0].isEmpty)
        }
        let isNew = saved == nil
        return Page(
            speak(isNew ? .createSettingsTitle : .changeSettings), .remoteSupport,
            """
            \(form.problem())
            <form method="post" action="\(isNew ? Address("/remote-support") : Address("/remote-support/change"))" data-unsaved \
            \(Flag("data-changed", if: !state.errors.isEmpty))>
            \(saved.map { form.revision($0.revision) })
            \(form.text("relay", .relayHost, help: speak(.relayHostHelp), isRequired: true, mode: "url"))
            \(form.text("listening_port", .listeningPort, help: speak(.listeningPortHelp), isRequired: true, mode: "numeric", isWide: false))
            <details \(Flag("open", if: isOpen || !isNew))>
            <summary>\(speak(.advanced))</summary>
            \(form.text(
                "fingerprint", .relayFingerprint, help: saved.map { speak(.relayFingerprintKept, $0.fingerprint) } ?? speak(.relayFingerprintHelp),
                isOptional: true, isCode: true))
            \(form.text("relay_ports", .relayPorts, help: speak(.relayPortsHelp), isOptional: true, isWide: false))
            \(form.text("proxy", .proxy, help: speak(.proxyHelp), isOptional: true))
            \(form.text("proxy_user", .proxyUser, isOptional: true, isWide: false))
            \(form.text(
                "proxy_password", .proxyPassword, help: saved?.proxy?.hasPassword == true ? speak(.proxyPasswordKept) : nil, type: "password",
                isOptional: true, autocomplete: "new-password", isWide: false))
            \(saved?.proxy?.hasPassword == true ? removePassword() : nil)
            \(form.text("relay_user", .relayUser, help: speak(.relayUserHelp), isOptional: true, isWide: false))
            </details>
            <div class="buttons">
            <button class="btn btn-primary" data-busy>\(speak(isNew ? .create : (state.isStale ? .saveAnyway : .saveChanges)))</button>
            <a class="btn btn-plain" href="/remote-support">\(speak(.cancel))</a>
            <p class="unsaved" role="status">\(speak(.unsaved))</p>
            </div>
            </form>
            \(state.isStale ? saved.map(savedNow) : nil)
            """)
    }

    private func savedNow(_ saved: SettingReport) -> Markup {
        """
        <section aria-labelledby="saved-now">
        <h2 id="saved-now">\(speak(.savedNow))</h2>
        \(facts(saved))
        </section>
        """
    }

    private func removePassword() -> Markup {
        """
        <div class="form-check field">
        <input class="form-check-input" type="checkbox" name="remove_proxy_password" value="on" id="remove_proxy_password">
        <label class="form-check-label" for="remove_proxy_password">\(speak(.removePassword))</label>
        </div>
        """
    }

    /// The page instead of the form where there is a setting already.
    func onlyOne(_ setting: SettingReport) -> Page {
        Page(
            speak(.createSettingsTitle), .remoteSupport,
            """
            <p class="lead">\(speak(.onlyOne))</p>
            \(facts(setting))
            <p class="buttons">
            <a class="btn btn-plain" href="/remote-support/change">\(speak(.changeSettings))</a>
            <a class="btn btn-outline-stop" href="/remote-support/delete">\(speak(.deleteSettings))</a>
            <a class="btn btn-plain" href="/remote-support">\(speak(.back))</a>
            </p>
            """)
    }

    /// The relay's fingerprint, for the customer to compare; nothing is saved yet. All that was typed goes along, but for a password, which
    /// is in no page: it is asked for once more.
    func comparison(_ fingerprint: String, state: FormState, isNew: Bool) -> Page {
        var state = state
        state.values["fingerprint"] = fingerprint
        let form = FormParts(speak: speak, state: state)
        let carried = [
            "relay", "listening_port", "relay_ports", "fingerprint", "relay_user", "proxy", "proxy_user", "remove_proxy_password",
            "revision",
        ]
        return Page(
            speak(.compareTitle), .remoteSupport,
            """
            <p class="lead">\(speak.html(.compareExplained, "<b>\(state["relay"])</b>"))</p>
            <p class="big-code compared"><code>\(fingerprint)</code></p>
            <p class="warning">\(speak(.compareWarning))</p>
            <form method="post" action="\(isNew ? Address("/remote-support") : Address("/remote-support/change"))">
            \(carried.filter { state.values[$0] != nil }.map(form.hidden))
            \(state["proxy_password"].isEmpty ? nil : form.text(
                "proxy_password", .proxyPassword, help: speak(.proxyPasswordAgain), type: "password", isRequired: true,
                autocomplete: "new-password", isWide: false))
            <p class="buttons">
            <button class="btn btn-primary">\(speak(isNew ? .compareSame : .compareSameSave))</button>
            <a class="btn btn-plain" href="/remote-support">\(speak(.compareDiffers))</a>
            </p>
            </form>
            """)
    }

    /// The question before the setting is deleted: says what it ends.
    func deletion(_ setting: SettingReport, _ status: TerminalStatus) -> Page {
        Page(
            speak(.deleteSettingsTitle), .remoteSupport,
            """
            <p class="lead">\(speak(.deleteSettingsExplained, setting.relay))</p>
            \(status.state == .off
                ? nil : "<p class=\"warning\">\(speak(.deleteSettingsOn, speak.language.number(status.logins.count)))</p>" as Markup)
            <form method="post" action="/remote-support/delete" class="buttons">
            <button class="btn btn-stop">\(speak(.deleteSettings))</button>
            <a class="btn btn-plain" href="/remote-support">\(speak(.cancel))</a>
            </form>
            """)
    }

    /// How a test went.
    ///
    /// - Parameter isPending: whether what was tested is the connection that runs, with another setting than the one that is saved.
    func test(_ report: TestReport, isPending: Bool) -> Page {
        let stages = StatusView.stages(
            current: report.failure?.stage ?? .waiting, isFailed: report.failure != nil, isDone: report.failure == nil,
            last: .stageTested, speak)
        let failure: Markup? = report.failure.map { failure in
            """
            <p><strong>\(speak(.testBad))</strong></p>
            <dl class="facts">
            <div><dt>\(speak(.why))</dt><dd>\(speak.marked(speak.failure(failure)))</dd></div>
            <div><dt>\(speak(.whatToDo))</dt><dd>\(speak.marked(speak.advice(failure)))</dd></div>
            </dl>
            """
        }
        return Page(
            speak(.testTitle), .remoteSupport,
            """
            <section class="hero tone-\(report.failure == nil ? "open" : "trouble")">
            \(report.failure == nil ? "<p><strong>\(speak(.testGood))</strong></p>" as Markup : failure)
            \(stages)
            </section>
            \(isPending ? "<p class=\"warning\">\(speak(.testPending))</p>" as Markup : nil)
            <div class="buttons">
            <form method="post" action="/remote-support/test"><button class="btn btn-plain" data-busy>\(speak(.testConnection))</button></form>
            <a class="btn btn-plain" href="/remote-support">\(speak(.back))</a>
            </div>
            """)
    }
}

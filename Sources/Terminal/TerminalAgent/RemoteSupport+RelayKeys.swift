import EventLoops
import SSHCrypto
import SSHKeys
import SystemCalls
import TerminalCore
import TerminalStore

/// From one host key of the relay to the next, without anybody doing anything (SECURITY U03): the relay announces the next one on a
/// connection under the present one, ssh has it proved and learns it (OpenSSH's `UpdateHostKeys`), and one day the relay shows it.
extension RemoteSupport {
    /// ssh tells of a key just before it writes known_hosts anew.
    private static let writingTime = Duration.seconds(1)

    /// ssh writes known_hosts anew: what is in it then is remembered.
    func relayKeysChanged() {
        guard let setting = settingInEffect else { return }
        _ = loop.schedule(after: Self.writingTime) { [weak self] in
            Task { await self?.learnRelayKeys(of: setting) }
        }
    }

    /// Takes over what ssh has learned on a connection of `used`, unless the customer has set another relay meanwhile.
    private func learnRelayKeys(of used: RemoteSupportSetting) async {
        let key = key
        let keys: [PublicKey]
        do throws(SystemError) {
            keys = try await errands.run { () throws(SystemError) in try key.readKnownHosts() }
        } catch {
            return log.warning("known_hosts not read", ["why": error])
        }
        guard var inEffect = settingInEffect, inEffect.fingerprint == used.fingerprint else { return }
        let known = inEffect.announcedKeys ?? []
        inEffect.learn(keys.map { RelayHostKey(fingerprint: $0.fingerprint.description, line: AuthorizedKey(key: $0).line) })
        guard inEffect.announcedKeys != settingInEffect?.announcedKeys else { return }
        settingInEffect?.announcedKeys = inEffect.announcedKeys
        for key in inEffect.announcedKeys ?? [] where !known.contains(key) { note(.relayKeyAnnounced, ["fingerprint": key.fingerprint]) }
        keepForRelay(of: inEffect.fingerprint) { $0.announcedKeys = inEffect.announcedKeys }
    }

    /// ssh has accepted this host key of the relay's: if it is one that was announced, it takes the place of the pinned one.
    func relayKeyAccepted(_ fingerprint: String) {
        guard let before = settingInEffect?.fingerprint, settingInEffect?.follow(to: fingerprint) == true, let followed = settingInEffect
        else { return }
        note(.relayKeyFollowed, ["fingerprint": fingerprint, "before": before])
        keepForRelay(of: before) { setting in
            (setting.fingerprint, setting.pinnedKey) = (followed.fingerprint, followed.pinnedKey)
            setting.announcedKeys = followed.announcedKeys
        }
    }

    /// Changes what is saved by what a connection has shown, unless that is about another relay's host key already.
    func keepForRelay(of fingerprint: String, _ change: (inout RemoteSupportSetting) -> Void) {
        guard var changed = setting, changed.fingerprint == fingerprint else { return }
        change(&changed)
        guard changed != setting else { return }
        setting = changed
        worker.submit { [store, log, changed] in
            do throws(StoreError) { try store.save(setting: changed) } catch { log.error("setting not saved", ["why": error]) }
        }
    }
}

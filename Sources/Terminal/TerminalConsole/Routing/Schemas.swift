import Localization
import TerminalCore

/// The shapes of what programs get. A test holds each against a value as it is really sent.
enum Schemas {
    /// All of them, by name.
    static let all: [String: JSONValue] = [
        "Problem": object(["code": text, "message": text], optional: ["field": text]),
        "Language": object(["language": choice(Language.allCases.map(\.rawValue) + [Visit.browserLanguage])]),
        "Document": ["type": "object"],
        "Unconfirmed": object(["relayFingerprint": text]),
        "Session": object(["isSetUp": flag, "isSignedIn": flag]),
        "System": object(
            ["address": text, "hosts": list(text), "isRestartNeeded": flag, "machine": text, "revision": text],
            optional: ["certificate": text, "privateKey": text, "certificateFingerprint": text, "certificateExpiry": text]),
        "Status": object(
            [
                "state": choice(TerminalStatus.State.allCases.map(\.rawValue)),
                "pendingChanges": list(choice(TerminalStatus.SettingField.allCases.map(\.rawValue))), "autoStart": flag,
                "isKeyAccepted": flag,
                "logins": list(reference("Login")), "loginUserCount": number, "events": list(reference("LogEntry")),
            ],
            optional: [
                "offReason": text, "relay": text, "listeningPort": number, "failure": reference("Failure"), "retryInSeconds": number,
                "endsInSeconds": number, "waitingForSeconds": number, "unconfirmedHostKey": text, "onlyLoginUser": text,
            ]),
        "Login": object(
            [
                "id": number, "user": text, "fingerprint": text, "since": text, "openForSeconds": number,
                "sessions": list(choice(TerminalStatus.Login.Session.allCases.map(\.rawValue))),
            ], optional: ["who": text, "from": text]),
        "Failure": object(
            [
                "code": choice(TunnelFailure.Code.allCases.map(\.rawValue)), "values": map,
                "stage": choice(ConnectionStage.allCases.map(\.rawValue)), "message": text, "advice": text,
            ]),
        "LogEntry": object(
            [
                "number": number, "at": text, "code": choice(LogEntry.Code.allCases.map(\.rawValue)),
                "kind": choice(LogEntry.Kind.allCases.map(\.rawValue)), "values": map, "by": reference("Actor"), "message": text,
                "isFailure": flag,
            ], optional: ["failure": reference("Failure"), "cause": reference("Cause")]),
        "Cause": object(["key": text, "values": map]),
        "Actor": object(["role": choice(LogEntry.Actor.Role.allCases.map(\.rawValue))], optional: ["name": text]),
        "Log": object(["entries": list(reference("LogEntry")), "hasOlder": flag]),
        "LoginUser": object(
            [
                "name": text, "access": choice(AccessLevel.allCases.map(\.rawValue)), "keys": list(reference("PublicKey")),
                "revision": text,
            ]),
        "PublicKey": object(["algorithm": text, "bits": number, "fingerprint": text, "comment": text, "line": text]),
        "LoginUsers": object(["loginUsers": list(reference("LoginUser"))]),
        "RemoteSupport": object(["status": reference("Status")], optional: ["setting": reference("Setting")]),
        "Setting": object(
            [
                "relay": text, "listeningPort": number, "user": text, "fingerprint": text, "isPinned": flag, "key": reference("Key"),
                "revision": text,
            ], optional: ["proxy": reference("Proxy")]),
        "Proxy": object(["address": text, "hasPassword": flag], optional: ["user": text]),
        "Key": object(["publicKey": text, "fingerprint": text, "stockRelayLine": text], optional: ["hostKeyFingerprint": text]),
        "Test": object(
            ["achieved": list(choice(ConnectionStage.allCases.map(\.rawValue)))], optional: ["failure": reference("Failure")]),
        "Request": object(
            [
                "terminal": text, "staff": text, "loginUser": reference("LoginUser"), "loginUserEffect": effect, "relay": text,
                "relayFingerprint": text, "listeningPort": number, "settingEffect": effect,
                "expires": text, "isExpired": flag,
            ], optional: ["obstacle": reference("Refusal"), "key": reference("Key")]),
        "Refusal": object(
            ["code": choice(Refusal.Code.allCases.map(\.rawValue)), "values": map, "message": text], optional: ["cause": reference("Cause")]
        ),
    ]

    private static let text: JSONValue = ["type": "string"]
    private static let number: JSONValue = ["type": "integer", "minimum": 0]
    private static let flag: JSONValue = ["type": "boolean"]
    private static let map: JSONValue = ["type": "object", "additionalProperties": ["type": "string"]]
    private static let effect = choice(RequestReport.Effect.allCases.map(\.rawValue))

    private static func choice(_ words: [String]) -> JSONValue { ["type": "string", "enum": .array(words.map(JSONValue.string))] }
    private static func list(_ item: JSONValue) -> JSONValue { ["type": "array", "items": item] }
    private static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    private static func object(_ required: [String: JSONValue], optional: [String: JSONValue] = [:]) -> JSONValue {
        [
            "type": "object", "required": .array(required.keys.sorted().map(JSONValue.string)), "additionalProperties": false,
            "properties": .object(required.merging(optional) { first, _ in first }),
        ]
    }
}

import HTTPServer
import TerminalCore

/// The OpenAPI 3.1 document: made of the table of routes, so that it cannot say anything else than what is served.
enum OpenAPI {
    /// The document.
    static let document: JSONValue = [
        "openapi": "3.1.0",
        "info": [
            "title": "Towline terminal console", "version": "1",
            "description": "Every page of the console, for programs: the same addresses, asked with `Accept: application/json`.",
            "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
        ],
        "servers": [["url": "/"]],
        "security": [["session": []]],
        "paths": paths,
        "components": [
            "securitySchemes": [
                "session": [
                    "type": "apiKey", "in": "cookie", "name": .string(Access.sessionCookie),
                    "description": "what signing in sets; over TLS its name has the prefix __Host-",
                ]
            ],
            "schemas": .object(Schemas.all),
        ],
    ]

    /// The document as it is served; written once, as it never changes.
    static let text = document.json

    private static var paths: JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for route in Route.all {
            paths[route.path, default: [:]][route.method == .get ? "get" : "post"] = operation(route)
        }
        return .object(paths.mapValues(JSONValue.object))
    }

    private static func operation(_ route: Route) -> JSONValue {
        var operation: [String: JSONValue] = ["operationId": .string(route.name), "summary": .string(route.summary)]
        let parameters = (route.part.map { [parameter($0, in: "path")] } ?? []) + route.query.map { parameter($0, in: "query") }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if route.admission != .signedIn { operation["security"] = [] }
        if route.method == .post {
            // Also where it is empty: a program proves by the type of its body that no page of somebody else's sent it.
            operation["requestBody"] = ["required": true, "content": ["application/json": ["schema": object(route.body)]]]
        }
        operation["responses"] = .object(responses(route))
        return .object(operation)
    }

    private static func responses(_ route: Route) -> [String: JSONValue] {
        var content: [String: JSONValue] = [:]
        switch route.reply {
        case nil: content["text/html"] = ["schema": ["type": "string"]]
        case let reply? where reply.mediaType == "application/json": content[reply.mediaType] = ["schema": reference(reply.schema)]
        case let reply? where reply.mediaType == "text/csv":
            content[reply.mediaType] = ["schema": ["type": "string"]]
            content["application/json"] = ["schema": reference(reply.schema)]
        case let reply?: content[reply.mediaType] = ["schema": ["type": "string"]]
        }
        var responses: [String: JSONValue] = ["200": ["description": "Done", "content": .object(content)]]
        if route.refusals.contains(202) {
            responses["202"] = [
                "description": "Nothing is saved yet: compare the fingerprint, and send it along",
                "content": ["application/json": ["schema": reference("Unconfirmed")]],
            ]
        }
        var refusals = Set(route.refusals).subtracting([202])
        if route.admission == .signedIn { refusals.insert(401) }
        if route.admission == .beforeSetUp { refusals.insert(409) }
        // Every route looks at what it is sent.
        refusals.formUnion([400, 403, 405, 422, 503])
        if route.part != nil { refusals.insert(404) }
        for status in refusals {
            var content: [String: JSONValue] = ["application/json": ["schema": reference("Problem")]]
            // What the server itself refuses, before any route sees it.
            if [400, 403, 404, 503].contains(status) { content["text/plain"] = ["schema": ["type": "string"]] }
            responses[String(status)] = ["description": .string(meaning(status)), "content": .object(content)]
        }
        return responses
    }

    private static func meaning(_ status: Int) -> String {
        switch status {
        case 400: "Not understood as a request at all"
        case 401: "Not signed in, or the password is wrong"
        case 403: "Not allowed from this page or address"
        case 404: "There is none"
        case 405: "This path has no such method; Allow names those that it has"
        case 409: "Things are not such that it could be done"
        case 422: "Something that was sent is wrong; nothing was changed"
        case 429: "Too many wrong tries"
        default: "The terminal could not do it now"
        }
    }

    private static func parameter(_ field: Field, in place: String) -> JSONValue {
        [
            "name": .string(field.name), "in": .string(place), "required": .boolean(place == "path" || field.isRequired),
            "description": .string(field.meaning), "schema": schema(field),
        ]
    }

    private static func object(_ fields: [Field]) -> JSONValue {
        var object: [String: JSONValue] = [
            "type": "object", "additionalProperties": false,
            "properties": .object(
                Dictionary(uniqueKeysWithValues: fields.map { ($0.name, schema($0, describes: true)) })),
        ]
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { object["required"] = .array(required) }
        return .object(object)
    }

    private static func schema(_ field: Field, describes: Bool = false) -> JSONValue {
        var schema: [String: JSONValue]
        switch field.kind {
        case .text(let most):
            schema = ["type": "string", "maxLength": .integer(most)]
            if let pattern = field.pattern { schema["pattern"] = .string(pattern) }
        case .choice(let words): schema = ["type": "string", "enum": .array(words.map(JSONValue.string))]
        case .number(let range):
            schema = ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .flag: schema = ["type": "boolean"]
        }
        if describes { schema["description"] = .string(field.meaning) }
        return .object(schema)
    }

    private static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }
}

// JSON values to and from Swift types, through Codable.
import Foundation

extension JSONValue: Codable {
    /// The Swift value that this JSON describes.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws(FormatError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: data())
        } catch {
            throw FormatError(coding: error)
        }
    }

    public init(from decoder: any Decoder) throws {
        if let members = try? decoder.container(keyedBy: MemberName.self) {
            var object = JSONObject()
            for key in members.allKeys { object[key.stringValue] = try members.decode(JSONValue.self, forKey: key) }
            self = .object(object)
        } else if var elements = try? decoder.unkeyedContainer() {
            var array: [JSONValue] = []
            while !elements.isAtEnd { array.append(try elements.decode(JSONValue.self)) }
            self = .array(array)
        } else {
            let scalar = try decoder.singleValueContainer()
            self =
                if scalar.decodeNil() {
                    .null
                } else if let value = try? scalar.decode(Bool.self) {
                    .bool(value)
                } else if let value = try? scalar.decode(Int.self) {
                    .int(value)
                } else if let value = try? scalar.decode(Double.self) {
                    .double(value)
                } else {
                    .string(try scalar.decode(String.self))
                }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .array(let elements): try elements.encode(to: encoder)
        case .object(let members):
            var container = encoder.container(keyedBy: MemberName.self)
            for (key, value) in members { try container.encode(value, forKey: MemberName(stringValue: key)) }
        default:
            var container = encoder.singleValueContainer()
            switch self {
            case .bool(let value): try container.encode(value)
            case .int(let value): try container.encode(value)
            case .double(let value): try container.encode(value)
            case .string(let value): try container.encode(value)
            default: try container.encodeNil()
            }
        }
    }

    private struct MemberName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension FormatError {
    /// The sentence for what JSONEncoder or JSONDecoder reports.
    fileprivate init(coding error: any Error) {
        func place(_ path: [any CodingKey]) -> Place {
            let names = path.map { $0.intValue.map(String.init) ?? $0.stringValue }
            return .key(names.isEmpty ? "(root)" : names.joined(separator: "."))
        }
        // What follows a problem in a sentence is a full stop.
        func phrase(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }
        self =
            switch error {
            case DecodingError.keyNotFound(let key, let context):
                .invalidValue(place: place(context.codingPath + [key]), problem: "it is missing")
            case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
                .invalidValue(place: place(context.codingPath), problem: "it is not of type \(type)")
            case DecodingError.dataCorrupted(let context):
                .invalidValue(place: place(context.codingPath), problem: phrase(context.debugDescription))
            case EncodingError.invalidValue(_, let context):
                .invalidValue(place: place(context.codingPath), problem: phrase(context.debugDescription))
            default:
                .invalidValue(place: .key("(root)"), problem: error.localizedDescription)
            }
    }
}

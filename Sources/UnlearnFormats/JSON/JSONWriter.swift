// JSON values as text.
public import Foundation

extension JSONValue {
    /// How text is laid out.
    public enum Layout: Sendable {
        /// One line without spaces.
        case compact
        /// Two spaces of indentation, as in Hugging Face's files.
        case pretty
    }

    /// The value as UTF-8 text, in the order of the objects' keys. Numbers that are not finite, for which JSON has no
    /// spelling, are written as null.
    public func data(_ layout: Layout = .compact) -> Data { Data(utf8(layout)) }

    /// The value as text.
    public func text(_ layout: Layout = .compact) -> String { String(decoding: utf8(layout), as: UTF8.self) }

    /// Writes the value to a file, complete or not at all, with a line break at the end.
    public func write(to url: URL, _ layout: Layout = .pretty) throws(FormatError) {
        try AtomicFile.write(Data(utf8(layout) + [UInt8(ascii: "\n")]), to: url)
    }

    func utf8(_ layout: Layout = .compact) -> [UInt8] {
        var writer = JSONWriter(layout: layout)
        writer.append(self, depth: 0)
        return writer.output
    }
}

private struct JSONWriter {
    let layout: JSONValue.Layout
    var output: [UInt8] = []

    mutating func append(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .int(let value): output += String(value).utf8
        case .double(let value): output += (value.isFinite ? String(value) : "null").utf8
        case .string(let value): append(value)
        case .array(let elements):
            append("[", "]", elements, depth: depth) { $0.append($1, depth: depth + 1) }
        case .object(let members):
            let colon = layout == .pretty ? ": " : ":"
            append("{", "}", members, depth: depth) { writer, member in
                writer.append(member.key)
                writer.output += colon.utf8
                writer.append(member.value, depth: depth + 1)
            }
        }
    }

    private mutating func append<Items: Sequence>(
        _ opening: String, _ closing: String, _ items: Items, depth: Int,
        _ item: (inout JSONWriter, Items.Element) -> Void
    ) {
        output += opening.utf8
        var isFirst = true
        for element in items {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            breakLine(depth + 1)
            item(&self, element)
        }
        if !isFirst { breakLine(depth) }
        output += closing.utf8
    }

    private mutating func breakLine(_ depth: Int) {
        guard layout == .pretty else { return }
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }

    private mutating func append(_ text: String) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output += "\\\"".utf8
            case UInt8(ascii: "\\"): output += "\\\\".utf8
            case UInt8(ascii: "\n"): output += "\\n".utf8
            case UInt8(ascii: "\r"): output += "\\r".utf8
            case UInt8(ascii: "\t"): output += "\\t".utf8
            case 0..<0x20: output += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

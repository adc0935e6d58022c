// Safetensors: a JSON header that says where each tensor lies, then the tensors, with no gaps.
public import Foundation

/// A Safetensors file, checked completely when opened.
public struct SafetensorsFile: Sendable {
    /// One tensor.
    public struct Entry: Sendable, Equatable {
        public let type: ScalarType
        public let shape: [Int]
        /// Where the bytes are in the file.
        public let range: Range<Int>
    }

    public let file: MappedFile
    /// The names in the order of the data.
    public let names: [String]
    public let entries: [String: Entry]
    /// The strings of `__metadata__`.
    public let metadata: [String: String]

    public init(_ url: URL) throws(FormatError) {
        file = try MappedFile(url)
        var cursor = ByteCursor(file, .safetensors)
        let size = try cursor.count(of: "bytes of header", bytesEach: 1)
        guard size <= Self.largestHeader else {
            throw cursor.malformed("a header of \(size) bytes; at most \(Self.largestHeader) are expected")
        }
        let text = try cursor.take(size)
        let header = try JSONValue(parsing: text, path: file.path, format: .safetensors)
        guard let members = header.object else {
            throw .malformed(.safetensors, path: file.path, place: .header, problem: "it is not a JSON object")
        }

        var metadata: [String: String] = [:]
        var found: [(name: String, entry: Entry)] = []
        for (name, value) in members {
            if name == "__metadata__" {
                metadata = try Self.metadata(value, file.path)
            } else {
                found.append((name, try Self.entry(name, value, dataStart: cursor.offset, file)))
            }
        }
        found.sort {
            ($0.entry.range.lowerBound, $0.entry.range.upperBound)
                < ($1.entry.range.lowerBound, $1.entry.range.upperBound)
        }
        try Self.checkContiguous(found, dataStart: cursor.offset, file)
        self.metadata = metadata
        names = found.map(\.name)
        entries = Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0.entry) })
    }

    /// The bytes of the tensor called `name`, valid while `file` lives.
    public func bytes(of name: String) throws(FormatError) -> UnsafeRawBufferPointer {
        guard let entry = entries[name] else { throw .missingEntry(name: name, path: file.path) }
        return UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    }

    private static let largestHeader = 100_000_000

    private static func broken(_ name: String, _ file: MappedFile, _ problem: String) -> FormatError {
        .malformed(.safetensors, path: file.path, place: .tensor(name), problem: problem)
    }

    private static func metadata(_ value: JSONValue, _ path: String) throws(FormatError) -> [String: String] {
        let problem = FormatError.malformed(
            .safetensors, path: path, place: .key("__metadata__"), problem: "it is not an object of strings")
        // The reference reads null as none.
        guard let object = value.isNull ? [:] : value.object else { throw problem }
        var metadata: [String: String] = [:]
        for (key, value) in object {
            guard let text = value.string else { throw problem }
            metadata[key] = text
        }
        return metadata
    }

    private static func entry(
        _ name: String, _ value: JSONValue, dataStart: Int, _ file: MappedFile
    ) throws(FormatError) -> Entry {
        guard let spelling = value["dtype"]?.string, let sizes = value["shape"]?.array,
            let offsets = value["data_offsets"]?.array, offsets.count == 2,
            let begin = offsets[0].int, let end = offsets[1].int
        else { throw broken(name, file, "dtype, shape or data_offsets is missing or of the wrong kind") }
        guard let type = ScalarType(rawValue: spelling) else {
            throw .unsupported(
                path: file.path, place: .tensor(name), found: "type \(spelling)",
                supported: ScalarType.allCases.map(\.rawValue))
        }
        let shape = sizes.compactMap(\.int)
        guard shape.count == sizes.count, let count = shape.checkedProduct else {
            throw broken(name, file, "the shape is not a list of sizes whose product can be counted")
        }
        let available = file.count - dataStart
        guard 0 <= begin, begin <= end, end <= available else {
            throw broken(name, file, "bytes \(begin) to \(end) are not within the \(available) bytes of data")
        }
        let (needed, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
        guard !overflow, needed == end - begin else {
            throw broken(name, file, "shape \(shape) of \(spelling) does not take the \(end - begin) bytes given")
        }
        return Entry(type: type, shape: shape, range: dataStart + begin..<dataStart + end)
    }

    /// The tensors must fill the rest of the file, one after another.
    private static func checkContiguous(
        _ found: [(name: String, entry: Entry)], dataStart: Int, _ file: MappedFile
    ) throws(FormatError) {
        var end = dataStart
        for (name, entry) in found {
            guard entry.range.lowerBound == end else {
                let problem = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a gap before it"
                throw broken(name, file, "it \(problem)")
            }
            end = entry.range.upperBound
        }
        guard end == file.count else {
            throw .malformed(
                .safetensors, path: file.path, place: .byte(end),
                problem: "\(file.count - end) bytes follow the last tensor")
        }
    }
}

// One file of GGUF, and how the parts of a model that is split over several are found.
internal import Foundation

/// A GGUF file as it stands, checked by itself.
struct GGUFPart {
    let file: MappedFile
    let tensors: [GGUFTensor]
    let metadata: [String: GGUFValue]

    init(_ url: URL) throws(FormatError) {
        file = try MappedFile(url)
        var cursor = ByteCursor(file, .gguf)
        try cursor.checkVersion()
        // A tensor's entry takes at least 24 bytes and a metadata pair at least 13.
        let tensorCount = try cursor.count(of: "tensors", bytesEach: 24)
        let pairCount = try cursor.count(of: "metadata pairs", bytesEach: 13)

        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<pairCount {
            let key = try cursor.string()
            guard metadata.updateValue(try cursor.metadataValue(), forKey: key) == nil else {
                throw .malformed(.gguf, path: file.path, place: .key(key), problem: "the key appears twice")
            }
        }
        self.metadata = metadata
        tensors = try cursor.tensors(
            tensorCount, alignment: try Self.alignment(metadata["general.alignment"], path: file.path))
    }

    private static func alignment(_ value: GGUFValue?, path: String) throws(FormatError) -> Int {
        guard let value else { return 32 }
        guard let alignment = value.int, (8...65536).contains(alignment), alignment % 8 == 0 else {
            throw .malformed(
                .gguf, path: path, place: .key("general.alignment"),
                problem: "the alignment is not a multiple of 8 from 8 to 65536")
        }
        return alignment
    }
}

// MARK: - Models in several files

extension GGUFPart {
    /// All parts of the model that this one belongs to, in order; a whole model is its only part.
    func withOthers() throws(FormatError) -> [GGUFPart] {
        let place = try self.place()
        guard place.count > 1 else { return [self] }
        // A link may have a name of its own.
        let names = [file.url, file.url.resolvingSymlinksInPath()].compactMap { GGUFPartName($0) }
        guard let name = names.first(where: { $0.number == place.number && $0.count == place.count }) else {
            throw .part(path: file.path, number: place.number, count: place.count)
        }
        var parts: [GGUFPart] = []
        for number in 1...place.count {
            let part = number == place.number ? self : try Self.part(number, of: name)
            guard try part.place() == (number, place.count) else {
                throw part.broken("split.no", "its name says part \(number) of \(place.count)")
            }
            parts.append(part)
        }
        let count = parts.reduce(0) { $0 + $1.tensors.count }
        guard try parts[0].count("split.tensors.count") ?? count == count else {
            throw parts[0].broken("split.tensors.count", "the \(place.count) parts hold \(count) tensors together")
        }
        return parts
    }

    private static func part(_ number: Int, of name: GGUFPartName) throws(FormatError) -> GGUFPart {
        let url = name.url(of: number)
        do { return try GGUFPart(url) } catch .missing {
            throw .missing(path: url.path, expected: "part \(number) of \(name.count) of the model, beside the others")
        }
    }

    /// Which part this is, counted from 1, and of how many.
    private func place() throws(FormatError) -> (number: Int, count: Int) {
        guard let count = try self.count("split.count"), count > 1 else { return (1, 1) }
        guard let number = try self.count("split.no"), number < count else {
            throw broken("split.no", "it is no part of \(count)")
        }
        return (number + 1, count)
    }

    private func count(_ key: String) throws(FormatError) -> Int? {
        guard let value = metadata[key] else { return nil }
        guard let count = value.int, count >= 0 else { throw broken(key, "it is not a count") }
        return count
    }

    private func broken(_ key: String, _ problem: String) -> FormatError {
        .malformed(.gguf, path: file.path, place: .key(key), problem: problem)
    }
}

/// The name of a part, such as NAME-00001-of-00003.gguf.
struct GGUFPartName {
    let number: Int
    let count: Int
    private let folder: URL
    private let start: String
    private let fileExtension: String

    init?(_ url: URL) {
        let pattern = /(.*-)([0-9]{5,9})-of-([0-9]{5,9})(\.gguf)/
        guard let match = url.lastPathComponent.wholeMatch(of: pattern.ignoresCase()),
            let number = Int(match.2), let count = Int(match.3)
        else { return nil }
        (self.number, self.count) = (number, count)
        (start, fileExtension) = (String(match.1), String(match.4))
        folder = url.deletingLastPathComponent()
    }

    func url(of number: Int) -> URL { folder.appending(path: start + Self.place(number, of: count) + fileExtension) }

    /// What names end with, but for the extension.
    static func place(_ number: Int, of count: Int) -> String { String(format: "%05d-of-%05d", number, count) }
}

// MARK: - The header

extension ByteCursor {
    fileprivate mutating func checkVersion() throws(FormatError) {
        guard remaining >= 4, bytes.prefix(4).elementsEqual("GGUF".utf8) else {
            throw malformed("the file does not begin with the letters GGUF")
        }
        _ = try take(4)
        let version = try integer(UInt32.self)
        guard version == 2 || version == 3 else {
            let found = version.byteSwapped <= 3 ? "big-endian numbers" : "GGUF version \(version)"
            throw .unsupported(path: path, place: .header, found: found, supported: ["version 2", "version 3"])
        }
    }

    /// The tensor entries, followed by padding and then the data to which their offsets refer.
    fileprivate mutating func tensors(_ count: Int, alignment: Int) throws(FormatError) -> [GGUFTensor] {
        var entries: [(name: String, type: GGMLType, shape: [Int], byteCount: Int, offset: UInt64)] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let name = try string()
            let shape = try tensorShape(name)
            let type = try tensorType(name)
            let byteCount = try byteCount(name, type, shape)
            entries.append((name, type, shape, byteCount, try integer(UInt64.self)))
        }
        // The padding before the data may be absent when no data follows.
        let start = offset + (alignment - offset % alignment) % alignment
        let available = max(0, bytes.count - start)

        var tensors: [GGUFTensor] = []
        tensors.reserveCapacity(count)
        for entry in entries {
            guard entry.offset % UInt64(alignment) == 0 else {
                throw broken(entry.name, "offset \(entry.offset) is not a multiple of \(alignment)")
            }
            guard entry.byteCount <= available, entry.offset <= UInt64(available - entry.byteCount) else {
                throw broken(
                    entry.name,
                    "\(entry.byteCount) bytes from offset \(entry.offset) exceed the \(available) bytes of data")
            }
            let first = start + Int(entry.offset)
            let range = first..<first + entry.byteCount
            tensors.append(GGUFTensor(name: entry.name, type: entry.type, shape: entry.shape, range: range))
        }
        try checkDisjoint(tensors)
        return tensors
    }

    private mutating func tensorShape(_ name: String) throws(FormatError) -> [Int] {
        let rank = try integer(UInt32.self)
        guard rank <= 4 else { throw broken(name, "it has \(rank) dimensions, at most 4 are allowed") }
        var shape: [Int] = []
        for _ in 0..<rank {
            let size = try integer(UInt64.self)
            guard let size = Int(exactly: size) else { throw broken(name, "dimension \(size) is too large") }
            shape.append(size)
        }
        return shape.reversed()
    }

    private mutating func tensorType(_ name: String) throws(FormatError) -> GGMLType {
        let raw = try integer(UInt32.self)
        guard let type = GGMLType(rawValue: raw) else {
            throw .unsupported(
                path: path, place: .tensor(name), found: "encoding \(GGMLType.name(of: raw))",
                supported: GGMLType.allCases.map(\.description))
        }
        return type
    }

    private func byteCount(_ name: String, _ type: GGMLType, _ shape: [Int]) throws(FormatError) -> Int {
        let row = shape.last ?? 1
        guard row % type.blockSize == 0 else {
            throw broken(name, "rows of \(row) values do not divide into \(type) blocks of \(type.blockSize)")
        }
        let blocks = shape.checkedProduct.map { $0 / type.blockSize }
        guard let (bytes, overflow) = blocks?.multipliedReportingOverflow(by: type.blockBytes), !overflow else {
            throw broken(name, "shape \(shape) has more values than can be counted")
        }
        return bytes
    }

    private func checkDisjoint(_ tensors: [GGUFTensor]) throws(FormatError) {
        let ordered = tensors.filter { !$0.range.isEmpty }.sorted { $0.range.lowerBound < $1.range.lowerBound }
        for (left, right) in zip(ordered, ordered.dropFirst()) where left.range.upperBound > right.range.lowerBound {
            throw broken(right.name, "its bytes overlap those of tensor '\(left.name)'")
        }
    }

    private func broken(_ name: String, _ problem: String) -> FormatError {
        .malformed(.gguf, path: path, place: .tensor(name), problem: problem)
    }
}

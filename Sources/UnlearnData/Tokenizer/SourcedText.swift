// A text that knows which part of it comes from where.

/// A text for a model, put together of what a template writes and what people write. Control tokens count only in the
/// former: text from outside could otherwise end its own message and begin another one.
struct SourcedText: Sendable, Equatable {
    enum Source: Sendable, Equatable {
        case template
        case message
        /// A part of the answer that is to be predicted, counted from 0.
        case part(Int)
    }

    struct Run: Sendable, Equatable {
        let source: Source
        var range: Range<Int>
    }

    private(set) var bytes: [UInt8] = []
    /// What comes from one source, in order; neighbours differ.
    private(set) var runs: [Run] = []

    mutating func append(_ text: some Sequence<UInt8>, _ source: Source) {
        let start = bytes.count
        bytes.append(contentsOf: text)
        guard bytes.count > start else { return }
        if let last = runs.indices.last, runs[last].source == source {
            runs[last].range = runs[last].range.lowerBound..<bytes.count
        } else {
            runs.append(Run(source: source, range: start..<bytes.count))
        }
    }

    /// Where control tokens count.
    var written: [Range<Int>] { runs.filter { $0.source == .template }.map(\.range) }

    /// Where the parts of the answer begin, and where the last one ends. A part of which nothing is left begins where
    /// the next one does; nil if nothing is left of any.
    func bounds(ofParts count: Int) -> [Int]? {
        let parts = runs.compactMap { run in
            if case .part(let index) = run.source { (index: index, range: run.range) } else { nil }
        }
        guard let last = parts.last else { return nil }
        let starts = (0..<count).map { index in
            parts.first { $0.index >= index }?.range.lowerBound ?? last.range.upperBound
        }
        return starts + [last.range.upperBound]
    }

    /// Where the last of what comes from `source` ends; 0 if nothing does.
    func end(of source: Source) -> Int { runs.last { $0.source == source }?.range.upperBound ?? 0 }

    /// How many bytes both texts begin with, whole characters only.
    func commonPrefix(with other: SourcedText) -> Int {
        var count = zip(bytes, other.bytes).prefix { $0 == $1 }.count
        while count < bytes.count, count > 0, bytes[count] & 0xC0 == 0x80 { count -= 1 }
        return count
    }
}

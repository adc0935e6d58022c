// A stretch of text on its way to tokens, with the places in it that somebody asks about.

struct Stretch {
    let bytes: UnsafeBufferPointer<UInt8>
    /// Where control tokens count.
    let written: [Range<Int>]
    /// Places inside, each with the index of its question.
    let places: [(index: Int, offset: Int)]
    /// Whether it begins the text, and does not follow an added token.
    let isFirst: Bool

    subscript(range: Range<Int>) -> Stretch {
        Stretch(
            bytes: .init(rebasing: bytes[range]),
            written: written.filter { $0.overlaps(range) }.map { written in
                let inside = written.clamped(to: range)
                return inside.lowerBound - range.lowerBound..<inside.upperBound - range.lowerBound
            },
            places: places.filter { range.lowerBound < $0.offset && $0.offset < range.upperBound }
                .map { ($0.index, $0.offset - range.lowerBound) },
            isFirst: isFirst && range.lowerBound == 0)
    }

    /// The stretch with its text changed. A place lies where the changed text no longer follows from what stands before
    /// the place alone: what is made of characters on both sides comes after it.
    func changed(
        by changes: [TokenizerDefinition.Normalization], keepingWritten: Bool, _ body: (Stretch) -> Void
    ) {
        guard !changes.isEmpty else { return body(self) }
        func text(upTo end: Int) -> String {
            changes.normalize(String(decoding: bytes[..<end], as: UTF8.self), isFirst: isFirst)
        }
        var whole = text(upTo: bytes.count)
        whole.withUTF8 { changed in
            func place(_ offset: Int) -> Int {
                if offset == 0 || offset == bytes.count { return offset == 0 ? 0 : changed.count }
                return zip(text(upTo: offset).utf8, changed).prefix { $0 == $1 }.count
            }
            func range(_ range: Range<Int>) -> Range<Int> {
                let start = place(range.lowerBound)
                return start..<max(start, place(range.upperBound))
            }
            body(
                Stretch(
                    bytes: changed,
                    written: keepingWritten ? written.map(range) : [],
                    places: places.map { ($0.index, place($0.offset)) }, isFirst: isFirst))
        }
    }
}

/// The ids of a text, and how many of them end at each place that is asked about, or before it.
struct Encoding {
    var ids: [Int32] = []
    var counts: [Int]

    /// Says that everything up to `end` has been encoded.
    mutating func pass(_ end: Int, _ places: [(index: Int, offset: Int)]) {
        for place in places where place.offset >= end { counts[place.index] = ids.count }
    }
}

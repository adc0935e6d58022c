// Two orders of the rows of query and key projections, and the way from one to the other.

/// Rotary position embedding turns pairs of features. GGUF (for Llama) and llama2.c keep the two of a pair in
/// neighbouring rows; Hugging Face keeps the first of all pairs in the first half of a head, the second in the other.
public enum RotaryLayout {
    /// Whether the tensor of this Hugging Face name has rows in an order that depends on the layout.
    public static func applies(to name: String) -> Bool {
        [".self_attn.q_proj.", ".self_attn.k_proj."].contains { name.contains($0) }
    }

    /// Reorders rows in place from interleaved to Hugging Face's halves. A bias has one column.
    /// - Precondition: the buffer has `rows * columns` numbers, and `rows` divides into heads of even size.
    public static func unpermute(
        _ buffer: UnsafeMutableBufferPointer<Float>, heads: Int, rows: Int, columns: Int
    ) {
        reorder(buffer, heads, rows, columns) { pair, part, half in (part * half + pair, 2 * pair + part) }
    }

    /// The reverse of ``unpermute(_:heads:rows:columns:)``: from Hugging Face's halves to interleaved.
    public static func permute(
        _ buffer: UnsafeMutableBufferPointer<Float>, heads: Int, rows: Int, columns: Int
    ) {
        reorder(buffer, heads, rows, columns) { pair, part, half in (2 * pair + part, part * half + pair) }
    }

    /// - Parameter places: for one of a head's pairs, and its first or second row: where the row goes, and whence.
    private static func reorder(
        _ buffer: UnsafeMutableBufferPointer<Float>, _ heads: Int, _ rows: Int, _ columns: Int,
        _ places: (_ pair: Int, _ part: Int, _ half: Int) -> (target: Int, source: Int)
    ) {
        precondition(heads > 0 && rows % (2 * heads) == 0, "\(rows) rows do not divide into \(heads) even heads")
        precondition(buffer.count == rows * columns, "\(buffer.count) numbers are not \(rows) × \(columns)")
        let half = rows / heads / 2
        var copy: [Float] = []
        for head in 0..<heads {
            let first = head * 2 * half
            let block = UnsafeMutableBufferPointer(rebasing: buffer[first * columns..<(first + 2 * half) * columns])
            copy.replaceSubrange(copy.indices, with: block)
            for pair in 0..<half {
                for part in 0...1 {
                    let (target, source) = places(pair, part, half)
                    for column in 0..<columns {
                        block[target * columns + column] = copy[source * columns + column]
                    }
                }
            }
        }
    }
}

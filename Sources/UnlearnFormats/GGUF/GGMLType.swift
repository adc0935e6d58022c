// The tensor encodings of GGUF that this program reads: plain numbers, and blocks of quantised ones.

/// A tensor encoding, with its GGUF type number as raw value.
public enum GGMLType: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    case f32 = 0
    case f16 = 1
    case q40 = 2
    case q41 = 3
    case q80 = 8
    case q4K = 12
    case q5K = 13
    case q6K = 14
    case bf16 = 30

    /// Values in one block.
    public var blockSize: Int {
        switch self {
        case .f32, .f16, .bf16: 1
        case .q40, .q41, .q80: 32
        case .q4K, .q5K, .q6K: 256
        }
    }

    /// Bytes that one block takes.
    public var blockBytes: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q40: 18  // Scale (float16), 32 numbers of 4 bits.
        case .q41: 20  // Scale and offset (float16), 32 numbers of 4 bits.
        case .q80: 34  // Scale (float16), 32 numbers of 8 bits.
        case .q4K: 144  // Scale and offset (float16), 8 of each (6 bits) for 32 numbers, 256 numbers of 4 bits.
        case .q5K: 176  // The same, with a fifth bit of each number after the scales.
        case .q6K: 210  // 256 numbers of 4 bits, then of 2 bits, a scale (8 bits) for each 16, a scale (float16).
        }
    }

    public var description: String {
        switch self {
        case .f32: "F32"
        case .f16: "F16"
        case .bf16: "BF16"
        case .q40: "Q4_0"
        case .q41: "Q4_1"
        case .q80: "Q8_0"
        case .q4K: "Q4_K"
        case .q5K: "Q5_K"
        case .q6K: "Q6_K"
        }
    }

    /// The name of any type number, for messages about files that cannot be used.
    static func name(of raw: UInt32) -> String {
        if let known = GGMLType(rawValue: raw) { return known.description }
        let others: [UInt32: String] = [
            6: "Q5_0", 7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K",
            16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S",
            23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0",
        ]
        return others[raw] ?? "number \(raw)"
    }
}

// What is computed of a picture by something that does not change, such as the original: once, however often it is asked for.

internal import UnlearnData
internal import UnlearnEngine

/// Tensors that belong to pictures, by the pictures' places in their set.
struct KeptTensors {
    /// `[1, …]` for each tensor of a picture.
    private var rows: [Int: [Tensor]] = [:]

    /// The tensors of pictures, each `[pictures, …]`, not recorded.
    /// - Parameters:
    ///   - most: how many pictures are computed at once.
    ///   - compute: the tensors of the pictures that were not asked for before, each `[pictures, …]`.
    mutating func callAsFunction(_ ids: [Int], most: Int, _ compute: ([Int]) -> [Tensor]) -> [Tensor] {
        withoutRecording {
            let missing = ids.filter { rows[$0] == nil }.distinct()
            for start in stride(from: 0, to: missing.count, by: most) {
                let piece = Array(missing[start..<min(start + most, missing.count)])
                let tensors = compute(piece)
                for (place, id) in piece.enumerated() {
                    // Copies of their own: views would keep the whole batch alive.
                    rows[id] = tensors.map { $0.narrow(0, from: place, count: 1) + 0 }
                }
            }
            return Tensor.joined(ids.compactMap { rows[$0] })
        }
    }
}

extension Tensor {
    /// The first tensors of all parts one after another, then the second ones, and so on.
    static func joined(_ parts: [[Tensor]]) -> [Tensor] {
        parts[0].indices.map { place in .concatenate(parts.map { $0[place] }) }
    }
}

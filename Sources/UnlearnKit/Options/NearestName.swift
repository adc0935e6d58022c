// Finds the name that a misspelt one was probably meant to be.

/// Orders names by how few edits lead to them.
public enum NearestName {
    /// `names`, the most similar to `name` first; equally similar ones keep their order.
    public static func ordered(_ names: [String], by name: String) -> [String] {
        let target = Array(name.lowercased())
        let ranked = names.enumerated().map { offset, candidate in
            (distance: distance(Array(candidate.lowercased()), target), offset: offset, name: candidate)
        }
        return ranked.sorted { ($0.distance, $0.offset) < ($1.distance, $1.offset) }.map(\.name)
    }

    /// " Did you mean '…'?" with the first of `names`, the nearest, or nothing if it is not like `name` at all.
    /// What comes before the last dot, the path to an option, is the same for all and is not compared.
    public static func question(_ name: String, _ names: [String]) -> String {
        func key(_ path: String) -> [Character] { Array((path.split(separator: ".").last ?? "").lowercased()) }
        guard let nearest = names.first, distance(key(nearest), key(name)) <= max(2, key(name).count / 2) else {
            return ""
        }
        return " Did you mean '\(nearest)'?"
    }

    /// The edit distance: insertions, deletions, replacements, and exchanges of neighbouring letters count one each.
    static func distance(_ one: [Character], _ other: [Character]) -> Int {
        // Three rows of the table suffice: the current one and, for exchanges, the two before.
        var earlier: [Int] = []
        var previous = Array(0...other.count)
        for row in one.indices {
            var current = [row + 1]
            for column in other.indices {
                let replaced = previous[column] + (one[row] == other[column] ? 0 : 1)
                var best = min(replaced, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, one[row] == other[column - 1], one[row - 1] == other[column] {
                    best = min(best, earlier[column - 1] + 1)
                }
                current.append(best)
            }
            (earlier, previous) = (previous, current)
        }
        return previous[other.count]
    }
}
